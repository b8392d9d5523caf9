/** Limits the requests with one key in any second. */
export interface RequestRate {
  /** Returns 0 for an admitted request, otherwise whole seconds until the next attempt. A refused request does not count. */
  take(key: string, now: number): number;
}

const WINDOW_MS = 1000;

export function createRequestRate(requestsPerSecond: number): RequestRate {
  const grants = new Map<string, number[]>();
  return {
    take(key, now) {
      const times = grants.get(key) ?? [];
      grants.set(key, times);
      let oldest = times[0];
      while (oldest !== undefined && oldest <= now - WINDOW_MS) {
        times.shift();
        oldest = times[0];
      }
      if (oldest !== undefined && times.length >= requestsPerSecond) {
        return Math.ceil((oldest + WINDOW_MS - now) / 1000);
      }
      times.push(now);
      return 0;
    },
  };
}

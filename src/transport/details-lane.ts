import pThrottle from 'p-throttle';
import { raceAbort, wait } from '../internal/wait.ts';
import { NoPermitError } from './pacer.ts';

/** 8x8 allows one message-details request a second (docs_oas/connect/sms_api.json); 10 ms are for the network's jitter. */
export const DETAILS_INTERVAL_MS = 1010;
/** Whoever would wait longer is refused. */
export const DETAILS_MAX_QUEUED = 60;

/** One request a second, in order. */
export interface DetailsLane {
  /**
   * Resolves at the turn, rejects with the signal's reason. A caller that leaves has used up its second.
   *
   * @throws NoPermitError when too many wait
   */
  take(signal: AbortSignal): Promise<void>;
  isIdle(): boolean;
}

/** @param now monotonic milliseconds */
export function createDetailsLane(now: () => number): DetailsLane {
  const throttled = pThrottle({ limit: 1, interval: DETAILS_INTERVAL_MS, strict: true })(async () => {});
  /** When the next free turn is. Counted in time, not in callers: one whose Worker request ended never comes back. */
  let nextAt = Number.NEGATIVE_INFINITY;
  return {
    async take(signal) {
      const time = now();
      const dueAt = Math.max(time, nextAt);
      if (dueAt - time > DETAILS_MAX_QUEUED * DETAILS_INTERVAL_MS) throw new NoPermitError();
      nextAt = dueAt + DETAILS_INTERVAL_MS;
      // Waited for here: p-throttle takes nobody out of its queue, so the timer of a caller that left would stay.
      if (dueAt > time) await wait(dueAt - time, signal);
      await raceAbort(throttled(), signal);
    },
    isIdle: () => nextAt <= now(),
  };
}

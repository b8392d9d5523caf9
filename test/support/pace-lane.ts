import type { Permit, PermitLease, PermitRequest, RateLane } from '../../src/transport/shared-pace.ts';

export const LATE_MS = 40;

/** Permits of several processes from one time line in memory, with a record for assertions. */
export interface FakeTimeLine extends RateLane {
  readonly requests: PermitRequest[];
  readonly pauses: number[];
  /** Replaces the reply to the next lease. */
  next: ((request: PermitRequest) => Promise<PermitLease>) | undefined;
  /** The remaining pause in every lease. */
  pauseMs: number;
}

/** One time line, as a server keeps it. */
export function fakeTimeLine(now: () => number, answerMs = 0): FakeTimeLine {
  let free = Number.NEGATIVE_INFINITY;
  const line: FakeTimeLine = {
    requests: [],
    pauses: [],
    next: undefined,
    pauseMs: 0,
    async lease(request) {
      line.requests.push(request);
      const { next } = line;
      line.next = undefined;
      if (next !== undefined) return next(request);
      if (answerMs > 0) await new Promise((resolve) => setTimeout(resolve, answerMs));
      if (line.pauseMs > 0) return { permits: [], retryAfterMs: 0, pauseMs: line.pauseMs };
      const space = (request.periodMs + LATE_MS) / request.permits;
      const first = Math.max(free, now());
      const count = Math.min(request.waiting, Math.max(1, Math.floor(100 / space)));
      free = first + count * space;
      return leaseOf(Array.from({ length: count }, (_, at) => permitAt(first + at * space)));
    },
    pause: (ms) => void line.pauses.push(ms),
  };
  return line;
}

export const permitAt = (fromMs: number): Permit => ({ fromMs, untilMs: fromMs + LATE_MS });

export const leaseOf = (permits: readonly Permit[], more: Partial<PermitLease> = {}): PermitLease => ({
  permits,
  retryAfterMs: 0,
  pauseMs: 0,
  ...more,
});

/** The highest count in any half-open second. */
export function mostInASecond(times: readonly number[]): number {
  const sorted = [...times].sort((first, second) => first - second);
  let most = 0;
  for (let end = 0, start = 0; end < sorted.length; end++) {
    while ((sorted[start] ?? 0) <= (sorted[end] ?? 0) - 1000) start++;
    most = Math.max(most, end - start + 1);
  }
  return most;
}

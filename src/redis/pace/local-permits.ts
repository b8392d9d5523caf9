import type { PermitLease, PermitRequest } from '../../transport/shared-pace.ts';
import { LATE_MS, lifeMs, SLOT_MS, spaceMs } from './spacing.ts';

/** The permits that a process grants itself while the server does not answer: its share of the rate. */
export interface LocalPermits {
  /** @param afterMs when the last permit of the server is due; those go first */
  lease(request: PermitRequest, afterMs: number): PermitLease;
  /** How many permits of the last period the server does not know. */
  unreported(periodMs: number): number;
  /** The server knows them now. */
  markReported(): void;
}

/** Longest time between two attempts to reach the server while a permit is far off. */
const POLL_MS = 500;

/** @param processes how many share the rate; if it is less than one permit per period each, they take one at a time */
export function createLocalPermits(processes: number, now: () => number): LocalPermits {
  let free = Number.NEGATIVE_INFINITY;
  /** Due times of the permits of the last period that the server does not know. */
  let taken: number[] = [];

  /**
   * A whole number of permits per process, so that together they never exceed the rate; or a longer period for one
   * permit.
   */
  function shareOf(request: PermitRequest): PermitRequest {
    const share = request.permits / processes;
    return share >= 1
      ? { ...request, permits: Math.floor(share) }
      : { ...request, permits: 1, periodMs: request.periodMs / share };
  }

  return {
    lease(request, afterMs) {
      const time = now();
      const space = spaceMs(shareOf(request), LATE_MS);
      const first = Math.max(free, afterMs + space, time);
      if (first - time > SLOT_MS) {
        return { permits: [], retryAfterMs: Math.min(first - time - SLOT_MS, POLL_MS), pauseMs: 0 };
      }
      const count = Math.min(request.waiting, Math.max(1, Math.floor(SLOT_MS / space)));
      const dues = Array.from({ length: count }, (_, at) => first + at * space);
      free = first + count * space;
      taken = [...taken.filter((due) => due > time - request.periodMs), ...dues];
      const permits = dues.map((due) => ({ fromMs: due, untilMs: due + lifeMs(false) }));
      return { permits, retryAfterMs: 0, pauseMs: 0 };
    },
    unreported(periodMs) {
      const time = now();
      return taken.filter((due) => due > time - periodMs).length;
    },
    markReported() {
      taken = [];
    },
  };
}

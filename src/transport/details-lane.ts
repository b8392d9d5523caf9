import pThrottle from 'p-throttle';
import { raceAbort, wait } from '../internal/wait.ts';
import { NoPermitError } from './pacer.ts';

/** 8x8 allows one message-details request per second (docs_oas/connect/sms_api.json); 10 ms are for network jitter. */
export const DETAILS_INTERVAL_MS = 1010;
/** Callers beyond this number are refused. */
export const DETAILS_MAX_QUEUED = 60;

/** One request per second, in order. */
export interface DetailsLane {
  /**
   * Resolves when the request may leave; rejects with the signal's reason. A caller that aborts has used up its
   * second.
   *
   * @throws NoPermitError when too many wait
   */
  take(signal: AbortSignal): Promise<void>;
  isIdle(): boolean;
}

/** @param now monotonic milliseconds */
export function createDetailsLane(now: () => number): DetailsLane {
  const throttled = pThrottle({ limit: 1, interval: DETAILS_INTERVAL_MS, strict: true })(async () => {});
  /**
   * Time of the next free permit. Measured in time, not in callers, because a caller whose Worker request ended never
   * comes back.
   */
  let nextAt = Number.NEGATIVE_INFINITY;
  return {
    async take(signal) {
      const time = now();
      const dueAt = Math.max(time, nextAt);
      if (dueAt - time > DETAILS_MAX_QUEUED * DETAILS_INTERVAL_MS) throw new NoPermitError();
      nextAt = dueAt + DETAILS_INTERVAL_MS;
      // Waits here, because p-throttle never removes a caller from its queue, so the timer of an aborted caller would
      // stay.
      if (dueAt > time) await wait(dueAt - time, signal);
      await raceAbort(throttled(), signal);
    },
    isIdle: () => nextAt <= now(),
  };
}

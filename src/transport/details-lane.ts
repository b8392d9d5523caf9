import pThrottle from 'p-throttle';
import { raceAbort, wait } from '../internal/wait.ts';
import { PaceRefusal } from './pacer.ts';

/** 8x8 allows one message-details request a second (docs_oas/connect/sms_api.json); 10 ms are for the network's jitter. */
export const SLOW_INTERVAL_MS = 1010;
/** Whoever would wait longer is refused. */
export const SLOW_MAX_QUEUED = 60;

/** One request a second, in order. */
export interface SlowLane {
  /**
   * Resolves at the turn, rejects with the signal's reason. A caller that leaves has used up its second.
   *
   * @throws PaceRefusal when too many wait
   */
  take(signal: AbortSignal): Promise<void>;
  isIdle(): boolean;
}

/** @param now monotonic milliseconds */
export function createSlowLane(now: () => number): SlowLane {
  const throttled = pThrottle({ limit: 1, interval: SLOW_INTERVAL_MS, strict: true })(async () => {});
  /** When the next free turn is. Counted in time, not in callers: one whose Worker request ended never comes back. */
  let nextTurn = Number.NEGATIVE_INFINITY;
  return {
    async take(signal) {
      const time = now();
      const turn = Math.max(time, nextTurn);
      if (turn - time > SLOW_MAX_QUEUED * SLOW_INTERVAL_MS) throw new PaceRefusal();
      nextTurn = turn + SLOW_INTERVAL_MS;
      // Waited for here: p-throttle takes nobody out of its queue, so the timer of a caller that left would stay.
      if (turn > time) await wait(turn - time, signal);
      await raceAbort(throttled(), signal);
    },
    isIdle: () => nextTurn <= now(),
  };
}

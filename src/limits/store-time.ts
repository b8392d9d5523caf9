import { StoreError } from '../errors.ts';
import type { Clock } from '../types.ts';

/** The two clocks a store reads: one that never goes back, for counting, and the calendar, for scheduled messages. */
export interface StoreTime {
  monotonicMs(): number;
  epochMs(): number;
}

function reading(value: number): number {
  if (!Number.isFinite(value)) throw new StoreError('The clock of the limit store did not give a number.');
  return value;
}

/** Reads nothing until it is asked, so that a store may be made in the global scope of a Worker. */
export function createStoreTime(clock: Clock | undefined): StoreTime {
  let latest = Number.NEGATIVE_INFINITY;
  const source: Clock = clock ?? { now: () => Date.now(), monotonic: () => performance.now() };
  return {
    monotonicMs() {
      const value = reading(source.monotonic === undefined ? source.now() : source.monotonic());
      // A clock that was set back must not make old messages young again, nor lose them.
      if (value > latest) latest = value;
      return latest;
    },
    epochMs: () => reading(source.now()),
  };
}

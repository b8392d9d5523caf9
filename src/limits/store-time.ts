import { StoreError } from '../errors.ts';
import type { Clock } from '../types.ts';

/** The two clocks of a store: a monotonic one for counting, and the wall clock for scheduled messages. */
export interface StoreTime {
  monotonicMs(): number;
  epochMs(): number;
}

function reading(value: number): number {
  if (!Number.isFinite(value)) throw new StoreError('The clock of the limit store did not give a number.');
  return value;
}

/** Reads no clock until the first call, so that a store may be created in the global scope of a Worker. */
export function createStoreTime(clock: Clock | undefined): StoreTime {
  let latest = Number.NEGATIVE_INFINITY;
  const source: Clock = clock ?? { now: () => Date.now(), monotonic: () => performance.now() };
  return {
    monotonicMs() {
      const value = reading(source.monotonic === undefined ? source.now() : source.monotonic());
      // A clock that was set back must neither extend nor shorten the life of earlier messages.
      if (value > latest) latest = value;
      return latest;
    },
    epochMs: () => reading(source.now()),
  };
}

import { memoryLimits } from '../../../src/limits/memory-limits.ts';
import type { StoreUnderTest } from '../../../src/testing/limit-conformance/kit.ts';
import type { ConformanceSizes } from '../../../src/testing/limit-store-conformance.ts';

export interface ClockChoice {
  /** Without `monotonic` the store has only a calendar to go by. */
  readonly monotonic?: boolean;
  readonly startMs?: number;
}

export const EPOCH_MS = 1_790_000_000_000;

/** A memory store on a clock that a test moves. */
export function memoryUnderTest(sizes?: Partial<ConformanceSizes>, choice: ClockChoice = {}): StoreUnderTest {
  let elapsedMs = choice.startMs ?? 0;
  let jumpedMs = 0;
  const now = () => EPOCH_MS + elapsedMs + jumpedMs;
  const clock = choice.monotonic === false ? { now } : { now, monotonic: () => elapsedMs };
  return {
    store: memoryLimits({ ...sizes, clock }),
    now,
    advance(ms) {
      elapsedMs += ms;
    },
    jump(ms) {
      jumpedMs += ms;
    },
  };
}

import { describe, expect, it } from 'vitest';
import { memoryLimits } from '../../../src/limits/memory-limits.ts';
import { createShardedStore } from '../../../src/redis/sharded-store.ts';
import type { StoreUnderTest } from '../../../src/testing/limit-conformance/kit.ts';
import { limitStoreConformance } from '../../../src/testing/limit-store-conformance.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

/** Shards in memory, with a test clock. */
function shardedUnderTest(): StoreUnderTest {
  const clock = createFakeClock();
  return {
    store: createShardedStore(memoryLimits({ clock })),
    now: clock.now,
    advance: clock.advance,
    jump: (ms) => clock.setCalendar(clock.now() + ms),
  };
}

describe('a sharded store passes the conformance suite', () => {
  for (const { name, run } of limitStoreConformance({
    create: shardedUnderTest,
    bounded: false,
  })) {
    it(name, () => expect(run()).resolves.toBeUndefined(), 120_000);
  }
});

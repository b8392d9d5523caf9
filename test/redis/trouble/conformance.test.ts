import { describe, it } from 'vitest';
import { createGuardedStore } from '../../../src/redis/trouble/guarded-store.ts';
import { limitStoreConformance } from '../../../src/testing/limit-store-conformance.ts';
import { memoryUnderTest } from '../../unit/limits/memory-under-test.ts';

const CHOICES = [
  ['refuse', 'refuse'],
  ['local', { processes: 20, once: 'local' }],
] as const;

describe.each(CHOICES)('a store in good health behind onStoreError %s', (_, onStoreError) => {
  const cases = limitStoreConformance({
    create(sizes) {
      const subject = memoryUnderTest(sizes);
      const store = createGuardedStore({
        remote: subject.store,
        onStoreError,
        timeoutMs: 60_000,
        clock: { now: subject.now },
        onEvent: (event) => {
          throw new Error(`no trouble was expected, but ${event.type}`);
        },
      });
      return { ...subject, store };
    },
    operations: 5_000,
    floodSize: 20_000,
  });
  for (const { name, run } of cases) it(name, run);
});

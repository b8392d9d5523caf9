import { describe, expect, it } from 'vitest';
import { limitStoreConformance } from '../../../src/testing/limit-store-conformance.ts';
import { EPOCH_MS, memoryUnderTest } from './memory-under-test.ts';

describe('memoryLimits passes the conformance suite', () => {
  for (const { name, run } of limitStoreConformance({ create: (sizes) => memoryUnderTest(sizes) })) {
    it(name, async () => {
      await expect(run()).resolves.toBeUndefined();
    }, 120_000);
  }
});

describe('memoryLimits on a calendar alone', () => {
  const cases = limitStoreConformance({
    create: (sizes) => memoryUnderTest(sizes, { monotonic: false, startMs: -3_600_000_000 }),
    operations: 20_000,
    floodSize: 20_000,
    doubtStartMs: EPOCH_MS - 3_600_000_000,
    seed: 7,
  });
  for (const { name, run } of cases) {
    it(name, async () => {
      await expect(run()).resolves.toBeUndefined();
    }, 120_000);
  }
});

describe('memoryLimits on a monotonic clock that starts below zero', () => {
  const cases = limitStoreConformance({
    create: (sizes) => memoryUnderTest(sizes, { startMs: -40_000_000 }),
    operations: 20_000,
    bounded: false,
    doubtStartMs: -40_000_000,
    seed: 3,
  });
  for (const { name, run } of cases) {
    it(name, async () => {
      await expect(run()).resolves.toBeUndefined();
    }, 120_000);
  }
});

describe('limitStoreConformance', () => {
  it('leaves out what a running clock or an unbounded store cannot show', () => {
    const create = () => memoryUnderTest();
    const all = limitStoreConformance({ create });
    const unbounded = limitStoreConformance({ create, bounded: false });
    const real = limitStoreConformance({ create, clock: 'real' });
    expect(all.length - unbounded.length).toBe(4);
    expect(real.length).toBeLessThan(unbounded.length);
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  });

  it('fails a store that admits everything, and closes what it made', async () => {
    let closed = 0;
    const cases = limitStoreConformance({
      create: () => {
        const subject = memoryUnderTest();
        const { store } = subject;
        return {
          now: subject.now,
          advance: subject.advance,
          store: {
            take: async (_scope, requests) => requests.map(() => ({ granted: true, observed: [] })),
            settle: (scope, settlements) => store.settle(scope, settlements),
            inspect: (scope, rules) => store.inspect(scope, rules),
            release: (scope, rules) => store.release(scope, rules),
            close: async () => {
              closed += 1;
            },
          },
        };
      },
      floodSize: 1000,
      operations: 1000,
    });
    const passed: string[] = [];
    for (const { name, run } of cases) {
      await run().then(
        () => passed.push(name),
        () => undefined,
      );
    }
    expect(passed).toEqual(['a calendar that jumps back and forth lifts no limit']);
    expect(closed).toBe(cases.length);
  });
});

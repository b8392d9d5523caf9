import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CountMinSketch } from '../../../src/limits/count-min-sketch.ts';

const PERIOD_MS = 100;

describe('CountMinSketch', () => {
  it.each([false, true])('never counts less than was folded and still lives (amounts: %s)', (amounts) => {
    const fold = fc.record({
      hash: fc.integer({ min: 0, max: 5 }),
      amount: fc.integer({ min: 1, max: 10 }),
      waitMs: fc.integer({ min: 0, max: 150 }),
      lifeMs: fc.integer({ min: 1, max: 150 }),
    });
    fc.assert(
      fc.property(fc.array(fold, { maxLength: 12 }), (folds) => {
        const sketch = new CountMinSketch(PERIOD_MS, 0, amounts);
        const live: { hash: number; amount: number; untilMs: number }[] = [];
        let nowMs = 0;
        for (const { hash, amount, waitMs, lifeMs } of folds) {
          nowMs += waitMs;
          sketch.advance(nowMs);
          sketch.fold(hash, amount, nowMs + lifeMs);
          live.push({ hash, amount, untilMs: nowMs + lifeMs });
          for (let other = 0; other <= 5; other += 1) {
            const least = live
              .filter((entry) => entry.hash === other && entry.untilMs > nowMs)
              .reduce((sum, entry) => sum + entry.amount, 0);
            expect(sketch.older(other) + sketch.newer(other)).toBeGreaterThanOrEqual(least);
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  it('drops a generation a period, both after a long silence', () => {
    const sketch = new CountMinSketch(PERIOD_MS, 0, false);
    sketch.fold(1, 3, 100);
    sketch.advance(99);
    expect([sketch.older(1), sketch.newer(1), sketch.generation]).toEqual([0, 3, 0]);
    sketch.advance(100);
    expect([sketch.older(1), sketch.newer(1), sketch.generation]).toEqual([3, 0, 1]);
    expect(sketch.dropsMs).toEqual([200, 300]);
    sketch.fold(1, 2, 200);
    sketch.advance(1000);
    expect([sketch.older(1), sketch.newer(1), sketch.generation]).toEqual([0, 0, 3]);
  });

  it('stays at its ceiling', () => {
    const sketch = new CountMinSketch(PERIOD_MS, 0, false);
    for (let fold = 0; fold < 10; fold += 1) sketch.fold(9, 60, 100);
    expect(sketch.newer(9)).toBe(255);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLocalPermits } from '../../../../src/redis/pace/local-permits.ts';
import { requestOf } from '../../../redis/pace/kit.ts';
import { mostInASecond } from '../../../support/pace-lane.ts';

const NEVER = Number.NEGATIVE_INFINITY;

describe('the permits of a process alone', () => {
  function start(processes: number) {
    const clock = { ms: 1_000 };
    return { clock, own: createLocalPermits(processes, () => clock.ms) };
  }

  it('are its share of the rate, in whole permits', () => {
    const { own } = start(20);
    const { permits } = own.lease(requestOf(1710, 500), NEVER);
    // 85 per second, over a lease span of 100 ms.
    expect(permits).toHaveLength(8);
    expect(permits[0]).toEqual({ fromMs: 1_000, untilMs: 1_038 });
    expect((permits[1]?.fromMs ?? 0) - 1_000).toBeCloseTo(1040 / 85, 2);
  });

  it('come one at a time below one per second, and the server is probed meanwhile', () => {
    const { clock, own } = start(20);
    expect(own.lease(requestOf(1, 5), NEVER).permits).toHaveLength(1);
    clock.ms += 10_000;
    expect(own.lease(requestOf(1, 5), NEVER)).toEqual({ permits: [], retryAfterMs: 500, pauseMs: 0 });
    clock.ms += 9_700;
    expect(own.lease(requestOf(1, 5), NEVER).retryAfterMs).toBeCloseTo(240.02, 2);
    clock.ms += 340;
    expect(own.lease(requestOf(1, 5), NEVER).permits).toHaveLength(1);
  });

  it('begin when those of the server are over', () => {
    const { own } = start(1);
    const { permits } = own.lease(requestOf(100, 1), 1_080);
    expect(permits[0]?.fromMs).toBeCloseTo(1_090.4, 2);
    expect(own.lease(requestOf(100, 1), 3_000)).toMatchObject({ permits: [], retryAfterMs: 500 });
  });

  it('are owed to the server for a period, until it knows', () => {
    const { clock, own } = start(1);
    expect(own.unreported(1_000)).toBe(0);
    own.lease(requestOf(100, 9), NEVER);
    expect(own.unreported(1_000)).toBe(9);
    clock.ms += 1_050;
    expect(own.unreported(1_000)).toBe(4);
    own.markReported();
    expect(own.unreported(1_000)).toBe(0);
    own.lease(requestOf(100, 2), NEVER);
    clock.ms += 2_000;
    expect(own.lease(requestOf(100, 2), NEVER).permits).toHaveLength(2);
    expect(own.unreported(1_000)).toBe(2);
  });

  it('are no more than the rate together, or one for each process', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.array(fc.double({ min: 0, max: 5_000, noNaN: true }), { minLength: 1, maxLength: 12 }),
        fc.array(fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 1, noNaN: true })), {
          minLength: 1,
          maxLength: 9,
        }),
        (rate, starts, late) => {
          const left: number[] = [];
          for (const startMs of starts) {
            let time = startMs;
            const own = createLocalPermits(starts.length, () => time);
            for (; time < startMs + 4_000; time += 50) {
              for (const { fromMs, untilMs } of own.lease(requestOf(rate, 30), NEVER).permits) {
                left.push(fromMs + (late[left.length % late.length] as number) * (untilMs - fromMs));
              }
            }
          }
          expect(mostInASecond(left)).toBeLessThanOrEqual(Math.max(rate, starts.length));
        },
      ),
      { numRuns: 100 },
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryLimits } from '../../../src/limits/memory-limits.ts';
import { Session, slotRule, windowRule } from '../../../src/testing/limit-conformance/kit.ts';
import { createFakeClock, NOON } from '../../support/fake-clock.ts';
import { checkMixedHistory, mixedHistory } from '../../support/mixed-windows.ts';

describe('clients of one scope with different windows', () => {
  it('are each refused exactly when their own window is full of what all have sent', async () => {
    await fc.assert(
      fc.asyncProperty(mixedHistory, async (history) => {
        const clock = createFakeClock();
        await checkMixedHistory(memoryLimits({ clock }), 'scope', history, (ms) => clock.advance(ms));
      }),
      { numRuns: 2_000 },
    );
  });

  it('keep the newest messages only: one that is settled late and is older than those is dropped', async () => {
    const clock = createFakeClock();
    const run = new Session({ store: memoryLimits({ clock }), advance: clock.advance, now: clock.now });
    const of = (windowMs: number) => ({ ...windowRule(1, 2, windowMs), id: 'window' });
    await run.settle(await run.granted('the longer window is known', of(100_000)), 'return');
    const open = await run.granted('the first stays open', of(1_000));
    clock.advance(2);
    await run.sent('the second', of(1_000));
    clock.advance(1_500);
    await run.sent('the third', of(1_000));
    await run.settle(open, 'keep');
    const { retryAfterMs } = await run.refused('the longer window is full', of(100_000));
    expect(retryAfterMs).toBe(100_000 - 1_500);
    expect(await run.countOf(of(1_000))).toBe(1);
  });
});

describe('scheduled messages of one number', () => {
  it('have 512 different times at most, and room again when some are over', async () => {
    const clock = createFakeClock(NOON);
    const run = new Session({ store: memoryLimits({ clock }), advance: clock.advance, now: clock.now });
    const at = (ms: number) => slotRule(1, 1_000, 60_000, NOON + ms);
    for (let time = 0; time < 512; time += 1) await run.sent('one of 512', at(time * 1_000));
    expect(await run.refused('one more time', at(600_000))).toMatchObject({ reason: 'capacity' });
    await run.sent('the same time again', at(511_000));
    await run.sent('another number', { ...at(600_000), key: 2 });
    clock.advance(240_000);
    await run.sent('those of long ago are forgotten', at(600_000));
  });
});

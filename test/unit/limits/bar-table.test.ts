import { describe, expect, it } from 'vitest';
import { ValidationError } from '../../../src/errors.ts';
import type { BarRule } from '../../../src/limits/limit-store.ts';
import { MemoryLimitStore } from '../../../src/limits/memory-limits.ts';
import { createStoreTime } from '../../../src/limits/store-time.ts';
import { barRule, raiseRule, Session, windowRule } from '../../../src/testing/limit-conformance/kit.ts';
import { memoryUnderTest } from './memory-under-test.ts';

const NUMBER = 6591234567;
const DAY_MS = 86_400_000;

function session(sizes: Parameters<typeof memoryUnderTest>[0] = {}) {
  const subject = memoryUnderTest(sizes);
  return { ...subject, run: new Session(subject) };
}

describe('bars in memory', () => {
  it('are read without making a table for it', async () => {
    const store = new MemoryLimitStore(10, 10, createStoreTime(undefined), 1);
    const run = new Session({ store, now: () => 0, advance() {} });
    await run.sent('fills the only place for a table', windowRule(NUMBER, 5, DAY_MS));
    await expect(run.sent('read', barRule(NUMBER, DAY_MS))).resolves.toBeUndefined();
    await expect(run.take(raiseRule(NUMBER, DAY_MS))).rejects.toThrow('The limit store counts under 1 rules');
  });

  it('may be raised and read in one call, in order', async () => {
    const { run } = session();
    const requests = [barRule(1, DAY_MS), raiseRule(1, DAY_MS), barRule(1, DAY_MS)].map((rule) => {
      return { reservation: run.nextReservation(), rules: [rule] };
    });
    const verdicts = await run.store.take(run.scope, requests);
    expect(verdicts.map(({ granted }) => granted)).toEqual([true, true, false]);
  });

  it('leave no place taken behind when they are given back, and find none missing after a release', async () => {
    const { run } = session({ maxEntries: 1 });
    await run.settle(await run.granted('one', raiseRule(1, DAY_MS)), 'return');
    const open = await run.granted('the place is free', raiseRule(2, DAY_MS));
    await run.store.release(run.scope, [barRule(2, DAY_MS), barRule(3, DAY_MS)]);
    await run.sent('free again', raiseRule(4, DAY_MS));
    await run.settle(open, 'return');
    expect(await run.refused('still full', raiseRule(5, DAY_MS))).toMatchObject({
      reason: 'capacity',
      observed: 0,
    });
    expect(await run.countOf(barRule(4, DAY_MS))).toBe(1);
  });

  it('raised before a release take nothing from those raised after it', async () => {
    const { run } = session();
    const before = await run.granted('raised', raiseRule(1, DAY_MS));
    await run.store.release(run.scope, [barRule(1, DAY_MS)]);
    await run.granted('raised again', raiseRule(1, DAY_MS));
    await run.settle(before, 'return');
    expect(await run.countOf(barRule(1, DAY_MS))).toBe(1);
  });

  it('that ended while a raise was open are swept, and its late settlement changes nothing', async () => {
    const { run, advance } = session({ maxEntries: 1 });
    const open = await run.granted('short', raiseRule(1, 1000));
    await advance(1000);
    await run.sent('takes its place', raiseRule(2, DAY_MS));
    await run.settle(open, 'keep');
    expect(await run.countOf(barRule(1, DAY_MS))).toBe(0);
    expect(await run.countOf(barRule(2, DAY_MS))).toBe(1);
  });

  it('stand when nobody settles the raise', async () => {
    const { run, advance } = session();
    await run.granted('never settled', raiseRule(1, DAY_MS));
    await advance(DAY_MS - 1);
    expect((await run.refused('a day less a millisecond', barRule(1, DAY_MS))).retryAfterMs).toBe(1);
    await advance(1);
    await run.sent('a day', barRule(1, DAY_MS));
  });

  it.each<[Partial<BarRule>, string]>([
    [{ windowMs: 0 }, 'requests[0].rules[0].windowMs must be an integer from 1 to'],
    [{ windowMs: 32 * DAY_MS }, 'windowMs must be an integer'],
    [{ raise: 'yes' as never }, 'requests[0].rules[0].raise must be true or false.'],
    [{ key: '' }, 'key must be a string of 1 to 1024 characters or an integer'],
    [{ kind: 'wall' as never }, "'once' or 'bar'"],
  ])('refuse %j', async (fields, message) => {
    const { run } = session();
    const failure = run.take({ ...barRule(1, DAY_MS), ...fields });
    await expect(failure).rejects.toThrow(message);
    await expect(failure).rejects.toBeInstanceOf(ValidationError);
  });

  it('are not another kind of rule under one id', async () => {
    const { run } = session();
    await run.sent('a raise', raiseRule(1, DAY_MS));
    await expect(run.take({ ...windowRule(1, 1, DAY_MS), id: 'bar' })).rejects.toThrow('of one shape');
  });
});

import { describe, expect, it } from 'vitest';
import { ValidationError } from '../../../src/errors.ts';
import type { BlockRule } from '../../../src/limits/limit-store.ts';
import { MemoryLimitStore } from '../../../src/limits/memory-limits.ts';
import { createStoreTime } from '../../../src/limits/store-time.ts';
import {
  activeBlockRule,
  blockRule,
  Session,
  windowRule,
} from '../../../src/testing/limit-conformance/kit.ts';
import { memoryUnderTest } from './memory-under-test.ts';

const NUMBER = 6591234567;
const DAY_MS = 86_400_000;

function session(sizes: Parameters<typeof memoryUnderTest>[0] = {}) {
  const subject = memoryUnderTest(sizes);
  return { ...subject, run: new Session(subject) };
}

describe('blocks in memory', () => {
  it('are read without making a table for it', async () => {
    const store = new MemoryLimitStore(
      { maxRecipients: 10, maxEntries: 10, maxIdempotencyKeys: 10 },
      createStoreTime(undefined),
      1,
    );
    const run = new Session({ store, now: () => 0, advance() {} });
    await run.sent('fills the only place for a table', windowRule(NUMBER, 5, DAY_MS));
    await expect(run.sent('read', blockRule(NUMBER, DAY_MS))).resolves.toBeUndefined();
    const { reason } = await run.refused('no room for a table', activeBlockRule(NUMBER, DAY_MS));
    expect(reason).toBe('capacity');
  });

  it('may be activated and read in one call, in order', async () => {
    const { run } = session();
    const requests = [blockRule(1, DAY_MS), activeBlockRule(1, DAY_MS), blockRule(1, DAY_MS)].map((rule) => {
      return { reservation: run.nextReservation(), rules: [rule] };
    });
    const verdicts = await run.store.take(run.scope, requests);
    expect(verdicts.map(({ granted }) => granted)).toEqual([true, true, false]);
  });

  it('leave no place taken behind when they are given back, and find none missing after a release', async () => {
    const { run } = session({ maxEntries: 1 });
    await run.settle(await run.granted('one', activeBlockRule(1, DAY_MS)), 'return');
    const open = await run.granted('the place is free', activeBlockRule(2, DAY_MS));
    await run.store.release(run.scope, [blockRule(2, DAY_MS), blockRule(3, DAY_MS)]);
    await run.sent('free again', activeBlockRule(4, DAY_MS));
    await run.settle(open, 'return');
    expect(await run.refused('still full', activeBlockRule(5, DAY_MS))).toMatchObject({
      reason: 'capacity',
      observed: 0,
    });
    expect(await run.countOf(blockRule(4, DAY_MS))).toBe(1);
  });

  it('activated before a release take nothing from those activated after it', async () => {
    const { run } = session();
    const before = await run.granted('activated', activeBlockRule(1, DAY_MS));
    await run.store.release(run.scope, [blockRule(1, DAY_MS)]);
    await run.granted('activated again', activeBlockRule(1, DAY_MS));
    await run.settle(before, 'return');
    expect(await run.countOf(blockRule(1, DAY_MS))).toBe(1);
  });

  it('that ended while an activation was open are swept, and its late settlement changes nothing', async () => {
    const { run, advance } = session({ maxEntries: 1 });
    const open = await run.granted('short', activeBlockRule(1, 1000));
    await advance(1000);
    await run.sent('takes its place', activeBlockRule(2, DAY_MS));
    await run.settle(open, 'keep');
    expect(await run.countOf(blockRule(1, DAY_MS))).toBe(0);
    expect(await run.countOf(blockRule(2, DAY_MS))).toBe(1);
  });

  it('stay when nobody settles the activation', async () => {
    const { run, advance } = session();
    await run.granted('never settled', activeBlockRule(1, DAY_MS));
    await advance(DAY_MS - 1);
    expect((await run.refused('a day less a millisecond', blockRule(1, DAY_MS))).retryAfterMs).toBe(1);
    await advance(1);
    await run.sent('a day', blockRule(1, DAY_MS));
  });

  it.each<[Partial<BlockRule>, string]>([
    [{ windowMs: 0 }, 'requests[0].rules[0].windowMs must be an integer from 1 to'],
    [{ windowMs: 32 * DAY_MS }, 'windowMs must be an integer'],
    [{ activate: 'yes' as never }, 'requests[0].rules[0].activate must be true or false.'],
    [{ key: '' }, 'key must be a string of 1 to 1024 characters or an integer'],
    [{ kind: 'wall' as never }, "'block' or 'doubt'"],
  ])('refuse %j', async (fields, message) => {
    const { run } = session();
    const failure = run.take({ ...blockRule(1, DAY_MS), ...fields });
    await expect(failure).rejects.toThrow(message);
    await expect(failure).rejects.toBeInstanceOf(ValidationError);
  });

  it('are not another kind of rule under one id', async () => {
    const { run } = session();
    await run.sent('an activation', activeBlockRule(1, DAY_MS));
    await expect(run.take({ ...windowRule(1, 1, DAY_MS), id: 'block' })).rejects.toThrow('of one shape');
  });
});

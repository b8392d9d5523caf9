import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AbortedError, ConfigurationError, StoreError, ValidationError } from '../../../src/errors.ts';
import { type LimitRule, MAX_WINDOW_MS } from '../../../src/limits/limit-store.ts';
import { MemoryLimitStore, memoryLimits } from '../../../src/limits/memory-limits.ts';
import { LEASE_MS } from '../../../src/limits/rule-table.ts';
import {
  amountRule,
  backoffRule,
  distinctRule,
  onceRule,
  SCOPE,
  Session,
  slotRule,
  windowRule,
} from '../../../src/testing/limit-conformance/kit.ts';
import { EPOCH_MS, memoryUnderTest } from './memory-under-test.ts';

const NUMBER = 6591234567;
const DAY_MS = 86_400_000;

function session(sizes: Parameters<typeof memoryUnderTest>[0] = {}) {
  const subject = memoryUnderTest(sizes);
  return { ...subject, run: new Session(subject) };
}

/** A store whose monotonic clock gives these readings one after the other, the last one for ever. */
function atTimes(...readings: number[]) {
  let at = 0;
  const monotonic = () => readings[Math.min(at++, readings.length - 1)] as number;
  return new Session({
    store: memoryLimits({ clock: { now: () => EPOCH_MS, monotonic } }),
    now: () => EPOCH_MS,
    advance() {},
  });
}

describe('memoryLimits', () => {
  it('counts on the system clock when none is given', async () => {
    const run = new Session({ store: memoryLimits(), now: () => Date.now(), advance() {} });
    const rules = [windowRule(NUMBER, 1, DAY_MS), slotRule(NUMBER, 1, DAY_MS, Date.now())];
    await run.sent('first', ...rules);
    expect((await run.take(...rules)).verdict.granted).toBe(false);
  });

  it('takes and settles a few requests at once, not many', () => {
    const store = memoryLimits() as MemoryLimitStore;
    const rules = [windowRule(NUMBER, 1, DAY_MS)];
    const requests = Array.from({ length: 17 }, (_, at) => ({ reservation: `r-${at}`, rules }));
    const settlements = requests.map((each) => ({ ...each, outcome: 'return' as const }));
    expect([store.takeNow(SCOPE, requests), store.settleNow(SCOPE, settlements)]).toEqual([undefined, false]);
    const few = () => store.takeNow(SCOPE, requests.slice(0, 2))?.map(({ granted }) => granted);
    expect(few()).toEqual([true, false]);
    expect(store.settleNow(SCOPE, settlements.slice(0, 2))).toBe(true);
    expect(store.inspectNow(SCOPE, rules)).toMatchObject([{ count: 0 }]);
  });

  it('reads no clock before the first call', () => {
    const now = () => {
      throw new Error('read');
    };
    expect(() => memoryLimits({ clock: { now } })).not.toThrow();
  });

  it.each([0, -1, 1.5, Number.NaN, 2 ** 24])('refuses the size %s', (size) => {
    expect(() => memoryLimits({ maxRecipients: size })).toThrow(ConfigurationError);
    expect(() => memoryLimits({ maxEntries: size })).toThrow(/maxEntries must be an integer from 1/);
  });

  it('throws when the clock gives no number', async () => {
    await expect(atTimes(Number.NaN).take(windowRule(1, 1, 1))).rejects.toThrow(StoreError);
  });

  it('takes nothing once the signal is aborted', async () => {
    const { run } = session();
    const requests = [{ reservation: 'r', rules: [windowRule(NUMBER, 1, DAY_MS)] }];
    await expect(run.store.take(SCOPE, requests, { signal: AbortSignal.abort() })).rejects.toThrow(
      AbortedError,
    );
    const live = await run.store.take(SCOPE, requests, { signal: new AbortController().signal });
    expect(live[0]?.granted).toBe(true);
  });

  it('knows nothing of a scope that never took', async () => {
    const { store } = memoryUnderTest();
    const rules = [windowRule(NUMBER, 1, DAY_MS)];
    await store.settle('none', [{ reservation: 'r', rules, outcome: 'keep' }]);
    await store.release('none', rules);
    expect(await store.inspect('none', rules)).toEqual([{ rule: rules[0], count: 0, retryAfterMs: 0 }]);
  });

  it('grants a request without rules', async () => {
    expect((await session().run.take()).verdict).toEqual({ granted: true, observed: [] });
  });

  it('shows what is counted and how long it lasts', async () => {
    const { run, advance } = session();
    const rules: LimitRule[] = [
      windowRule(NUMBER, 1, 1000),
      amountRule(NUMBER, 1, 3000, 1),
      slotRule(NUMBER, 1, 1000, EPOCH_MS),
      backoffRule(NUMBER, 500, 500, 500),
      distinctRule(NUMBER, 1, 1, 1000),
      onceRule(NUMBER, 'print', 1000),
      slotRule('unused', 1, 1000, EPOCH_MS),
      backoffRule('unused', 500, 500, 500),
      distinctRule('unused', 1, 1, 1000),
      onceRule('unused', 'print', 1000),
    ];
    const open = await run.granted('first', ...rules.slice(0, 6));
    const states = async () =>
      (await run.store.inspect(SCOPE, rules)).map(({ count, retryAfterMs }) => [count, retryAfterMs]);
    const unused = Array.from({ length: 4 }, () => [0, 0]);
    const openStates = [
      [1, 1000],
      [1, 3100],
      [1, undefined],
      [1, 500],
      [1, 1000],
      [1, undefined],
    ];
    expect(await states()).toEqual([...openStates, ...unused]);
    await run.settle(open, 'keep');
    expect((await states())[5]).toEqual([1, 1000]);
    await advance(3100);
    expect(await states()).toEqual([...Array.from({ length: 6 }, () => [0, 0]), ...unused]);
  });

  it('counts messages in buckets above a limit of 64', async () => {
    const { run, advance } = session();
    const rule = windowRule(NUMBER, 65, 3000);
    for (let sent = 0; sent < 65; sent += 1) await run.sent('within the limit', rule);
    expect(await run.refused('one more', rule)).toMatchObject({ observed: 65, retryAfterMs: 3100 });
    await advance(3100);
    await run.sent('a window and a bucket later', rule);
  });

  it('frees a number that has nothing left, and finds it again', async () => {
    const { run } = session();
    const rule = windowRule(NUMBER, 2, 1000);
    await run.sent('one', rule);
    await run.store.release(SCOPE, [rule, windowRule(1, 2, 1000), amountRule(1, 1, 1000, 1)]);
    expect(await run.countOf(rule)).toBe(0);
    await run.sent('after', rule);
    expect(await run.countOf(rule)).toBe(1);
  });
});

describe('takes that nobody settles', () => {
  it('are kept at their own time when the lease ends', async () => {
    const { run, advance } = session();
    const rule = windowRule(NUMBER, 1, 1000);
    const lost = await run.granted('lost', rule);
    expect((await run.refused('in its window', rule)).retryAfterMs).toBe(1000);
    await advance(2000);
    expect((await run.refused('past its window', rule)).retryAfterMs).toBe(LEASE_MS - 2000);
    await advance(LEASE_MS - 2001);
    await run.refused('a millisecond before the lease ends', rule);
    await advance(1);
    await run.sent('after the lease', rule);
    await run.settle(lost, 'return');
    expect(await run.countOf(rule)).toBe(1);
  });

  it('still count for a long window, a backoff, an amount and an idempotency key', async () => {
    const { run, advance } = session();
    const rules = [
      windowRule(NUMBER, 1, DAY_MS),
      amountRule(NUMBER, 1, DAY_MS, 1),
      backoffRule(NUMBER, DAY_MS, DAY_MS, DAY_MS),
      onceRule('key', 'print', DAY_MS),
    ];
    await run.granted('lost', ...rules);
    await advance(LEASE_MS);
    const { verdict } = await run.take(...rules);
    const reasons = verdict.granted ? [] : verdict.refusals.map(({ reason }) => reason);
    expect(reasons).toEqual(['over-limit', 'over-limit', 'too-soon', 'done']);
  });

  it('give a distinct member up with the lease', async () => {
    const { run, advance } = session();
    await run.granted('lost', distinctRule('range', 1, 1, 1000));
    await advance(5000);
    const violation = await run.refused('another', distinctRule('range', 2, 1, 1000));
    expect(violation.retryAfterMs).toBe(LEASE_MS - 5000);
    await advance(LEASE_MS - 5000);
    await run.sent('another, later', distinctRule('range', 2, 1, 1000));
  });

  it('are kept early, oldest first, when there are too many', async () => {
    const { run } = session({ maxEntries: 2 });
    const rule = (key: number) => windowRule(key, 1, DAY_MS);
    const first = await run.granted('first', rule(1));
    const second = await run.granted('second', rule(2));
    await run.granted('third', rule(3));
    await run.settle(first, 'return');
    await run.settle(second, 'return');
    expect(await run.countOf(rule(1))).toBe(1);
    expect(await run.countOf(rule(2))).toBe(0);
  });

  it('are remembered through thousands of others', async () => {
    const { run } = session();
    const rule = windowRule(NUMBER, 1, DAY_MS);
    const open = await run.granted('open', rule);
    for (let other = 0; other < 13_000; other += 1) await run.sent('other', windowRule(other, 1, DAY_MS));
    await run.settle(open, 'return');
    expect(await run.countOf(rule)).toBe(0);
  });
});

describe('clocks', () => {
  it('errs to the strict side when the clock has fractions', async () => {
    const late = atTimes(0.9, 0.9, 1000.8);
    await late.sent('at 0.9 ms', windowRule(NUMBER, 1, 1000));
    await late.refused('999.9 ms later', windowRule(NUMBER, 1, 1000));
    const backoff = atTimes(0.9, 0.9, 1000.8);
    await backoff.sent('at 0.9 ms', backoffRule(NUMBER, 1000, 1000, 1000));
    await backoff.refused('999.9 ms later', backoffRule(NUMBER, 1000, 1000, 1000));
  });

  it('does not take a step back for time that passed', async () => {
    const run = atTimes(5000, 5000, 3000, 6000);
    const rule = windowRule(NUMBER, 1, 1000);
    await run.sent('at 5 s', rule);
    expect((await run.refused('the clock says 3 s', rule)).retryAfterMs).toBe(1000);
    await run.sent('at 6 s', rule);
  });

  it('keeps a stamp that a settlement moves ahead of the clock', async () => {
    const { run, advance } = session();
    const [log, amount] = [windowRule(NUMBER, 1, 1000), amountRule(NUMBER, 2, 3000, 1)];
    await run.sent('an amount before', amount);
    const taken = await run.granted('first', log, amount);
    await run.settle(taken, 'keep', { delayMs: 700 });
    await advance(1699);
    await run.refused('a millisecond early', log);
    await advance(1);
    await run.sent('a window after the write', log);
    await run.refused('both amounts are in the window', amountRule(NUMBER, 2, 3000, 2));
    await advance(2200);
    await run.sent('both have left', amountRule(NUMBER, 2, 3000, 2));
  });

  it('moves a stamp ahead far enough to turn a whole ring, and loses nothing', async () => {
    const { run, advance } = session();
    const rule = amountRule(NUMBER, 2, 3000, 1);
    await run.sent('before', rule);
    await run.settle(await run.granted('far ahead', rule), 'keep', { delayMs: 60_000 });
    await run.refused('both count now', rule);
    await advance(60_000);
    await run.refused('both count until the later one leaves', amountRule(NUMBER, 2, 3000, 2));
    await advance(3100);
    await run.sent('both have left', amountRule(NUMBER, 2, 3000, 2));
  });

  it('forgets an amount whose write left the window before it was settled', async () => {
    const { run, advance } = session();
    const rule = amountRule(NUMBER, 1, 3000, 1);
    const taken = await run.granted('slow', rule);
    await advance(10_000);
    await run.settle(taken, 'keep');
    expect(await run.countOf(rule)).toBe(0);
    const log = windowRule(NUMBER, 2, 3000);
    const [slow] = [await run.granted('slow', log), await run.granted('slow too', log)];
    await advance(10_000);
    await run.settle(slow, 'keep');
    expect(await run.countOf(log)).toBe(1);
  });

  it('counts on through a year of uptime', async () => {
    const { run, advance } = session();
    const rule = windowRule(NUMBER, 2, MAX_WINDOW_MS);
    for (let month = 0; month < 14; month += 1) {
      await run.sent('first of the window', rule);
      await advance(DAY_MS);
      const second = await run.granted('second of the window', rule);
      await run.refused('third', rule);
      await run.settle(second, 'keep');
      await advance(MAX_WINDOW_MS - DAY_MS - 1);
      await run.refused('a millisecond early', rule);
      await advance(1);
      await run.sent('when the first has left', rule);
      await run.refused('the second is still there', rule);
      await advance(MAX_WINDOW_MS);
    }
    const open = await run.granted('open', rule);
    await advance(100 * DAY_MS);
    await run.settle(open, 'return');
    expect(await run.countOf(rule)).toBe(0);
  });

  it('moves stamps back with others still open', async () => {
    const { run, advance } = session();
    const rule = windowRule(NUMBER, 3, MAX_WINDOW_MS);
    await run.sent('old', rule);
    await run.sent('released', windowRule(1, 3, MAX_WINDOW_MS));
    await run.store.release(SCOPE, [windowRule(1, 3, MAX_WINDOW_MS)]);
    await advance(43 * DAY_MS);
    const open = await run.granted('open', windowRule(NUMBER, 3, MAX_WINDOW_MS));
    await advance(LEASE_MS - 1);
    for (let step = 0; step < 3; step += 1) await run.take(rule);
    await run.settle(open, 'return');
    expect(await run.countOf(rule)).toBe(2);
    await advance(DAY_MS);
    expect(await run.countOf(rule)).toBe(2);
    await advance(30 * DAY_MS);
    expect(await run.countOf(rule)).toBe(0);
  });
});

describe('full tables', () => {
  it('fold amounts too, and say so', async () => {
    const { run, advance } = session({ maxEntries: 2 });
    const rule = (key: string, weight = 4) => amountRule(key, 10, 3000, weight);
    for (const key of ['a', 'b', 'c']) await run.sent(key, rule(key));
    const violation = await run.refused('the folded one', rule('a', 8));
    expect(violation).toMatchObject({ observed: 4, approximate: true });
    expect(await run.store.inspect(SCOPE, [rule('a')])).toEqual([
      { rule: rule('a'), count: 4, retryAfterMs: 0, approximate: true },
    ]);
    await advance(violation.retryAfterMs ?? 0);
    await run.sent('at retryAfterMs', rule('a', 8));
  });

  it('refuse an amount under a new key while all are open', async () => {
    const { run } = session({ maxEntries: 1 });
    const open = await run.granted('open', amountRule('a', 10, 3000, 1));
    expect((await run.refused('another', amountRule('b', 10, 3000, 1))).reason).toBe('capacity');
    await run.settle(open, 'return');
    await run.sent('another', amountRule('b', 10, 3000, 1));
  });

  it('drop expired amounts before anything is folded', async () => {
    const { run, advance } = session({ maxEntries: 2 });
    for (const key of ['a', 'b']) await run.sent(key, amountRule(key, 10, 3000, 1));
    await advance(10_000);
    await run.sent('c', amountRule('c', 10, 3000, 1));
    const states = await run.store.inspect(SCOPE, [amountRule('a', 10, 3000, 1)]);
    expect(states[0]).not.toHaveProperty('approximate');
  });

  it('do not lend one place to two rules of a request', async () => {
    const { run } = session({ maxRecipients: 1, maxEntries: 1 });
    const two = await run.take(windowRule(1, 5, 1000), windowRule(2, 5, 1000));
    expect(two.verdict.granted).toBe(false);
    await run.sent('one at a time', windowRule(1, 5, 1000));
  });

  it('promise an honest wait for a number that is folded in both generations and counted since', async () => {
    const { run, advance } = session({ maxRecipients: 1 });
    const rule = (key: number) => windowRule(key, 3, 1000);
    await run.sent('folded first', rule(1));
    await run.sent('pushes it out', rule(2));
    await advance(900);
    await run.sent('folded in the next generation', rule(1));
    await advance(200);
    await run.sent('pushes it out', rule(2));
    await run.sent('counted since', rule(1));
    await run.sent('counted since', rule(2));
    const violation = await run.refused('over', rule(1));
    expect(violation.approximate).toBe(true);
    await advance(violation.retryAfterMs ?? 0);
    await run.sent('at retryAfterMs', rule(1));
  });

  it('forgive a released number for as long as the sketch remembers it', async () => {
    const { run, advance } = session({ maxRecipients: 1 });
    const rule = (key: number) => windowRule(key, 1, 1000);
    await run.sent('folded', rule(1));
    await run.sent('pushes it out', rule(2));
    await run.store.release(SCOPE, [rule(1)]);
    expect(await run.countOf(rule(1))).toBe(0);
    await advance(1000);
    expect(await run.countOf(rule(1))).toBe(0);
    await advance(1000);
    expect(await run.countOf(rule(1))).toBe(0);
    for (let key = 3; key < 1100; key += 1) await run.store.release(SCOPE, [rule(key)]);
    await run.sent('counts again', rule(1));
    await run.refused('and is full', rule(1));
  });
});

describe('clients with different limits', () => {
  it('make room for a larger limit while takes are open', async () => {
    const { run, advance } = session();
    const of = (limit: number, key: number = NUMBER) => ({ ...windowRule(key, limit, 1000), id: 'shared' });
    await run.sent('settled', of(3));
    await advance(10);
    const second = await run.granted('open', of(3));
    await advance(10);
    const third = await run.granted('open too', of(3));
    await run.store.release(SCOPE, [of(3, 1)]);
    for (let sent = 0; sent < 5; sent += 1) await run.sent('with a larger limit', of(8));
    expect((await run.refused('over the larger limit', of(8))).retryAfterMs).toBe(980);
    await run.settle(second, 'return');
    expect(await run.countOf(of(8))).toBe(7);
    await run.settle(third, 'keep', { delayMs: 5 });
    expect((await run.refused('the third for the smaller one', of(1))).retryAfterMs).toBe(1005);
    await advance(1005);
    expect(await run.countOf(of(1))).toBe(0);
  });

  it('agree with a plain list whatever the limits, the order and the outcomes', async () => {
    const limits = fc.constantFrom(1, 2, 3, 7, 20, 64);
    const step = fc.record({
      limit: limits,
      passMs: fc.constantFrom(0, 0, 1, 40, 333),
      settles: fc.option(fc.record({ which: fc.nat(), keeps: fc.boolean(), delayMs: fc.nat(20) })),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 150 }), async (steps) => {
        const { run, advance } = session();
        const counted: { atMs: number; isOpen: boolean; taken: Awaited<ReturnType<Session['take']>> }[] = [];
        let nowMs = 0;
        for (const { limit, passMs, settles } of steps) {
          await advance(passMs);
          nowMs += passMs;
          const open = counted.filter(({ isOpen }) => isOpen);
          const chosen = settles === null ? undefined : open[settles.which % open.length];
          if (settles !== null && chosen !== undefined) {
            const delayMs = Math.min(settles.delayMs, nowMs - chosen.atMs);
            await run.settle(chosen.taken, settles.keeps ? 'keep' : 'return', { delayMs });
            chosen.isOpen = false;
            chosen.atMs = settles.keeps ? chosen.atMs + delayMs : Number.NEGATIVE_INFINITY;
          }
          const live = counted.filter(({ isOpen, atMs }) => isOpen || atMs > nowMs - 1000);
          const taken = await run.take({ ...windowRule(NUMBER, limit, 1000), id: 'shared' });
          expect(taken.verdict.granted).toBe(live.length < limit);
          if (taken.verdict.granted) counted.push({ atMs: nowMs, isOpen: true, taken });
          else if (live.every(({ isOpen }) => !isOpen)) {
            const stamps = live.map(({ atMs }) => atMs).sort((first, second) => first - second);
            const leavesMs = (stamps[live.length - limit] ?? Number.NaN) + 1000;
            expect(taken.verdict.refusals).toMatchObject([
              { observed: live.length, retryAfterMs: leavesMs - nowMs },
            ]);
          } else expect(taken.verdict.refusals).toMatchObject([{ observed: live.length }]);
        }
      }),
    );
  });

  it('never lose a message when an exact counter goes over to sub-buckets', async () => {
    const step = fc.record({
      limit: fc.constantFrom(3, 10, 64, 65, 80),
      passMs: fc.constantFrom(0, 10, 99, 450, 1200),
      outcome: fc.constantFrom('keep' as const, 'return' as const, 'open' as const),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 100 }), async (steps) => {
        const { run, advance } = session();
        const stamps: number[] = [];
        let open = 0;
        let nowMs = 0;
        for (const { limit, passMs, outcome } of steps) {
          await advance(passMs);
          nowMs += passMs;
          const live = stamps.filter((atMs) => atMs > nowMs - 3000).length + open;
          const late = stamps.filter((atMs) => atMs > nowMs - 3100).length + open;
          const taken = await run.take({ ...windowRule(NUMBER, limit, 3000), id: 'shared' });
          if (taken.verdict.granted) expect(live).toBeLessThan(limit);
          else expect(late).toBeGreaterThanOrEqual(limit);
          if (!taken.verdict.granted) continue;
          if (outcome === 'open') open += 1;
          else await run.settle(taken, outcome);
          if (outcome === 'keep') stamps.push(nowMs);
        }
      }),
    );
  });

  it('keep a stamp ahead of the clock, and what stands before it, when the counter outgrows its log', async () => {
    const { run, advance } = session();
    const of = (limit: number) => ({ ...windowRule(NUMBER, limit, 3000), id: 'shared' });
    await run.sent('now', of(2));
    await run.settle(await run.granted('far ahead', of(2)), 'keep', { delayMs: 60_000 });
    await run.granted('the large limit', of(100));
    expect((await run.refused('three', of(3))).observed).toBe(3);
    await advance(62_000);
    expect(await run.countOf(of(100))).toBeGreaterThanOrEqual(2);
  });

  it('count what a full log had folded, and forgive it on release', async () => {
    const { run, advance } = session({ maxRecipients: 1 });
    const of = (limit: number, key: number) => ({ ...windowRule(key, limit, 3000), id: 'shared' });
    await run.sent('folded', of(2, 1));
    await run.sent('pushes it out', of(2, 2));
    await run.sent('a large limit', of(100, 2));
    const [state] = await run.store.inspect(SCOPE, [of(1, 1)]);
    expect(state).toMatchObject({ count: 1, approximate: true });
    await advance(state?.retryAfterMs ?? 0);
    await run.sent('at retryAfterMs', of(1, 1));
    await run.sent('pushes it out of the buckets', of(100, 3));
    const again = await run.refused('folded by the buckets', of(1, 1));
    expect(again.approximate).toBe(true);
    await run.store.release(SCOPE, [of(1, 1)]);
    await run.sent('released', of(1, 1));
  });

  it('keep a replaced idempotency record, and its place, until the new one is kept', async () => {
    const { run, advance } = session({ maxEntries: 1 });
    const of = (windowMs: number) => ({ ...onceRule('key', 'print', windowMs), id: 'shared' });
    await run.settle(await run.granted('long', of(10_000)), 'keep', { result: 'first' });
    await advance(2000);
    await run.settle(await run.granted('short', of(1000)), 'return');
    expect((await run.refused('long', of(10_000))).result).toBe('first');
    await run.settle(await run.granted('short', of(1000)), 'keep', { result: 'second' });
    expect((await run.refused('long', of(10_000))).result).toBe('second');
    await advance(1000);
    await run.sent('long, over with the record of the short one', of(10_000));
  });

  it('forget a backoff when it is over by the largest numbers, and not before', async () => {
    const { run, advance } = session({ maxEntries: 1 });
    const of = (baseMs: number, maxMs: number, forgetMs: number, key = 1) => {
      return { ...backoffRule(key, baseMs, maxMs, forgetMs), id: 'shared' };
    };
    const large = [of(10, 10, 5000), of(2000, 4000, 10), of(10, 6000, 10)];
    for (const rule of large) {
      await run.sent('with a large number', rule);
      await run.store.release(SCOPE, [rule]);
    }
    await run.sent('with small numbers', of(10, 10, 10));
    await advance(4999);
    expect((await run.refused('another key', of(10, 10, 10, 2))).reason).toBe('capacity');
    await advance(1);
    await run.sent('another key', of(10, 10, 10, 2));
  });
});

describe('many rules', () => {
  const small = (maxTables: number) => {
    let nowMs = 0;
    const time = { monotonicMs: () => nowMs, epochMs: () => EPOCH_MS };
    const store = new MemoryLimitStore(
      { maxRecipients: 10, maxEntries: 10, maxIdempotencyKeys: 10 },
      time,
      maxTables,
    );
    return { store, pass: (ms: number) => (nowMs += ms) };
  };
  const takeIn = (store: MemoryLimitStore, scope: string, ...rules: LimitRule[]) =>
    store.take(scope, [{ reservation: `${scope}-${rules.map(({ id }) => id)}`, rules }]);

  it('refuses more than it can hold while all of them matter', async () => {
    const { store } = small(2);
    await takeIn(store, 'a', windowRule(1, 1, 1000), backoffRule(1, 1, 1, 1));
    const rule = windowRule(1, 2, 1000);
    const [verdict] = await takeIn(store, 'a', rule);
    expect(verdict).toEqual({
      granted: false,
      refusals: [{ rule, reason: 'capacity', observed: 0, retryAfterMs: 1000 }],
      observed: [],
    });
    expect(await store.inspect('a', [rule])).toEqual([{ rule, count: 0, retryAfterMs: 0 }]);
    // A rule that only watches is not in the way.
    expect(await takeIn(store, 'b', { ...rule, mode: 'monitor' })).toMatchObject([{ granted: true }]);
  });

  it('drops tables and scopes that no longer matter', async () => {
    const { store, pass } = small(2);
    await takeIn(store, 'a', windowRule(1, 1, 1000), backoffRule(1, 1, 1, 1));
    pass(LEASE_MS + 10_000);
    const [verdict] = await takeIn(store, 'b', onceRule('k', 'p', 1000), slotRule(1, 1, 1000, EPOCH_MS));
    expect(verdict?.granted).toBe(true);
    pass(LEASE_MS + 10_000);
    const [again] = await takeIn(store, 'c', distinctRule(1, 1, 1, 1000), windowRule(1, 1, 1000));
    expect(again?.granted).toBe(true);
  });
});

describe('malformed calls', () => {
  const good = windowRule(NUMBER, 1, 1000);
  const path = async (promise: Promise<unknown>) =>
    promise.then(
      () => 'nothing thrown',
      (error: unknown) => (ValidationError.isInstance(error) ? error.path : String(error)),
    );
  const take = (rules: unknown, scope = SCOPE, reservation = 'r') =>
    memoryUnderTest().store.take(scope, [{ reservation, rules: rules as LimitRule[] }]);

  it.each([
    ['id', { id: 'x'.repeat(201) }],
    ['id', { id: 7 }],
    ['key', { key: -1 }],
    ['key', { key: '' }],
    ['key', { key: 'x'.repeat(1025) }],
    ['mode', { mode: 'off' }],
    ['kind', { kind: 'other' }],
    ['limit', { limit: 0 }],
    ['windowMs', { windowMs: MAX_WINDOW_MS + 1 }],
    ['weight', { weight: 2 }],
    ['weight', { weighted: true, weight: 1.5 }],
  ])('names the field %s of %o', async (field, fields) => {
    expect(await path(take([{ ...good, ...fields }]))).toBe(`requests[0].rules[0].${field}`);
  });

  it('names what is wrong outside the rules', async () => {
    const { store } = memoryUnderTest();
    expect(await path(take([good], ''))).toBe('scope');
    expect(await path(take([good], SCOPE, ''))).toBe('requests[0].reservation');
    expect(await path(take([{ ...onceRule('k', 'p', 1), mode: 'monitor' }]))).toBe(
      'requests[0].rules[0].mode',
    );
    expect(await path(take([good, good]))).toBe('requests[0].rules[1]');
    const settlement = { reservation: 'r', rules: [good], outcome: 'keep' } as const;
    const settle = (fields: object) => path(store.settle(SCOPE, [{ ...settlement, ...fields }]));
    expect(await settle({ outcome: 'lose' })).toBe('settlements[0].outcome');
    expect(await settle({ delayMs: Number.NaN })).toBe('settlements[0].delayMs');
    expect(await settle({ delayMs: -1 })).toBe('settlements[0].delayMs');
    expect(await settle({ result: 'é'.repeat(257) })).toBe('settlements[0].result');
    expect(await settle({ result: 'é'.repeat(256), delayMs: 0.5 })).toBe('nothing thrown');
  });

  it.each([
    [windowRule(1, 1, 1000), { weighted: true }],
    [windowRule(1, 1, 1000), { ...backoffRule(1, 1, 1, 1) }],
    [distinctRule(1, 1, 1, 1000), { windowMs: 2 }],
    [distinctRule(1, 1, 1, 1000), { kind: 'slot', dueAt: 0 }],
    [backoffRule(1, 1, 2, 3), { ...onceRule(1, 'p', 1000) }],
    [onceRule(1, 'p', 1000), { ...windowRule(1, 1, 1000) }],
  ])('refuses the id of %o for another shape, %o', async (rule, fields) => {
    const { run, store } = session();
    await run.sent('the first shape', rule);
    const other = { ...rule, ...fields, id: rule.id } as LimitRule;
    expect(await path(run.take(other))).toBe('requests[0].rules[0]');
    expect(await path(store.inspect(SCOPE, [other]))).toBe('rules[0]');
    expect(await path(store.release(SCOPE, [rule, other]))).toBe('rules[1]');
    expect((await store.inspect(SCOPE, [rule]))[0]?.count).toBe(1);
  });
});

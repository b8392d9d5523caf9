import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AbortedError, StoreError, ValidationError } from '../../../src/errors.ts';
import type { Settlement } from '../../../src/limits/limit-store.ts';
import { memoryLimits } from '../../../src/limits/memory-limits.ts';
import { createFaultyStore, type FaultyStore } from './faulty-store.ts';
import { backoffRule, countOf, MINUTE_MS, SCOPE, startAway, startProcess, windowRule } from './kit.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const TEN = windowRule(10);

/** The settlements of every call, in order. */
function watchSettlements(faulty: FaultyStore): (readonly Settlement[])[] {
  const told: (readonly Settlement[])[] = [];
  const { settle } = faulty.truth;
  faulty.truth.settle = (scope, settlements) => {
    told.push(settlements);
    return settle.call(faulty.truth, scope, settlements);
  };
  return told;
}

describe('a busy process whose shared store is back', () => {
  it('asks it again, regardless of how many messages arrive while the reports are sent', async () => {
    const faulty = createFaultyStore();
    const process = startProcess(faulty, { processes: 2, once: 'refuse' });
    faulty.fault = 'error';
    await process.take('first', TEN);
    faulty.fault = { lateMs: 5 };
    const sends: Promise<unknown>[] = [];
    for (let at = 0; at < 300; at += 1) {
      sends.push(process.take(`m${at}`, windowRule(10, { key: at })));
      await vi.advanceTimersByTimeAsync(1);
    }
    expect(process.switches()).toEqual(['local', 'shared']);
    await vi.advanceTimersByTimeAsync(200);
    await Promise.all(sends);
    expect(await countOf(faulty.truth, windowRule(10, { key: 299 }))).toBe(1);
    expect(process.switches()).toEqual(['local', 'shared']);
  });

  it('does not wait for a store in doubt', async () => {
    const faulty = createFaultyStore();
    const process = startProcess(faulty, { processes: 2, once: 'refuse' });
    faulty.fault = 'error';
    await process.take('first', TEN);
    faulty.fault = 'hang';
    expect((await process.take('second', TEN)).granted).toBe(true);
    expect(faulty.calls).toEqual(['take']);
  });

  it('has its answer within one deadline, whatever it waits for', async () => {
    for (const lateMs of [10, 70, 80, 149, 160]) {
      const faulty = createFaultyStore();
      const process = startProcess(faulty, { processes: 1, once: 'refuse' });
      faulty.fault = 'error';
      await process.take('first', TEN);
      faulty.fault = { lateMs };
      await vi.advanceTimersByTimeAsync(2);
      const sends = Array.from({ length: 60 }, async (_, at) => {
        await new Promise((resolve) => setTimeout(resolve, at * 5));
        const startMs = Date.now();
        await process.take(`m${at}`, windowRule(10, { key: at }));
        return Date.now() - startMs;
      });
      await vi.advanceTimersByTimeAsync(60 * 5 + 300);
      expect(Math.max(...(await Promise.all(sends)))).toBeLessThanOrEqual(150);
    }
  });

  it('has it too when the store hangs right after it was told', async () => {
    const faulty = createFaultyStore();
    const process = startProcess(faulty, { processes: 2, once: 'refuse' });
    faulty.fault = 'error';
    await process.take('first', TEN);
    faulty.fault = { lateMs: 20 };
    await vi.advanceTimersByTimeAsync(10);
    await process.take('second', TEN);
    await vi.advanceTimersByTimeAsync(35);
    // The first was written back and its earlier take given back; the second is next.
    faulty.fault = { lateMs: 70 };
    await vi.advanceTimersByTimeAsync(3);
    const startMs = Date.now();
    const third = process.take('third', TEN).then(() => Date.now() - startMs);
    await vi.advanceTimersByTimeAsync(10);
    expect(faulty.calls).toEqual(['take', 'take', 'settle', 'take']);
    faulty.fault = 'hang';
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await third).toBe(150);
  });

  it('lets a caller leave while the reports are sent', async () => {
    const { faulty, process } = await startAway({ processes: 1, once: 'refuse' });
    await process.take('a', TEN);
    faulty.fault = 'none';
    await vi.advanceTimersByTimeAsync(1_000);
    faulty.fault = 'error';
    await process.take('b', TEN);
    faulty.fault = 'none';
    await vi.advanceTimersByTimeAsync(2);
    const caller = new AbortController();
    faulty.fault = { lateMs: 100 };
    const first = process.take('c', TEN);
    const refused = expect(
      process.store.take(SCOPE, [{ reservation: 'd', rules: [TEN] }], { signal: caller.signal }),
    ).rejects.toThrow(AbortedError);
    await vi.advanceTimersByTimeAsync(1);
    caller.abort();
    await refused;
    await vi.advanceTimersByTimeAsync(1_000);
    await first;
    expect(await countOf(faulty.truth, TEN)).toBe(3);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('tells what is left in one turn when it is closed', async () => {
    const faulty = createFaultyStore();
    const process = startProcess(faulty, { processes: 1, once: 'refuse' });
    faulty.fault = 'error';
    await process.take('a', TEN);
    faulty.fault = 'none';
    const closed = process.store.close?.();
    await vi.advanceTimersByTimeAsync(150);
    await closed;
    expect(await countOf(faulty.truth, TEN)).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('gives back in that turn too what it could not before', async () => {
    const faulty = createFaultyStore();
    const process = startProcess(faulty, 'refuse');
    await process.take('a', TEN);
    await process.take('b', TEN);
    faulty.fault = 'error';
    await process.settle('a', 'return', TEN);
    await process.settle('b', 'return', TEN);
    faulty.fault = 'none';
    const closed = process.store.close?.();
    await vi.advanceTimersByTimeAsync(150);
    await closed;
    expect(await countOf(faulty.truth, TEN)).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is closed within one turn by a store that hangs, and at once when there is nothing to tell', async () => {
    const faulty = createFaultyStore();
    const process = startProcess(faulty, 'refuse');
    await process.take('a', TEN);
    const startMs = Date.now();
    await process.store.close?.();
    expect(Date.now()).toBe(startMs);

    const hanging = startProcess(faulty, 'refuse');
    await hanging.take('b', TEN);
    faulty.fault = 'error';
    await hanging.settle('b', 'return', TEN);
    faulty.fault = 'hang';
    // Twice, as by two parts of a program that exits.
    const closed = Promise.all([hanging.store.close?.(), hanging.store.close?.()]);
    const tookMs = closed.then(() => Date.now() - startMs);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await tookMs).toBeLessThanOrEqual(150);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('whether the shared store is well', () => {
  it('is not told by a settlement, which may need no server', async () => {
    const { faulty, process } = await startAway('refuse');
    faulty.store.settle = async () => {};
    await vi.advanceTimersByTimeAsync(1_000);
    await process.settle('a', 'keep', TEN);
    expect(process.switches()).toEqual(['refuse']);
    faulty.fault = 'none';
    expect((await process.take('b', TEN)).granted).toBe(true);
    expect(process.switches()).toEqual(['refuse', 'shared']);
  });

  it('nor is a row of failures ended by one', async () => {
    const faulty = createFaultyStore();
    const process = startProcess(faulty, 'refuse');
    faulty.store.settle = async () => {};
    faulty.fault = 'error';
    for (const reservation of ['a', 'b', 'c']) {
      await expect(process.take(reservation, TEN)).rejects.toThrow(StoreError);
      await process.settle('before', 'keep', TEN);
    }
    expect(process.switches()).toEqual(['refuse']);
  });

  it('is not told by a request that is wrong', async () => {
    const { faulty, process } = await startAway('refuse');
    const wrong = new ValidationError('wrong', 'rules');
    faulty.failure = wrong;
    await vi.advanceTimersByTimeAsync(1_000);
    await expect(process.take('a', TEN)).rejects.toThrow(wrong);
    expect(process.switches()).toEqual(['refuse']);
  });

  it('is found out by the time that passes, whatever the clock of the team does', async () => {
    for (const now of [() => 4711, () => Number.NaN]) {
      const { faulty, process } = await startAway('refuse', { now });
      faulty.fault = 'none';
      await vi.advanceTimersByTimeAsync(1_000);
      expect((await process.take('a', TEN)).granted).toBe(true);
    }
  });
});

describe('reports to the shared store', () => {
  it('goes in calls that it can answer in time, also after a batch of 10,000', async () => {
    const faulty = createFaultyStore();
    const { store } = startProcess(faulty, 'refuse');
    const batch = Array.from({ length: 10_000 }, (_, key) => ({
      reservation: `batch-${key}`,
      rules: [windowRule(10, { key })],
    }));
    faulty.fault = { lateMs: 10 };
    const refused = expect(store.take(SCOPE, batch)).rejects.toThrow(StoreError);
    await vi.advanceTimersByTimeAsync(101);
    faulty.fault = 'error';
    await vi.advanceTimersByTimeAsync(10);
    await refused;
    faulty.fault = 'none';
    const told = watchSettlements(faulty);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(told.flat().length).toBeGreaterThanOrEqual(5_000);
    expect(Math.max(...told.map(({ length }) => length))).toBeLessThanOrEqual(500);
    for (const key of [0, 4_999, 5_000, 9_999]) {
      expect(await countOf(faulty.truth, windowRule(10, { key }))).toBe(0);
    }
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is not what was released meanwhile', async () => {
    const { faulty, process } = await startAway({ processes: 1, once: 'refuse' });
    const wait = backoffRule();
    await process.take('a', wait, TEN);
    await expect(process.store.release(SCOPE, [wait])).rejects.toThrow('released in this process only');
    faulty.fault = 'none';
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await countOf(faulty.truth, wait)).toBe(0);
    expect(await countOf(faulty.truth, TEN)).toBe(1);
  });

  it('is not tried again when it may have been forgotten that it was done', async () => {
    const faulty = createFaultyStore();
    const process = startProcess(faulty, 'refuse');
    await process.take('a', TEN);
    faulty.fault = 'lost';
    const told = watchSettlements(faulty);
    await process.settle('a', 'return', TEN);
    await vi.advanceTimersByTimeAsync(14 * MINUTE_MS);
    const tries = told.length;
    expect(tries).toBeGreaterThan(1);
    await vi.advanceTimersByTimeAsync(2 * MINUTE_MS);
    faulty.fault = 'none';
    told.length = 0;
    await vi.advanceTimersByTimeAsync(MINUTE_MS);
    expect(told).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('goes alone and as it was when it may have been done', async () => {
    const faulty = createFaultyStore();
    const process = startProcess(faulty, 'refuse');
    for (const reservation of ['a', 'b', 'c']) await process.take(reservation, TEN);
    const told = watchSettlements(faulty);
    faulty.fault = 'error';
    await process.settle('a', 'return', TEN);
    await process.settle('b', 'return', TEN);
    faulty.fault = 'none';
    await vi.advanceTimersByTimeAsync(100);
    expect(told.map((call) => call.map(({ reservation }) => reservation))).toEqual([['a'], ['b']]);
    expect(await countOf(faulty.truth, TEN)).toBe(1);
  });

  it('is a question first, so that a server that hangs does not collect what has to be given back', async () => {
    const { faulty, process } = await startAway({ processes: 1, once: 'refuse' });
    await process.take('a', TEN);
    faulty.fault = 'hang';
    faulty.calls.length = 0;
    await vi.advanceTimersByTimeAsync(10 * MINUTE_MS - 2_000);
    expect(new Set(faulty.calls)).toEqual(new Set(['inspect']));
    faulty.fault = 'none';
    await faulty.thaw();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(faulty.calls.slice(-2)).toEqual(['inspect', 'take']);
    expect(await countOf(faulty.truth, TEN)).toBe(1);
  });

  it('keeps a wait that is longer than the time by which it is forgotten', async () => {
    const faulty = createFaultyStore(memoryLimits({ maxEntries: 1 }));
    const process = startProcess(faulty, { processes: 1, once: 'refuse' });
    const wait = backoffRule({ baseMs: 30_000, forgetMs: 1_000 });
    faulty.fault = 'error';
    await process.take('a', wait);
    await process.settle('a', 'keep', wait);
    faulty.fault = 'none';
    await vi.advanceTimersByTimeAsync(10_000);
    // The table is full: expired entries make room, but this one is live.
    await faulty.truth.take(SCOPE, [{ reservation: 'other', rules: [{ ...wait, key: 1 }] }]);
    const [state] = await faulty.truth.inspect(SCOPE, [wait]);
    expect(state?.retryAfterMs).toBeGreaterThan(19_000);
  });

  it('is said not to be all when a log has no room for it', async () => {
    const faulty = createFaultyStore();
    const most = windowRule(64);
    for (let at = 0; at < 64; at += 1) {
      await faulty.truth.take(SCOPE, [{ reservation: `before-${at}`, rules: [most] }]);
    }
    const process = startProcess(faulty, { processes: 1, once: 'refuse' });
    faulty.fault = 'error';
    await process.take('a', most, windowRule(1, { id: 'watched', mode: 'monitor' }));
    faulty.fault = 'none';
    await vi.advanceTimersByTimeAsync(100);
    expect(process.events.filter(({ type }) => type === 'grants-not-written-back')).toHaveLength(1);
  });
});

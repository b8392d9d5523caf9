import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AbortedError, StoreError, ValidationError } from '../../../src/errors.ts';
import type { LimitStore } from '../../../src/limits/limit-store.ts';
import { createFallbackStore } from '../../../src/redis/failover/fallback-store.ts';
import { createFaultyStore } from './faulty-store.ts';
import {
  backoffRule,
  countOf,
  MINUTE_MS,
  onceRule,
  SCOPE,
  startAway,
  startProcess,
  windowRule,
} from './kit.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const TEN = windowRule(10);

function batchOf(messages: number) {
  return Array.from({ length: messages }, (_, key) => ({
    reservation: `batch-${key}`,
    rules: [windowRule(10, { key })],
  }));
}

describe('a shared store that does not answer, onStoreError refuse', () => {
  it('refuses when the deadline passes, at 150 ms and not later', async () => {
    const faulty = createFaultyStore();
    const process = startProcess(faulty, 'refuse');
    faulty.fault = 'hang';
    const taking = process.take('a', TEN);
    const refused = expect(taking).rejects.toThrow(StoreError);
    await vi.advanceTimersByTimeAsync(149);
    expect(process.events).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    await refused;
    expect(process.events).toMatchObject([{ type: 'limits-call-failed', reason: 'timeout' }]);
  });

  it.each(['refuse', { processes: 4, once: 'refuse' }] as const)(
    'decides within the deadline every time, at once and one after the other: %j',
    async (onStoreError) => {
      const faulty = createFaultyStore();
      const process = startProcess(faulty, onStoreError);
      faulty.fault = 'hang';
      const decide = async (at: number) => {
        const startMs = Date.now();
        await process.take(`m${at}`, windowRule(10, { key: at })).catch(() => {});
        return Date.now() - startMs;
      };
      const atOnce = Promise.all(Array.from({ length: 500 }, (_, at) => decide(at)));
      await vi.advanceTimersByTimeAsync(150);
      expect(new Set(await atOnce)).toEqual(new Set([150]));
      let waitedMs = 0;
      for (let at = 500; at < 1_000; at += 1) {
        const deciding = decide(at);
        await vi.advanceTimersByTimeAsync(10);
        const isWaiting = (await Promise.race([deciding, 'waiting'])) === 'waiting';
        if (isWaiting) await vi.advanceTimersByTimeAsync(140);
        const tookMs = await deciding;
        expect([0, 150]).toContain(tookMs);
        waitedMs += tookMs;
      }
      // Once per second one message tries the store; a process on its own needs no probe.
      expect(waitedMs / 150).toBeLessThanOrEqual(onStoreError === 'refuse' ? 6 : 0);
    },
  );

  it('gives every 500 messages of a batch a deadline of their own', async () => {
    const faulty = createFaultyStore();
    const { store, events } = startProcess(faulty, 'refuse');
    faulty.fault = { lateMs: 149 };
    const granted = store.take(SCOPE, batchOf(1_001));
    await vi.advanceTimersByTimeAsync(3 * 149);
    expect((await granted).map((verdict) => verdict.granted)).toEqual(new Array(1_001).fill(true));
    expect(faulty.calls).toEqual(['take', 'take', 'take']);
    expect(events).toEqual([]);
  });

  it('gives back the parts of a batch that were granted before one was not', async () => {
    const faulty = createFaultyStore();
    const { store } = startProcess(faulty, 'refuse');
    faulty.fault = { lateMs: 100 };
    const refused = expect(store.take(SCOPE, batchOf(501))).rejects.toThrow(StoreError);
    await vi.advanceTimersByTimeAsync(50);
    faulty.fault = 'error';
    await vi.advanceTimersByTimeAsync(50);
    await refused;
    expect(await countOf(faulty.truth, windowRule(10, { key: 0 }))).toBe(1);
    faulty.fault = 'none';
    await vi.advanceTimersByTimeAsync(10);
    expect(await countOf(faulty.truth, windowRule(10, { key: 0 }))).toBe(0);
  });

  it('refuses at once when the breaker is open, and does not ask the store', async () => {
    const { faulty, process } = await startAway('refuse');
    const asked = faulty.calls.length;
    await expect(process.take('a', TEN)).rejects.toThrow(
      'The shared limit store does not answer. No message was admitted. Nothing was sent.',
    );
    await expect(process.store.inspect(SCOPE, [TEN])).rejects.toThrow(StoreError);
    await expect(process.store.release(SCOPE, [TEN])).rejects.toThrow('Nothing was released.');
    expect(faulty.calls.length).toBe(asked);
    expect(process.events.at(-1)).toEqual({
      type: 'limits-switched',
      at: Date.now(),
      to: 'refuse',
      reason: 'error',
      cause: 'ECONNREFUSED',
    });
  });

  it('tries again after a second, with one call', async () => {
    const { faulty, process } = await startAway('refuse');
    faulty.fault = { lateMs: 20 };
    await vi.advanceTimersByTimeAsync(1_000);
    const probe = process.take('a', TEN);
    await expect(process.take('b', TEN)).rejects.toThrow(StoreError);
    await vi.advanceTimersByTimeAsync(20);
    await expect(probe).resolves.toMatchObject({ granted: true });
    expect(process.switches()).toEqual(['refuse', 'shared']);
    expect(process.events.at(-1)).toMatchObject({ reason: 'recovered' });
    faulty.fault = 'none';
    await expect(process.take('b', TEN)).resolves.toMatchObject({ granted: true });
  });

  it('gives back what a late answer granted, when it comes', async () => {
    const faulty = createFaultyStore();
    const process = startProcess(faulty, 'refuse');
    faulty.fault = 'late';
    const refused = expect(process.take('a', TEN)).rejects.toThrow(StoreError);
    await vi.advanceTimersByTimeAsync(150);
    await refused;
    // Until then the count is too high, never too low.
    expect(await countOf(faulty.truth, TEN)).toBe(1);
    faulty.fault = 'none';
    await faulty.thaw();
    await vi.advanceTimersByTimeAsync(2);
    expect(await countOf(faulty.truth, TEN)).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('gives back what was carried out although the answer was an error', async () => {
    const faulty = createFaultyStore();
    const process = startProcess(faulty, 'refuse');
    faulty.fault = 'lost';
    await expect(process.take('a', TEN)).rejects.toThrow(StoreError);
    expect(await countOf(faulty.truth, TEN)).toBe(1);
    faulty.fault = 'none';
    await vi.advanceTimersByTimeAsync(2);
    expect(await countOf(faulty.truth, TEN)).toBe(0);
  });

  it('tells later what became of a message', async () => {
    const { faulty, process } = await startAway('refuse');
    faulty.fault = 'none';
    await vi.advanceTimersByTimeAsync(1_000);
    await process.take('a', TEN);
    await process.take('b', TEN);
    faulty.fault = 'error';
    await process.settle('a', 'return', TEN);
    expect(await countOf(faulty.truth, TEN)).toBe(2);
    await vi.advanceTimersByTimeAsync(5_000);
    faulty.fault = 'none';
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await countOf(faulty.truth, TEN)).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('takes a wrong request for an answer', async () => {
    const faulty = createFaultyStore();
    const process = startProcess(faulty, 'refuse');
    for (let index = 0; index < 5; index += 1) {
      await expect(process.take('a', windowRule(0))).rejects.toThrow(ValidationError);
    }
    expect(process.events).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not blame the store when the caller leaves, and gives back', async () => {
    const faulty = createFaultyStore();
    const { store, events } = startProcess(faulty, 'refuse');
    faulty.fault = 'late';
    for (let index = 0; index < 5; index += 1) {
      const caller = new AbortController();
      const request = { reservation: `a${index}`, rules: [TEN] };
      const refused = expect(store.take(SCOPE, [request], { signal: caller.signal })).rejects.toThrow(
        AbortedError,
      );
      caller.abort();
      await refused;
      await expect(store.take(SCOPE, [request], { signal: caller.signal })).rejects.toThrow(AbortedError);
    }
    expect(events).toEqual([]);
    expect(await countOf(faulty.truth, TEN)).toBe(5);
    faulty.fault = 'none';
    await faulty.thaw();
    await vi.advanceTimersByTimeAsync(2);
    expect(await countOf(faulty.truth, TEN)).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('lets the next call try when the one that tried was abandoned', async () => {
    const { faulty, process } = await startAway('refuse');
    await vi.advanceTimersByTimeAsync(1_000);
    faulty.fault = 'hang';
    const caller = new AbortController();
    const request = { reservation: 'a', rules: [TEN] };
    const refused = expect(process.store.take(SCOPE, [request], { signal: caller.signal })).rejects.toThrow(
      AbortedError,
    );
    caller.abort();
    await refused;
    faulty.fault = 'none';
    await expect(process.take('b', TEN)).resolves.toMatchObject({ granted: true });
  });

  it('leaves no timer behind when it is closed', async () => {
    const { faulty, process } = await startAway('refuse');
    await process.settle('a', 'return', TEN);
    expect(vi.getTimerCount()).toBe(1);
    await process.store.close?.();
    expect(vi.getTimerCount()).toBe(0);
    await process.settle('b', 'return', TEN);
    expect(vi.getTimerCount()).toBe(0);
    expect(faulty.calls).not.toContain('settle');
  });
});

describe('a shared store that does not answer, onStoreError local', () => {
  it('lets this process have its share of every limit', async () => {
    const { process } = await startAway({ processes: 4, once: 'refuse' });
    expect(process.switches()).toEqual(['local']);
    const verdicts = [];
    for (const reservation of ['a', 'b', 'c']) verdicts.push((await process.take(reservation, TEN)).granted);
    expect(verdicts).toEqual([true, true, false]);
    await expect(process.take('d', TEN)).resolves.toMatchObject({
      refusals: [{ reason: 'over-limit', observed: 2, rule: { limit: 2 }, retryAfterMs: 10 * MINUTE_MS }],
    });
  });

  it('lets one through when the limit is smaller than the number of processes', async () => {
    const { process } = await startAway({ processes: 20, once: 'refuse' });
    expect((await process.take('a', TEN)).granted).toBe(true);
    expect((await process.take('b', TEN)).granted).toBe(false);
  });

  it('knows what the shared store let it send before, so that a share is no fresh one', async () => {
    const faulty = createFaultyStore();
    const process = startProcess(faulty, { processes: 2, once: 'refuse' });
    for (const reservation of ['a', 'b', 'c', 'd']) await process.take(reservation, TEN);
    await process.settle('d', 'return', TEN);
    faulty.fault = 'error';
    expect(await countOf(process.store, TEN)).toBe(3);
    expect((await process.take('e', TEN)).granted).toBe(true);
    expect((await process.take('f', TEN)).granted).toBe(true);
    expect((await process.take('g', TEN)).granted).toBe(false);
  });

  it('does not let through again what a lost answer has granted, and writes it back once', async () => {
    const faulty = createFaultyStore();
    const process = startProcess(faulty, { processes: 1, once: 'refuse' });
    faulty.fault = 'late';
    const taking = process.take('a', TEN);
    await vi.advanceTimersByTimeAsync(150);
    expect((await taking).granted).toBe(true);
    // The shared store holds it from the call without a reply; the write-back uses a reservation of its own.
    expect(await countOf(faulty.truth, TEN)).toBe(1);
    faulty.fault = 'none';
    await faulty.thaw();
    await vi.advanceTimersByTimeAsync(2);
    expect(await countOf(faulty.truth, TEN)).toBe(2);
    await vi.advanceTimersByTimeAsync(2);
    expect(await countOf(faulty.truth, TEN)).toBe(1);
    await process.settle('a', 'return', TEN);
    expect(await countOf(faulty.truth, TEN)).toBe(0);
    expect(process.switches()).toEqual(['local', 'shared']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('gives a late grant back when nothing was granted here meanwhile', async () => {
    const faulty = createFaultyStore();
    const process = startProcess(faulty, { processes: 10, once: 'refuse' });
    await process.take('a', TEN);
    faulty.fault = 'late';
    const taking = process.take('b', TEN);
    await vi.advanceTimersByTimeAsync(150);
    expect((await taking).granted).toBe(false);
    faulty.fault = 'none';
    await faulty.thaw();
    await vi.advanceTimersByTimeAsync(2);
    expect(await countOf(faulty.truth, TEN)).toBe(1);
  });

  it('does not ask the shared store again before it counts what was granted without it', async () => {
    const { faulty, process } = await startAway({ processes: 1, once: 'refuse' });
    for (const reservation of ['a', 'b', 'c']) await process.take(reservation, windowRule(3));
    faulty.fault = 'none';
    expect((await process.take('d', windowRule(3))).granted).toBe(false);
    expect(faulty.calls).not.toContain('take');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(process.switches()).toEqual(['local', 'shared']);
    expect(await countOf(faulty.truth, windowRule(3))).toBe(3);
    await expect(process.take('e', windowRule(3))).resolves.toMatchObject({ granted: false });
    expect(faulty.calls.at(-1)).toBe('take');
  });

  it('writes back more than the limit, so that the newest count to the end of their window', async () => {
    const faulty = createFaultyStore();
    const three = windowRule(3);
    const [first, second] = [
      startProcess(faulty, { processes: 1, once: 'refuse' }),
      startProcess(faulty, { processes: 1, once: 'refuse' }),
    ];
    for (const reservation of ['a', 'b', 'c']) {
      await first.take(reservation, three);
      await first.settle(reservation, 'keep', three);
    }
    await vi.advanceTimersByTimeAsync(9 * MINUTE_MS);
    faulty.fault = 'error';
    for (const reservation of ['d', 'e', 'f']) await second.take(reservation, three);
    faulty.fault = 'none';
    await vi.advanceTimersByTimeAsync(1_000);
    // The three messages of the first process have left the window, those of the second have not.
    await vi.advanceTimersByTimeAsync(2 * MINUTE_MS);
    expect(await countOf(faulty.truth, three)).toBe(3);
    expect((await first.take('g', three)).granted).toBe(false);
  });

  it('counts on its own, after one failed call too, until its grants are reported', async () => {
    const faulty = createFaultyStore();
    const process = startProcess(faulty, { processes: 1, once: 'refuse' });
    faulty.fault = 'error';
    expect((await process.take('a', windowRule(1))).granted).toBe(true);
    faulty.fault = 'none';
    expect((await process.take('b', windowRule(1))).granted).toBe(false);
    await vi.advanceTimersByTimeAsync(10);
    expect(await countOf(faulty.truth, windowRule(1))).toBe(1);
    expect(process.events.map(({ type }) => type)).toEqual([
      'limits-call-failed',
      'limits-switched',
      'limits-switched',
    ]);
  });

  it('tells everything else when the shared store finds one message wrong', async () => {
    const { faulty, process } = await startAway();
    for (let at = 0; at < 5; at += 1) await process.take(`a${at}`, windowRule(10, { key: at }));
    const { take } = faulty.truth;
    const picky: LimitStore['take'] = async (scope, requests) => {
      if (requests.some(({ rules }) => rules[0]?.key === 2)) throw new ValidationError('wrong', 'rules');
      return take.call(faulty.truth, scope, requests);
    };
    faulty.truth.take = picky;
    faulty.fault = 'none';
    await vi.advanceTimersByTimeAsync(2_000);
    const counts = [];
    for (let at = 0; at < 5; at += 1) counts.push(await countOf(faulty.truth, windowRule(10, { key: at })));
    expect(counts).toEqual([1, 1, 0, 1, 1]);
    expect(process.events.filter(({ type }) => type === 'grants-not-written-back')).toHaveLength(1);
    expect(process.switches()).toEqual(['local', 'shared']);
  });

  it('settles a message that was granted before and written back after', async () => {
    const { faulty, process } = await startAway();
    await process.take('a', TEN);
    await process.take('b', TEN);
    faulty.fault = 'none';
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await countOf(faulty.truth, TEN)).toBe(2);
    await process.settle('a', 'return', TEN);
    expect(await countOf(faulty.truth, TEN)).toBe(1);
    await process.settle('b', 'keep', TEN);
    await vi.advanceTimersByTimeAsync(10 * MINUTE_MS);
    expect(await countOf(faulty.truth, TEN)).toBe(0);
  });

  it('moves the stamp of a message that was written after it was told', async () => {
    const { faulty, process } = await startAway();
    await process.take('a', TEN);
    faulty.fault = 'none';
    await vi.advanceTimersByTimeAsync(1_000);
    await vi.advanceTimersByTimeAsync(4_000);
    // Taken at 0 s, written back at 1 s, sent at 5 s: it counts until 10 min 5 s.
    await process.store.settle(SCOPE, [{ reservation: 'a', rules: [TEN], outcome: 'keep', delayMs: 5_000 }]);
    await vi.advanceTimersByTimeAsync(10 * MINUTE_MS - 1);
    expect(await countOf(faulty.truth, TEN)).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(await countOf(faulty.truth, TEN)).toBe(0);
  });

  it('does not tell of a message that was given back meanwhile', async () => {
    const { faulty, process } = await startAway();
    await process.take('a', TEN);
    await process.settle('a', 'return', TEN);
    expect(process.switches()).toEqual(['local']);
    faulty.fault = 'none';
    await vi.advanceTimersByTimeAsync(2_000);
    expect(faulty.calls).not.toContain('take');
    expect((await process.take('b', TEN)).granted).toBe(true);
    expect(await countOf(faulty.truth, TEN)).toBe(1);
    expect(process.switches()).toEqual(['local', 'shared']);
  });

  it('gives back in the shared store what was given back while it was told', async () => {
    const { faulty, process } = await startAway();
    await process.take('a', TEN);
    faulty.fault = { lateMs: 50 };
    await vi.advanceTimersByTimeAsync(1_000);
    await process.settle('a', 'return', TEN);
    await vi.advanceTimersByTimeAsync(50);
    expect(await countOf(faulty.truth, TEN)).toBe(1);
    await vi.advanceTimersByTimeAsync(60);
    expect(await countOf(faulty.truth, TEN)).toBe(0);
  });

  it('writes back once, however often the answer to it is lost', async () => {
    const faulty = createFaultyStore();
    const process = startProcess(faulty);
    faulty.fault = 'error';
    await process.take('a', TEN);
    await process.settle('a', 'keep', TEN);
    faulty.fault = 'lost';
    await vi.advanceTimersByTimeAsync(5_000);
    faulty.fault = 'none';
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await countOf(faulty.truth, TEN)).toBe(1);
    expect(faulty.calls.filter((call) => call === 'take').length).toBeGreaterThan(1);
    expect(process.switches()).toEqual(['local', 'shared']);
  });

  it('sends no second command while one hangs', async () => {
    const faulty = createFaultyStore();
    const process = startProcess(faulty);
    faulty.fault = 'error';
    await process.take('a', TEN);
    await process.settle('a', 'keep', TEN);
    faulty.fault = 'hang';
    faulty.calls.length = 0;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(faulty.calls).toEqual(['take']);
    expect(vi.getTimerCount()).toBe(0);
    faulty.fault = 'none';
    await faulty.thaw();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await countOf(faulty.truth, TEN)).toBe(1);
    expect(process.switches()).toEqual(['local', 'shared']);
  });

  it('does not write back what has left its window', async () => {
    const { faulty, process } = await startAway();
    await process.take('a', TEN);
    await vi.advanceTimersByTimeAsync(10 * MINUTE_MS);
    faulty.fault = 'none';
    faulty.calls.length = 0;
    await vi.advanceTimersByTimeAsync(2_000);
    expect(faulty.calls).not.toContain('take');
    expect(await countOf(faulty.truth, TEN)).toBe(0);
    expect((await process.take('b', TEN)).granted).toBe(true);
    expect(process.switches()).toEqual(['local', 'shared']);
  });

  it('counts every grant under a backoff, in the shared store too', async () => {
    const { faulty, process } = await startAway();
    const wait = backoffRule({ forgetMs: 86_400_000 });
    expect(await process.take('a', wait)).toMatchObject({ granted: true, waitMs: 30_000 });
    expect((await process.take('b', wait)).granted).toBe(false);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(await process.take('c', wait)).toMatchObject({ granted: true, waitMs: 60_000 });
    faulty.fault = 'none';
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await countOf(faulty.truth, wait)).toBe(2);
    await expect(process.take('d', wait)).resolves.toMatchObject({
      refusals: [{ reason: 'too-soon', observed: 2 }],
    });
  });

  it('never decides about money alone', async () => {
    const { process } = await startAway();
    const spend = windowRule(1_000_000, { id: 'spend', guard: 'spend', weighted: true, weight: 50_000 });
    await expect(process.take('a', TEN, spend)).rejects.toThrow(
      'The shared limit store does not answer, and one process alone cannot enforce "spend". Nothing was sent.',
    );
    await expect(process.store.inspect(SCOPE, [spend])).rejects.toThrow(StoreError);
    expect(await countOf(process.store, TEN)).toBe(0);
    expect((await process.take('b', { ...spend, mode: 'monitor' })).granted).toBe(true);
  });

  it('lets an event be handled, and refuses what must not happen twice', async () => {
    const { faulty, process } = await startAway();
    const event = onceRule({ id: 'webhook-event', key: 'event-1', leaseMs: 60_000 });
    expect((await process.take('a', event)).granted).toBe(true);
    await process.settle('a', 'keep', event);
    await expect(process.take('b', event)).resolves.toMatchObject({ refusals: [{ reason: 'done' }] });
    await expect(process.take('c', onceRule())).rejects.toThrow('cannot enforce "idempotency"');
    faulty.fault = 'none';
    await vi.advanceTimersByTimeAsync(2_000);
    await expect(process.take('d', event)).resolves.toMatchObject({ refusals: [{ reason: 'done' }] });
    expect(faulty.calls.at(-1)).toBe('take');
  });

  it('keeps idempotency within this process when the team takes the risk, but not for consent', async () => {
    const choice = { processes: 2, once: 'local' } as const;
    const faulty = createFaultyStore();
    const process = startProcess(faulty, choice);
    await process.take('a', onceRule(), TEN);
    await process.store.settle(SCOPE, [
      { reservation: 'a', rules: [onceRule(), TEN], outcome: 'keep', result: 'sent' },
    ]);
    faulty.fault = 'error';
    const repeated = { refusals: [{ reason: 'done', result: 'sent' }] };
    await expect(process.take('b', onceRule(), TEN)).resolves.toMatchObject(repeated);
    const other = onceRule({ key: 'order-4712' });
    expect((await process.take('c', other, TEN)).granted).toBe(true);
    await process.store.settle(SCOPE, [
      { reservation: 'c', rules: [other, TEN], outcome: 'keep', result: 'too' },
    ]);
    for (const guard of ['consent', 'verification']) {
      await expect(process.take(guard, onceRule({ guard }))).rejects.toThrow(StoreError);
    }
    faulty.fault = 'none';
    await vi.advanceTimersByTimeAsync(2_000);
    // The result was written back to the shared store too.
    const [verdict] = await faulty.truth.take(SCOPE, [{ reservation: 'x', rules: [other] }]);
    expect(verdict).toMatchObject({ refusals: [{ reason: 'done', result: 'too' }] });
    expect(await countOf(faulty.truth, TEN)).toBe(2);
  });

  it('counts a message whose key somebody else used meanwhile', async () => {
    const { faulty, process } = await startAway({ processes: 2, once: 'local' });
    await process.take('a', onceRule(), TEN);
    await process.settle('a', 'keep', onceRule(), TEN);
    await faulty.truth.take(SCOPE, [{ reservation: 'other', rules: [onceRule({ fingerprint: 'b' })] }]);
    faulty.fault = 'none';
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await countOf(faulty.truth, TEN)).toBe(1);
  });

  it('takes a key over that the shared store knows to be free again', async () => {
    const faulty = createFaultyStore();
    const process = startProcess(faulty, { processes: 2, once: 'local' });
    await process.take('a', onceRule(), TEN);
    await faulty.truth.release(SCOPE, [onceRule()]);
    await process.take('b', onceRule(), TEN);
    const rules = [onceRule(), TEN];
    await process.store.settle(SCOPE, [{ reservation: 'b', rules, outcome: 'keep', result: 'second' }]);
    faulty.fault = 'error';
    expect(await countOf(process.store, TEN)).toBe(2);
    await expect(process.take('c', onceRule())).resolves.toMatchObject({ refusals: [{ result: 'second' }] });
  });

  it('remembers blocks, activates them in both stores, and reads them without a trace', async () => {
    const { faulty, process } = await startAway();
    const block = {
      kind: 'block',
      id: 'undeliverable',
      guard: 'undeliverable',
      key: 6591234567,
      mode: 'enforce',
      windowMs: MINUTE_MS,
    } as const;
    expect((await process.take('a', block)).granted).toBe(true);
    expect(process.switches()).toEqual(['local']);
    await process.take('b', { ...block, activate: true });
    await process.settle('b', 'keep', { ...block, activate: true });
    await expect(process.take('c', block, TEN)).resolves.toMatchObject({
      refusals: [{ reason: 'blocked-number' }],
    });
    faulty.fault = 'none';
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await countOf(faulty.truth, block)).toBe(1);
  });

  it('gives back what this process let through of a batch that it cannot finish', async () => {
    const { process } = await startAway({ processes: 1, once: 'refuse' });
    const batch = batchOf(501);
    batch.push({ reservation: 'money', rules: [windowRule(10, { id: 'spend', weighted: true })] });
    await expect(process.store.take(SCOPE, batch)).rejects.toThrow('cannot enforce "spend"');
    expect(await countOf(process.store, windowRule(10, { key: 0 }))).toBe(0);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('raises an event when more was granted than can be reported, and when nothing more can be kept', async () => {
    const { faulty, process } = await startAway({ processes: 1, once: 'refuse' });
    const many = Array.from({ length: 50_001 }, (_, key) => ({
      reservation: `many-${key}`,
      rules: [windowRule(10, { key })],
    }));
    await process.store.take(SCOPE, many);
    expect(process.events.filter(({ type }) => type === 'grants-not-written-back')).toHaveLength(1);
    await expect(process.settle('unknown', 'keep', TEN)).rejects.toThrow('the takes stay counted');
    faulty.fault = 'none';
    await vi.advanceTimersByTimeAsync(5_000);
    expect(process.switches()).toEqual(['local', 'shared']);
    expect(await countOf(faulty.truth, windowRule(10, { key: 49_999 }))).toBe(1);
    expect(await countOf(faulty.truth, windowRule(10, { key: 50_000 }))).toBe(0);
    faulty.fault = 'error';
    const again = many.map(({ reservation, rules }) => ({ reservation: `again-${reservation}`, rules }));
    await process.store.take(SCOPE, again);
    expect(process.events.filter(({ type }) => type === 'grants-not-written-back')).toHaveLength(2);
  });

  it('copies no rule that was over in monitor mode', async () => {
    const faulty = createFaultyStore();
    const process = startProcess(faulty, { processes: 1, once: 'refuse' });
    const watched = windowRule(1, { id: 'watched', mode: 'monitor' });
    await faulty.truth.take(SCOPE, [{ reservation: 'other', rules: [watched] }]);
    expect(await process.take('a', TEN, watched)).toMatchObject({
      granted: true,
      observed: [{ observed: 1 }],
    });
    faulty.fault = 'error';
    expect(await countOf(process.store, watched)).toBe(0);
    expect(await countOf(process.store, TEN)).toBe(1);
  });

  it('releases here and says that it could not everywhere', async () => {
    const { process } = await startAway({ processes: 10, once: 'refuse' });
    await process.take('a', TEN);
    await expect(process.store.release(SCOPE, [TEN])).rejects.toThrow('released in this process only');
    expect(await countOf(process.store, TEN)).toBe(0);
  });

  it('releases in both when all is well', async () => {
    const faulty = createFaultyStore();
    const process = startProcess(faulty);
    await process.take('a', TEN);
    await process.store.release(SCOPE, [TEN]);
    expect(await countOf(faulty.truth, TEN)).toBe(0);
    faulty.fault = 'error';
    expect(await countOf(process.store, TEN)).toBe(0);
  });

  it('gives back what it cannot write down here', async () => {
    const returned: string[] = [];
    const truth: LimitStore = {
      // Like a server whose counters have expired: it knows no earlier rule.
      take: async (_, requests) => requests.map(() => ({ granted: true, observed: [] })),
      async settle(_, settlements) {
        returned.push(...settlements.map(({ reservation, outcome }) => `${reservation} ${outcome}`));
      },
      inspect: async () => [],
      release: async () => {},
    };
    const process = startProcess(createFaultyStore(truth));
    await process.take('a', TEN);
    await expect(process.take('b', backoffRule({ id: TEN.id }))).rejects.toThrow(
      'is in use for another rule. Nothing was sent.',
    );
    await vi.advanceTimersByTimeAsync(2);
    expect(returned).toEqual(['b return']);
    expect(process.events).toEqual([]);
  });

  it('counts what it has no room to remember as done', async () => {
    const local = createFallbackStore({ processes: 1, once: 'local' }, undefined, { maxEntries: 1 });
    for (const [at, key] of ['first', 'second'].entries()) {
      const request = { reservation: key, rules: [onceRule({ key }), TEN] };
      await local.mirror(SCOPE, [request], [{ granted: true, observed: [] }]);
      expect(await local.inspect(SCOPE, [TEN])).toMatchObject([{ count: at + 1 }]);
    }
  });
});

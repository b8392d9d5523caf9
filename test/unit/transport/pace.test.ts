import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { QueueFullError } from '../../../src/errors.ts';
import { countingSignal } from '../../support/counting-signal.ts';
import {
  DETAILS,
  failureOf,
  finish,
  json,
  ok,
  playFetch,
  requestOf,
  SEND,
  testTransport,
} from '../../support/transport.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('pace', () => {
  it('waits its turn, and refuses beyond maxQueued', async () => {
    const writes: number[] = [];
    const startedAt = performance.now();
    const fetch = async () => {
      writes.push(performance.now() - startedAt);
      return ok();
    };
    const { transport } = testTransport(fetch, { pace: { requestsPerSecond: 1, maxQueued: 1 } });
    const first = transport.request(requestOf(SEND));
    const second = transport.request(requestOf(SEND));
    const third = failureOf(transport.request(requestOf(SEND)));
    expect(await third).toBeInstanceOf(QueueFullError);
    expect(await third).toMatchObject({ maxQueued: 1, submission: 'not-submitted', clientMessageId: 'cm-1' });
    await finish(Promise.all([first, second]));
    expect(writes).toEqual([0, 1001]);
  });

  it('false: no rate', async () => {
    const { fetch, calls } = playFetch(ok);
    const { transport } = testTransport(fetch, { pace: false });
    await Promise.all(Array.from({ length: 4000 }, () => transport.request(requestOf(SEND))));
    expect(calls).toHaveLength(4000);
  });

  it('message details go one a second, on their own, and are bounded', async () => {
    const { fetch, calls } = playFetch(ok);
    const { transport } = testTransport(fetch, { pace: false });
    const reads = Array.from({ length: 3 }, () => transport.request(requestOf(DETAILS)));
    await vi.advanceTimersByTimeAsync(0);
    await transport.request(requestOf(SEND));
    expect(calls).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1009);
    expect(calls).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1);
    expect(calls).toHaveLength(3);
    await vi.advanceTimersByTimeAsync(1010);
    await Promise.all(reads);
    await vi.advanceTimersByTimeAsync(2000);
    const many = Array.from({ length: 70 }, () =>
      transport.request(requestOf(DETAILS)).then(
        () => 'ok',
        (error: unknown) => (QueueFullError.isInstance(error) ? error.maxQueued : error),
      ),
    );
    const results = await finish(Promise.all(many));
    expect(results.filter((result) => result === 'ok')).toHaveLength(61);
    expect(results.filter((result) => result === 60)).toHaveLength(9);
  });

  it('a caller of message details may leave; a pause there holds nobody else', async () => {
    const { fetch, calls } = playFetch(() => json({}, 429, { 'retry-after': '20' }), ok);
    const { transport } = testTransport(fetch);
    const refused = transport.request(requestOf(DETAILS));
    await vi.advanceTimersByTimeAsync(0);
    const counted = countingSignal();
    const left = failureOf(transport.request(requestOf(DETAILS, { options: { signal: counted.signal } })));
    await transport.request(requestOf(SEND));
    expect(calls).toHaveLength(2);
    counted.abort();
    expect(await left).toMatchObject({ name: 'AbortError', submission: 'not-submitted' });
    expect((await finish(refused)).attempts).toBe(2);
  });

  it('is shared by the clients of a process for one host and sub-account, unless they are private', async () => {
    const { fetch, calls } = playFetch(ok);
    const pace = { requestsPerSecond: 2, maxQueued: 9 };
    const shared = (subAccountId: string) =>
      testTransport(fetch, { pace, sharedState: true, subAccountId }).transport.request(requestOf(SEND));
    const all = Promise.all([shared('one'), shared('one'), shared('one'), shared('two')]);
    const own = testTransport(fetch, { pace, subAccountId: 'one' }).transport.request(requestOf(SEND));
    await own;
    await vi.advanceTimersByTimeAsync(0);
    expect(calls).toHaveLength(4);
    await finish(all);
    expect(calls).toHaveLength(5);
    // A parent and its child have the same state, whether or not it is the process's.
    const sharedState = { pacers: new Map<string, unknown>() };
    const related = [1, 2, 3].map(() =>
      testTransport(fetch, { pace, sharedState }).transport.request(requestOf(SEND)),
    );
    await vi.advanceTimersByTimeAsync(0);
    expect(calls).toHaveLength(7);
    await finish(Promise.all(related));
    expect(calls).toHaveLength(8);
  });
});

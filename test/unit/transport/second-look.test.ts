import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TimeoutError } from '../../../src/errors.ts';
import type { SecondLook } from '../../../src/transport/transport.ts';
import {
  BODY,
  failureOf,
  finish,
  ok,
  playFetch,
  requestOf,
  SEND,
  testTransport,
} from '../../support/transport.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Looks that say in order whether they are recent, the last one for ever, and what is left each time. */
function looks(recent: readonly boolean[], left: readonly ({ readonly body: unknown } | undefined)[] = []) {
  let [asked, looked] = [0, 0];
  const secondLook: SecondLook = {
    isRecent: () => recent[Math.min(asked++, recent.length - 1)] as boolean,
    lookAgain: async () => left[looked++],
  };
  return { secondLook, looked: () => looked };
}

const limited = () => new Response('{}', { status: 429, headers: { 'retry-after': '2' } });

describe('the second look', () => {
  it('is not asked for when the first one is recent', async () => {
    const { fetch, calls } = playFetch(ok);
    const { secondLook, looked } = looks([true]);
    await testTransport(fetch).transport.request(requestOf(SEND, { secondLook }));
    expect([looked(), calls.length]).toEqual([0, 1]);
  });

  it('comes before the write, and says what is left to send', async () => {
    const { fetch, calls } = playFetch(ok);
    const { secondLook, looked } = looks([false, true], [{ body: { rest: 1 } }]);
    await testTransport(fetch).transport.request(requestOf(SEND, { secondLook }));
    expect([looked(), calls.map(({ init }) => init.body)]).toEqual([1, ['{"rest":1}']]);
  });

  it('comes before every repeat, which sends what was left', async () => {
    const { fetch, calls } = playFetch(limited, limited, ok);
    const { secondLook, looked } = looks([true], [{ body: { rest: 1 } }, undefined]);
    await finish(testTransport(fetch).transport.request(requestOf(SEND, { secondLook })));
    const rest = '{"rest":1}';
    expect([looked(), calls.map(({ init }) => init.body)]).toEqual([2, [JSON.stringify(BODY), rest, rest]]);
  });

  it('comes again when the process stood still after it: fetch is not called meanwhile', async () => {
    const { fetch, calls } = playFetch(ok);
    const { secondLook, looked } = looks([true, false, false, true]);
    const { transport, events } = testTransport(fetch);
    const answer = await finish(transport.request(requestOf(SEND, { secondLook })));
    expect(answer.attempts).toBe(1);
    expect([looked(), calls.length]).toEqual([1, 1]);
    expect(events.filter(({ type }) => type === 'attempt-failed')).toMatchObject([
      { submission: 'not-submitted', retryInMs: 0 },
    ]);
  });

  it('that is never recent enough ends the request after 20 tries', async () => {
    const { fetch, calls } = playFetch(ok);
    const { secondLook, looked } = looks([false]);
    const { transport, events } = testTransport(fetch);
    const error = await finish(failureOf(transport.request(requestOf(SEND, { secondLook }))));
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ submission: 'not-submitted', attempts: 0, clientMessageId: 'cm-1' });
    expect((error as Error).message).toContain('Nothing was sent. Speed up the consent hook and the store');
    expect([looked(), calls.length]).toEqual([20, 0]);
    expect(events.filter(({ type }) => type === 'attempt-failed')).toHaveLength(20);
  });

  it('that was too late 19 times is no obstacle to the next one', async () => {
    const { fetch, calls } = playFetch(ok);
    // Each try asks twice: before it looks, and right before `fetch`.
    const { secondLook } = looks([...new Array<boolean>(19 * 2).fill(false), true]);
    const answer = await finish(testTransport(fetch).transport.request(requestOf(SEND, { secondLook })));
    expect([answer.attempts, calls.length]).toEqual([1, 1]);
  });

  it('that throws ends the request: nothing is written', async () => {
    const { fetch, calls } = playFetch(ok);
    const fault = new Error('nothing is left');
    const secondLook = { isRecent: () => false, lookAgain: () => Promise.reject(fault) };
    const asking = testTransport(fetch).transport.request(requestOf(SEND, { secondLook }));
    await expect(asking).rejects.toBe(fault);
    expect(calls).toHaveLength(0);
  });
});

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConnectionError, TimeoutError } from '../../../src/errors.ts';
import {
  coded,
  fail,
  failureOf,
  finish,
  hang,
  ok,
  playFetch,
  READ,
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

describe('no answer', () => {
  it.each([
    ['ENOTFOUND', 'dns'],
    ['ECONNREFUSED', 'refused'],
    ['UND_ERR_CONNECT_TIMEOUT', 'timeout'],
    ['CERT_HAS_EXPIRED', 'tls'],
  ])('%s proves that nothing left: repeated, then not submitted', async (code, reason) => {
    const { fetch, calls } = playFetch(fail(coded(code)));
    const { transport, events } = testTransport(fetch);
    const error = await finish(failureOf(transport.request(requestOf(SEND))));
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({
      submission: 'not-submitted',
      reason,
      attempts: 3,
      clientMessageId: 'cm-1',
    });
    expect((error as Error).message).toMatch(/Nothing was sent; it can be sent again/);
    expect(calls).toHaveLength(3);
    expect(events.filter(({ type }) => type === 'attempt-failed')).toMatchObject([
      { reason, retryInMs: 250 },
      { reason, retryInMs: 500 },
      { reason },
    ]);
  });

  it.each([
    ['ECONNRESET', coded('ECONNRESET'), 'reset'],
    ['an unknown code', coded('EWHATEVER'), 'other'],
    ['no code', new TypeError('fetch failed'), 'other'],
    ['no error at all', 'a text', 'other'],
    // A fetch of the team that sends the message, and then cannot reach its database.
    [
      'a refused connection elsewhere',
      Object.assign(new Error('x'), { code: 'ECONNREFUSED', port: 5432 }),
      'other',
    ],
  ])('%s may have left: unknown and not repeated', async (_, cause, reason) => {
    const { fetch, calls } = playFetch(fail(cause));
    const { transport } = testTransport(fetch);
    const error = await finish(failureOf(transport.request(requestOf(SEND))));
    expect(error).toMatchObject({ name: 'ConnectionError', submission: 'unknown', reason, attempts: 1 });
    expect(error).not.toHaveProperty('cause');
    expect(calls).toHaveLength(1);
  });

  it('is repeated for a read', async () => {
    const { transport } = testTransport(playFetch(fail(coded('ECONNRESET')), ok).fetch);
    expect((await finish(transport.request(requestOf(READ)))).attempts).toBe(2);
  });

  it('within timeoutMs is a TimeoutError, also when fetch ignores its signal', async () => {
    const { fetch, calls } = playFetch(hang);
    const { transport, events } = testTransport(fetch);
    const error = failureOf(transport.request(requestOf(SEND)));
    await vi.advanceTimersByTimeAsync(9999);
    expect(events).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(await error).toBeInstanceOf(TimeoutError);
    expect(await error).toMatchObject({ submission: 'unknown', reason: 'timeout', attempts: 1 });
    expect(calls[0]?.init.signal?.aborted).toBe(true);
    expect(events.at(-1)).toMatchObject({ type: 'attempt-failed', reason: 'timeout', durationMs: 10_000 });
  });

  it.each([
    ['60 s for a batch', {}, { messageCount: 2 }, 60_000],
    ["the client's", { timeoutMs: 700 }, { messageCount: 2 }, 700],
    ["the call's", { timeoutMs: 700 }, { options: { timeoutMs: 300 } }, 300],
  ])('the time limit is %s', async (_, config, more, expected) => {
    const { transport } = testTransport(playFetch(hang).fetch, config);
    const start = Date.now();
    let at: number | undefined;
    const error = failureOf(transport.request(requestOf(SEND, more))).finally(() => {
      at = Date.now() - start;
    });
    await finish(error);
    expect(at).toBe(expected);
  });

  it('covers the body, whose end never comes', async () => {
    const { transport } = testTransport(playFetch(() => new Response(new ReadableStream())).fetch);
    const error = await finish(failureOf(transport.request(requestOf(SEND))));
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ submission: 'unknown' });
  });

  it('that comes after all is thrown away', async () => {
    let cancelled = 0;
    let answer: (response: Response) => void = () => {};
    const { transport } = testTransport(
      () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    );
    await finish(failureOf(transport.request(requestOf(SEND))));
    answer(new Response(new ReadableStream({ cancel: () => void cancelled++ })));
    await vi.advanceTimersByTimeAsync(0);
    expect(cancelled).toBe(1);
  });
});

describe('a late answer that cannot be thrown away', () => {
  it.each([
    ['has no body', () => new Response(null, { status: 204 })],
    ['is stuck', () => new Response(new ReadableStream({ cancel: () => Promise.reject(new Error('x')) }))],
  ])('disturbs nobody: %s', async (_, late) => {
    let answer: (response: Response) => void = () => {};
    const { transport } = testTransport(
      () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    );
    const error = await finish(failureOf(transport.request(requestOf(SEND))));
    answer(late());
    await vi.advanceTimersByTimeAsync(0);
    expect(error).toMatchObject({ submission: 'unknown' });
  });
});

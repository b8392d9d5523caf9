import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError, ConnectionError } from '../../../src/errors.ts';
import {
  coded,
  failureOf,
  finish,
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

describe('a success that cannot be read', () => {
  const max = 64 * 1024 + 2 * 1024;
  const text = (length: number) => `{"a":"${'x'.repeat(length - 8)}"}`;

  it.each([
    ['is a page', () => new Response('<html>'), /not JSON/],
    ['is empty', () => new Response(''), /is empty/],
    ['has no body', () => new Response(null, { status: 200 }), /is empty/],
    ['is cut', () => new Response('{"umid": "u'), /not JSON/],
    ['is no object', () => new Response('null'), /not JSON/],
    ['is too large', () => new Response(text(max + 1)), /too large/],
  ])('%s: unknown, not repeated', async (_, answer, message) => {
    const { fetch, calls } = playFetch(answer);
    const { transport, events } = testTransport(fetch);
    const error = await finish(failureOf(transport.request(requestOf(SEND))));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ code: 'api', status: 200, submission: 'unknown', clientMessageId: 'cm-1' });
    expect((error as Error).message).toMatch(message);
    expect(calls).toHaveLength(1);
    expect(events.at(-1)).toMatchObject({ type: 'attempt-failed', reason: 'unreadable', status: 200 });
  });

  it('may have 64 KB and 2 KB a message; a read more', async () => {
    // A long one is parsed in a turn of its own.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { transport } = testTransport(playFetch(() => new Response(text(max))).fetch);
    await transport.request(requestOf(SEND));
    const batch = testTransport(playFetch(() => new Response(text(2_400_000))).fetch).transport;
    await batch.request(requestOf(SEND, { messageCount: 10_000 }));
    const read = testTransport(playFetch(() => new Response(text(max * 10))).fetch).transport;
    expect((await read.request(requestOf(READ))).status).toBe(200);
  });

  it('breaks off in the body: unknown for a send, repeated for a read', async () => {
    const broken = () =>
      new Response(new ReadableStream({ pull: (sink) => sink.error(coded('ECONNREFUSED')) }));
    const { fetch, calls } = playFetch(broken, ok);
    const { transport } = testTransport(fetch);
    const error = await failureOf(transport.request(requestOf(SEND)));
    // Even a cause that else proves the contrary: headers had come.
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({ submission: 'unknown', attempts: 1 });
    expect(calls).toHaveLength(1);
    const read = testTransport(playFetch(broken, ok).fetch).transport;
    expect((await finish(read.request(requestOf(READ)))).attempts).toBe(2);
  });
});

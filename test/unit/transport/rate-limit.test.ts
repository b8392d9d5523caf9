import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RateLimitError } from '../../../src/errors.ts';
import {
  failureOf,
  finish,
  json,
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

describe('429', () => {
  const busy = (retryAfter?: string) => () =>
    json({ code: 429 }, 429, retryAfter === undefined ? {} : { 'retry-after': retryAfter });

  it('is repeated after a jittered wait, also for a send', async () => {
    const { fetch, calls } = playFetch(busy(), ok);
    const { transport, events } = testTransport(fetch);
    const start = Date.now();
    expect((await finish(transport.request(requestOf(SEND)))).attempts).toBe(2);
    expect(Date.now() - start).toBe(250);
    expect(calls).toHaveLength(2);
    expect(events.map(({ type }) => type)).not.toContain('pace-paused');
  });

  it.each([
    ['seconds', '7'],
    ['an HTTP date', 'Sun, 22 Nov 2026 12:00:07 GMT'],
  ])('waits at least for Retry-After in %s, and holds the other calls too', async (_, retryAfter) => {
    vi.setSystemTime(Date.UTC(2026, 10, 22, 12));
    const { fetch, calls } = playFetch(busy(retryAfter), ok);
    const { transport, events } = testTransport(fetch);
    const first = transport.request(requestOf(SEND));
    await vi.advanceTimersByTimeAsync(0);
    const second = transport.request(requestOf(SEND));
    await vi.advanceTimersByTimeAsync(6999);
    expect(calls).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(2);
    expect(calls).toHaveLength(3);
    expect([(await first).attempts, (await second).attempts]).toEqual([2, 1]);
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'pace-paused', host: 'sms.example.test', pauseMs: 7000 }),
    );
  });

  it('over 30 s is thrown at once, and the next calls are not even tried', async () => {
    const { fetch, calls } = playFetch(busy('31'), ok);
    const { transport } = testTransport(fetch, { pace: false });
    const error = await failureOf(transport.request(requestOf(SEND)));
    expect(error).toBeInstanceOf(RateLimitError);
    expect(error).toMatchObject({ retryAfterMs: 31_000, submission: 'rejected', attempts: 1 });
    const next = await failureOf(transport.request(requestOf(SEND)));
    expect(next).toBeInstanceOf(RateLimitError);
    expect(next).toMatchObject({
      retryAfterMs: 31_000,
      submission: 'not-submitted',
      attempts: 0,
      clientMessageId: 'cm-1',
    });
    expect((next as Error).message).toMatch(/pause for another 31 s/);
    expect(calls).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(31_000);
    expect((await transport.request(requestOf(SEND))).attempts).toBe(1);
  });

  it('with a broken Retry-After of years pauses for an hour at most', async () => {
    const { transport } = testTransport(playFetch(busy('999999999'), ok).fetch);
    await failureOf(transport.request(requestOf(SEND)));
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect((await transport.request(requestOf(SEND))).attempts).toBe(1);
  });

  it('Retry-After of a 503 is obeyed by the read that got it, not by others', async () => {
    const unavailable = () => json({}, 503, { 'retry-after': '5' });
    const { fetch, calls } = playFetch(unavailable, ok);
    const { transport } = testTransport(fetch);
    const read = transport.request(requestOf(READ));
    await vi.advanceTimersByTimeAsync(4999);
    expect((await transport.request(requestOf(SEND))).attempts).toBe(1);
    expect(calls).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1);
    expect((await read).attempts).toBe(2);
  });
});

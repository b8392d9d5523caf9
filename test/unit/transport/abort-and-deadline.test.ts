import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AbortedError, TimeoutError } from '../../../src/errors.ts';
import type { TransportRequest } from '../../../src/transport/transport.ts';
import { countingSignal } from '../../support/counting-signal.ts';
import {
  coded,
  fail,
  failureOf,
  finish,
  hang,
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

describe('abort and deadline', () => {
  it('an abort before the first write is not submitted', async () => {
    const { fetch, calls } = playFetch(ok);
    const { transport } = testTransport(fetch);
    const controller = new AbortController();
    controller.abort();
    const error = await failureOf(
      transport.request(requestOf(SEND, { options: { signal: controller.signal } })),
    );
    expect(error).toBeInstanceOf(AbortedError);
    expect(error).toMatchObject({ submission: 'not-submitted', clientMessageId: 'cm-1' });
    expect(calls).toHaveLength(0);
  });

  it('an abort after the write is unknown for a send, and tells fetch', async () => {
    const { fetch, calls } = playFetch(hang);
    const { transport, events } = testTransport(fetch);
    const counted = countingSignal();
    const error = failureOf(transport.request(requestOf(SEND, { options: { signal: counted.signal } })));
    await vi.advanceTimersByTimeAsync(1);
    counted.abort();
    expect(await error).toMatchObject({ name: 'AbortError', submission: 'unknown' });
    expect(calls[0]?.init.signal?.aborted).toBe(true);
    expect(events.at(-1)).toMatchObject({ type: 'attempt-failed', reason: 'aborted', submission: 'unknown' });
    const read = new AbortController();
    const readError = failureOf(transport.request(requestOf(READ, { options: { signal: read.signal } })));
    await vi.advanceTimersByTimeAsync(1);
    read.abort();
    expect(await readError).toMatchObject({ name: 'AbortError', submission: 'not-submitted' });
  });

  it('an abort while it waits to be repeated is not submitted: what was refused did not go out', async () => {
    const { fetch, calls } = playFetch(fail(coded('ECONNREFUSED')));
    const { transport } = testTransport(fetch);
    const counted = countingSignal();
    const error = failureOf(transport.request(requestOf(SEND, { options: { signal: counted.signal } })));
    await vi.advanceTimersByTimeAsync(100);
    counted.abort();
    expect(await error).toMatchObject({ name: 'AbortError', submission: 'not-submitted' });
    expect(calls).toHaveLength(1);
  });

  it('leaves no listener on the signal of the caller', async () => {
    const counted = countingSignal();
    const { transport } = testTransport(
      playFetch(fail(coded('ECONNREFUSED')), () => json({}, 429), ok, fail(coded('ECONNRESET'))).fetch,
      { pace: { requestsPerSecond: 1, maxQueued: 5 } },
    );
    const options = { signal: counted.signal };
    await finish(transport.request(requestOf(SEND, { options })));
    await finish(failureOf(transport.request(requestOf(SEND, { options }))));
    expect(counted.listeners).toBe(0);
  });

  it.each([
    ['while it is written', playFetch(hang).fetch, SEND, 'unknown'],
    ['while a read is written', playFetch(hang).fetch, READ, 'not-submitted'],
  ])('deadlineMs ends the call %s', async (_, fetch, operation, submission) => {
    const { transport, events } = testTransport(fetch, { deadlineMs: 400 });
    const error = failureOf(transport.request(requestOf(operation)));
    await vi.advanceTimersByTimeAsync(400);
    expect(await error).toBeInstanceOf(TimeoutError);
    expect(await error).toMatchObject({ submission, reason: 'timeout' });
    expect((await error) as Error).toHaveProperty('message', expect.stringContaining('deadlineMs = 400 ms'));
    expect(events.at(-1)).toMatchObject({ type: 'attempt-failed', reason: 'timeout', submission });
  });

  it('the deadline of a method of several requests covers them all', async () => {
    const { own, run } = testTransport(playFetch(ok, hang).fetch);
    const { options: _, ...request } = requestOf(SEND);
    const error = failureOf(
      run({ deadlineMs: 300 }, async (call) => {
        await own.request(request as TransportRequest, call);
        await vi.advanceTimersByTimeAsync(200);
        await own.request(request as TransportRequest, call);
      }),
    );
    await vi.advanceTimersByTimeAsync(0);
    await vi.advanceTimersByTimeAsync(100);
    expect(await error).toMatchObject({ name: 'TimeoutError', submission: 'unknown', attempts: 1 });
    expect(((await error) as Error).message).toMatch(/no complete response within deadlineMs = 300 ms\. /);
  });

  it('deadlineMs ends the wait for a turn', async () => {
    const { transport } = testTransport(playFetch(ok).fetch, {
      pace: { requestsPerSecond: 1, maxQueued: 5 },
    });
    await transport.request(requestOf(SEND));
    const error = failureOf(transport.request(requestOf(SEND, { options: { deadlineMs: 300 } })));
    await vi.advanceTimersByTimeAsync(300);
    expect(await error).toMatchObject({ name: 'TimeoutError', submission: 'not-submitted', attempts: 0 });
  });

  it('a wait that would outlast the deadline is not begun', async () => {
    const { transport } = testTransport(playFetch(() => json({}, 429, { 'retry-after': '9' }), ok).fetch);
    const error = await failureOf(transport.request(requestOf(SEND, { options: { deadlineMs: 5000 } })));
    expect(error).toMatchObject({ name: 'RateLimitError', retryAfterMs: 9000 });
  });
});

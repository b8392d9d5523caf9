import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConfigurationError } from '../../../src/errors.ts';
import {
  failureOf,
  finish,
  hang,
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

describe('close', () => {
  it('takes no new calls, and lets those under way finish', async () => {
    let answer: (response: Response) => void = () => {};
    const { transport } = testTransport(
      () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    );
    const call = transport.request(requestOf(SEND));
    await vi.advanceTimersByTimeAsync(0);
    let isClosed = false;
    const closing = transport.close().then(() => {
      isClosed = true;
    });
    const late = await failureOf(transport.request(requestOf(SEND)));
    expect(late).toBeInstanceOf(ConfigurationError);
    expect(await failureOf(transport.download('https://x.test/a', {}))).toBeInstanceOf(ConfigurationError);
    await vi.advanceTimersByTimeAsync(5000);
    expect(isClosed).toBe(false);
    answer(ok());
    await vi.advanceTimersByTimeAsync(40);
    await closing;
    expect((await call).attempts).toBe(1);
  });

  it('ends what is left after drainMs', async () => {
    const { transport } = testTransport(playFetch(hang).fetch, {
      // A clock that stands still does not keep it open.
      clock: { now: () => 0, monotonic: () => 0 },
      pace: { requestsPerSecond: 1, maxQueued: 3 },
    });
    const written = failureOf(transport.request(requestOf(SEND)));
    const waiting = failureOf(transport.request(requestOf(SEND)));
    await vi.advanceTimersByTimeAsync(0);
    const closing = transport.close({ drainMs: 500 });
    await vi.advanceTimersByTimeAsync(520);
    await closing;
    expect(await written).toMatchObject({ name: 'AbortError', submission: 'unknown' });
    expect(await waiting).toMatchObject({ name: 'AbortError', submission: 'not-submitted' });
    expect(((await waiting) as Error).message).toMatch(/the client was closed/);
  });
});

describe('time and chance', () => {
  it('come from the system unless given', async () => {
    const random = vi.spyOn(Math, 'random').mockReturnValue(1);
    const { transport, events } = testTransport(playFetch(() => json({}, 429), ok).fetch, {
      random: undefined,
      clock: { now: () => 5, monotonic: () => 7 },
    });
    await finish(transport.request(requestOf(SEND)));
    expect(random).toHaveBeenCalled();
    expect(events.find(({ type }) => type === 'attempt-failed')).toMatchObject({
      at: 5,
      durationMs: 0,
      retryInMs: 500,
    });
    random.mockRestore();
  });

  it('a transport is made without either', () => {
    const random = vi.spyOn(Math, 'random');
    const clock = vi.spyOn(performance, 'now');
    const { transport } = testTransport(undefined, { random: undefined, sharedState: true });
    expect(transport).toBeDefined();
    expect(random).not.toHaveBeenCalled();
    expect(clock).not.toHaveBeenCalled();
    random.mockRestore();
    clock.mockRestore();
  });
});

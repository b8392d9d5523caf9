import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RateLimitError } from '../../../src/errors.ts';
import { wait } from '../../../src/internal/wait.ts';
import { createLanes } from '../../../src/transport/lanes.ts';
import { createPauseGate } from '../../../src/transport/pause-gate.ts';
import { createSubjectPauses, namedSubjects } from '../../../src/transport/subject-pauses.ts';
import { countingSignal } from '../../support/counting-signal.ts';
import {
  DETAILS,
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
      expect.objectContaining({
        type: 'pace-paused',
        host: 'sms.example.test',
        pauseMs: 7000,
        affects: 'sub-account',
      }),
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
    expect((next as Error).message).toMatch(/Try again in 31 s/);
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

  it.each([
    ['the fast lane', SEND],
    ['the lane of message details', DETAILS],
  ])('for an hour is probed after a minute, then at growing intervals: %s', async (_, operation) => {
    const { fetch, calls } = playFetch(busy('3600'));
    const { transport } = testTransport(fetch, { pace: false });
    await failureOf(transport.request(requestOf(operation)));
    const probedAt: number[] = [];
    for (let second = 1; second < 3600; second += 1) {
      await vi.advanceTimersByTimeAsync(1000);
      const before = calls.length;
      const controller = new AbortController();
      const request = transport.request(requestOf(operation, { options: { signal: controller.signal } }));
      const refused = failureOf(request);
      await vi.advanceTimersByTimeAsync(0);
      controller.abort();
      await refused;
      if (calls.length > before) probedAt.push(second);
    }
    expect(probedAt).toEqual([60, 180, 420, 900, 1800, 2700]);
  });

  it('for an hour ends for all when a probe gets through', async () => {
    const slow = () => new Promise<Response>((resolve) => setTimeout(() => resolve(ok()), 100));
    const { fetch, calls } = playFetch(busy('3600'), slow, ok);
    const { transport, events } = testTransport(fetch);
    await failureOf(transport.request(requestOf(SEND)));
    expect(await failureOf(transport.request(requestOf(SEND)))).toMatchObject({ retryAfterMs: 60_000 });
    await vi.advanceTimersByTimeAsync(59_000);
    const waiting = Array.from({ length: 5 }, () => transport.request(requestOf(SEND)));
    await vi.advanceTimersByTimeAsync(1000);
    expect(calls).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(500);
    expect(calls).toHaveLength(6);
    await Promise.all(waiting);
    expect(events.filter(({ type }) => type === 'pace-resumed')).toEqual([
      expect.objectContaining({ host: 'sms.example.test' }),
    ]);
  });

  it('has one probe at a time, and one that is lost says nothing', async () => {
    const { fetch, calls } = playFetch(busy('3600'), hang, () => json({}, 503), ok);
    const { transport, events } = testTransport(fetch, { retry: false, timeoutMs: 5_000 });
    await failureOf(transport.request(requestOf(SEND)));
    await vi.advanceTimersByTimeAsync(60_000);
    const probe = failureOf(transport.request(requestOf(SEND)));
    const waiting = failureOf(transport.request(requestOf(SEND)));
    await vi.advanceTimersByTimeAsync(4_999);
    expect(calls).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(300);
    expect(await probe).toMatchObject({ code: 'timeout', submission: 'unknown' });
    expect(await waiting).toMatchObject({ code: 'rate-limit', submission: 'not-submitted' });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await failureOf(transport.request(requestOf(SEND)))).toMatchObject({ code: 'server' });
    expect(await failureOf(transport.request(requestOf(SEND)))).toMatchObject({ code: 'rate-limit' });
    await vi.advanceTimersByTimeAsync(60_000);
    await transport.request(requestOf(SEND));
    expect(events.map(({ type }) => type)).toContain('pace-resumed');
  });

  it('makes room for another probe when the caller of the first one never comes back', () => {
    const gate = createPauseGate();
    gate.pause(3_600_000, 0);
    expect(gate.waitMs(60_000)).toBe(0);
    gate.probe(60_000);
    expect(gate.waitMs(119_999)).toBe(250);
    expect(gate.waitMs(120_000)).toBe(0);
    expect(gate.finish('passed', 4_000_000)).toBe(false);
  });

  it('a probe that is aborted in the queue leaves its place to the next one', async () => {
    const { fetch, calls } = playFetch(busy('3600'), ok);
    const { transport } = testTransport(fetch);
    await failureOf(transport.request(requestOf(DETAILS)));
    await vi.advanceTimersByTimeAsync(60_000);
    const controller = new AbortController();
    // Both take their turn in the lane of one request per second.
    const probe = failureOf(
      transport.request(requestOf(DETAILS, { options: { signal: controller.signal } })),
    );
    controller.abort();
    await probe;
    await vi.advanceTimersByTimeAsync(60_000);
    await finish(transport.request(requestOf(DETAILS)));
    expect(calls).toHaveLength(2);
  });

  it.each([
    ['the sub-account', undefined, []],
    ['one number', 'Too many for 6591234567', ['6591234567']],
  ])(
    'a probe of %s that never left leaves its place to the next one at once',
    async (_, message, subjects) => {
      const limited = () => json({ code: 429, message }, 429, { 'retry-after': '3600' });
      const { fetch, calls } = playFetch(limited, ok);
      const { transport } = testTransport(fetch, { retry: false });
      const more = { subjects: () => subjects };
      await failureOf(transport.request(requestOf(SEND, more)));
      await vi.advanceTimersByTimeAsync(60_000);
      const optedOut = new Error('opted out');
      const secondLook = { isRecent: () => false, lookAgain: () => Promise.reject(optedOut) };
      expect(await failureOf(transport.request(requestOf(SEND, { ...more, secondLook })))).toBe(optedOut);
      expect(calls).toHaveLength(1);
      await transport.request(requestOf(SEND, more));
      expect(calls).toHaveLength(2);
    },
  );

  it('a probe whose permit expired leaves its place to the next one at once', async () => {
    const { fetch, calls } = playFetch(busy('3600'), ok);
    const { transport } = testTransport(fetch);
    await failureOf(transport.request(requestOf(SEND)));
    await vi.advanceTimersByTimeAsync(60_000);
    let asked = 0;
    // Recent when the permit was granted, and too old right before `fetch`.
    const secondLook = { isRecent: () => ++asked !== 2, lookAgain: async () => undefined };
    expect((await transport.request(requestOf(SEND, { secondLook }))).attempts).toBe(1);
    expect([asked, calls.length]).toEqual([4, 2]);
  });

  it.each(Array.from({ length: 10 }, (_, microtasks) => microtasks))(
    'a probe whose caller leaves after %i microtasks leaves its place to the next one at once',
    async (microtasks) => {
      const { fetch } = playFetch(busy('3600'), ok);
      const { transport } = testTransport(fetch, { retry: false });
      await failureOf(transport.request(requestOf(SEND)));
      await vi.advanceTimersByTimeAsync(60_000);
      const { signal, abort } = countingSignal();
      const lookAgain = async () => {
        await wait(1_000, signal);
        return undefined;
      };
      const secondLook = { isRecent: () => false, lookAgain };
      const probe = failureOf(transport.request(requestOf(SEND, { secondLook, options: { signal } })));
      for (let step = 0; step < microtasks; step += 1) await undefined;
      abort();
      await probe;
      expect((await transport.request(requestOf(SEND))).attempts).toBe(1);
    },
  );

  it('a probe of one number that leaves while the sub-account is paused leaves its place to the next one', async () => {
    const answer = (message?: string, retryAfter = '3600') =>
      json({ code: 429, message }, 429, { 'retry-after': retryAfter });
    const { fetch, calls } = playFetch(
      () => answer('Too many for 6591234567'),
      () => answer(undefined, '20'),
      ok,
    );
    const { transport } = testTransport(fetch, { retry: false });
    const own = { subjects: () => ['6591234567'] };
    await failureOf(transport.request(requestOf(SEND, own)));
    await vi.advanceTimersByTimeAsync(50_000);
    await failureOf(transport.request(requestOf(SEND, { subjects: () => ['6591234568'] })));
    await vi.advanceTimersByTimeAsync(10_000);
    const { signal, abort } = countingSignal();
    const probe = failureOf(transport.request(requestOf(SEND, { ...own, options: { signal } })));
    await vi.advanceTimersByTimeAsync(9_000);
    abort();
    await probe;
    await vi.advanceTimersByTimeAsync(1_000);
    await transport.request(requestOf(SEND, own));
    expect(calls).toHaveLength(3);
  });

  it('a probe that gives up in the queue of message details leaves its place to the next one', async () => {
    const lane = createLanes({ subAccountId: 'x', pace: false, sharedState: false })('host', DETAILS);
    const [early, probing] = [new AbortController(), new AbortController()];
    // Fills the queue of one request per second for a minute, before the pause.
    const queued = Array.from({ length: 60 }, () => failureOf(lane.take(early.signal)));
    lane.pause(120_000);
    await vi.advanceTimersByTimeAsync(59_900);
    early.abort(new Error('left'));
    await Promise.all(queued);
    await vi.advanceTimersByTimeAsync(100);
    const probe = failureOf(lane.take(probing.signal));
    await vi.advanceTimersByTimeAsync(10);
    probing.abort(new Error('left'));
    expect(await probe).toMatchObject({ message: 'left' });
    const next = lane.take(new AbortController().signal);
    await vi.advanceTimersByTimeAsync(3_000);
    expect((await next).use()).toBe(true);
  });

  it('a caller that leaves the lane of message details leaves neither a timer nor a probe', async () => {
    const { fetch, calls } = playFetch(ok);
    const { transport } = testTransport(fetch);
    await transport.request(requestOf(DETAILS));
    const controller = new AbortController();
    const waiting = failureOf(
      transport.request(requestOf(DETAILS, { options: { signal: controller.signal } })),
    );
    await vi.advanceTimersByTimeAsync(10);
    controller.abort();
    expect(await waiting).toMatchObject({ code: 'aborted' });
    expect(calls).toHaveLength(1);
  });

  describe('that names a number or an address', () => {
    const naming = (message: string) => () =>
      json({ code: 429, message, errorId: 'e-1' }, 429, { 'retry-after': '3600' });
    const of = (...subjects: string[]) => requestOf(SEND, { subjects: () => subjects });

    it.each([
      ['destination', 'Too many requests for +6591234567.'],
      ['clientIp', 'clientIp:203.0.113.7 is limited'],
      ['clientIp', 'limited: 2001:DB8::7'],
    ])('pauses only that %s: %s', async (affects, message) => {
      const { fetch, calls } = playFetch(naming(message), ok);
      const { transport, events } = testTransport(fetch);
      const subjects = ['6591234567', message.includes('2001') ? '2001:db8::7' : '203.0.113.7'];
      await failureOf(transport.request(of(...subjects)));
      expect(events).toContainEqual(expect.objectContaining({ type: 'pace-paused', affects }));
      await transport.request(of('6591234568', '203.0.113.8'));
      expect(calls).toHaveLength(2);
      expect(await failureOf(transport.request(of(...subjects)))).toMatchObject({
        code: 'rate-limit',
        submission: 'not-submitted',
        retryAfterMs: 60_000,
      });
      expect(calls).toHaveLength(2);
      await vi.advanceTimersByTimeAsync(45_000);
      const waiting = transport.request(of(...subjects));
      await vi.advanceTimersByTimeAsync(14_999);
      expect(calls).toHaveLength(2);
      await vi.advanceTimersByTimeAsync(1);
      await waiting;
      expect(events.map(({ type }) => type)).toContain('pace-resumed');
      await transport.request(of(...subjects));
    });

    it('in a body that is too long to read pauses the sub-account', async () => {
      const long = () =>
        new Response('6591234567'.repeat(110_000), { status: 429, headers: { 'retry-after': '40' } });
      const { transport, events } = testTransport(playFetch(long).fetch);
      await failureOf(transport.request(of('6591234567')));
      expect(events).toContainEqual(expect.objectContaining({ type: 'pace-paused', affects: 'sub-account' }));
    });

    it('for another request pauses the sub-account', async () => {
      const { transport } = testTransport(
        playFetch(naming('Too many for 16591234567 and 203.0.113.70'), ok).fetch,
      );
      await failureOf(transport.request(of('6591234567', '203.0.113.7')));
      expect(await failureOf(transport.request(of('6591234568')))).toMatchObject({ code: 'rate-limit' });
    });

    it('holds no batch up, also when the batch was told of it', async () => {
      const { fetch, calls } = playFetch(naming('6591234567'), ok);
      const { transport } = testTransport(fetch);
      const batch = { ...of('6591234567', '6591234568'), messageCount: 2 };
      await failureOf(transport.request(batch));
      await transport.request(batch);
      expect(await failureOf(transport.request(of('6591234567')))).toMatchObject({ code: 'rate-limit' });
      await transport.request(of('6591234568'));
      expect(calls).toHaveLength(3);
    });

    it('is waited for by so many callers at most, each until its signal', async () => {
      const pauses = createSubjectPauses(() => performance.now());
      pauses.pause('6591234567', 20_000);
      const counting = countingSignal();
      const { signal } = counting;
      const waiting = Array.from({ length: 1_000 }, () => failureOf(pauses.take(['6591234567'], signal)));
      expect(await failureOf(pauses.take(['6591234567'], signal))).toMatchObject({ name: 'NoPermitError' });
      expect(pauses.isIdle()).toBe(false);
      await vi.advanceTimersByTimeAsync(1);
      counting.abort();
      await Promise.all(waiting);
      expect(counting.listeners).toBe(0);
      await vi.advanceTimersByTimeAsync(20_000);
      expect(pauses.isIdle()).toBe(true);
    });

    it('is forgotten beyond 10,000 numbers, the oldest first', async () => {
      const pauses = createSubjectPauses(() => performance.now());
      for (let number = 0; number <= 10_000; number += 1) pauses.pause(`${number}`, 60_000);
      const { signal } = new AbortController();
      expect((await pauses.take(['0'], signal)).finish('passed')).toBe(false);
      expect(await failureOf(pauses.take(['1'], signal))).toMatchObject({ name: 'NoPermitError' });
    });

    it('finds whole numbers only, in the first 4,096 characters', () => {
      expect(namedSubjects('"+6591234567".', ['6591234567'])).toEqual(['6591234567']);
      expect(namedSubjects('65912345678', ['6591234567'])).toEqual([]);
      expect(namedSubjects(`${' '.repeat(4_096)}6591234567`, ['6591234567'])).toEqual([]);
    });
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

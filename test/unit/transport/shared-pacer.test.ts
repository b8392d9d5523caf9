import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StoreError } from '../../../src/errors.ts';
import { createReportError } from '../../../src/internal/user-code.ts';
import { MAX_PAUSE_MS, NoPermitError, SECOND_MS } from '../../../src/transport/pacer.ts';
import type { PermitLease } from '../../../src/transport/shared-pace.ts';
import { createSharedPacer, type HeldPermit, type SharedPacer } from '../../../src/transport/shared-pacer.ts';
import { countingSignal } from '../../support/counting-signal.ts';
import { fakeTimeLine, LATE_MS, leaseOf, mostInASecond, permitAt } from '../../support/pace-lane.ts';

const never = new AbortController().signal;
const now = () => performance.now();
const paceOf = (requestsPerSecond: number, maxQueued = 100_000) => ({ requestsPerSecond, maxQueued });

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function start(answerMs = 0) {
  const line = fakeTimeLine(now, answerMs);
  return { line, pacer: createSharedPacer(line, SECOND_MS, now) };
}

/** Lets a permit come, whenever it does, and its request leave. */
async function go(pacer: SharedPacer, requestsPerSecond: number, times: number[]): Promise<void> {
  while (!pacer.leave(await pacer.take(paceOf(requestsPerSecond), never)));
  times.push(now());
}

const take = (pacer: SharedPacer, signal = never, pace = paceOf(20)): Promise<HeldPermit> =>
  (async () => pacer.take(pace, signal))();

/** Whether the request may leave as soon as its permit has come. */
const leaves = async (pacer: SharedPacer, signal = never): Promise<boolean> =>
  pacer.leave(await take(pacer, signal));

describe('the pace shared with other processes', () => {
  it('asks nothing before the first call, and one call waits for one answer', async () => {
    const { line, pacer } = start(3);
    expect(line.requests).toEqual([]);
    const asked = now();
    const permit = leaves(pacer);
    await vi.advanceTimersByTimeAsync(3);
    expect(await permit).toBe(true);
    expect(now() - asked).toBe(3);
    expect(line.requests).toEqual([
      { permits: 20, periodMs: SECOND_MS, waiting: 1, expected: 0, isSlow: false },
    ]);
  });

  it.each([
    [20, 2, 40],
    [1710, 4, 1200],
    [1, 3, 2],
  ])('%d a second over %d processes: never over, and close to the rate', async (rate, processes, calls) => {
    const line = fakeTimeLine(now, 1);
    const pacers = Array.from({ length: processes }, () => createSharedPacer(line, SECOND_MS, now));
    const times: number[] = [];
    const all = pacers.flatMap((pacer) => Array.from({ length: calls }, () => go(pacer, rate, times)));
    await vi.advanceTimersByTimeAsync((all.length / rate) * 1060 + 200);
    await Promise.all(all);
    expect(mostInASecond(times)).toBeLessThanOrEqual(rate);
    const tookMs = Math.max(...times) - Math.min(...times);
    expect((all.length - 1) / tookMs).toBeGreaterThanOrEqual((rate / 1000) * 0.95);
  });

  it('clients of other paces in one line: each keeps its own, and gets on', async () => {
    const { pacer } = start(1);
    const callers = [1, 2, 3, 4];
    const times = new Map<number, number[]>([5, 100].map((rate) => [rate, []]));
    const all = [...times].flatMap(([rate, sent]) =>
      callers.map(async () => {
        for (let call = 0; call < 5; call++) await go(pacer, rate, sent);
      }),
    );
    await vi.advanceTimersByTimeAsync(6_000);
    await Promise.all(all);
    for (const [rate, sent] of times) {
      expect(sent).toHaveLength(20);
      expect(mostInASecond(sent)).toBeLessThanOrEqual(rate);
    }
  });

  it('a late caller does not take the permit of a client with a faster pace', async () => {
    const { line, pacer } = start();
    line.next = async () => leaseOf([permitAt(now())]);
    const late = await take(pacer, never, paceOf(5));
    line.next = async () => leaseOf([permitAt(now()), permitAt(now() + LATE_MS)]);
    expect(pacer.leave(await take(pacer, never, paceOf(1000)))).toBe(true);
    await vi.advanceTimersByTimeAsync(LATE_MS + 1);
    expect(pacer.leave(late)).toBe(false);
    expect(pacer.leave(await take(pacer, never, paceOf(1000)))).toBe(true);
    expect(line.requests).toHaveLength(2);
  });

  it('asks once a slot and process, not once a call, with one question on its way', async () => {
    const { line, pacer } = start(20);
    let asking = 0;
    let most = 0;
    const { lease } = line;
    line.lease = async (request) => {
      asking += 1;
      most = Math.max(most, asking);
      const answer = await lease(request);
      asking -= 1;
      return answer;
    };
    const times: number[] = [];
    const all = Array.from({ length: 2000 }, () => go(pacer, 1000, times));
    await vi.advanceTimersByTimeAsync(2300);
    await Promise.all(all);
    expect(most).toBe(1);
    expect(line.requests.length).toBeLessThanOrEqual(25);
  });

  it('says how many more callers to expect, so that a steady flow does not ask for each', async () => {
    const { line, pacer } = start();
    const { lease } = line;
    line.lease = (request) => lease({ ...request, waiting: request.waiting + request.expected });
    const times: number[] = [];
    for (let call = 0; call < 200; call++) {
      void go(pacer, 1000, times);
      await vi.advanceTimersByTimeAsync(5);
    }
    expect(times).toHaveLength(200);
    expect(line.requests.at(-1)?.expected).toBe(7);
    expect(line.requests.length).toBeLessThanOrEqual(60);
    await vi.advanceTimersByTimeAsync(500);
    void go(pacer, 1000, times);
    await vi.advanceTimersByTimeAsync(0);
    expect(line.requests.at(-1)?.expected).toBe(0);
  });

  it('keeps the order of arrival', async () => {
    const { pacer } = start(2);
    const order: number[] = [];
    for (let call = 0; call < 30; call++) void take(pacer).then(() => order.push(call));
    await vi.advanceTimersByTimeAsync(30 * 60);
    expect(order).toEqual(Array.from({ length: 30 }, (_, call) => call));
  });

  it('holds nobody up whose permit has come because the one ahead is late', async () => {
    const { line, pacer } = start();
    line.next = async () => leaseOf([permitAt(now() + 10), permitAt(now() + 10.5)]);
    const real = globalThis.setTimeout;
    // Timers of one millisecond fire in any order; here the first one is much too late.
    vi.stubGlobal('setTimeout', (run: () => void, ms: number) => real(run, ms === 10 ? 30 : ms));
    const started = now();
    const went: number[] = [];
    const go = async () => {
      await pacer.take(paceOf(1000), never);
      went.push(now() - started);
    };
    const both = [go(), go()];
    await vi.advanceTimersByTimeAsync(40);
    await Promise.all(both);
    expect(went).toEqual([11, 30]);
    expect(line.requests).toHaveLength(1);
  });

  it('forgets a caller that leaves, its listener and its timer; the next one still gets a permit', async () => {
    const { pacer } = start();
    const signals = Array.from({ length: 10 }, countingSignal);
    expect(await leaves(pacer)).toBe(true);
    const left = signals.map(({ signal }) => take(pacer, signal).catch(() => 'left'));
    const last = countingSignal();
    const stays = leaves(pacer, last.signal);
    await vi.advanceTimersByTimeAsync(10);
    expect(vi.getTimerCount()).toBe(11);
    for (const { abort } of signals) abort();
    expect(await Promise.all(left)).toEqual(Array(10).fill('left'));
    expect(vi.getTimerCount()).toBe(1);
    expect(last.listeners).toBe(1);
    await vi.advanceTimersByTimeAsync(600);
    expect(await stays).toBe(true);
    expect(last.listeners).toBe(0);
  });

  it('takes nobody whose signal has fired, and what an aborted call asked for serves others', async () => {
    const { line, pacer } = start(5);
    const gone = countingSignal();
    gone.abort();
    await expect(take(pacer, gone.signal)).rejects.toBe(gone.signal.reason);
    const asks = countingSignal();
    const left = take(pacer, asks.signal).catch(() => 'left');
    asks.abort();
    expect(await left).toBe('left');
    await vi.advanceTimersByTimeAsync(5);
    expect(await leaves(pacer)).toBe(true);
    expect(line.requests).toHaveLength(1);
  });

  it('refuses whoever finds the queue full: beside it wait those whom one lease may serve', async () => {
    const { pacer } = start();
    const caller = countingSignal();
    const pace = paceOf(20, 3);
    const waiting = Array.from({ length: 5 }, () => take(pacer, caller.signal, pace).catch(() => 'left'));
    expect(() => pacer.take(pace, never)).toThrow(NoPermitError);
    caller.abort();
    expect(await Promise.all(waiting)).toEqual(Array(5).fill('left'));
    // Also with no queue at all somebody must be able to ask.
    const { pacer: other } = start();
    expect(await take(other, never, paceOf(1, 0))).toBeDefined();
  });

  it('lets nobody leave whose permit is over, unless the permit behind has come', async () => {
    const { line, pacer } = start();
    line.next = async () => leaseOf([permitAt(now()), permitAt(now() + 1)]);
    const late = await take(pacer);
    // The event loop is blocked: the second permit of the lease is still good, once.
    await vi.advanceTimersByTimeAsync(LATE_MS + 1);
    expect(pacer.leave(late)).toBe(true);
    expect(pacer.leave(late)).toBe(false);
    line.next = async () => leaseOf([permitAt(now())]);
    const tooLate = await take(pacer);
    await vi.advanceTimersByTimeAsync(LATE_MS);
    expect(pacer.leave(tooLate)).toBe(true);
    await vi.advanceTimersByTimeAsync(1);
    expect(pacer.leave(tooLate)).toBe(false);
  });

  it('asks again for a permit that was over before it could be used, and after a second for such that last longer', async () => {
    const answerMs = LATE_MS + 10;
    const { line, pacer } = start(answerMs);
    const { lease } = line;
    // A server so far away that a permit is over when its answer is there.
    line.lease = async (request) => {
      const asked = now();
      const { permits } = await lease(request);
      return leaseOf(permits.map(() => (request.isSlow ? permitAt(now()) : permitAt(asked))));
    };
    const times: number[] = [];
    const send = go(pacer, 20, times);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(line.requests.every(({ isSlow }) => !isSlow)).toBe(true);
    expect(times).toEqual([]);
    await vi.advanceTimersByTimeAsync(200);
    await send;
    expect(line.requests.length).toBeLessThanOrEqual(1_200 / answerMs);
    // The others get two thirds of the rate meanwhile, so it is tried again and again.
    line.lease = lease;
    const isSlowNow = async () => {
      const next = go(pacer, 20, times);
      await vi.advanceTimersByTimeAsync(200);
      await next;
      return line.requests.at(-1)?.isSlow;
    };
    expect(await isSlowNow()).toBe(true);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await isSlowNow()).toBe(false);
  });

  it('a hiccup of this process costs the others nothing', async () => {
    const { line, pacer } = start(20);
    const { lease } = line;
    let misses = 0;
    line.lease = async (request) => {
      const good = await lease(request);
      misses += 1;
      return misses <= 5 ? leaseOf([permitAt(now() - LATE_MS - 1)]) : good;
    };
    const times: number[] = [];
    const send = go(pacer, 20, times);
    await vi.advanceTimersByTimeAsync(600);
    await send;
    expect(line.requests).toHaveLength(6);
    expect(line.requests.every(({ isSlow }) => !isSlow)).toBe(true);
  });

  it('permits that nobody waited for any more are no misses: callers who leave early cost the others nothing', async () => {
    const { line, pacer } = start();
    const { lease } = line;
    // A busy line: the permits come later than these callers wait.
    line.lease = async (request) => {
      const { permits } = await lease(request);
      return leaseOf(permits.map(({ fromMs }) => permitAt(fromMs + 60)));
    };
    for (let call = 0; call < 20; call++) {
      const caller = countingSignal();
      const left = take(pacer, caller.signal).catch(() => 'left');
      await vi.advanceTimersByTimeAsync(30);
      caller.abort();
      expect(await left).toBe('left');
      await vi.advanceTimersByTimeAsync(200);
    }
    expect(line.requests).toHaveLength(20);
    expect(line.requests.filter(({ isSlow }) => isSlow)).toEqual([]);
  });

  it('forgets nobody who was late because the event loop was blocked', async () => {
    let blockedMs = 0;
    const time = () => now() + blockedMs;
    const line = fakeTimeLine(time);
    const pacer = createSharedPacer(line, SECOND_MS, time);
    line.next = async () => leaseOf([], { retryAfterMs: 300 });
    const gone: boolean[] = [];
    const leave = () => void leaves(pacer).then((may) => gone.push(may));
    leave();
    leave();
    await vi.advanceTimersByTimeAsync(1);
    blockedMs += 500;
    // Whoever comes now finds them late, and passes them by until they look again.
    leave();
    await vi.advanceTimersByTimeAsync(600);
    expect(gone).toEqual([true, true, true]);
  });

  it('lets nobody leave early when a later lease has earlier permits', async () => {
    const { line, pacer } = start();
    // As when the server is back, and the process still holds permits of its own.
    const leases = [leaseOf([permitAt(now() + 40)]), leaseOf([permitAt(now() + 10)])];
    line.lease = async () => leases.shift() ?? leaseOf([], { retryAfterMs: 1_000 });
    const early: number[] = [];
    const both = [1, 2].map(async () => early.push((await take(pacer)).fromMs - now()));
    await vi.advanceTimersByTimeAsync(60);
    await Promise.all(both);
    expect(early).toHaveLength(2);
    expect(Math.max(...early)).toBeLessThanOrEqual(0);
  });

  it('waits as long as it is told when nothing is free', async () => {
    const { line, pacer } = start();
    line.next = async () => leaseOf([], { retryAfterMs: 700 });
    const permit = leaves(pacer);
    await vi.advanceTimersByTimeAsync(699);
    expect(line.requests).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(2);
    expect(line.requests).toHaveLength(2);
    expect(await permit).toBe(true);
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['no permits', { retryAfterMs: 0, pauseMs: 0 }],
    ['a permit that is none', { permits: [null], retryAfterMs: 0, pauseMs: 0 }],
    ['places without a permit', { permits: new Array(2), retryAfterMs: 0, pauseMs: 0 }],
    ['permits of another clock', { permits: [permitAt(1_764_400_000_000)], retryAfterMs: 0, pauseMs: 0 }],
    ['a permit without an end', { permits: [{ fromMs: 1 }], retryAfterMs: 0, pauseMs: 0 }],
    ['a time that is none', { permits: [permitAt(Number.NaN)], retryAfterMs: 0, pauseMs: 0 }],
    ['no time to wait', { permits: [], pauseMs: 0 }],
    ['a negative time to wait', { permits: [], retryAfterMs: -1, pauseMs: 0 }],
    ['no pause', { permits: [], retryAfterMs: 0 }],
    ['an endless pause', { permits: [], retryAfterMs: 0, pauseMs: 0, probeInMs: Number.POSITIVE_INFINITY }],
  ])('a store that leases %s fails the caller that asked, and the next one asks again', async (_, lease) => {
    const { line, pacer } = start();
    const reported: unknown[] = [];
    const report = createReportError((error) => void reported.push(error));
    line.next = async () => lease as PermitLease;
    const error = await take(pacer).catch((thrown: unknown) => thrown);
    expect(StoreError.isInstance(error)).toBe(true);
    report(error, 'limits.pace');
    expect(reported).toEqual([expect.any(TypeError)]);
    expect(await leaves(pacer)).toBe(true);
  });

  it('a store that throws at once fails the caller that asked, and its error goes to its author', async () => {
    const { line, pacer } = start();
    const { lease } = line;
    const own = new Error('own');
    line.lease = () => {
      throw own;
    };
    const error = await take(pacer).catch((thrown: unknown) => thrown);
    expect(StoreError.isInstance(error)).toBe(true);
    const reported: unknown[] = [];
    createReportError((thrown) => void reported.push(thrown))(error, 'limits.pace');
    expect(reported).toEqual([own]);
    line.lease = lease;
    expect(await leaves(pacer)).toBe(true);
  });

  it('a store that grants nothing at once is asked every two milliseconds at most', async () => {
    const { line, pacer } = start();
    let asked = 0;
    line.lease = async () => {
      asked += 1;
      return leaseOf([]);
    };
    const controller = new AbortController();
    const waiting = take(pacer, controller.signal).catch(() => 'left');
    await vi.advanceTimersByTimeAsync(100);
    expect(asked).toBeGreaterThan(10);
    expect(asked).toBeLessThanOrEqual(51);
    controller.abort();
    expect(await waiting).toBe('left');
  });

  it('a refusal goes to who asked; the next one asks for itself', async () => {
    const { line, pacer } = start();
    const refusal = new StoreError('no store');
    line.next = () => Promise.reject(refusal);
    const refused = take(pacer).catch((error: unknown) => error);
    const served = leaves(pacer);
    await vi.advanceTimersByTimeAsync(60);
    expect(await refused).toBe(refusal);
    expect(await served).toBe(true);
    // Of one that has left nobody is told.
    const caller = countingSignal();
    line.next = async () => {
      caller.abort();
      throw refusal;
    };
    const left = take(pacer, caller.signal).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(60);
    expect(await left).toBe(caller.signal.reason);
  });

  it('does not wait for an answer that was lost, and does not use it when it comes', async () => {
    const { line, pacer } = start();
    let answer: (lease: PermitLease) => void = () => {};
    let fail: (error: Error) => void = () => {};
    line.next = () =>
      new Promise((resolve) => {
        answer = resolve;
      });
    const permit = leaves(pacer);
    await vi.advanceTimersByTimeAsync(990);
    expect(line.requests).toHaveLength(1);
    line.next = () =>
      new Promise((_, reject) => {
        fail = reject;
      });
    await vi.advanceTimersByTimeAsync(20);
    expect(line.requests).toHaveLength(2);
    answer(leaseOf([permitAt(now())]));
    await vi.advanceTimersByTimeAsync(1010);
    expect(line.requests).toHaveLength(3);
    expect(await permit).toBe(true);
    // Nor does it disturb the one that is on its way.
    line.next = () => new Promise(() => {});
    const caller = countingSignal();
    const waiting = take(pacer, caller.signal).catch(() => 'left');
    await vi.advanceTimersByTimeAsync(100);
    fail(new Error('late'));
    await vi.advanceTimersByTimeAsync(100);
    expect(line.requests).toHaveLength(4);
    caller.abort();
    expect(await waiting).toBe('left');
  });

  it('passes by a caller whose timer died with its request', async () => {
    const { line, pacer } = start();
    line.next = () => new Promise(() => {});
    const real = globalThis.setTimeout;
    // As in Workers: the request ends, and neither its timer nor its question is heard of again.
    vi.stubGlobal('setTimeout', () => 0);
    void take(pacer, never, paceOf(1, 0));
    vi.stubGlobal('setTimeout', real);
    expect(() => pacer.take(paceOf(1, 0), never)).toThrow(NoPermitError);
    await vi.advanceTimersByTimeAsync(1_100);
    expect(pacer.isIdle()).toBe(true);
    expect(pacer.leave(await take(pacer, never, paceOf(1, 0)))).toBe(true);
  });
});

describe('a pause that 8x8 asks for', () => {
  it('is told to the others, and what was at hand is not used', async () => {
    const { line, pacer } = start();
    line.next = async () => leaseOf([permitAt(now()), permitAt(now() + 20)]);
    expect(await leaves(pacer)).toBe(true);
    pacer.pause(500);
    expect(line.pauses).toEqual([500]);
    expect(pacer.isIdle()).toBe(false);
    const paused = now();
    const permit = leaves(pacer);
    await vi.advanceTimersByTimeAsync(499);
    expect(line.requests).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(3);
    expect(await permit).toBe(true);
    expect(now() - paused).toBeGreaterThanOrEqual(500);
    expect(pacer.isIdle()).toBe(true);
  });

  it('holds a permit back that lasts longer than the pause', async () => {
    const { line, pacer } = start();
    line.next = async () => leaseOf([permitAt(now()), permitAt(now() + 5)]);
    expect(await leaves(pacer)).toBe(true);
    const paused = now();
    pacer.pause(10);
    let wentMs: number | undefined;
    void leaves(pacer).then(() => {
      wentMs = now() - paused;
    });
    await vi.advanceTimersByTimeAsync(40);
    expect(wentMs).toBeGreaterThanOrEqual(10);
    expect(wentMs).toBeLessThanOrEqual(12);
    expect(line.requests).toHaveLength(1);
  });

  it('is slept through, also with a permit at hand that lasts longer', async () => {
    const { line, pacer } = start();
    line.next = async () => leaseOf([permitAt(now()), { fromMs: now() + 5, untilMs: now() + 498 }]);
    expect(await leaves(pacer)).toBe(true);
    pacer.pause(400);
    const timers = vi.spyOn(globalThis, 'setTimeout');
    const permit = leaves(pacer);
    await vi.advanceTimersByTimeAsync(401);
    expect(await permit).toBe(true);
    expect(timers.mock.calls.length).toBeLessThanOrEqual(2);
    timers.mockRestore();
    expect(line.requests).toHaveLength(1);
  });

  it('from another process is awaited, or refused when it is long', async () => {
    const { line, pacer } = start();
    line.pauseMs = 2_000;
    const permit = leaves(pacer);
    await vi.advanceTimersByTimeAsync(1_990);
    expect(line.requests).toHaveLength(1);
    line.pauseMs = MAX_PAUSE_MS + 5_000;
    const refused = permit.catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(20);
    expect(await refused).toMatchObject({ name: 'NoPermitError', retryAfterMs: MAX_PAUSE_MS + 5_000 });
    expect(() => pacer.take(paceOf(20), never)).toThrow(NoPermitError);
    await vi.advanceTimersByTimeAsync(MAX_PAUSE_MS + 5_000);
    line.pauseMs = 0;
    expect(await leaves(pacer)).toBe(true);
  });

  it('is probed by one request when the server says so, and ended for all by its answer', async () => {
    const { line, pacer } = start();
    pacer.pause(3_600_000);
    expect(() => pacer.take(paceOf(20), never)).toThrow(NoPermitError);
    await vi.advanceTimersByTimeAsync(60_000);
    line.next = async () => leaseOf([permitAt(now())], { pauseMs: 3_540_000, probeInMs: 120_000 });
    const probe = await take(pacer);
    expect(pacer.leave(probe)).toBe(true);
    const other = leaves(pacer);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(line.requests).toHaveLength(1);
    expect(pacer.finish({ ...probe }, 'passed')).toBe(false);
    expect(pacer.finish(probe, 'passed')).toBe(true);
    expect(line.pauses).toEqual([3_600_000, 0]);
    await vi.advanceTimersByTimeAsync(300);
    expect(await other).toBe(true);
    expect(pacer.isIdle()).toBe(true);
  });

  it('goes on when its probe gets a 429, and refuses with the time of the next probe', async () => {
    const { line, pacer } = start();
    pacer.pause(3_600_000);
    await vi.advanceTimersByTimeAsync(60_000);
    line.next = async () => leaseOf([permitAt(now())], { pauseMs: 3_540_000, probeInMs: 120_000 });
    const probe = await take(pacer);
    const other = take(pacer).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(100);
    line.next = async () => leaseOf([], { pauseMs: 3_539_000, probeInMs: 119_000 });
    expect(pacer.finish(probe, 'limited')).toBe(false);
    await vi.advanceTimersByTimeAsync(5_500);
    expect(await other).toMatchObject({ name: 'NoPermitError' });
    expect(line.pauses).toEqual([3_600_000]);
  });

  it('that another process ended is over within five seconds', async () => {
    const { line, pacer } = start();
    pacer.pause(3_600_000);
    await vi.advanceTimersByTimeAsync(4_999);
    expect(() => pacer.take(paceOf(20), never)).toThrow(NoPermitError);
    await vi.advanceTimersByTimeAsync(1);
    line.next = async () => leaseOf([], { pauseMs: 3_595_000, probeInMs: 55_000 });
    expect(await take(pacer).catch((error: unknown) => error)).toMatchObject({ retryAfterMs: 55_000 });
    expect(() => pacer.take(paceOf(20), never)).toThrow(NoPermitError);
    await vi.advanceTimersByTimeAsync(5_000);
    line.next = async () => leaseOf([permitAt(now())], { probeInMs: 0 });
    expect(await leaves(pacer)).toBe(true);
    expect(pacer.isIdle()).toBe(true);
  });

  it('is not ended by permits that no server gave, or by an answer from before it', async () => {
    const { line, pacer } = start(100);
    const early = take(pacer).catch((error: unknown) => error);
    pacer.pause(3_600_000);
    line.next = async () => leaseOf([permitAt(now())], { probeInMs: 0 });
    await vi.advanceTimersByTimeAsync(600);
    expect(await early).toMatchObject({ name: 'NoPermitError' });
    await vi.advanceTimersByTimeAsync(5_000);
    line.next = async () => leaseOf([permitAt(now()), permitAt(now() + 1)]);
    expect(await take(pacer).catch((error: unknown) => error)).toMatchObject({ name: 'NoPermitError' });
    // Without a server this process probes by itself.
    await vi.advanceTimersByTimeAsync(60_000);
    line.next = async () => leaseOf([permitAt(now()), permitAt(now() + 1)]);
    expect(await leaves(pacer)).toBe(true);
    const second = take(pacer).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(line.requests.length).toBeLessThanOrEqual(4);
    await vi.advanceTimersByTimeAsync(60_000);
    await second;
  });
});

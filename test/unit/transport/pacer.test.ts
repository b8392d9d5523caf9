import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createPacer, MAX_PAUSE_MS, NoPermitError, type Pacer } from '../../../src/transport/pacer.ts';
import { countingSignal } from '../../support/counting-signal.ts';

const never = new AbortController().signal;
const now = () => performance.now();
const wait = (turn: number | Promise<number>): Promise<number> => Promise.resolve(turn);

/** The most grants in any half-open second. */
function mostInASecond(times: readonly number[]): number {
  const sorted = [...times].sort((first, second) => first - second);
  let most = 0;
  for (let end = 0, start = 0; end < sorted.length; end++) {
    while ((sorted[start] ?? 0) <= (sorted[end] ?? 0) - 1000) start++;
    most = Math.max(most, end - start + 1);
  }
  return most;
}

describe('pacer', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** Asks `count` times and notes when and in which order the turns came. */
  function ask(pacer: Pacer, count: number, requestsPerSecond: number, log: { id: number; at: number }[]) {
    for (let index = 0; index < count; index++) {
      const turn = pacer.take({ requestsPerSecond, maxQueued: 100_000 }, never);
      if (typeof turn === 'number') log.push({ id: index, at: now() });
      else void turn.then(() => log.push({ id: index, at: now() }));
    }
  }

  it('keeps the rate: 7,201 calls at 1,800/s, never over, at least 98 % of the rate, in order', async () => {
    const pacer = createPacer(now);
    const log: { id: number; at: number }[] = [];
    const start = now();
    ask(pacer, 7201, 1800, log);
    await vi.advanceTimersByTimeAsync(4081);
    expect(log).toHaveLength(7201);
    expect(mostInASecond(log.map(({ at }) => at))).toBe(1800);
    expect(log.map(({ id }) => id)).toEqual(Array.from({ length: 7201 }, (_, index) => index));
    expect((log.at(-1)?.at ?? 0) - start).toBeLessThanOrEqual(4000 / 0.98);
    expect(vi.getTimerCount()).toBe(0);
    expect(pacer.isIdle()).toBe(false);
    await vi.advanceTimersByTimeAsync(1001);
    expect(pacer.isIdle()).toBe(true);
  });

  it('is never over the rate when the clock and the timers run as they like', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 7 }),
        fc.array(fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 700 }), fc.nat(90)), {
          minLength: 1,
          maxLength: 20,
        }),
        async (rate, steps) => {
          // The pacer's clock runs ahead of its timers, as when the event loop is blocked.
          let late = 0;
          const time = () => performance.now() + late;
          const pacer = createPacer(time);
          const times: number[] = [];
          let asked = 0;
          for (const [count, advanceMs, blockMs] of steps) {
            for (let index = 0; index < count; index++, asked++) {
              const turn = pacer.take({ requestsPerSecond: rate, maxQueued: 1000 }, never);
              if (typeof turn === 'number') times.push(time());
              else void turn.then(() => times.push(time()));
            }
            late += blockMs;
            await vi.advanceTimersByTimeAsync(advanceMs);
          }
          await vi.advanceTimersByTimeAsync((asked / rate + 3) * 2000);
          expect(times).toHaveLength(asked);
          expect(mostInASecond(times)).toBeLessThanOrEqual(rate);
          expect(vi.getTimerCount()).toBe(0);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('holds each caller to its own rate, also when they differ and the log must grow', async () => {
    const pacer = createPacer(now);
    const log: { id: number; at: number }[] = [];
    ask(pacer, 3, 3, log);
    ask(pacer, 3, 5, log);
    expect(log).toHaveLength(5);
    await vi.advanceTimersByTimeAsync(999);
    expect(log).toHaveLength(5);
    await vi.advanceTimersByTimeAsync(1100);
    expect(log).toHaveLength(6);
    expect(mostInASecond(log.map(({ at }) => at))).toBe(5);
  });

  it('counts a burst from when it left, not from when it was let go', async () => {
    let late = 0;
    const time = () => performance.now() + late;
    const pacer = createPacer(time);
    const pace = { requestsPerSecond: 2, maxQueued: 9 };
    const left: number[] = [];
    const leave = (turn: number) => {
      left.push(time());
      pacer.leave(turn);
    };
    const turns = [pacer.take(pace, never), pacer.take(pace, never), pacer.take(pace, never)];
    void wait(turns[2] ?? 0).then(leave);
    // Making the requests takes 80 ms.
    late += 80;
    for (const turn of turns) if (typeof turn === 'number') leave(turn);
    await vi.advanceTimersByTimeAsync(2000);
    expect(left).toHaveLength(3);
    expect(mostInASecond(left)).toBe(2);
    // A turn that the ring no longer remembers cannot disturb it.
    for (let index = 0; index < 9; index++) void pacer.take({ ...pace, requestsPerSecond: Infinity }, never);
    pacer.leave(0);
    expect(pacer.isIdle()).toBe(false);
  });

  it('refuses whoever finds the queue full', () => {
    const pacer = createPacer(now);
    const pace = { requestsPerSecond: 1, maxQueued: 1 };
    const controller = new AbortController();
    expect(pacer.take(pace, never)).toBeTypeOf('number');
    const waiting = wait(pacer.take(pace, controller.signal)).catch(() => 'left');
    expect(() => pacer.take(pace, never)).toThrow(NoPermitError);
    controller.abort();
    return expect(waiting).resolves.toBe('left');
  });

  it('forgets a caller that leaves, its listener and its timer, and lets the next ones move up', async () => {
    const pacer = createPacer(now);
    const pace = { requestsPerSecond: 2, maxQueued: 100 };
    expect(pacer.take(pace, never)).toBeTypeOf('number');
    expect(pacer.take(pace, never)).toBeTypeOf('number');
    const signals = Array.from({ length: 10 }, countingSignal);
    const left = signals.map(({ signal }) => wait(pacer.take(pace, signal)).catch(() => 'left'));
    const last = countingSignal();
    let lastAt: number | undefined;
    const start = now();
    void wait(pacer.take(pace, last.signal)).then(() => {
      lastAt = now();
    });
    expect(vi.getTimerCount()).toBe(11);
    expect(last.listeners).toBe(1);
    for (const { abort } of signals) abort();
    expect(await Promise.all(left)).toEqual(Array(10).fill('left'));
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(1500);
    expect((lastAt ?? Number.POSITIVE_INFINITY) - start).toBeLessThanOrEqual(1001);
    expect(last.listeners).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('passes by a caller whose timer died with its request', async () => {
    const pacer = createPacer(now);
    const pace = { requestsPerSecond: 1, maxQueued: 2 };
    expect(pacer.take(pace, never)).toBeTypeOf('number');
    const real = globalThis.setTimeout;
    // As in Workers: the request ends, and its timer never fires.
    vi.stubGlobal('setTimeout', () => 0);
    void pacer.take(pace, never);
    vi.stubGlobal('setTimeout', real);
    let done = false;
    void wait(pacer.take(pace, never)).then(() => {
      done = true;
    });
    expect(() => pacer.take(pace, never)).toThrow(NoPermitError);
    await vi.advanceTimersByTimeAsync(1100);
    expect(done).toBe(true);
    await vi.advanceTimersByTimeAsync(2000);
    expect(pacer.isIdle()).toBe(true);
    vi.unstubAllGlobals();
  });

  it('lets a caller that was passed by come back, and keeps the rate', async () => {
    let late = 0;
    const time = () => performance.now() + late;
    const pacer = createPacer(time);
    const times: number[] = [];
    for (let index = 0; index < 6; index++) {
      const turn = pacer.take({ requestsPerSecond: 2, maxQueued: 10 }, never);
      if (typeof turn === 'number') times.push(time());
      else void turn.then(() => times.push(time()));
    }
    // The event loop is blocked past everybody's turn; the pacer is asked before their timers fire.
    late += 5000;
    expect(pacer.take({ requestsPerSecond: 2, maxQueued: 10 }, never)).toBeTypeOf('number');
    times.push(time());
    await vi.advanceTimersByTimeAsync(4000);
    expect(times).toHaveLength(7);
    expect(mostInASecond(times)).toBe(2);
    expect(vi.getTimerCount()).toBe(0);
  });

  describe('pause', () => {
    const unlimited = { requestsPerSecond: Number.POSITIVE_INFINITY, maxQueued: 10 };

    it('holds everybody until its end, also without a rate; the longest wins', async () => {
      const pacer = createPacer(now);
      pacer.pause(2000);
      pacer.pause(500);
      expect(pacer.isIdle()).toBe(false);
      const turns = [pacer.take(unlimited, never), pacer.take(unlimited, never)];
      let done = 0;
      for (const turn of turns) void wait(turn).then(() => done++);
      await vi.advanceTimersByTimeAsync(1999);
      expect(done).toBe(0);
      await vi.advanceTimersByTimeAsync(2);
      expect(done).toBe(2);
    });

    it('is not waited for when it is long, by new callers nor by those who wait', async () => {
      const pacer = createPacer(now);
      pacer.pause(1000);
      const waiting = wait(pacer.take(unlimited, never)).catch((error: unknown) => error);
      pacer.pause(MAX_PAUSE_MS + 5000);
      expect(() => pacer.take(unlimited, never)).toThrow(NoPermitError);
      await vi.advanceTimersByTimeAsync(1000);
      expect(await waiting).toMatchObject({ name: 'NoPermitError', retryAfterMs: 34_500 });
      expect(vi.getTimerCount()).toBe(0);
    });
  });
});

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createAvailability } from '../../../src/redis/failover/availability.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const TIMEOUT_MS = 150;

/** Availability in a process that may be busy: its time advances while no timer can fire. */
function startAvailability() {
  let busyMs = 0;
  const time = { monotonicMs: () => performance.now() + busyMs, epochMs: () => Date.now() };
  const emit = vi.fn();
  const availability = createAvailability(time, emit);
  return {
    availability,
    emit,
    isBusyFor(ms: number) {
      busyMs += ms;
    },
    call: (work: () => Promise<string>) => availability.call(work, { timeoutMs: TIMEOUT_MS, isTake: true }),
  };
}

function replyAfter<Value>(ms: number, value: Value): () => Promise<Value> {
  return () => new Promise((resolve) => setTimeout(() => resolve(value), ms));
}

describe('the way to the shared store', () => {
  it('does not take the lag of its own process for a slow server', async () => {
    const { availability, emit, isBusyFor, call } = startAvailability();
    // The reply arrived long ago, and is read right after the timers.
    const reply = call(replyAfter(TIMEOUT_MS + 1, 'reply'));
    isBusyFor(300);
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS + 1);
    expect(await reply).toEqual({ hasReply: true, value: 'reply' });
    expect(availability.isSuspect()).toBe(false);
    expect(emit).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('still gives up when nothing came', async () => {
    const { emit, isBusyFor, call } = startAvailability();
    const reply = call(() => new Promise(() => {}));
    isBusyFor(300);
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS + 25);
    expect(await reply).toEqual({ hasReply: false });
    expect(emit).toHaveBeenCalledWith({ type: 'limits-call-failed', reason: 'timeout' });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is on time in a process that is', async () => {
    const { call } = startAvailability();
    const reply = call(replyAfter(TIMEOUT_MS + 1, 'reply'));
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS);
    expect(await reply).toEqual({ hasReply: false });
  });

  it('is in doubt from a failure to the next take that is answered', async () => {
    const { availability, call } = startAvailability();
    expect(availability.isSuspect()).toBe(false);
    await call(() => Promise.reject(new Error('no')));
    expect([availability.isDown(), availability.isSuspect()]).toEqual([false, true]);
    await availability.call(async () => 'read', { timeoutMs: TIMEOUT_MS, isTake: false });
    expect(availability.isSuspect()).toBe(true);
    await call(async () => 'taken');
    expect(availability.isSuspect()).toBe(false);
  });

  it('takes calls that failed together for one failure', async () => {
    const { availability, emit, call } = startAvailability();
    for (let index = 1; index <= 2; index += 1) {
      const together = Array.from({ length: 20 }, () => call(() => new Promise(() => {})));
      await vi.advanceTimersByTimeAsync(TIMEOUT_MS);
      await Promise.all(together);
      expect(availability.isDown()).toBe(false);
      expect(emit).toHaveBeenCalledTimes(index);
    }
    await call(() => Promise.reject(new Error('no')));
    expect(availability.isDown()).toBe(true);
  });

  it('lets a caller leave while it is slow', async () => {
    const { availability, isBusyFor } = startAvailability();
    const caller = new AbortController();
    const reply = availability.call(() => new Promise(() => {}), {
      timeoutMs: TIMEOUT_MS,
      isTake: true,
      signal: caller.signal,
    });
    const refused = expect(reply).rejects.toMatchObject({ name: 'AbortError' });
    isBusyFor(300);
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS);
    caller.abort();
    await refused;
    expect(availability.isSuspect()).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });
});

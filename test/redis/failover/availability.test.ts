import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createGate } from '../../../src/redis/failover/availability.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const TIMEOUT_MS = 150;

/** A gate in a process that may be busy: its time goes on while no timer can fire. */
function startGate() {
  let busyMs = 0;
  const time = { monotonicMs: () => performance.now() + busyMs, epochMs: () => Date.now() };
  const emit = vi.fn();
  const gate = createGate(time, emit);
  return {
    gate,
    emit,
    isBusyFor(ms: number) {
      busyMs += ms;
    },
    ask: (work: () => Promise<string>) => gate.ask(work, { timeoutMs: TIMEOUT_MS, isTake: true }),
  };
}

function answerAfter<Value>(ms: number, value: Value): () => Promise<Value> {
  return () => new Promise((resolve) => setTimeout(() => resolve(value), ms));
}

describe('the way to the shared store', () => {
  it('does not take the lag of its own process for a slow server', async () => {
    const { gate, emit, isBusyFor, ask } = startGate();
    // The answer came long ago, and is read right after the timers.
    const asked = ask(answerAfter(TIMEOUT_MS + 1, 'answer'));
    isBusyFor(300);
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS + 1);
    expect(await asked).toEqual({ isAnswered: true, value: 'answer' });
    expect(gate.isDoubted()).toBe(false);
    expect(emit).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('gives up all the same when nothing came', async () => {
    const { emit, isBusyFor, ask } = startGate();
    const asked = ask(() => new Promise(() => {}));
    isBusyFor(300);
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS + 25);
    expect(await asked).toEqual({ isAnswered: false });
    expect(emit).toHaveBeenCalledWith({ type: 'limits-call-failed', reason: 'timeout' });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is on time in a process that is', async () => {
    const { ask } = startGate();
    const asked = ask(answerAfter(TIMEOUT_MS + 1, 'answer'));
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS);
    expect(await asked).toEqual({ isAnswered: false });
  });

  it('is in doubt from a failure to the next take that is answered', async () => {
    const { gate, ask } = startGate();
    expect(gate.isDoubted()).toBe(false);
    await ask(() => Promise.reject(new Error('no')));
    expect([gate.isOpen(), gate.isDoubted()]).toEqual([false, true]);
    await gate.ask(async () => 'read', { timeoutMs: TIMEOUT_MS, isTake: false });
    expect(gate.isDoubted()).toBe(true);
    await ask(async () => 'taken');
    expect(gate.isDoubted()).toBe(false);
  });

  it('takes calls that failed together for one failure', async () => {
    const { gate, emit, ask } = startGate();
    for (let turn = 1; turn <= 2; turn += 1) {
      const together = Array.from({ length: 20 }, () => ask(() => new Promise(() => {})));
      await vi.advanceTimersByTimeAsync(TIMEOUT_MS);
      await Promise.all(together);
      expect(gate.isOpen()).toBe(false);
      expect(emit).toHaveBeenCalledTimes(turn);
    }
    await ask(() => Promise.reject(new Error('no')));
    expect(gate.isOpen()).toBe(true);
  });

  it('lets a caller leave while it is slow', async () => {
    const { gate, isBusyFor } = startGate();
    const caller = new AbortController();
    const asked = gate.ask(() => new Promise(() => {}), {
      timeoutMs: TIMEOUT_MS,
      isTake: true,
      signal: caller.signal,
    });
    const refused = expect(asked).rejects.toMatchObject({ name: 'AbortError' });
    isBusyFor(300);
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS);
    caller.abort();
    await refused;
    expect(gate.isDoubted()).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });
});

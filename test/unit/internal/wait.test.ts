import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { raceAbort, wait } from '../../../src/internal/wait.ts';
import { countingSignal } from '../../support/counting-signal.ts';

describe('wait', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('waits, and leaves nothing behind', async () => {
    const { signal, ...counted } = countingSignal();
    let done = false;
    void wait(99.2, signal).then(() => {
      done = true;
    });
    await vi.advanceTimersByTimeAsync(99);
    expect(done).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(done).toBe(true);
    expect(counted.listeners).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends with the signal', async () => {
    const controller = new AbortController();
    const waiting = wait(1000, controller.signal);
    controller.abort('gone');
    await expect(waiting).rejects.toBe('gone');
    expect(vi.getTimerCount()).toBe(0);
    await expect(wait(1000, controller.signal)).rejects.toBe('gone');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not end at once when asked for more than a timer can hold', async () => {
    const controller = new AbortController();
    let done = false;
    const waiting = wait(1e12, controller.signal).then(
      () => {
        done = true;
      },
      () => {},
    );
    await vi.advanceTimersByTimeAsync(10_000);
    expect(done).toBe(false);
    controller.abort();
    await waiting;
  });
});

describe('raceAbort', () => {
  it('gives the value or the failure, and takes its listener away', async () => {
    const counted = countingSignal();
    await expect(raceAbort(Promise.resolve(1), counted.signal)).resolves.toBe(1);
    await expect(raceAbort(Promise.reject(new Error('x')), counted.signal)).rejects.toThrow('x');
    expect(counted.listeners).toBe(0);
  });

  it('ends with the signal although the promise never settles', async () => {
    const controller = new AbortController();
    const race = raceAbort(new Promise(() => {}), controller.signal);
    controller.abort('gone');
    await expect(race).rejects.toBe('gone');
  });

  it('hands a late value to be discarded, and swallows a late failure', async () => {
    const controller = new AbortController();
    controller.abort('gone');
    const late: number[] = [];
    await expect(raceAbort(Promise.resolve(7), controller.signal, (value) => late.push(value))).rejects.toBe(
      'gone',
    );
    await expect(raceAbort(Promise.reject(new Error('late')), controller.signal)).rejects.toBe('gone');
    await expect(raceAbort(Promise.resolve(8), controller.signal)).rejects.toBe('gone');
    expect(late).toEqual([7]);
  });
});

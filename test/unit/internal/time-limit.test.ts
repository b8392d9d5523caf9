import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { withTimeLimit } from '../../../src/internal/time-limit.ts';
import { countingSignal } from '../../support/counting-signal.ts';
import { failureOf } from '../../support/transport.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe('withTimeLimit', () => {
  it('gives the value of work that is done in time', async () => {
    const caller = countingSignal();
    expect(await withTimeLimit(10, caller.signal, () => 1)).toEqual({ inTime: true, value: 1 });
    expect(await withTimeLimit(10, undefined, async () => 2)).toEqual({ inTime: true, value: 2 });
    expect(caller.listeners).toBe(0);
  });

  it('says when time ran out, and tells the work', async () => {
    let told: AbortSignal | undefined;
    const timed = withTimeLimit(10, undefined, (signal) => {
      told = signal;
      return new Promise<never>(() => {});
    });
    await vi.advanceTimersByTimeAsync(9);
    expect(told?.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await timed).toEqual({ inTime: false });
    expect(told?.aborted).toBe(true);
  });

  it('passes on what the work throws', async () => {
    const error = new Error('x');
    const throws = () => {
      throw error;
    };
    expect(await failureOf(withTimeLimit(10, undefined, throws))).toBe(error);
    expect(await failureOf(withTimeLimit(10, undefined, () => Promise.reject(error)))).toBe(error);
  });

  it('ends with the caller', async () => {
    const work = vi.fn(() => new Promise<never>(() => {}));
    const caller = countingSignal();
    const failed = failureOf(withTimeLimit(10, caller.signal, work));
    caller.abort();
    expect(await failed).toBe(caller.signal.reason);
    expect(caller.listeners).toBe(0);
    work.mockClear();
    expect(await failureOf(withTimeLimit(10, caller.signal, work))).toBe(caller.signal.reason);
    expect(work).not.toHaveBeenCalled();
  });

  it('drops what fails after its time', async () => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    const timed = withTimeLimit(10, undefined, async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      throw new Error('late');
    });
    await vi.advanceTimersByTimeAsync(30);
    expect(await timed).toEqual({ inTime: false });
    vi.useRealTimers();
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
    vi.useFakeTimers();
  });
});

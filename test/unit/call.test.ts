import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Call, createCalls } from '../../src/call.ts';
import { countingSignal } from '../support/counting-signal.ts';
import { failureOf } from '../support/transport.ts';

const hangs = () => new Promise<never>(() => {});

/** Work that lasts until its call ends. */
const untilEnded = (call: Call) =>
  new Promise<never>((_, reject) => {
    call.signal.addEventListener('abort', () => reject(call.signal.reason), { once: true });
  });

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe('run', () => {
  it('gives what the work gives, and passes on what it throws', async () => {
    const calls = createCalls(undefined);
    expect(await calls.run(undefined, async () => 1)).toBe(1);
    const error = new Error('x');
    expect(await failureOf(calls.run({}, () => Promise.reject(error)))).toBe(error);
  });

  it('hands on context and options, with what is left of the deadline', async () => {
    const context = { user: 'u' };
    await createCalls(undefined).run({ context, deadlineMs: 1_000, maxAttempts: 2 }, async (call) => {
      expect(call.context).toBe(context);
      vi.advanceTimersByTime(400);
      expect(call).toMatchObject({ maxAttempts: 2, deadlineMs: 1_000 });
      expect(call.remainingMs()).toBe(600);
      expect(() => call.throwIfEnded()).not.toThrow();
    });
    await createCalls(undefined).run(undefined, async (call) => {
      expect(call).toMatchObject({ maxAttempts: undefined, timeoutMs: undefined, deadlineMs: undefined });
      expect(call.remainingMs()).toBe(Number.POSITIVE_INFINITY);
    });
  });

  it('ends at the deadline of the call, else of the client', async () => {
    const calls = createCalls(100);
    const own = failureOf(calls.run({ deadlineMs: 50 }, untilEnded));
    const common = failureOf(calls.run({}, untilEnded));
    await vi.advanceTimersByTimeAsync(50);
    expect(await own).toMatchObject({
      code: 'timeout',
      message: expect.stringContaining('deadlineMs (50 ms)'),
    });
    await vi.advanceTimersByTimeAsync(50);
    expect(await common).toMatchObject({ code: 'timeout', submission: 'not-submitted' });
  });

  it('ends with the caller, and leaves no listener', async () => {
    const caller = countingSignal();
    const calls = createCalls(undefined);
    const ended = failureOf(calls.run({ signal: caller.signal }, untilEnded));
    expect(caller.listeners).toBe(1);
    caller.abort();
    expect(await ended).toMatchObject({ name: 'AbortError', code: 'aborted', submission: 'not-submitted' });
    const quiet = countingSignal();
    await calls.run({ signal: quiet.signal }, async () => {});
    expect(quiet.listeners).toBe(0);
    await calls.run({ signal: caller.signal }, async (call) => {
      expect(call.signal.aborted).toBe(true);
      expect(() => call.throwIfEnded()).toThrow(/aborted before anything was sent/);
    });
  });

  it('the first end is the reason', async () => {
    const caller = countingSignal();
    const calls = createCalls(undefined);
    await calls.run({ signal: caller.signal, deadlineMs: 10 }, async (call) => {
      await vi.advanceTimersByTimeAsync(10);
      caller.abort();
      expect(() => call.throwIfEnded()).toThrow(/deadlineMs/);
      expect(call.signal.reason).toMatchObject({ code: 'timeout' });
    });
  });
});

describe('onEnd', () => {
  it('calls back once, without a signal, and not what was taken back', async () => {
    const caller = new AbortController();
    await createCalls(undefined).run({ signal: caller.signal }, async (call) => {
      const [kept, gone] = [vi.fn(), vi.fn()];
      call.onEnd(kept);
      const forget = call.onEnd(gone);
      forget();
      forget();
      const narrowed = vi.fn();
      call.until(new AbortController().signal).onEnd(narrowed);
      caller.abort();
      expect(kept).toHaveBeenCalledTimes(1);
      expect(narrowed).toHaveBeenCalledTimes(1);
      expect(gone).not.toHaveBeenCalled();
      expect(call.signal.aborted).toBe(true);
    });
  });

  it('leaves what a narrowed call has to the whole one', async () => {
    await createCalls(undefined).run({ deadlineMs: 1_000 }, async (call) => {
      const narrowed = call.until(new AbortController().signal);
      expect(narrowed.remainingMs()).toBe(call.remainingMs());
      expect(await narrowed.within(10, async ({ deadlineMs }) => deadlineMs)).toBe(10);
    });
  });
});

describe('until', () => {
  it('ends with the call, or when the loop is left', async () => {
    const calls = createCalls(undefined);
    const leaving = new AbortController();
    await calls.run({ context: 'c', maxAttempts: 2 }, async (call) => {
      const narrowed = call.until(leaving.signal);
      expect(narrowed).toMatchObject({ context: 'c', maxAttempts: 2, stopReason: undefined });
      expect(() => narrowed.throwIfEnded()).not.toThrow();
      leaving.abort(new Error('left'));
      expect(narrowed.stopReason).toBe('aborted');
      expect(() => narrowed.throwIfEnded()).toThrow('left');
      expect(call.stopReason).toBeUndefined();
      const again = narrowed.until(new AbortController().signal);
      expect(again.stopReason).toBe('aborted');
    });
    const caller = new AbortController();
    await calls.run({ signal: caller.signal }, async (call) => {
      const narrowed = call.until(new AbortController().signal);
      caller.abort();
      expect(narrowed.stopReason).toBe('aborted');
      expect(() => narrowed.throwIfEnded()).toThrow(/aborted before anything was sent/);
    });
  });
});

describe('cleanUp', () => {
  it('is let through after close', async () => {
    const calls = createCalls(undefined);
    await calls.close(0);
    expect(await calls.cleanUp({ timeoutMs: 5 }, async ({ timeoutMs }) => timeoutMs)).toBe(5);
  });
});

describe('close', () => {
  it('refuses new calls, and waits for those under way', async () => {
    const calls = createCalls(undefined);
    let finish: (value: number) => void = () => {};
    const open = calls.run(undefined, () => new Promise<number>((resolve) => (finish = resolve)));
    const closed = vi.fn();
    const closing = calls.close(1_000).then(closed);
    await vi.advanceTimersByTimeAsync(500);
    expect(closed).not.toHaveBeenCalled();
    expect(await failureOf(calls.run(undefined, hangs))).toMatchObject({ code: 'configuration' });
    finish(7);
    expect(await open).toBe(7);
    await closing;
  });

  it('ends what is not done in time', async () => {
    const calls = createCalls(undefined);
    const open = failureOf(calls.run(undefined, untilEnded));
    const closing = calls.close(100);
    await vi.advanceTimersByTimeAsync(100);
    await closing;
    expect(await open).toMatchObject({
      code: 'aborted',
      message: expect.stringContaining('client was closed'),
    });
  });

  it('is done at once when nothing is under way', async () => {
    await createCalls(undefined).close(1_000);
    expect(vi.getTimerCount()).toBe(0);
  });
});

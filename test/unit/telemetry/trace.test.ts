import { describe, expect, it, vi } from 'vitest';
import { ConsentError, TimeoutError } from '../../../src/errors.ts';
import type { CallOperation, TracedOperation } from '../../../src/telemetry/operations.ts';
import type { Telemetry } from '../../../src/telemetry/telemetry.ts';
import { createTrace } from '../../../src/telemetry/trace.ts';

const call = (): CallOperation => ({ kind: 'call', name: 'messages.send' });

function traceWith(trace: Telemetry['trace']) {
  const reportError = vi.fn();
  return { reportError, trace: createTrace({ trace, event() {} }, undefined, reportError) };
}

describe('createTrace', () => {
  it('runs the work once, at once, and gives its result', async () => {
    const work = vi.fn(async () => 7);
    const { trace, reportError } = traceWith((_, run) => run());
    const running = trace(call(), work);
    expect(work).toHaveBeenCalledTimes(1);
    expect(await running).toBe(7);
    expect(reportError).not.toHaveBeenCalled();
  });

  it.each<[string, Telemetry['trace']]>([
    [
      'throws before the work',
      () => {
        throw new Error('broken');
      },
    ],
    ['rejects on its own', async () => Promise.reject(new Error('broken'))],
    [
      'rejects after the work',
      async (_, run) => {
        await run();
        throw new Error('broken');
      },
    ],
    [
      'runs the work twice, then rejects',
      async (_, run) => {
        await Promise.all([run(), run()]);
        throw new Error('broken');
      },
    ],
  ])('telemetry that %s disturbs nothing, and its author hears of it', async (_, broken) => {
    const work = vi.fn(async () => 'sent');
    const { trace, reportError } = traceWith(broken);
    expect(await trace(call(), work)).toBe('sent');
    expect(work).toHaveBeenCalledTimes(1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(reportError.mock.calls).toEqual([[new Error('broken'), 'telemetry']]);
  });

  it('telemetry that never calls the work, and never ends, does not hold it up', async () => {
    const { trace } = traceWith(() => new Promise(() => {}));
    expect(await trace(call(), async () => 1)).toBe(1);
  });

  it('an error of the work reaches the caller alone, with its class on the operation', async () => {
    const error = new TimeoutError({
      message: 'late',
      submission: 'unknown',
      reason: 'timeout',
      attempts: 1,
    });
    const operation: TracedOperation = call();
    const { trace, reportError } = traceWith((_, run) => run());
    await expect(trace(operation, () => Promise.reject(error))).rejects.toBe(error);
    await new Promise((resolve) => setImmediate(resolve));
    expect(operation.errorType).toBe('timeout');
    expect(reportError).not.toHaveBeenCalled();
  });

  it('an exception of somebody else has no class', async () => {
    const operation = call();
    const { trace } = traceWith((_, run) => run());
    await expect(trace(operation, () => Promise.reject(new Error('+6591234567')))).rejects.toThrow();
    expect(operation).toEqual({ kind: 'call', name: 'messages.send', errorType: '_OTHER' });
  });

  it.each([
    [undefined, undefined],
    [true, 'consent'],
  ] as const)(
    'a refusal is a decision, and no failure unless nobody decided: outage %s',
    async (outage, errorType) => {
      const operation = call();
      const decision = { guard: 'consent', reason: 'threw', mode: 'enforce', explanation: 'x' } as const;
      const error = new ConsentError({
        message: 'no',
        decision: { ...decision, ...(outage && { outage }) },
      });
      const { trace } = traceWith((_, run) => run());
      await expect(trace(operation, () => Promise.reject(error))).rejects.toBe(error);
      expect(operation.decision).toEqual({ guard: 'consent', reason: 'threw' });
      expect(operation.errorType).toBe(errorType);
    },
  );
});

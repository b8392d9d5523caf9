import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SmsEvent } from '../../../src/events.ts';
import { createEmit } from '../../../src/telemetry/create-emit.ts';

const event = { type: 'store-failed', store: 'limits' } as const;

describe('createEmit', () => {
  const unhandled = vi.fn();
  beforeEach(() => void process.on('unhandledRejection', unhandled));
  afterEach(() => void process.off('unhandledRejection', unhandled));

  it('puts the time on and hands the context over untouched', () => {
    const seen: [SmsEvent, unknown][] = [];
    const context = { user: 'u-1' };
    createEmit(
      (told, details) => void seen.push([told, details.context]),
      () => 42,
    )(event, context);
    expect(seen).toEqual([[{ ...event, at: 42 }, context]]);
    expect(seen[0]?.[1]).toBe(context);
  });

  it('reads no clock without a listener', () => {
    const now = vi.fn(() => 0);
    createEmit(undefined, now)(event);
    expect(now).not.toHaveBeenCalled();
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['rejects', async () => Promise.reject(new Error('broken'))],
    ['rejects with a promise of another realm', () => runInNewContext("Promise.reject(new Error('broken'))")],
    [
      'gives a thenable that throws',
      () =>
        ({
          // biome-ignore lint/suspicious/noThenProperty: what a broken library does
          then() {
            throw new Error('broken');
          },
        }) as never,
    ],
  ])('a listener that %s disturbs nothing', async (_, listener) => {
    const emit = createEmit(listener, () => 0);
    expect(() => emit(event)).not.toThrow();
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).not.toHaveBeenCalled();
  });

  it('tells both the listener and the log, whatever becomes of either', () => {
    const log = vi.fn();
    const broken = () => {
      throw new Error('broken');
    };
    createEmit(broken, () => 1, log)(event);
    createEmit(log, () => 2, broken)(event);
    createEmit(undefined, () => 3, log)(event);
    expect(log.mock.calls.map(([told]) => told)).toEqual([1, 2, 3].map((at) => ({ ...event, at })));
  });

  it('a clock that throws disturbs nothing', () => {
    const emit = createEmit(
      () => {},
      () => {
        throw new Error('no clock');
      },
    );
    expect(() => emit(event)).not.toThrow();
  });
});

import { afterEach, describe, expect, it, vi } from 'vitest';
import { causeOf, createEmitLimits } from '../../../src/redis/failover/limits-event.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

describe('events of a limit store', () => {
  it('carry their time', () => {
    const listener = vi.fn();
    createEmitLimits(listener, () => 4711)({ type: 'grants-not-written-back' });
    expect(listener).toHaveBeenCalledWith({ type: 'grants-not-written-back', at: 4711 });
  });

  it('are not disturbed by a listener that throws or rejects', async () => {
    const emit = createEmitLimits(
      () => {
        throw new Error('broken');
      },
      () => 0,
    );
    expect(() => emit({ type: 'grants-not-written-back' })).not.toThrow();
    const rejecting = vi.fn(async () => {
      throw new Error('broken');
    });
    createEmitLimits(rejecting, () => 0)({ type: 'grants-not-written-back' });
    await vi.waitFor(() => expect(rejecting).toHaveBeenCalledOnce());
  });

  it('are written to the console when nobody listens, except single failures', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const emit = createEmitLimits(undefined, () => 0);
    emit({ type: 'limits-call-failed', reason: 'timeout' });
    emit({ type: 'limits-switched', to: 'local', reason: 'error', cause: 'NOPERM' });
    emit({ type: 'grants-not-written-back' });
    expect(warn.mock.calls).toEqual([
      ['8x8-sms-guard: limits-switched to=local reason=error cause=NOPERM'],
      ['8x8-sms-guard: grants-not-written-back'],
    ]);
  });

  it('name the code of a failure and nothing else of it', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED 10.0.0.7:6379'), { code: 'ECONNREFUSED' });
    expect(causeOf(refused)).toEqual({ cause: 'ECONNREFUSED' });
    expect(causeOf(new Error('OOM command not allowed'))).toEqual({ cause: 'OOM' });
    expect(causeOf(new Error('It said: NOPERM this user has no permissions'))).toEqual({ cause: 'NOPERM' });
    const secret = new Error('cannot reach redis://:HUNTER_TWO@10.0.0.7, scope ACME, ETIMEDOUT');
    expect(causeOf(secret)).toEqual({ cause: 'ETIMEDOUT' });
    const unknown = new Error('HUNTER_TWO is wrong');
    for (const error of [
      unknown,
      new Error('Connection is closed for key 4711'),
      'NOPERM',
      undefined,
      null,
      {},
    ]) {
      expect(causeOf(error)).toEqual({});
    }
  });
});

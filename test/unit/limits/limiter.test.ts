import { describe, expect, it, vi } from 'vitest';
import { createCalls } from '../../../src/call.ts';
import type { LimitRule, LimitStore } from '../../../src/limits/limit-store.ts';
import { createLimiter } from '../../../src/limits/limiter.ts';
import { failureOf } from '../../support/transport.ts';

const rule: LimitRule = {
  kind: 'window',
  id: 'recipient:all:1000',
  guard: 'recipient',
  key: 1,
  mode: 'enforce',
  limit: 1,
  windowMs: 1_000,
};

function limiterOver(states: unknown) {
  const inspect = vi.fn(async () => states);
  const limits = { inspect } as unknown as LimitStore;
  const emit = vi.fn();
  const limiter = createLimiter({ limits, scope: 'team', clock: { now: () => 0 }, emit });
  const read = (rules: readonly LimitRule[]) =>
    createCalls(undefined).run({}, (call) => limiter.inspect(rules, call, 'nothing was read.'));
  return { inspect, emit, read };
}

describe('inspect', () => {
  it('asks nobody about no rule', async () => {
    const { inspect, read } = limiterOver([]);
    expect(await read([])).toEqual([]);
    expect(inspect).not.toHaveBeenCalled();
  });

  it('returns the counters of the store', async () => {
    const states = [{ rule, count: 1 }];
    expect(await limiterOver(states).read([rule])).toBe(states);
  });

  it.each([[null], [[null]], [[undefined]], [[{}]], [[{ rule: {}, count: 1 }]], [[{ rule, count: '1' }]]])(
    'is a StoreError when the store answers %j',
    async (states) => {
      const { emit, read } = limiterOver(states);
      const error = await failureOf(read([rule]));
      expect(error).toMatchObject({ code: 'store', submission: 'not-submitted' });
      expect((error as Error).message).toBe('The limit store failed, so nothing was read.');
      expect(emit).toHaveBeenCalledWith({ type: 'store-failed', store: 'limits' }, undefined);
    },
  );
});

import fc from 'fast-check';
import { expect } from 'vitest';
import type { LimitStore } from '../../src/limits/limit-store.ts';
import { windowRule } from '../../src/testing/limit-conformance/kit.ts';

const LONGEST_MS = 100_000;
const KEY = 6591234567;

/**
 * Clients of one scope with windows of their own, and what they send. The longest window, with the largest limit,
 * is the first that is used, and the history is over before it ends, so that nothing may be forgotten.
 */
export const mixedHistory = fc.record({
  windows: fc.array(
    fc.record({ limit: fc.integer({ min: 1, max: 6 }), windowMs: fc.integer({ min: 1, max: 40_000 }) }),
    {
      minLength: 1,
      maxLength: 3,
    },
  ),
  longestLimit: fc.integer({ min: 6, max: 12 }),
  sends: fc.array(
    fc.record({
      client: fc.nat(3),
      passedMs: fc.oneof(fc.constantFrom(0, 1), fc.nat(1_500)),
      outcome: fc.constantFrom<'keep' | 'return'>('keep', 'keep', 'keep', 'return'),
    }),
    { maxLength: 60 },
  ),
});

type History = typeof mixedHistory extends fc.Arbitrary<infer Value> ? Value : never;

/** Every client must be refused exactly when its own window is full of what all have sent, and be told when it is not. */
export async function checkMixedHistory(
  store: LimitStore,
  scope: string,
  { windows, longestLimit, sends }: History,
  advance: (ms: number) => void,
): Promise<void> {
  const clients = [{ limit: longestLimit, windowMs: LONGEST_MS }, ...windows];
  let nowMs = 0;
  let stamps: number[] = [];
  for (const [index, { client, passedMs, outcome }] of [
    { client: 0, passedMs: 0, outcome: 'keep' } as const,
    ...sends,
  ].entries()) {
    advance(passedMs);
    nowMs += passedMs;
    const { limit, windowMs } = clients[client % clients.length] as (typeof clients)[number];
    const rules = [{ ...windowRule(KEY, limit, windowMs), id: 'window' }];
    const reservation = `${scope}-${index}`;
    const [verdict] = await store.take(scope, [{ reservation, rules }]);
    const live = stamps.filter((atMs) => atMs > nowMs - windowMs);
    const nth = live.at(-limit);
    expect(verdict?.granted).toBe(nth === undefined);
    if (verdict?.granted === false) {
      expect(verdict.refusals[0]?.retryAfterMs).toBe((nth as number) + windowMs - nowMs);
      continue;
    }
    if (outcome === 'keep') stamps = [...stamps, nowMs];
    await store.settle(scope, [{ reservation, rules, outcome }]);
  }
}

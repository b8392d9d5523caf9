import { describe, expect, it } from 'vitest';
import { ValidationError } from '../../../src/errors.ts';
import type { LimitRule } from '../../../src/limits/limit-store.ts';
import { createLimiter, detachedCall } from '../../../src/limits/limiter.ts';
import { memoryLimits } from '../../../src/limits/memory-limits.ts';
import { keepPlan, type ScopeState } from '../../../src/limits/rule-tables.ts';
import { TakePlan } from '../../../src/limits/take-plan.ts';
import {
  activeBlockRule,
  backoffRule,
  distinctRule,
  knownRule,
  rememberRule,
  Session,
  visitorRule,
  windowRule,
} from '../../../src/testing/limit-conformance/kit.ts';
import { memoryUnderTest } from './memory-under-test.ts';

const NUMBER = 6591234567;
const HOUR_MS = 3_600_000;

/** A store that has taken requests of this shape before. */
async function warm(rules: (number: number) => readonly LimitRule[]): Promise<Session> {
  const run = new Session(memoryUnderTest());
  for (const number of [NUMBER + 1, NUMBER + 2]) {
    const request = { reservation: `warm ${number}`, rules: rules(number) };
    await run.store.take(run.scope, [request]);
    await run.store.settle(run.scope, [{ ...request, outcome: 'keep' }]);
  }
  return run;
}

describe('requests of a shape that was taken before', () => {
  const amount = (key: number, weight: number): LimitRule =>
    ({ ...windowRule(key, 1_000, HOUR_MS), id: 'amount', weighted: true, weight }) as LimitRule;

  it.each<[string, (key: number) => readonly LimitRule[], (key: number) => readonly LimitRule[]]>([
    ['a key', (key) => [windowRule(key, 2, HOUR_MS)], () => [windowRule(-1, 2, HOUR_MS)]],
    ['a key', (key) => [windowRule(key, 2, HOUR_MS)], () => [windowRule('' as never, 2, HOUR_MS)]],
    ['a limit', (key) => [windowRule(key, 2, HOUR_MS)], (key) => [windowRule(key, 0, HOUR_MS)]],
    ['a window', (key) => [windowRule(key, 2, HOUR_MS)], (key) => [windowRule(key, 2, 0)]],
    ['a weight', (key) => [amount(key, 5)], (key) => [amount(key, 0.5)]],
    [
      'a weight of a rule without one',
      (key) => [windowRule(key, 2, HOUR_MS)],
      (key) => [{ ...windowRule(key, 2, HOUR_MS), weight: 2 } as LimitRule],
    ],
    [
      'a limit of members',
      (key) => [distinctRule(key, 1, 2, HOUR_MS)],
      (key) => [{ ...distinctRule(key, 1, 2, HOUR_MS), limit: 0 }],
    ],
    [
      'waits that shrink',
      (key) => [backoffRule(key, 10, 20, HOUR_MS)],
      (key) => [{ ...backoffRule(key, 10, 20, HOUR_MS), maxMs: 9 }],
    ],
    [
      'a visitor',
      (key) => [visitorRule(key, 1, 10, 10, HOUR_MS)],
      (key) => [{ ...visitorRule(key, 1, 10, 10, HOUR_MS), member: undefined } as LimitRule],
    ],
    [
      'a member to remember',
      (key) => [rememberRule(key, 'owner', HOUR_MS)],
      (key) => [{ ...rememberRule(key, 'owner', HOUR_MS), member: undefined } as LimitRule],
    ],
    [
      'one counter twice',
      (key) => [windowRule(key, 2, HOUR_MS), windowRule(key + 100, 2, HOUR_MS)],
      (key) => [windowRule(key, 2, HOUR_MS), windowRule(key, 2, HOUR_MS)],
    ],
    [
      'another shape of an id that nothing was written under',
      (key) => [windowRule(key, 2, HOUR_MS), knownRule(key, 'owner')],
      (key) => [
        windowRule(key, 2, HOUR_MS),
        { ...windowRule(key, 2, HOUR_MS), id: 'known', kind: 'slot' } as never,
      ],
    ],
  ])('are refused all the same for %s', async (_, rules, wrong) => {
    const run = await warm(rules);
    const request = { reservation: 'wrong', rules: wrong(NUMBER) };
    await expect(run.store.take(run.scope, [request])).rejects.toThrow(ValidationError);
    expect(await run.countOf(windowRule(NUMBER, 2, HOUR_MS))).toBe(0);
  });

  it('count under other limits as soon as these differ', async () => {
    const run = await warm((key) => [windowRule(key, 2, HOUR_MS)]);
    await run.sent('first', windowRule(NUMBER, 2, HOUR_MS));
    const stricter = { ...windowRule(NUMBER, 2, HOUR_MS), limit: 1 };
    expect(await run.refused('second', stricter)).toMatchObject({ reason: 'over-limit' });
    await run.sent('second', windowRule(NUMBER, 2, HOUR_MS));
  });

  it('see a table that comes in between', async () => {
    const { activate: _, ...check } = activeBlockRule(NUMBER, HOUR_MS);
    const run = await warm((key) => [{ ...check, key }]);
    await run.sent('free', check);
    await run.sent('block', activeBlockRule(NUMBER, HOUR_MS));
    expect(await run.refused('blocked', check)).toMatchObject({ reason: 'blocked-number' });
  });

  it('depend on what a rule noted, each anew', async () => {
    const tied = { ...windowRule(NUMBER, 1, HOUR_MS), when: { rule: 'known', found: true } } as LimitRule;
    const rules = [knownRule(NUMBER, 'owner'), tied];
    const run = await warm((key) => rules.map((rule) => ({ ...rule, key })));
    const take = async (reservation: string) => {
      const [verdict] = await run.store.take(run.scope, [{ reservation, rules }]);
      return verdict?.granted;
    };
    expect([await take('a stranger'), await take('again')]).toEqual([true, true]);
    await run.sent('remember', rememberRule(NUMBER, 'owner', HOUR_MS));
    expect([await take('known'), await take('known again')]).toEqual([true, false]);
  });

  it('may have more rules than any guard declares', async () => {
    const rules = Array.from({ length: 70 }, (_, index) => windowRule(NUMBER + index, 1, HOUR_MS));
    const run = new Session(memoryUnderTest());
    await run.sent('first', ...rules);
    expect(await run.refused('second', ...rules)).toMatchObject({ observed: 1 });
  });
});

describe('a plan', () => {
  const planOf = (rules: readonly LimitRule[]) => new TakePlan(rules, []);
  const kept = (...all: readonly (readonly LimitRule[])[]) => {
    const state = { plans: [] } as unknown as ScopeState;
    for (const rules of all) keepPlan(state, planOf(rules), rules);
    return state.plans.length;
  };

  it('fits rules of other limits, windows and waits: those of another country', () => {
    const rules = [
      windowRule(1, 2, HOUR_MS),
      backoffRule(1, 10, 20, HOUR_MS),
      distinctRule(1, 2, 3, HOUR_MS),
    ];
    const others = rules.map((rule) => {
      if (rule.kind === 'window') return { ...rule, key: 9, limit: 7, windowMs: 5 };
      return rule.kind === 'backoff' ? { ...rule, baseMs: 1, maxMs: 2, forgetMs: 3 } : { ...rule, limit: 8 };
    });
    expect(planOf(rules).fits(others)).toBe(true);
    expect(planOf(rules).fits(rules.map((rule) => ({ ...rule, id: 'other' })))).toBe(false);
  });

  it('is not kept when it fits nothing: to remember and to block happen once', () => {
    expect(kept([rememberRule(1, 'owner', HOUR_MS)], [activeBlockRule(1, HOUR_MS)])).toBe(0);
    expect(kept([windowRule(1, 2, HOUR_MS)])).toBe(1);
  });

  it('takes the place of the oldest of eight', () => {
    const shapes = Array.from({ length: 9 }, (_, index) => [{ ...windowRule(1, 1, 1), id: `rule ${index}` }]);
    expect(kept(...shapes)).toBe(8);
  });
});

describe('takes of a client', () => {
  it('are settled without an id, in slices', async () => {
    const limits = memoryLimits();
    const clock = { now: () => 0 };
    const limiter = createLimiter({ limits, scope: 'client', clock, emit: () => {} });
    const rule = windowRule(NUMBER, 1_000, HOUR_MS);
    const reservations = Array.from({ length: 600 }, () => limiter.reserve([rule]));
    const call = detachedCall({ context: undefined });
    const verdicts = await limiter.take(reservations, call);
    expect(verdicts.every(({ granted }) => granted)).toBe(true);
    const outcomes = reservations.map((reservation) => ({ reservation, outcome: 'return' }) as const);
    expect(await limiter.settle(outcomes)).toBe(true);
    expect(await limits.inspect('client', [rule])).toMatchObject([{ count: 0 }]);
  });
});

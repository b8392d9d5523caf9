import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type {
  LimitRule,
  LimitStore,
  Settlement,
  TakeRequest,
  TakeVerdict,
} from '../../src/limits/limit-store.ts';
import { memoryLimits } from '../../src/limits/memory-limits.ts';
import { createRedisStore } from '../../src/redis/redis-store.ts';
import { toRedisCommands } from '../../src/redis/to-redis-commands.ts';
import {
  activeBlockRule,
  backoffRule,
  blockRule,
  distinctRule,
  leasedRule,
  onceRule,
  slotRule,
  windowRule,
} from '../../src/testing/limit-conformance/kit.ts';
import { createFakeClock, NOON } from '../support/fake-clock.ts';
import { describeOnRedis } from './redis-kit.ts';
import { keyNamesOf } from './store-under-test.ts';

const DAY_MS = 86_400_000;
const KEYS = [6591234567, '__proto__'];

/** Rules that both stores count exactly; each store decides itself where sub-buckets start. `unit` scales all times. */
function ruleOf(kind: number, key: number, more: number, nowMs: number, unit: number): LimitRule {
  const of = KEYS[key] as number | string;
  switch (kind) {
    case 0:
      return windowRule(of, 3, 4 * unit);
    case 1:
      return { ...windowRule(of, 1 + (more % 4), 9 * unit), id: 'mixed' };
    case 2:
      return slotRule(of, 3, 5 * unit, nowMs + more * unit);
    case 3:
      return backoffRule(of, Math.ceil(unit / 2), 8 * unit, 6 * unit);
    case 4:
      return distinctRule(of, more % 4, 2, 5 * unit);
    case 5:
      return onceRule(of, `print-${more % 2}`, 4 * unit);
    case 6:
      return leasedRule(of, 4 * unit, 1000);
    case 7:
      return activeBlockRule(of, (1 + (more % 3)) * unit);
    default:
      return blockRule(of, unit);
  }
}

interface Turn {
  readonly batch: number;
  readonly outcome: 'keep' | 'return' | 'release';
}

const step = fc.record({
  /** Thousandths of the unit. */
  passed: fc.constantFrom(0, 1, 300, 700, 999, 1000, 1500, 4000, 9000),
  asked: fc.array(
    fc.record({
      kind: fc.nat(8),
      key: fc.nat(1),
      more: fc.nat(9),
      isMonitored: fc.nat(5).map((die) => die === 0),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  batch: fc.integer({ min: 1, max: 3 }),
  outcome: fc.constantFrom<'keep' | 'return' | 'release'>('keep', 'keep', 'return', 'release'),
});

/** A few kinds per history, so that their counters fill up; each history has its own. */
const history = fc.record({
  kinds: fc.uniqueArray(fc.nat(8), { minLength: 1, maxLength: 3 }),
  steps: fc.array(step, { minLength: 1, maxLength: 25 }),
});

/** A verdict without the rules themselves, which are the same. */
function plain(verdict: TakeVerdict): unknown {
  const violations = (list: TakeVerdict['observed']) =>
    list.map(({ rule, reason, observed, retryAfterMs, result }) => {
      // The count of once and block has no meaning here.
      return {
        id: rule.id,
        reason,
        retryAfterMs,
        result,
        observed: rule.kind === 'once' ? undefined : observed,
      };
    });
  const refusals = verdict.granted ? [] : violations(verdict.refusals);
  return { granted: verdict.granted, refusals, observed: violations(verdict.observed) };
}

/** Both stores get the same calls and must return the same results. */
async function compare(
  stores: readonly LimitStore[],
  { scope, at, batch, outcome, rules }: Turn & { scope: string; at: number; rules: readonly LimitRule[] },
): Promise<void> {
  const requests = Array.from({ length: batch }, (_, message): TakeRequest => {
    return { reservation: `${scope}-${at}-${message}`, rules };
  });
  const [inMemory, onRedis] = await Promise.all(stores.map((store) => store.take(scope, requests)));
  expect(onRedis?.map(plain)).toEqual(inMemory?.map(plain));
  for (const store of stores) {
    if (outcome === 'release') await store.release(scope, rules);
    const settlements = requests.map(({ reservation }): Settlement => {
      return { reservation, rules, outcome: outcome === 'release' ? 'keep' : outcome, result: `sent ${at}` };
    });
    await store.settle(scope, settlements);
  }
  const [states, others] = await Promise.all(stores.map((store) => store.inspect(scope, rules)));
  expect(others?.map(({ count }) => count)).toEqual(states?.map(({ count }) => count));
}

describeOnRedis('the store on Redis', (kit) => {
  describe('says the same as the store in memory', () => {
    it.each([
      ['seconds', 1000],
      // Windows of more than 12 days. Shorter ones use four bytes and rely on their keys to expire in time, which
      // follows the clock of the server, not of the test.
      ['days', 3.2 * DAY_MS],
    ])(
      'over any history, in %s',
      async (_, unit) => {
        let runs = 0;
        await fc.assert(
          fc.asyncProperty(history, async ({ kinds, steps }) => {
            runs += 1;
            const scope = `run-${runs}`;
            const clock = createFakeClock(NOON);
            let micros = 0;
            const testClock = () => {
              micros = Math.max(micros + 20, clock.now() * 1000);
              return micros;
            };
            const names = keyNamesOf();
            const stores: LimitStore[] = [
              memoryLimits({ clock }),
              createRedisStore({ commands: toRedisCommands(kit.client), names, deadlineMs: 5000, testClock }),
            ];
            for (const [at, { passed, asked, batch, outcome }] of steps.entries()) {
              clock.advance(Math.ceil((passed * unit) / 1000));
              const rules = new Map<string, LimitRule>();
              for (const { kind, key, more, isMonitored } of asked) {
                const rule = ruleOf(kinds[kind % kinds.length] as number, key, more, clock.now(), unit);
                const isBoth = isMonitored && rule.kind !== 'once';
                const asWritten: LimitRule = isBoth
                  ? { ...rule, id: `${rule.id}:monitored`, mode: 'monitor' }
                  : rule;
                rules.set(`${asWritten.id} ${typeof rule.key} ${rule.key}`, asWritten);
              }
              await compare(stores, { scope, at, batch, outcome, rules: [...rules.values()] });
            }
          }),
          { numRuns: 120 },
        );
      },
      60_000,
    );
  });
});

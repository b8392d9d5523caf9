import type { Emit } from '../events.ts';
import type { RuleCondition, WindowRule } from '../limits/limit-store.ts';
import { detachedCall, type Limiter } from '../limits/limiter.ts';
import { MICROS } from './budget-prices.ts';

/** One amount that is limited, and its counter. */
export interface BudgetCounter {
  readonly id: string;
  readonly of: 'all' | 'country' | 'purpose';
  /** `all`, a country or a purpose. */
  readonly key: string;
  readonly period: 'hour' | 'day' | 'month';
  readonly windowMs: number;
  /** Micro-units. */
  readonly limit: number;
}

const LEVELS = [50, 80, 95, 100] as const;
/** A counter is looked at when this part of its amount may have been spent since the last look. */
const LOOKS_PER_AMOUNT = 100;
/** Between two looks at an amount that is spent. */
const REST_MS = 10_000;

/** The rule of a counter; `limit` and `weight` in micro-units. */
export function budgetRule(
  { id, key, windowMs }: Pick<BudgetCounter, 'id' | 'key' | 'windowMs'>,
  limit: number,
  weight: number,
  mode: WindowRule['mode'],
  when?: RuleCondition,
): WindowRule {
  return { kind: 'window', id, guard: 'budget', key, mode, limit, windowMs, weighted: true, weight, when };
}

interface Looked {
  /** Spent since the last look, by the messages of this process. */
  since: number;
  restsUntil: number;
  /** The highest level at the last look. */
  level: number;
}

/**
 * Tells once, over all processes, when a level of an amount is reached. Looks in the background. Counters are told apart by
 * identity.
 */
export function createBudgetLevels(
  limiter: Limiter,
  currency: string,
  emit: Emit,
): (counter: BudgetCounter, weight: number) => void {
  const call = detachedCall({ context: undefined });
  const looked = new Map<BudgetCounter, Looked>();

  /** Whether this process is the one that tells. */
  async function isFirst({ id, key, windowMs }: BudgetCounter, level: number): Promise<boolean> {
    const once = { limit: 1, windowMs, mode: 'enforce', kind: 'window', guard: 'budget' } as const;
    const reservation = limiter.reserve([{ ...once, id: 'budget:told', key: `${id} ${key} ${level}` }]);
    const [verdict] = await limiter.take([reservation], call);
    if (verdict?.granted !== true) return false;
    await limiter.settle([{ reservation, outcome: 'keep' }]);
    return true;
  }

  async function look(counter: BudgetCounter, weight: number, seen: Looked): Promise<void> {
    const { limit, of, key, period } = counter;
    try {
      const rule = budgetRule(counter, limit, weight, 'monitor');
      const [state] = await limiter.inspect([rule], call, 'the level of a budget was not read.');
      const spent = state?.count ?? 0;
      // Spent is what leaves no room for one more message.
      const percent = spent + weight > limit ? 100 : Math.floor((spent / limit) * 100);
      const level = LEVELS.findLast((each) => percent >= each);
      if (level === 100) seen.restsUntil = limiter.elapsed() + REST_MS;
      const before = seen.level;
      seen.level = level ?? 0;
      if (level === undefined || level <= before || !(await isFirst(counter, level))) return;
      const place = of === 'country' ? { country: key } : of === 'purpose' ? { purpose: key as never } : {};
      const amounts = { spent: spent / MICROS, limit: limit / MICROS, currency };
      emit({ type: 'budget-level', of, ...place, period, percent: level, ...amounts });
    } catch {
      // The failure of the store has its own event.
    }
  }

  return (counter, weight) => {
    let seen = looked.get(counter);
    if (seen === undefined) {
      seen = { since: Number.POSITIVE_INFINITY, restsUntil: Number.NEGATIVE_INFINITY, level: 0 };
      looked.set(counter, seen);
    }
    seen.since += weight;
    if (seen.since * LOOKS_PER_AMOUNT < counter.limit || limiter.elapsed() < seen.restsUntil) return;
    seen.since = 0;
    void look(counter, weight, seen);
  };
}

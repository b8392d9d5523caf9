import { describeDuration } from '../internal/describe-duration.ts';
import type { LimitRule, WindowRule } from '../limits/limit-store.ts';
import type { Limiter } from '../limits/limiter.ts';
import { createBudgetAlarm } from './budget-alarm.ts';
import { type BudgetCounter, budgetRule, createBudgetLevels } from './budget-levels.ts';
import type { BudgetAmounts, BudgetGuardOptions } from './budget-options.ts';
import { type BudgetPricesConfig, createBudgetPrices, MICROS, microsOf } from './budget-prices.ts';
import type { Guard, OutgoingMessage } from './guard.ts';
import { IF_KNOWN, IF_STRANGER } from './known-visitor.ts';

const HOUR_MS = 3_600_000;
const PERIODS = [
  ['perHour', 'hour', HOUR_MS],
  ['perDay', 'day', 24 * HOUR_MS],
  ['perMonth', 'month', 30 * 24 * HOUR_MS],
] as const;

/** The counters of one set of amounts. */
export function createBudgetCounters(
  id: string,
  key: string,
  amounts: BudgetAmounts | undefined,
): readonly Omit<BudgetCounter, 'of'>[] {
  return PERIODS.flatMap(([option, period, windowMs]) => {
    const amount = amounts?.[option];
    if (amount === undefined) return [];
    return [{ id: `${id}:${period}`, key, period, windowMs, limit: microsOf(amount) }];
  });
}

function countersOf(
  of: BudgetCounter['of'],
  key: string,
  amounts: BudgetAmounts | undefined,
): readonly BudgetCounter[] {
  return createBudgetCounters(`budget:${of}`, key, amounts).map((counter) => ({ ...counter, of }));
}

export interface BudgetNeeds extends BudgetPricesConfig {
  readonly limiter: Limiter;
}

/** Caps what messages cost. */
export function createBudgetGuard(options: BudgetGuardOptions, needs: BudgetNeeds): Guard<'budget'> {
  const { mode = 'enforce', onExceeded = 'refuse', reserved = 0.2, currency = 'USD' } = options;
  const prices = createBudgetPrices(options, needs);
  const watch = options.alarm === false ? undefined : createBudgetAlarm(options.alarm ?? {}, currency, needs);
  const tellLevel = createBudgetLevels(needs.limiter, currency, needs.emit);
  const ofAll = countersOf('all', 'all', options);
  const { otp, transactional, marketing } = options.purposes ?? {};
  const ofPurpose = {
    otp: countersOf('purpose', 'otp', otp),
    transactional: countersOf('purpose', 'transactional', transactional),
    marketing: countersOf('purpose', 'marketing', marketing),
  };
  const { default: otherAmounts, ...named } = options.countries ?? {};
  const ofCountry = new Map(
    Object.entries(named).map(([country, amounts]) => {
      const key = country.toUpperCase();
      return [key, countersOf('country', key, amounts)];
    }),
  );
  const hasAmounts =
    [ofAll, ...Object.values(ofPurpose), ...ofCountry.values()].some(({ length }) => length > 0) ||
    otherAmounts !== undefined;

  /** The part of an amount that strangers may use. */
  const strangersPart = (limit: number) => Math.max(1, Math.floor(limit * (1 - reserved)));
  /** The part that they may use who proved to be people: fraudsters do so too, and half of the rest stays for acquaintances. */
  const peoplesPart = (limit: number) => Math.max(1, Math.floor(limit * (1 - reserved / 2)));

  /** By purpose and country, of which there are few. */
  const counters = {
    otp: new Map<string, readonly BudgetCounter[]>(),
    transactional: new Map<string, readonly BudgetCounter[]>(),
    marketing: new Map<string, readonly BudgetCounter[]>(),
  };

  function countersFor({ phone, purpose }: OutgoingMessage): readonly BudgetCounter[] {
    const key = phone.country ?? `+${phone.callingCode}`;
    let all = counters[purpose].get(key);
    if (all === undefined) {
      const own = ofCountry.get(key) ?? countersOf('country', key, otherAmounts);
      ofCountry.set(key, own);
      all = [...ofAll, ...own, ...ofPurpose[purpose]];
      counters[purpose].set(key, all);
    }
    return all;
  }

  function addRules(
    rules: LimitRule[],
    counter: BudgetCounter,
    cost: number,
    message: OutgoingMessage,
  ): void {
    const { limit } = counter;
    const isPerson = message.isHuman === true && onExceeded === 'ask';
    const part = isPerson ? peoplesPart(limit) : strangersPart(limit);
    if (message.isReturning === true || part === limit) rules.push(budgetRule(counter, limit, cost, mode));
    else if (message.subject === undefined) rules.push(budgetRule(counter, part, cost, mode));
    else {
      rules.push(
        budgetRule(counter, limit, cost, mode, IF_KNOWN),
        budgetRule(counter, part, cost, mode, IF_STRANGER),
      );
    }
  }

  return {
    name: 'budget',
    mode,
    action: onExceeded,
    // A visitor who proves that they are a person may use more of the amount, and an acquaintance all of it.
    asks: (rule) => onExceeded === 'ask' && 'limit' in rule && isStrangersPart(rule.id, rule.key, rule.limit),
    rules(message) {
      const { content } = message;
      // Support staff looks at a number, and sends nothing.
      if (content === undefined) return [];
      // A verification has no text of its own, and is one part.
      const parts = Math.max(1, content.measure.parts);
      const known = prices.find(message);
      if (known !== undefined && message.isDryRun !== true) watch?.(message.purpose, parts * known);
      if (!hasAmounts) return [];
      if (message.isDryRun !== true) prices.refresh();
      const cost = parts * (known ?? prices.read(message));
      const rules: LimitRule[] = [];
      for (const counter of countersFor(message)) {
        addRules(rules, counter, cost, message);
        if (message.isDryRun !== true) tellLevel(counter, cost);
      }
      return rules;
    },
    // Money is spent by all, and belongs to no number.
    counters: () => [],
  };

  function isStrangersPart(id: string, key: unknown, limit: number): boolean {
    const counters = [...ofAll, ...Object.values(ofPurpose).flat(), ...[...ofCountry.values()].flat()];
    const others = countersOf('country', String(key), otherAmounts);
    const own = [...counters, ...others].find((counter) => counter.id === id && counter.key === key);
    return own !== undefined && own.limit !== limit && strangersPart(own.limit) === limit;
  }
}

/** `$40.00 of $40.00`, in words that need no currency symbol. */
export function describeBudgetRule(rule: LimitRule, observed: number): string {
  const { id, key, limit, windowMs } = rule as WindowRule;
  const amount = (micros: number) => (micros / MICROS).toFixed(2);
  const spent = `${amount(observed)} of ${amount(limit)} allowed in ${describeDuration(windowMs)} for`;
  if (rule.guard === 'restriction') return `${spent} this client are spent (the budget of its restriction).`;
  const [, of] = id.split(':');
  const what = of === 'all' ? 'all messages' : of === 'purpose' ? `purpose ${key}` : `messages to ${key}`;
  return `${spent} ${what} are spent (guards.budget; a part is kept for known visitors).`;
}

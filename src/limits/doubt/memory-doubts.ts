import type { DoubtOutcome, DoubtStore, DoubtTarget } from '../doubt-store.ts';
import { MAX_TRUSTED_MS } from '../doubt-store.ts';
import type { DoubtRule, LimitRule } from '../limit-store.ts';
import type { RuleTable } from '../rule-table.ts';
import type { RuleTables } from '../rule-tables.ts';
import { checkId, checkRule, checkShape, checkStringKey, wrong } from '../rule-validation.ts';
import type { StoreTime } from '../store-time.ts';
import { DoubtTable } from './doubt-table.ts';
import { MOST_DIGITS } from './parameters.ts';

/** The outcomes, alerts and trusted places of `doubt` rules in memory. */
export function createMemoryDoubts(tables: RuleTables, time: StoreTime): DoubtStore {
  function existing(scope: string, id: string): DoubtTable | undefined {
    checkId(scope, 'scope', '');
    checkId(id, 'id', '');
    const table = tables.find(scope)?.tables.get(id) as RuleTable | undefined;
    return table instanceof DoubtTable ? table : undefined;
  }

  /** Undefined when there are too many tables. */
  function tableFor(scope: string, rule: DoubtRule, nowMs: number): DoubtTable | undefined {
    const found = existing(scope, rule.id);
    if (found !== undefined) return found;
    const state = tables.scope(scope);
    const other = state.tables.get(rule.id);
    if (other !== undefined) checkShape(rule, other.shape, 'rule');
    const created = tables.create(state, rule, nowMs);
    return created instanceof DoubtTable ? created : undefined;
  }

  return {
    async enter(scope, outcomes) {
      outcomes.forEach(({ rule, outcome }, at) => {
        checkDoubtRule(rule, `outcomes[${at}].rule`);
        if (!OUTCOMES.includes(outcome))
          wrong(`outcomes[${at}].outcome`, "'entered', 'other-way' or 'fraud'");
      });
      const nowMs = time.monotonicMs();
      for (const outcome of outcomes) tableFor(scope, outcome.rule, nowMs)?.enter(outcome, nowMs);
    },
    async alerts(scope, id) {
      return existing(scope, id)?.alerts(time.monotonicMs()) ?? [];
    },
    async lift(scope, id, target) {
      checkTarget(target);
      existing(scope, id)?.lift(target);
    },
    async trust(scope, id, target, forMs) {
      checkTarget(target);
      if (!(forMs >= 0 && forMs <= MAX_TRUSTED_MS))
        wrong('forMs', `a number of milliseconds up to ${MAX_TRUSTED_MS}`);
      const nowMs = time.monotonicMs();
      return tableFor(scope, { ...ANY, id }, nowMs)?.trust(target, forMs, nowMs) ?? false;
    },
    async forget(scope, rules) {
      rules.forEach((rule, at) => {
        checkDoubtRule(rule, `rules[${at}]`);
      });
      const nowMs = time.monotonicMs();
      for (const { id, key } of rules) existing(scope, id)?.forget(key as number, nowMs);
    },
  };
}

const OUTCOMES: readonly DoubtOutcome['outcome'][] = ['entered', 'other-way', 'fraud'];

/** A rule for a table in which nothing was taken yet. */
const ANY: DoubtRule = {
  kind: 'doubt',
  id: '',
  guard: '',
  key: 0,
  mode: 'monitor',
  country: 'ZZ',
  action: 'ask',
  allowance: 8,
};

function checkDoubtRule(rule: LimitRule, path: string): void {
  if (rule.kind !== 'doubt') wrong(`${path}.kind`, "'doubt'");
  checkRule(rule, path);
}

function checkTarget(target: DoubtTarget): void {
  if ('country' in target) checkStringKey(target.country, 'country');
  else if ('address' in target) checkStringKey(target.address, 'address');
  else if ('prefix' in target) {
    if (!/^\d{1,15}$/.test(target.prefix)) wrong('prefix', `1 to ${MOST_DIGITS} digits`);
  } else if ('number' in target && !Number.isSafeInteger(target.number)) wrong('number', 'an integer');
}

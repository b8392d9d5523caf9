import type { DoubtStore } from '../doubt-store.ts';
import { checkDesk, checkDoubtRules, checkOutcomes } from '../doubt-validation.ts';
import type { DoubtRule } from '../limit-store.ts';
import type { RuleTables } from '../rule-tables.ts';
import { checkShape } from '../rule-validation.ts';
import type { StoreTime } from '../store-time.ts';
import { DoubtTable } from './doubt-table.ts';

/** The outcomes, alerts and trusted places of `doubt` rules in memory. */
export function createMemoryDoubts(tables: RuleTables, time: StoreTime): DoubtStore {
  function existing(scope: string, id: string): DoubtTable | undefined {
    const table = tables.find(scope)?.tables.get(id)?.table;
    return table instanceof DoubtTable ? table : undefined;
  }

  /** Undefined when there are too many tables. */
  function tableFor(scope: string, rule: DoubtRule, nowMs: number): DoubtTable | undefined {
    const found = existing(scope, rule.id);
    if (found !== undefined) return found;
    const state = tables.scope(scope);
    const other = state.tables.get(rule.id);
    if (other !== undefined) checkShape(rule, other.shape, 'rule');
    const created = tables.create(state, rule, nowMs).table;
    return created instanceof DoubtTable ? created : undefined;
  }

  return {
    async enter(scope, outcomes) {
      checkOutcomes(scope, outcomes);
      const nowMs = time.monotonicMs();
      for (const outcome of outcomes) tableFor(scope, outcome.rule, nowMs)?.enter(outcome, nowMs);
    },
    async alerts(scope, id) {
      checkDesk(scope, id);
      return existing(scope, id)?.alerts(time.monotonicMs()) ?? [];
    },
    async lift(scope, id, target) {
      checkDesk(scope, id, target);
      existing(scope, id)?.lift(target);
    },
    async trust(scope, id, target, forMs) {
      checkDesk(scope, id, target, forMs);
      const nowMs = time.monotonicMs();
      return tableFor(scope, { ...ANY, id }, nowMs)?.trust(target, forMs, nowMs) ?? false;
    },
    async forget(scope, rules) {
      checkDoubtRules(scope, rules);
      const nowMs = time.monotonicMs();
      for (const { id, key } of rules) existing(scope, id)?.forget(key as number, nowMs);
    },
  };
}

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

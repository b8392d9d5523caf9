import { BackoffTable } from './backoff-table.ts';
import { BlockTable } from './block-table.ts';
import { DistinctTable } from './distinct-table.ts';
import { DoubtTable } from './doubt/doubt-table.ts';
import { drawSeed, type Seed } from './key-hash.ts';
import { KeyMap } from './key-map.ts';
import { KnownTable } from './known-table.ts';
import type { LimitRule } from './limit-store.ts';
import { OnceTable } from './once-table.ts';
import { EndedReservations, Reservations } from './reservations.ts';
import { fullTable, type RuleTable } from './rule-table.ts';
import { ScopeTable } from './scope-table.ts';
import { SlotTable } from './slot-table.ts';
import type { StoreTime } from './store-time.ts';
import type { TakePlan } from './take-plan.ts';
import { VisitorBackoffTable } from './visitor-backoff-table.ts';
import { type TableSizes, WindowTable } from './window-table.ts';

/**
 * Maximum number of tables, one per rule ID and scope: 100,000 scopes with ten rules each. Both come from a team's
 * configuration, not from strangers; the bound protects against a program that puts a phone number into a rule ID.
 */
export const MAX_TABLES = 1_000_000;

/** Plans of a scope: one for each purpose and each set of things that messages say about their visitors. */
const MAX_PLANS = 8;

/** Scopes, and tables of each, that are looked at for every new table. */
const SCOPES_PER_LOOK = 2;
const SCOPES_PER_LOOK_WHEN_FULL = 64;
const TABLES_PER_LOOK = 16;

export interface ScopeState {
  readonly name: string;
  readonly tables: Map<string, ScopeTable>;
  readonly reservations: Reservations;
  /** Plans with the tables of now; none is left when one of these comes or goes. */
  readonly plans: TakePlan[];
}

/** Keeps a plan for the next messages, unless it does not even fit its own: it would take the place of one that does. */
export function keepPlan({ plans }: ScopeState, plan: TakePlan, rules: readonly LimitRule[]): void {
  if (!plan.fits(rules)) return;
  if (plans.length >= MAX_PLANS) plans.shift();
  plans.push(plan);
}

/**
 * The state of every scope. A table is created at the first take and dropped when nothing in it counts any more: a few
 * are looked at with every new table.
 */
export class RuleTables {
  readonly #sizes: TableSizes;
  readonly #time: StoreTime;
  readonly #maxTables: number;
  readonly #scopes = new KeyMap<ScopeState>();
  readonly #ended = new EndedReservations();
  #count = 0;
  #seed: Seed | undefined;

  constructor(sizes: TableSizes, time: StoreTime, maxTables: number) {
    this.#sizes = sizes;
    this.#time = time;
    this.#maxTables = maxTables;
  }

  find(scope: string): ScopeState | undefined {
    return this.#scopes.get(scope);
  }

  scope(scope: string): ScopeState {
    let state = this.#scopes.get(scope);
    if (state === undefined) {
      const reservations = new Reservations(this.#sizes.maxEntries, this.#ended);
      state = { name: scope, tables: new Map(), reservations, plans: [] };
      this.#scopes.set(scope, state);
    }
    return state;
  }

  /** The table of a rule that has none yet; one that refuses everything when there are too many. */
  create(state: ScopeState, rule: LimitRule, nowMs: number): ScopeTable {
    this.#dropIdle(state, nowMs);
    if (this.#count >= this.#maxTables) return new ScopeTable(new NoTable(rule));
    this.#seed ??= drawSeed();
    const table = new ScopeTable(this.#tableFor(rule, this.#seed) as RuleTable);
    state.tables.set(rule.id, table);
    state.plans.length = 0;
    this.#count += 1;
    return table;
  }

  #tableFor(rule: LimitRule, seed: Seed) {
    const { maxEntries } = this.#sizes;
    switch (rule.kind) {
      case 'window':
        return new WindowTable(rule, this.#sizes, seed);
      case 'slot':
        return new SlotTable(rule, maxEntries, this.#time);
      case 'backoff':
        return new BackoffTable(rule, maxEntries, seed);
      case 'visitor-backoff':
        return new VisitorBackoffTable(rule, maxEntries, seed);
      case 'distinct':
        return new DistinctTable(rule, maxEntries, seed);
      case 'once':
        return new OnceTable(rule, this.#sizes.maxIdempotencyKeys);
      case 'block':
        return new BlockTable(rule, maxEntries);
      case 'known':
        return new KnownTable(rule, maxEntries, seed);
      case 'doubt':
        return new DoubtTable(rule, this.#sizes, seed);
    }
  }

  #dropIdle(current: ScopeState, nowMs: number): void {
    const most = this.#count >= this.#maxTables ? SCOPES_PER_LOOK_WHEN_FULL : SCOPES_PER_LOOK;
    for (let left = Math.min(most, this.#scopes.size); left > 0; left -= 1) {
      const [name, state] = this.#scopes.next() as [string, ScopeState];
      this.#dropIdleTables(state, nowMs);
      if (state.tables.size === 0 && state !== current) this.#scopes.delete(name);
    }
  }

  /** The tables that were looked at go to the end, so that the next look finds others. */
  #dropIdleTables({ tables, plans }: ScopeState, nowMs: number): void {
    let left = Math.min(TABLES_PER_LOOK, tables.size);
    for (const [id, table] of tables) {
      if (left === 0) break;
      left -= 1;
      tables.delete(id);
      if (table.isIdle(nowMs)) {
        this.#count -= 1;
        plans.length = 0;
      } else tables.set(id, table);
    }
  }
}

/** Stands in for a table that the store has no room for. */
class NoTable implements RuleTable {
  readonly shape: LimitRule;
  readonly size = 0;
  /** It never fills up. */
  readonly maxSize = Number.POSITIVE_INFINITY;
  liveUntilMs = Number.NEGATIVE_INFINITY;

  constructor(rule: LimitRule) {
    this.shape = rule;
  }

  check(rule: LimitRule, nowMs: number) {
    return fullTable(rule, 0, Number.POSITIVE_INFINITY, nowMs);
  }

  write(): undefined {}

  inspect(rule: LimitRule) {
    return { rule, count: 0, retryAfterMs: 0 };
  }

  release(): void {}
}

import { StoreError } from '../errors.ts';
import { BackoffTable } from './backoff-table.ts';
import { BlockTable } from './block-table.ts';
import { DistinctTable } from './distinct-table.ts';
import { KnownTable } from './known-table.ts';
import type { LimitRule } from './limit-store.ts';
import { OnceTable } from './once-table.ts';
import { Reservations } from './reservations.ts';
import { drawSeed, type Seed } from './row-table.ts';
import type { RuleTable } from './rule-table.ts';
import { SlotTable } from './slot-table.ts';
import type { StoreTime } from './store-time.ts';
import { VisitorBackoffTable } from './visitor-backoff-table.ts';
import { type TableSizes, WindowTable } from './window-table.ts';

/**
 * Maximum number of tables, one per rule ID and scope. Both come from a team's configuration, not from strangers; the
 * bound protects against a program that puts a phone number into a rule ID.
 */
export const MAX_TABLES = 10_000;

export interface ScopeState {
  readonly tables: Map<string, RuleTable>;
  readonly reservations: Reservations;
}

/** The state of every scope. A table is created at the first take and dropped when nothing in it counts any more. */
export class RuleTables {
  readonly #sizes: TableSizes;
  readonly #time: StoreTime;
  readonly #maxTables: number;
  readonly #scopes = new Map<string, ScopeState>();
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
      state = { tables: new Map(), reservations: new Reservations(this.#sizes.maxEntries) };
      this.#scopes.set(scope, state);
    }
    return state;
  }

  create(state: ScopeState, rule: LimitRule, nowMs: number): RuleTable {
    if (this.#count >= this.#maxTables) this.#dropIdle(state, nowMs);
    if (this.#count >= this.#maxTables) {
      throw new StoreError(
        `The limit store counts under ${this.#count} rules. Put the variable part into key, not into id.`,
      );
    }
    this.#seed ??= drawSeed();
    const table = this.#tableFor(rule, this.#seed, nowMs) as RuleTable;
    state.tables.set(rule.id, table);
    this.#count += 1;
    return table;
  }

  #tableFor(rule: LimitRule, seed: Seed, nowMs: number) {
    const { maxEntries } = this.#sizes;
    switch (rule.kind) {
      case 'window':
        return new WindowTable(rule, this.#sizes, seed, nowMs);
      case 'slot':
        return new SlotTable(rule, maxEntries, this.#time);
      case 'backoff':
        return new BackoffTable(rule, maxEntries, seed);
      case 'visitor-backoff':
        return new VisitorBackoffTable(rule, maxEntries, seed);
      case 'distinct':
        return new DistinctTable(rule, maxEntries);
      case 'once':
        return new OnceTable(rule, maxEntries);
      case 'block':
        return new BlockTable(rule, maxEntries);
      case 'known':
        return new KnownTable(rule, maxEntries, seed);
    }
  }

  #dropIdle(current: ScopeState, nowMs: number): void {
    for (const [scope, state] of this.#scopes) {
      for (const [id, table] of state.tables) {
        if (table.liveUntilMs > nowMs) continue;
        state.tables.delete(id);
        this.#count -= 1;
      }
      if (state.tables.size === 0 && state !== current) this.#scopes.delete(scope);
    }
  }
}

import type { BarRule, LimitKey, RuleFinding, RuleState } from './limit-store.ts';
import { type Hold, LEASE_MS, type RuleTable } from './rule-table.ts';
import { SweptMap } from './swept-map.ts';

interface Bar {
  /** The latest end of the raises that were kept. */
  keptUntilMs: number;
  /** Ends of the raises that are not settled. */
  readonly open: number[];
}

function untilMs({ keptUntilMs, open }: Bar): number {
  return open.reduce((latest, endMs) => Math.max(latest, endMs), keptUntilMs);
}

/**
 * Keys that are shut for a time. A key holds the end of every open raise beside what was kept, so that giving one back
 * leaves what would be there had it never been. Bounded by keys; only a raise may find no room.
 */
export class BarTable implements RuleTable<BarRule> {
  readonly shape: BarRule;
  liveUntilMs = Number.NEGATIVE_INFINITY;
  readonly #bars: SweptMap<Bar>;

  constructor(rule: BarRule, maxEntries: number) {
    this.shape = rule;
    this.#bars = new SweptMap(maxEntries);
  }

  check(rule: BarRule, nowMs: number, inserts: number): RuleFinding | undefined {
    const bar = this.#bars.get(rule.key);
    if (rule.raise !== true) {
      const retryAfterMs = bar === undefined ? 0 : leftMs(bar, nowMs);
      return retryAfterMs === 0 ? undefined : { rule, reason: 'barred', observed: 1, retryAfterMs };
    }
    if (bar !== undefined || this.#bars.hasRoom(inserts, (other) => this.#clean(other, nowMs))) {
      return undefined;
    }
    return { rule, reason: 'capacity', observed: 0 };
  }

  write({ key, windowMs, raise }: BarRule, nowMs: number): Hold | undefined {
    if (raise !== true) return undefined;
    let bar = this.#bars.get(key);
    if (bar === undefined) {
      bar = { keptUntilMs: Number.NEGATIVE_INFINITY, open: [] };
      this.#bars.set(key, bar);
      this.#bars.size += 1;
    }
    const endMs = nowMs + windowMs;
    bar.open.push(endMs);
    this.liveUntilMs = Math.max(this.liveUntilMs, endMs, nowMs + LEASE_MS);
    return new BarHold(this, key, bar, endMs);
  }

  inspect(rule: BarRule, nowMs: number): RuleState {
    const bar = this.#bars.get(rule.key);
    const retryAfterMs = bar === undefined ? 0 : leftMs(bar, nowMs);
    return { rule, count: retryAfterMs === 0 ? 0 : 1, retryAfterMs };
  }

  release(key: LimitKey): void {
    if (this.#bars.get(key) !== undefined) this.#delete(key);
  }

  settle(key: LimitKey, bar: Bar, endMs: number, isKept: boolean): void {
    bar.open.splice(bar.open.indexOf(endMs), 1);
    if (isKept) bar.keptUntilMs = Math.max(bar.keptUntilMs, endMs);
    // Another bar: the key was released or swept in between, and this raise with it.
    const isEmpty = bar.open.length === 0 && bar.keptUntilMs === Number.NEGATIVE_INFINITY;
    if (isEmpty && this.#bars.get(key) === bar) this.#delete(key);
  }

  #delete(key: LimitKey): void {
    this.#bars.delete(key);
    this.#bars.size -= 1;
  }

  #clean(bar: Bar, nowMs: number): boolean {
    if (leftMs(bar, nowMs) > 0) return false;
    this.#bars.size -= 1;
    return true;
  }
}

/** Whole milliseconds until it opens, 0 when it is open. */
function leftMs(bar: Bar, nowMs: number): number {
  return Math.max(0, Math.ceil(untilMs(bar) - nowMs));
}

class BarHold implements Hold {
  readonly #table: BarTable;
  readonly #key: LimitKey;
  readonly #bar: Bar;
  readonly #endMs: number;

  constructor(table: BarTable, key: LimitKey, bar: Bar, endMs: number) {
    this.#table = table;
    this.#key = key;
    this.#bar = bar;
    this.#endMs = endMs;
  }

  keep(): void {
    this.#table.settle(this.#key, this.#bar, this.#endMs, true);
  }

  giveBack(): void {
    this.#table.settle(this.#key, this.#bar, this.#endMs, false);
  }
}

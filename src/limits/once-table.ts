import type { LimitKey, OnceRule, RuleFinding, RuleState } from './limit-store.ts';
import { details, type Hold, LEASE_MS, type RuleTable } from './rule-table.ts';
import { SweptMap } from './swept-map.ts';

interface Entry {
  readonly fingerprint: string;
  /** Of the rule that wrote it. */
  readonly windowMs: number;
  /** What it took the place of: a record that has left the window of this rule, but maybe not of another one. */
  replaced: Entry | undefined;
  /** Infinity while the first one is on its way. */
  settledMs: number;
  result: string | undefined;
}

/** When it no longer stands in the way of a rule with this window; it is never kept longer than its writer asked for. */
function freeMs(entry: Entry, windowMs: number): number {
  return entry.settledMs + Math.min(entry.windowMs, windowMs);
}

/** At most one for `windowMs` after it was settled; a repeated one is given what the first one got. */
export class OnceTable implements RuleTable<OnceRule> {
  readonly shape: OnceRule;
  liveUntilMs = Number.NEGATIVE_INFINITY;
  readonly #entries: SweptMap<Entry>;

  constructor(rule: OnceRule, maxEntries: number) {
    this.shape = rule;
    this.#entries = new SweptMap(maxEntries);
  }

  check(rule: OnceRule, nowMs: number, inserts: number): RuleFinding | undefined {
    const entry = this.#live(rule, nowMs);
    if (entry === undefined) {
      const hasRoom =
        this.#entries.get(rule.key) !== undefined ||
        this.#entries.hasRoom(inserts, (other) => this.#clean(other, nowMs));
      return hasRoom ? undefined : { rule, reason: 'capacity', observed: 0 };
    }
    const isDone = entry.settledMs !== Number.POSITIVE_INFINITY;
    const wait = details(isDone ? Math.ceil(freeMs(entry, rule.windowMs) - nowMs) : undefined);
    if (entry.fingerprint !== rule.fingerprint) return { rule, reason: 'conflict', observed: 1, ...wait };
    if (!isDone) return { rule, reason: 'in-progress', observed: 1 };
    const kept = entry.result === undefined ? {} : { result: entry.result };
    return { rule, reason: 'done', observed: 1, ...wait, ...kept };
  }

  write(rule: OnceRule, nowMs: number): Hold {
    const replaced = this.#entries.get(rule.key);
    const entry: Entry = {
      replaced,
      fingerprint: rule.fingerprint,
      windowMs: rule.windowMs,
      settledMs: Number.POSITIVE_INFINITY,
      result: undefined,
    };
    if (replaced === undefined) this.#entries.size += 1;
    this.#entries.set(rule.key, entry);
    this.#extend(entry, nowMs + LEASE_MS);
    return new OnceHold(this, rule.key, entry);
  }

  inspect(rule: OnceRule, nowMs: number): RuleState {
    const entry = this.#live(rule, nowMs);
    if (entry === undefined) return { rule, count: 0, retryAfterMs: 0 };
    const isDone = entry.settledMs !== Number.POSITIVE_INFINITY;
    return {
      rule,
      count: 1,
      ...details(isDone ? Math.ceil(freeMs(entry, rule.windowMs) - nowMs) : undefined),
    };
  }

  release(key: LimitKey): void {
    if (this.#entries.get(key) !== undefined) this.#delete(key);
  }

  keep(entry: Entry, nowMs: number, result: string | undefined): void {
    entry.settledMs = nowMs;
    entry.result = result;
    entry.replaced = undefined;
    this.#extend(entry, nowMs);
  }

  giveBack(key: LimitKey, entry: Entry): void {
    // Another entry: the key was released in between and used again.
    if (this.#entries.get(key) !== entry) return;
    if (entry.replaced === undefined) this.#delete(key);
    else this.#entries.set(key, entry.replaced);
  }

  #extend({ windowMs }: Entry, timeMs: number): void {
    this.liveUntilMs = Math.max(this.liveUntilMs, timeMs + windowMs);
  }

  #delete(key: LimitKey): void {
    this.#entries.delete(key);
    this.#entries.size -= 1;
  }

  #live({ key, windowMs }: OnceRule, nowMs: number): Entry | undefined {
    const entry = this.#entries.get(key);
    return entry !== undefined && freeMs(entry, windowMs) > nowMs ? entry : undefined;
  }

  #clean(entry: Entry, nowMs: number): boolean {
    if (freeMs(entry, entry.windowMs) > nowMs) return false;
    this.#entries.size -= 1;
    return true;
  }
}

class OnceHold implements Hold {
  readonly #table: OnceTable;
  readonly #key: LimitKey;
  readonly #entry: Entry;

  constructor(table: OnceTable, key: LimitKey, entry: Entry) {
    this.#table = table;
    this.#key = key;
    this.#entry = entry;
  }

  keep(_delayMs: number, nowMs: number, result: string | undefined): void {
    this.#table.keep(this.#entry, nowMs, result);
  }

  giveBack(): void {
    this.#table.giveBack(this.#key, this.#entry);
  }
}

import type { LimitKey, OnceRule, RuleState, RuleViolation } from './limit-store.ts';
import { details, type Hold, LEASE_MS, type RuleTable } from './rule-table.ts';
import { SweptMap } from './swept-map.ts';

interface Entry {
  readonly fingerprint: string;
  /** `windowMs` of the rule that wrote it. */
  readonly windowMs: number;
  /** The record that it replaced, which left the window of this rule but perhaps not that of another rule. */
  replaced: Entry | undefined;
  /** Infinity while the first message is in progress. */
  settledMs: number;
  /** When it is free again if it is not settled; Infinity without a lease. */
  readonly leaseEndMs: number;
  result: string | undefined;
}

function isOpen({ settledMs }: Entry): boolean {
  return settledMs === Number.POSITIVE_INFINITY;
}

/** When it stops blocking a rule with this window. It is never kept longer than the rule that wrote it asked for. */
function freeMs(entry: Entry, windowMs: number): number {
  return isOpen(entry) ? entry.leaseEndMs : entry.settledMs + Math.min(entry.windowMs, windowMs);
}

/** The record that counts under a key: one whose lease has passed counts as never taken. */
function standing(entry: Entry | undefined, nowMs: number): Entry | undefined {
  return entry !== undefined && isOpen(entry) && entry.leaseEndMs <= nowMs ? entry.replaced : entry;
}

/** How long it blocks; a take without a lease blocks until it is settled. */
function waitOf(entry: Entry, windowMs: number, nowMs: number): { retryAfterMs?: number } {
  const atMs = freeMs(entry, windowMs);
  return details(atMs === Number.POSITIVE_INFINITY ? undefined : Math.ceil(atMs - nowMs));
}

/** At most one for `windowMs` after it was settled; a repeated take gets the result of the first. */
export class OnceTable implements RuleTable<OnceRule> {
  readonly shape: OnceRule;
  liveUntilMs = Number.NEGATIVE_INFINITY;
  readonly #entries: SweptMap<Entry>;

  constructor(rule: OnceRule, maxEntries: number) {
    this.shape = rule;
    this.#entries = new SweptMap(maxEntries);
  }

  check(rule: OnceRule, nowMs: number, inserts: number): RuleViolation | undefined {
    const entry = this.#live(rule, nowMs);
    if (entry === undefined) {
      const hasRoom = this.#entries.get(rule.key) !== undefined || this.#hasRoom(inserts, nowMs);
      return hasRoom ? undefined : { rule, reason: 'capacity', observed: 0 };
    }
    const wait = waitOf(entry, rule.windowMs, nowMs);
    if (entry.fingerprint !== rule.fingerprint) return { rule, reason: 'conflict', observed: 1, ...wait };
    if (isOpen(entry)) return { rule, reason: 'in-progress', observed: 1, ...wait };
    const kept = entry.result === undefined ? {} : { result: entry.result };
    return { rule, reason: 'done', observed: 1, ...wait, ...kept };
  }

  write(rule: OnceRule, nowMs: number): Hold {
    const current = this.#entries.get(rule.key);
    const entry: Entry = {
      // Never a record whose lease has passed: its late settlement must find nothing.
      replaced: standing(current, nowMs),
      fingerprint: rule.fingerprint,
      windowMs: rule.windowMs,
      settledMs: Number.POSITIVE_INFINITY,
      leaseEndMs: nowMs + (rule.leaseMs ?? Number.POSITIVE_INFINITY),
      result: undefined,
    };
    if (current === undefined) this.#entries.size += 1;
    this.#entries.set(rule.key, entry);
    this.#extend(entry, nowMs + LEASE_MS);
    return new OnceHold(this, rule.key, entry, rule.leaseMs !== undefined);
  }

  inspect(rule: OnceRule, nowMs: number): RuleState {
    const entry = this.#live(rule, nowMs);
    if (entry === undefined) return { rule, count: 0, retryAfterMs: 0 };
    return { rule, count: 1, ...waitOf(entry, rule.windowMs, nowMs) };
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
    // A different entry means that the key was released and used again in the meantime.
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
    const entry = standing(this.#entries.get(key), nowMs);
    return entry !== undefined && freeMs(entry, windowMs) > nowMs ? entry : undefined;
  }

  /** A record whose lease has passed may still be settled, so it is dropped only when the table has no other room. */
  #hasRoom(inserts: number, nowMs: number): boolean {
    return (
      this.#entries.hasRoom(inserts, (entry) => !isOpen(entry) && this.#clean(entry, nowMs)) ||
      this.#entries.hasRoom(inserts, (entry) => this.#clean(standing(entry, nowMs), nowMs))
    );
  }

  #clean(entry: Entry | undefined, nowMs: number): boolean {
    if (entry !== undefined && freeMs(entry, entry.windowMs) > nowMs) return false;
    this.#entries.size -= 1;
    return true;
  }
}

class OnceHold implements Hold {
  readonly #table: OnceTable;
  readonly #key: LimitKey;
  readonly #entry: Entry;
  readonly isLeased: boolean;

  constructor(table: OnceTable, key: LimitKey, entry: Entry, isLeased: boolean) {
    this.#table = table;
    this.#key = key;
    this.#entry = entry;
    this.isLeased = isLeased;
  }

  keep(_delayMs: number, nowMs: number, result: string | undefined): void {
    this.#table.keep(this.#entry, nowMs, result);
  }

  giveBack(): void {
    this.#table.giveBack(this.#key, this.#entry);
  }
}

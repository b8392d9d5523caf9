import type { LimitKey, OnceRule, RuleState, RuleViolation } from './limit-store.ts';
import { details, fullTable, type Hold, LEASE_MS, type RuleTable } from './rule-table.ts';
import { SweptMap } from './swept-map.ts';

interface Entry {
  readonly fingerprint: string;
  /** Window of the rule that wrote the entry. */
  readonly windowMs: number;
  /** The entry before it, which has left the window of this rule, but maybe not that of another one. */
  replaced: Entry | undefined;
  /** Infinity while the first one is on its way. */
  settledMs: number;
  /** When it is free again if nobody settles it; Infinity without a lease. */
  readonly leaseEndMs: number;
  result: string | undefined;
}

function isOpen({ settledMs }: Entry): boolean {
  return settledMs === Number.POSITIVE_INFINITY;
}

/** When it no longer stands in the way of a rule with this window; it is never kept longer than its writer asked for. */
function freeMs(entry: Entry, windowMs: number): number {
  return isOpen(entry) ? entry.leaseEndMs : entry.settledMs + Math.min(entry.windowMs, windowMs);
}

/** The entry that counts under a key. An entry whose lease has passed changed nothing. */
function standing(entry: Entry | undefined, nowMs: number): Entry | undefined {
  return entry !== undefined && isOpen(entry) && entry.leaseEndMs <= nowMs ? entry.replaced : entry;
}

/** How long it stands in the way; a take without a lease as long as it takes. */
function waitOf(entry: Entry, windowMs: number, nowMs: number): { retryAfterMs?: number } {
  const atMs = freeMs(entry, windowMs);
  return details(atMs === Number.POSITIVE_INFINITY ? undefined : Math.ceil(atMs - nowMs));
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

  get size(): number {
    return this.#entries.size;
  }

  get maxSize(): number {
    return this.#entries.maxSize;
  }

  check(rule: OnceRule, nowMs: number, inserts: number): RuleViolation | undefined {
    const entry = this.#live(rule, nowMs);
    if (entry === undefined) {
      if (this.#entries.get(rule.key) !== undefined) return undefined;
      const freeMs = this.#makeRoom(inserts, nowMs);
      return freeMs === undefined ? undefined : fullTable(rule, 0, freeMs, nowMs);
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
      // Never one whose lease passed: its late settlement must find nothing.
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
    const entry = standing(this.#entries.get(key), nowMs);
    return entry !== undefined && freeMs(entry, windowMs) > nowMs ? entry : undefined;
  }

  /**
   * Undefined when there is room, else when the first entry ends. A take whose lease passed may still be settled: it goes
   * only when there is no other room.
   */
  #makeRoom(inserts: number, nowMs: number): number | undefined {
    let nextMs = Number.POSITIVE_INFINITY;
    const clean = (entry: Entry | undefined): boolean => {
      const endMs = entry === undefined ? nowMs : freeMs(entry, entry.windowMs);
      if (endMs > nowMs) {
        nextMs = Math.min(nextMs, endMs);
        return false;
      }
      this.#entries.size -= 1;
      return true;
    };
    const hasRoom =
      this.#entries.hasRoom(inserts, (entry) => !isOpen(entry) && clean(entry)) ||
      this.#entries.hasRoom(inserts, (entry) => clean(standing(entry, nowMs)));
    return hasRoom ? undefined : nextMs;
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

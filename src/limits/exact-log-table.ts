import { BUCKET_WORDS, BucketTable } from './bucket-table.ts';
import type { LimitKey, RuleState, RuleViolation, WindowRule } from './limit-store.ts';
import { MAX_WINDOW_MS } from './limit-store.ts';
import { PAYLOAD, RowTable, type Seed } from './row-table.ts';
import { details, type Expiry, type Hold, LEASE_MS, type RuleTable, whenFreed } from './rule-table.ts';
import { WindowFold } from './window-fold.ts';

/** Stamps are rebased before they exceed 32 bits (49.7 days); the remaining range holds any window and lease. */
const REBASE_AT_MS = 2 ** 32 - 2 ** 29;
const COUNTS = PAYLOAD;
const STAMPS = PAYLOAD + 1;
const OPEN_ONE = 256;

/**
 * "At most `limit` in any half-open window", to the millisecond: every key has a row with room for as many stamps as
 * the largest limit so far; a smaller limit reads the same stamps. Settled stamps are at the left, sorted; open takes
 * at the right, newest first. An open take counts regardless of its age, because its message may be written at any
 * moment.
 *
 * Stamps are rounded up, and times compared with them are rounded down, so that fractions of a millisecond can only
 * make the limit stricter.
 */
export class ExactLogTable implements RuleTable<WindowRule> {
  readonly shape: WindowRule;
  readonly rows: RowTable;
  liveUntilMs = Number.NEGATIVE_INFINITY;
  readonly #windowMs: number;
  readonly #fold: WindowFold;
  #baseMs: number;
  /** Number of stamps that fit into a row. */
  #room: number;
  /** The table that continues with these rows after a limit was too large for a log. */
  #successor: BucketTable | undefined;

  constructor(rule: WindowRule, maxRows: number, seed: Seed, nowMs: number) {
    this.shape = rule;
    this.#room = rule.limit;
    this.#windowMs = rule.windowMs;
    this.rows = new RowTable(1 + rule.limit, maxRows, seed);
    this.#fold = new WindowFold(this.rows, rule.windowMs, false);
    this.#baseMs = Math.floor(nowMs);
  }

  check(rule: WindowRule, nowMs: number, inserts: number): RuleViolation | undefined {
    const slot = this.rows.find(rule.key);
    const folded = this.#fold.countOf(rule.key, nowMs);
    // Expired stamps are dropped only when the row is full, which most checks never see.
    let live = slot < 0 ? 0 : this.#held(slot);
    if (live + folded >= rule.limit && slot >= 0) live = this.#prune(slot, nowMs);
    if (live + folded < rule.limit) {
      if (slot >= 0 || this.rows.room >= inserts) return undefined;
      return { rule, reason: 'capacity', observed: folded };
    }
    const retryAfterMs = this.#retryAfterMs(rule, slot, live, folded, nowMs);
    return { rule, reason: 'over-limit', observed: live + folded, ...details(retryAfterMs, folded > 0) };
  }

  write(rule: WindowRule, nowMs: number): Hold {
    if (rule.limit > this.#room) this.#makeRoom(rule.limit);
    let slot = this.rows.find(rule.key);
    if (slot < 0) slot = this.#insert(rule.key, nowMs);
    else if (this.#counts(slot) < OPEN_ONE) this.rows.dequeue(slot);
    const stampMs = Math.ceil(nowMs);
    const start = slot * this.rows.stride;
    const counts = (this.rows.words[start + COUNTS] as number) + OPEN_ONE;
    this.rows.words[start + COUNTS] = counts;
    this.rows.words[start + STAMPS + this.#room - (counts >>> 8)] = this.#relative(stampMs, nowMs);
    this.#extend(stampMs + LEASE_MS);
    return new ExactHold(this, slot, this.rows.serialOf(slot), stampMs);
  }

  inspect(rule: WindowRule, nowMs: number): RuleState {
    const slot = this.rows.find(rule.key);
    const live = slot < 0 ? 0 : this.#prune(slot, nowMs);
    const folded = this.#fold.countOf(rule.key, nowMs);
    const isFull = live + folded >= rule.limit;
    const retryAfterMs = isFull ? this.#retryAfterMs(rule, slot, live, folded, nowMs) : 0;
    return { rule, count: live + folded, ...details(retryAfterMs, folded > 0) };
  }

  release(key: LimitKey): void {
    this.#fold.release(key);
    const slot = this.rows.find(key);
    if (slot < 0) return;
    if (this.#counts(slot) < OPEN_ONE) this.rows.dequeue(slot);
    this.rows.remove(slot);
  }

  /** Ends one open take: `keptMs` is the stamp to keep, or undefined to keep none. */
  settle(slot: number, stampMs: number, keptMs: number | undefined, nowMs: number): void {
    if (this.#successor !== undefined) {
      this.#successor.settle(slot, 1, keptMs, nowMs);
      return;
    }
    const { words } = this.rows;
    const start = slot * this.rows.stride;
    const stamp = this.#relative(stampMs, nowMs);
    const end = start + STAMPS + this.#room;
    const counts = (words[start + COUNTS] as number) - OPEN_ONE;
    const open = counts >>> 8;
    // Takes with the same stamp are interchangeable, so the first match is correct.
    let at = end - open - 1;
    while (words[at] !== stamp) at += 1;
    words.copyWithin(end - open, end - open - 1, at);
    words[start + COUNTS] = counts;
    if (keptMs !== undefined && keptMs > Math.floor(nowMs) - this.#windowMs) {
      this.#addSettled(start, this.#relative(keptMs, nowMs));
      this.#extend(keptMs);
    }
    if (open > 0) return;
    if (words[start + COUNTS] === 0) this.rows.remove(slot);
    else this.rows.enqueue(slot);
  }

  /** Continues as sub-buckets. Every row keeps its slot, so that open takes can still be settled. */
  toBuckets(rule: WindowRule, nowMs: number): BucketTable {
    this.rows.widen(BUCKET_WORDS);
    const buckets = new BucketTable(rule, this.rows, this.#fold);
    buckets.liveUntilMs = this.liveUntilMs;
    this.rows.forEach((slot) => {
      const live = this.#prune(slot, nowMs);
      const first = slot * this.rows.stride + STAMPS;
      const open = this.#counts(slot) >>> 8;
      const stamps = Array.from(
        this.rows.words.subarray(first, first + live - open),
        (stamp) => this.#baseMs + stamp,
      );
      buckets.seed(slot, stamps, open, nowMs);
    });
    this.#successor = buckets;
    return buckets;
  }

  #makeRoom(room: number): void {
    this.rows.widen(1 + room);
    const { words, stride } = this.rows;
    this.rows.forEach((slot) => {
      const start = slot * stride + STAMPS;
      const open = this.#counts(slot) >>> 8;
      words.copyWithin(start + room - open, start + this.#room - open, start + this.#room);
    });
    this.#room = room;
  }

  #counts(slot: number): number {
    return this.rows.words[slot * this.rows.stride + COUNTS] as number;
  }

  /** Number of stamps in the row, including those that left the window. */
  #held(slot: number): number {
    const counts = this.#counts(slot);
    return (counts & 255) + (counts >>> 8);
  }

  #extend(stampMs: number): void {
    const untilMs = stampMs + 2 * this.#windowMs;
    if (untilMs > this.liveUntilMs) this.liveUntilMs = untilMs;
  }

  #addSettled(start: number, stamp: number): void {
    const { words } = this.rows;
    let at = start + STAMPS + ((words[start + COUNTS] as number) & 255);
    words[start + COUNTS] = (words[start + COUNTS] as number) + 1;
    for (; at > start + STAMPS && (words[at - 1] as number) > stamp; at -= 1) {
      words[at] = words[at - 1] as number;
    }
    words[at] = stamp;
  }

  /** Drops settled stamps that left the window; returns the number of those that still count. */
  #prune(slot: number, nowMs: number): number {
    const { words } = this.rows;
    const start = slot * this.rows.stride;
    const first = start + STAMPS;
    const counts = words[start + COUNTS] as number;
    const settled = counts & 255;
    this.#rebase(nowMs);
    const edge = Math.floor(nowMs) - this.#baseMs - this.#windowMs;
    let gone = 0;
    while (gone < settled && (words[first + gone] as number) <= edge) gone += 1;
    if (gone > 0) {
      words.copyWithin(first, first + gone, first + settled);
      words[start + COUNTS] = counts - gone;
    }
    return settled - gone + (counts >>> 8);
  }

  #insert(key: LimitKey, nowMs: number): number {
    // Checks two old rows per new one, so that a busy table shrinks to its live rows and none grows because of dead
    // ones.
    for (let step = 0; step < 2 && this.rows.oldest >= 0; step += 1) {
      if (this.#prune(this.rows.oldest, nowMs) > 0) break;
      this.#removeOldest();
    }
    if (this.rows.isFull) {
      const slot = this.rows.oldest;
      const live = this.#prune(slot, nowMs);
      const newest = this.rows.words[slot * this.rows.stride + STAMPS + live - 1] as number;
      this.#fold.fold(slot, live, this.#baseMs + newest + this.#windowMs, nowMs);
      this.#removeOldest();
    }
    return this.rows.insert(key);
  }

  #removeOldest(): void {
    const slot = this.rows.oldest;
    this.rows.dequeue(slot);
    this.rows.remove(slot);
  }

  #retryAfterMs(rule: WindowRule, slot: number, live: number, folded: number, nowMs: number): number {
    const { words, stride } = this.rows;
    const start = slot * stride;
    const expiries: Expiry[] = this.#fold.expiries(rule.key, folded);
    for (let at = 0; at < live; at += 1) {
      const settled = (words[start + COUNTS] as number) & 255;
      const isOpen = at >= settled;
      // Live stamps in any order: the settled ones from the left, the open ones from the right.
      const position = isOpen ? this.#room - 1 - (at - settled) : at;
      const stampMs = this.#baseMs + (words[start + STAMPS + position] as number);
      const atMs = stampMs + this.#windowMs;
      // An open take is expected to be settled at its own stamp; one that left its window ends with its lease at the
      // latest.
      expiries.push({ atMs: isOpen && atMs <= nowMs ? stampMs + LEASE_MS : atMs, amount: 1 });
    }
    return Math.ceil(whenFreed(expiries, live + folded - rule.limit + 1) - Math.floor(nowMs));
  }

  /** A time as a 32-bit stamp. */
  #relative(timeMs: number, nowMs: number): number {
    this.#rebase(nowMs);
    return Math.max(0, timeMs - this.#baseMs);
  }

  #rebase(nowMs: number): void {
    if (nowMs - this.#baseMs < REBASE_AT_MS) return;
    const baseMs = Math.floor(nowMs) - MAX_WINDOW_MS - LEASE_MS;
    const moved = baseMs - this.#baseMs;
    const { words } = this.rows;
    this.rows.forEach((slot) => {
      const first = slot * this.rows.stride + STAMPS;
      for (let at = first; at < first + this.#room; at += 1) {
        words[at] = Math.max(0, (words[at] as number) - moved);
      }
    });
    this.#baseMs = baseMs;
  }
}

class ExactHold implements Hold {
  readonly #table: ExactLogTable;
  readonly #slot: number;
  readonly #serial: number;
  readonly #stampMs: number;

  constructor(table: ExactLogTable, slot: number, serial: number, stampMs: number) {
    this.#table = table;
    this.#slot = slot;
    this.#serial = serial;
    this.#stampMs = stampMs;
  }

  keep(delayMs: number, nowMs: number): void {
    this.#settle(this.#stampMs + Math.ceil(delayMs), nowMs);
  }

  giveBack(nowMs: number): void {
    this.#settle(undefined, nowMs);
  }

  #settle(keptMs: number | undefined, nowMs: number): void {
    // A different serial means that the counter, and this take with it, was released in the meantime.
    if (this.#table.rows.serialOf(this.#slot) !== this.#serial) return;
    this.#table.settle(this.#slot, this.#stampMs, keptMs, nowMs);
  }
}

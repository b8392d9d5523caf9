import { BUCKET_WORDS, BucketTable } from './bucket-table.ts';
import type { Seed } from './key-hash.ts';
import type { LimitKey, RuleState, RuleViolation, WindowRule } from './limit-store.ts';
import { MAX_WINDOW_MS } from './limit-store.ts';
import { PAYLOAD, type RowChunk, RowTable } from './row-table.ts';
import { details, type Expiry, fullTable, type Hold, LEASE_MS, whenFreed } from './rule-table.ts';
import { WindowFold } from './window-fold.ts';

/** Stamps are moved back when they come near the end of 32 bits (49.7 days); what is left holds any window and lease. */
const REBASE_AT_MS = 2 ** 32 - 2 ** 29;
const COUNTS = PAYLOAD;
const STAMPS = PAYLOAD + 1;
const OPEN_ONE = 256;

/**
 * "At most `limit` in any half-open window", to the millisecond: every key has a row with room for as many stamps as the
 * largest limit seen; a smaller one is held against the same stamps. When windows differ, stamps stay for the longest window
 * seen, and every rule counts those in its own: as many of the newest as the largest limit are enough to tell for all of
 * them.
 * Settled stamps come first, sorted, then open takes in the order of their take. An open take counts however old it is,
 * because its message may be written at any moment. Each chunk of rows has a base time of its own, and is moved to a later
 * one by itself.
 *
 * Stamps are rounded up and times compared rounded down, so a clock with fractions can only err to the strict side.
 */
export class ExactLogTable {
  readonly rows: RowTable;
  liveUntilMs = Number.NEGATIVE_INFINITY;
  /** The longest window seen. */
  #windowMs: number;
  #fold: WindowFold;
  /** Settled stamps that a row has room for; as many as the largest limit seen. */
  #room: number;
  /** Whether several windows were seen. Then what is settled may fill a row, and open takes need room of their own. */
  #isMixed = false;
  /** Counts on with these rows once a limit was too large for a log. */
  #successor: BucketTable | undefined;

  constructor(rule: WindowRule, maxRows: number, seed: Seed) {
    this.#room = rule.limit;
    this.#windowMs = rule.windowMs;
    this.rows = new RowTable(1 + rule.limit, maxRows, seed);
    this.#fold = new WindowFold(this.rows, rule.windowMs, false);
  }

  check(rule: WindowRule, nowMs: number, inserts: number): RuleViolation | undefined {
    if (rule.windowMs !== this.#windowMs) this.#mix(rule.windowMs);
    const slot = this.rows.find(rule.key);
    const folded = this.#fold.countOf(rule.key, nowMs);
    // Nothing is dropped before it stands in the way: most checks see a row that is not full.
    let live = slot < 0 ? 0 : this.#held(slot);
    if (live + folded >= rule.limit && slot >= 0) live = this.#live(slot, rule, nowMs);
    if (live + folded < rule.limit) {
      if (slot >= 0 || this.rows.room >= inserts) return undefined;
      return fullTable(rule, folded, Number.POSITIVE_INFINITY, nowMs);
    }
    const retryAfterMs = this.#retryAfterMs(rule, slot, live, folded, nowMs);
    // Without room for everybody it may be another number that the sketch counts here.
    const reason = live < rule.limit ? 'capacity' : 'over-limit';
    return { rule, reason, observed: live + folded, ...details(retryAfterMs, folded > 0) };
  }

  write(rule: WindowRule, nowMs: number): Hold {
    if (rule.limit > this.#room) {
      this.#room = rule.limit;
      this.#widen();
    }
    let slot = this.rows.find(rule.key);
    if (slot < 0) slot = this.#insert(rule.key, nowMs);
    else if (this.#counts(slot) < OPEN_ONE) this.rows.dequeue(slot);
    const stampMs = Math.ceil(nowMs);
    const chunk = this.rows.chunkOf(slot);
    const stamp = this.#relative(chunk, stampMs, nowMs);
    const { words } = chunk;
    const start = this.rows.startOf(slot);
    const counts = words[start + COUNTS] as number;
    words[start + STAMPS + (counts & 255) + (counts >>> 8)] = stamp;
    words[start + COUNTS] = counts + OPEN_ONE;
    this.#extend(stampMs + LEASE_MS);
    return new ExactHold(this, slot, this.rows.serialOf(slot), stampMs);
  }

  inspect(rule: WindowRule, nowMs: number): RuleState {
    const slot = this.rows.find(rule.key);
    const live = slot < 0 ? 0 : this.#live(slot, rule, nowMs);
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

  /** Ends one open take: `keptMs` is the stamp that stays, or undefined when none does. */
  settle(slot: number, stampMs: number, keptMs: number | undefined, nowMs: number): void {
    if (this.#successor !== undefined) {
      this.#successor.settle(slot, 1, keptMs, nowMs);
      return;
    }
    const chunk = this.rows.chunkOf(slot);
    const { words } = chunk;
    const start = this.rows.startOf(slot);
    const stamp = this.#relative(chunk, stampMs, nowMs);
    const counts = (words[start + COUNTS] as number) - OPEN_ONE;
    const end = start + STAMPS + (counts & 255) + (counts >>> 8);
    // Takes with one stamp are interchangeable, so the first that fits is the right one.
    let at = start + STAMPS + (counts & 255);
    while (words[at] !== stamp) at += 1;
    for (; at < end; at += 1) words[at] = words[at + 1] as number;
    words[start + COUNTS] = counts;
    if (keptMs !== undefined && keptMs > Math.floor(nowMs) - this.#windowMs) {
      this.#addSettled(slot, this.#relative(chunk, keptMs, nowMs));
      this.#extend(keptMs);
    }
    if (counts >>> 8 > 0) return;
    if (words[start + COUNTS] === 0) this.rows.remove(slot);
    else this.rows.enqueue(slot);
  }

  /** Goes on as sub-buckets. Every row keeps its place, so what is open can still be settled. */
  toBuckets(rule: WindowRule, nowMs: number): BucketTable {
    this.rows.widen(BUCKET_WORDS);
    const buckets = new BucketTable({ ...rule, windowMs: this.#windowMs }, this.rows, this.#fold);
    buckets.liveUntilMs = this.liveUntilMs;
    this.rows.forEach((slot) => {
      const live = this.#prune(slot, nowMs);
      const { words, baseMs } = this.rows.chunkOf(slot);
      const first = this.rows.startOf(slot) + STAMPS;
      const open = this.#counts(slot) >>> 8;
      const stamps = Array.from(words.subarray(first, first + live - open), (stamp) => baseMs + stamp);
      buckets.seed(slot, stamps, open, nowMs);
    });
    this.#successor = buckets;
    return buckets;
  }

  #counts(slot: number): number {
    return this.rows.chunkOf(slot).words[this.rows.startOf(slot) + COUNTS] as number;
  }

  /** Goes on for several windows. */
  #mix(windowMs: number): void {
    this.#isMixed = true;
    this.#widen();
    if (windowMs <= this.#windowMs) return;
    this.liveUntilMs += 2 * (windowMs - this.#windowMs);
    this.#windowMs = windowMs;
    this.#fold = new WindowFold(this.rows, windowMs, false, this.#fold);
  }

  #widen(): void {
    this.rows.widen(1 + (this.#isMixed ? 2 : 1) * this.#room);
  }

  /** Stamps in the row, those that left the window included. */
  #held(slot: number): number {
    const counts = this.#counts(slot);
    return (counts & 255) + (counts >>> 8);
  }

  #extend(stampMs: number): void {
    const untilMs = stampMs + 2 * this.#windowMs;
    if (untilMs > this.liveUntilMs) this.liveUntilMs = untilMs;
  }

  /** The open takes make room for it. Of more settled stamps than any rule can tell, the oldest goes. */
  #addSettled(slot: number, stamp: number): void {
    const { words } = this.rows.chunkOf(slot);
    const start = this.rows.startOf(slot);
    let counts = words[start + COUNTS] as number;
    if ((counts & 255) >= this.#room) {
      const first = start + STAMPS;
      if (stamp <= (words[first] as number)) return;
      words.copyWithin(first, first + 1, first + (counts & 255) + (counts >>> 8));
      counts -= 1;
    }
    let at = start + STAMPS + (counts & 255);
    while (at > start + STAMPS && (words[at - 1] as number) > stamp) at -= 1;
    for (let last = start + STAMPS + (counts & 255) + (counts >>> 8); last > at; last -= 1) {
      words[last] = words[last - 1] as number;
    }
    words[at] = stamp;
    words[start + COUNTS] = counts + 1;
  }

  /** How many stamps count for a rule. */
  #live(slot: number, { windowMs }: WindowRule, nowMs: number): number {
    const held = this.#prune(slot, nowMs);
    if (windowMs === this.#windowMs) return held;
    const { words, baseMs } = this.rows.chunkOf(slot);
    const first = this.rows.startOf(slot) + STAMPS;
    const edge = Math.floor(nowMs) - baseMs - windowMs;
    let gone = 0;
    for (const settled = this.#counts(slot) & 255; gone < settled; gone += 1) {
      if ((words[first + gone] as number) > edge) break;
    }
    return held - gone;
  }

  /** Drops settled stamps that left the longest window; returns how many are left. */
  #prune(slot: number, nowMs: number): number {
    const chunk = this.rows.chunkOf(slot);
    const { words } = chunk;
    const start = this.rows.startOf(slot);
    const first = start + STAMPS;
    const counts = words[start + COUNTS] as number;
    const settled = counts & 255;
    const held = settled + (counts >>> 8);
    this.#rebase(chunk, nowMs);
    const edge = Math.floor(nowMs) - chunk.baseMs - this.#windowMs;
    let gone = 0;
    while (gone < settled && (words[first + gone] as number) <= edge) gone += 1;
    if (gone > 0) {
      words.copyWithin(first, first + gone, first + held);
      words[start + COUNTS] = counts - gone;
    }
    return held - gone;
  }

  #insert(key: LimitKey, nowMs: number): number {
    // Two a new one: a table that is used shrinks to what is alive, and none grows for what is dead.
    for (let step = 0; step < 2 && this.rows.oldest >= 0; step += 1) {
      if (this.#prune(this.rows.oldest, nowMs) > 0) break;
      this.#removeOldest();
    }
    if (this.rows.isFull) {
      const slot = this.rows.oldest;
      const live = this.#prune(slot, nowMs);
      const { words, baseMs } = this.rows.chunkOf(slot);
      const newest = words[this.rows.startOf(slot) + STAMPS + live - 1] as number;
      this.#fold.fold(slot, live, baseMs + newest + this.#windowMs, nowMs);
      this.#removeOldest();
    }
    return this.rows.insert(key, Math.floor(nowMs));
  }

  #removeOldest(): void {
    const slot = this.rows.oldest;
    this.rows.dequeue(slot);
    this.rows.remove(slot);
  }

  #retryAfterMs(rule: WindowRule, slot: number, live: number, folded: number, nowMs: number): number {
    const expiries: Expiry[] = this.#fold.expiries(rule.key, folded);
    if (slot >= 0) {
      const { words, baseMs } = this.rows.chunkOf(slot);
      const start = this.rows.startOf(slot);
      const settled = (words[start + COUNTS] as number) & 255;
      const held = this.#held(slot);
      for (let at = held - live; at < held; at += 1) {
        const stampMs = baseMs + (words[start + STAMPS + at] as number);
        const atMs = stampMs + rule.windowMs;
        // An open take is expected to be settled at its own time; one that left its window ends with its lease at last.
        expiries.push({ atMs: at >= settled && atMs <= nowMs ? stampMs + LEASE_MS : atMs, amount: 1 });
      }
    }
    return Math.ceil(whenFreed(expiries, live + folded - rule.limit + 1) - Math.floor(nowMs));
  }

  /** A time as a 32-bit stamp. */
  #relative(chunk: RowChunk, timeMs: number, nowMs: number): number {
    this.#rebase(chunk, nowMs);
    return Math.max(0, timeMs - chunk.baseMs);
  }

  #rebase(chunk: RowChunk, nowMs: number): void {
    if (nowMs - chunk.baseMs < REBASE_AT_MS) return;
    const baseMs = Math.floor(nowMs) - MAX_WINDOW_MS - LEASE_MS;
    const moved = baseMs - chunk.baseMs;
    const { words, stride } = chunk;
    for (let start = 0; start < words.length; start += stride) {
      for (let at = start + STAMPS; at < start + stride; at += 1) {
        words[at] = Math.max(0, (words[at] as number) - moved);
      }
    }
    chunk.baseMs = baseMs;
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
    // Another serial: the counter was released in between, and this take with it.
    if (this.#table.rows.serialOf(this.#slot) !== this.#serial) return;
    this.#table.settle(this.#slot, this.#stampMs, keptMs, nowMs);
  }
}

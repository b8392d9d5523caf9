import type { LimitKey, RuleState, RuleViolation, WindowRule } from './limit-store.ts';
import { SUB_BUCKETS } from './limit-store.ts';
import { PAYLOAD, type RowTable } from './row-table.ts';
import { details, type Expiry, fullTable, type Hold, LEASE_MS, whenFreed } from './rule-table.ts';
import { WindowFold } from './window-fold.ts';

const RING = SUB_BUCKETS + 1;
const OPEN_TAKES = PAYLOAD;
/** Offsets from the start of a row, in doubles. */
const NEWEST = (PAYLOAD + 1) / 2;
const OPEN_AMOUNT = NEWEST + 1;
const BUCKETS = NEWEST + 2;

/** Words in a row of this table. */
export const BUCKET_WORDS = 1 + 2 * (2 + RING);

/** Offset of a bucket in its row. A monotonic clock may start below zero. */
function offsetOf(bucket: number): number {
  return BUCKETS + bucket - Math.floor(bucket / RING) * RING;
}

/**
 * "At most `limit` in any window" for large limits and for amounts, in constant memory: the window is divided into 30
 * buckets and one more is counted, so that the count always covers the whole window. An open take counts regardless
 * of its age; once settled, it counts in the bucket of its first write. When windows differ, the longest one seen decides
 * the size of the buckets, and every rule counts those that may reach into its own window.
 */
export class BucketTable {
  readonly rows: RowTable;
  liveUntilMs = Number.NEGATIVE_INFINITY;
  /** The longest window seen. */
  #windowMs: number;
  #bucketMs: number;
  #fold: WindowFold;

  /** `rows` have {@link BUCKET_WORDS}; `former` holds the counts that an earlier table folded. */
  constructor(rule: WindowRule, rows: RowTable, former?: WindowFold) {
    this.#windowMs = rule.windowMs;
    this.#bucketMs = Math.ceil(rule.windowMs / SUB_BUCKETS);
    this.rows = rows;
    this.#fold = new WindowFold(rows, RING * this.#bucketMs, true, former);
  }

  /** Fills a row that was used by another table: `stamps` of kept takes, ascending, and the number of `open` takes. */
  seed(slot: number, stamps: readonly number[], open: number, nowMs: number): void {
    const { words, stride } = this.rows.chunkOf(slot);
    const start = this.rows.startOf(slot);
    words.fill(0, start + PAYLOAD, start + stride);
    words[start + OPEN_TAKES] = open;
    this.#add(slot, OPEN_AMOUNT, open);
    const newest = this.#bucketAt(Math.max(nowMs, stamps.at(-1) ?? nowMs));
    this.#add(slot, NEWEST, newest);
    for (const stampMs of stamps) {
      // A stamp older than the ring counts in the oldest bucket: it may count too long, never too short.
      this.#add(slot, offsetOf(Math.max(this.#bucketAt(stampMs), newest - RING + 1)), 1);
      this.#extend(stampMs);
    }
    this.#extend(nowMs + LEASE_MS);
  }

  check(rule: WindowRule, nowMs: number, inserts: number): RuleViolation | undefined {
    if (rule.windowMs > this.#windowMs) this.#lengthen(rule.windowMs, nowMs);
    const slot = this.rows.find(rule.key);
    const folded = this.#fold.countOf(rule.key, nowMs);
    const observed = folded + (slot < 0 ? 0 : this.#amountOf(slot, nowMs, this.#bucketsOf(rule)));
    if (observed + (rule.weight ?? 1) <= rule.limit) {
      if (slot >= 0 || this.rows.room >= inserts) return undefined;
      return fullTable(rule, observed, Number.POSITIVE_INFINITY, nowMs);
    }
    const retryAfterMs = this.#retryAfterMs(rule, slot, observed, folded, nowMs);
    return { rule, reason: 'over-limit', observed, ...details(retryAfterMs, folded > 0) };
  }

  write(rule: WindowRule, nowMs: number): Hold {
    const weight = rule.weight ?? 1;
    let slot = this.rows.find(rule.key);
    if (slot < 0) slot = this.#insert(rule.key, nowMs);
    else if (this.#openTakes(slot) === 0) this.rows.dequeue(slot);
    this.#setOpenTakes(slot, this.#openTakes(slot) + 1);
    this.#add(slot, OPEN_AMOUNT, weight);
    this.#extend(nowMs + LEASE_MS);
    return new BucketHold(this, slot, this.rows.serialOf(slot), weight, nowMs);
  }

  inspect(rule: WindowRule, nowMs: number): RuleState {
    const slot = this.rows.find(rule.key);
    const folded = this.#fold.countOf(rule.key, nowMs);
    const count = folded + (slot < 0 ? 0 : this.#amountOf(slot, nowMs, this.#bucketsOf(rule)));
    const isFull = count + 1 > rule.limit;
    const one = { ...rule, weight: 1 };
    const retryAfterMs = isFull ? this.#retryAfterMs(one, slot, count, folded, nowMs) : 0;
    return { rule, count, ...details(retryAfterMs, folded > 0) };
  }

  release(key: LimitKey): void {
    this.#fold.release(key);
    const slot = this.rows.find(key);
    if (slot < 0) return;
    if (this.#openTakes(slot) === 0) this.rows.dequeue(slot);
    this.rows.remove(slot);
  }

  /** Ends one open take: `keptMs` is the time of the write, or undefined when nothing was written. */
  settle(slot: number, weight: number, keptMs: number | undefined, nowMs: number): void {
    const open = this.#openTakes(slot) - 1;
    this.#setOpenTakes(slot, open);
    this.#add(slot, OPEN_AMOUNT, -weight);
    if (keptMs !== undefined) {
      const bucket = this.#bucketAt(keptMs);
      this.#advance(slot, Math.max(bucket, this.#bucketAt(nowMs)), nowMs);
      if (bucket > this.#newest(slot) - RING) this.#add(slot, offsetOf(bucket), weight);
      this.#extend(keptMs);
    }
    if (open > 0) return;
    if (this.#amountOf(slot, nowMs) === 0) this.rows.remove(slot);
    else this.rows.enqueue(slot);
  }

  #bucketAt(timeMs: number): number {
    return Math.floor(timeMs / this.#bucketMs);
  }

  #openTakes(slot: number): number {
    return this.rows.chunkOf(slot).words[this.rows.startOf(slot) + OPEN_TAKES] as number;
  }

  #setOpenTakes(slot: number, open: number): void {
    this.rows.chunkOf(slot).words[this.rows.startOf(slot) + OPEN_TAKES] = open;
  }

  #read(slot: number, offset: number): number {
    return this.rows.chunkOf(slot).doubles[(this.rows.startOf(slot) >>> 1) + offset] as number;
  }

  #add(slot: number, offset: number, amount: number): void {
    const { doubles } = this.rows.chunkOf(slot);
    const at = (this.rows.startOf(slot) >>> 1) + offset;
    doubles[at] = (doubles[at] as number) + amount;
  }

  #newest(slot: number): number {
    return this.#read(slot, NEWEST);
  }

  #extend(timeMs: number): void {
    const untilMs = timeMs + 2 * RING * this.#bucketMs;
    if (untilMs > this.liveUntilMs) this.liveUntilMs = untilMs;
  }

  /** Buckets that may reach into the window of a rule. */
  #bucketsOf({ windowMs }: WindowRule): number {
    return Math.min(RING, Math.ceil(windowMs / this.#bucketMs) + 1);
  }

  /** Goes on with larger buckets. An amount moves to the bucket of its end: it may count too long, never too short. */
  #lengthen(windowMs: number, nowMs: number): void {
    const beforeMs = this.#bucketMs;
    this.liveUntilMs += 2 * RING * (Math.ceil(windowMs / SUB_BUCKETS) - beforeMs);
    this.#windowMs = windowMs;
    this.#bucketMs = Math.ceil(windowMs / SUB_BUCKETS);
    this.#fold = new WindowFold(this.rows, RING * this.#bucketMs, true, this.#fold);
    this.rows.forEach((slot) => {
      const before = this.#newest(slot);
      const amounts = Array.from({ length: RING }, (_, age) => this.#read(slot, offsetOf(before - age)));
      for (const [age, amount] of amounts.entries()) this.#add(slot, offsetOf(before - age), -amount);
      const largerOf = (bucket: number) => this.#bucketAt((bucket + 1) * beforeMs - 1);
      const newest = Math.max(this.#bucketAt(nowMs), largerOf(before));
      this.#add(slot, NEWEST, newest - before);
      for (const [age, amount] of amounts.entries()) {
        const bucket = largerOf(before - age);
        if (bucket <= this.#bucketAt(nowMs) - RING) continue;
        this.#add(slot, offsetOf(Math.max(bucket, newest - RING + 1)), amount);
      }
    });
  }

  /** Amounts that count now in the last buckets, including open takes. */
  #amountOf(slot: number, nowMs: number, buckets = RING): number {
    const newest = this.#newest(slot);
    const oldest = Math.max(newest - RING, this.#bucketAt(nowMs) - buckets) + 1;
    const { doubles } = this.rows.chunkOf(slot);
    const start = this.rows.startOf(slot) >>> 1;
    let amount = doubles[start + OPEN_AMOUNT] as number;
    let at = start + offsetOf(oldest);
    for (let left = newest - oldest; left >= 0; left -= 1) {
      amount += doubles[at] as number;
      at += 1;
      if (at === start + BUCKETS + RING) at = start + BUCKETS;
    }
    return amount;
  }

  /**
   * Advances the ring until `newest` is its last bucket. An amount that would expire too early moves to the oldest
   * remaining bucket.
   */
  #advance(slot: number, newest: number, nowMs: number): void {
    const before = this.#newest(slot);
    const firstLive = this.#bucketAt(nowMs) - RING + 1;
    let early = 0;
    for (let bucket = before - RING + 1; bucket <= Math.min(before, newest - RING); bucket += 1) {
      const offset = offsetOf(bucket);
      if (bucket >= firstLive) early += this.#read(slot, offset);
      this.#add(slot, offset, -this.#read(slot, offset));
    }
    this.#add(slot, NEWEST, newest - before);
    this.#add(slot, offsetOf(newest - RING + 1), early);
  }

  #insert(key: LimitKey, nowMs: number): number {
    for (let step = 0; step < 2 && this.rows.oldest >= 0; step += 1) {
      if (this.#amountOf(this.rows.oldest, nowMs) > 0) break;
      this.#removeOldest();
    }
    if (this.rows.isFull) {
      const slot = this.rows.oldest;
      const untilMs = (this.#newest(slot) + RING) * this.#bucketMs;
      this.#fold.fold(slot, this.#amountOf(slot, nowMs), untilMs, nowMs);
      this.#removeOldest();
    }
    const slot = this.rows.insert(key);
    this.#add(slot, NEWEST, this.#bucketAt(nowMs));
    return slot;
  }

  #removeOldest(): void {
    const slot = this.rows.oldest;
    this.rows.dequeue(slot);
    this.rows.remove(slot);
  }

  #retryAfterMs(
    rule: WindowRule,
    slot: number,
    observed: number,
    folded: number,
    nowMs: number,
  ): number | undefined {
    const weight = rule.weight ?? 1;
    if (weight > rule.limit) return undefined;
    const expiries: Expiry[] = this.#fold.expiries(rule.key, folded);
    if (slot >= 0) {
      const newest = this.#newest(slot);
      const buckets = this.#bucketsOf(rule);
      const oldest = Math.max(newest - RING, this.#bucketAt(nowMs) - buckets) + 1;
      for (let bucket = oldest; bucket <= newest; bucket += 1) {
        const amount = this.#read(slot, offsetOf(bucket));
        expiries.push({ atMs: (bucket + buckets) * this.#bucketMs, amount });
      }
      // An open take is expected to be settled by now, in the bucket of now at the latest.
      const atMs = (this.#bucketAt(nowMs) + buckets) * this.#bucketMs;
      expiries.push({ atMs, amount: this.#read(slot, OPEN_AMOUNT) });
    }
    return Math.ceil(whenFreed(expiries, observed + weight - rule.limit) - nowMs);
  }
}

class BucketHold implements Hold {
  readonly #table: BucketTable;
  readonly #slot: number;
  readonly #serial: number;
  readonly #weight: number;
  readonly #takenMs: number;

  constructor(table: BucketTable, slot: number, serial: number, weight: number, takenMs: number) {
    this.#table = table;
    this.#slot = slot;
    this.#serial = serial;
    this.#weight = weight;
    this.#takenMs = takenMs;
  }

  keep(delayMs: number, nowMs: number): void {
    this.#settle(this.#takenMs + delayMs, nowMs);
  }

  giveBack(nowMs: number): void {
    this.#settle(undefined, nowMs);
  }

  #settle(keptMs: number | undefined, nowMs: number): void {
    // A different serial means that the counter, and this take with it, was released in the meantime.
    if (this.#table.rows.serialOf(this.#slot) !== this.#serial) return;
    this.#table.settle(this.#slot, this.#weight, keptMs, nowMs);
  }
}

import type { Seed } from './key-hash.ts';
import type { DistinctRule, LimitKey, RuleState, RuleViolation } from './limit-store.ts';
import { type Member, Members } from './members.ts';
import { PAYLOAD, RowTable } from './row-table.ts';
import { fullTable, type Hold, LEASE_MS, type RuleTable } from './rule-table.ts';
import { SlotValues } from './slot-values.ts';

/** Members of one key that are looked at for room: a full table must not cost more than an empty one. */
const MEMBERS_PER_LOOK = 16;
/** Stamps that are looked at for `retryAfterMs`, in addition to those that have to leave. */
const STAMPS_PER_LOOK = 64;

const NEVER = Number.NEGATIVE_INFINITY;

/** The members of a row: none yet, one in the row itself, or {@link Members} beside it. */
const STATE = PAYLOAD;
const NONE = 0;
const ONE = 1;
const SEVERAL = 2;
/**
 * Offsets from the start of a row, in doubles: the one member unless it is a string, when it was settled, and its open take. Of several
 * members none was settled before that time: a sweep reads it, and leaves those beside the row alone.
 */
const MEMBER = (PAYLOAD + 1) / 2;
const SETTLED = MEMBER + 1;
const OPEN = MEMBER + 2;
const PAYLOAD_WORDS = 1 + 2 * 3;

/**
 * At most `limit` different members under one key in any window. Bounded by members, not by keys. Most keys have one member and
 * one open take of it: their row holds both, in about 60 bytes.
 */
export class DistinctTable implements RuleTable<DistinctRule> {
  readonly shape: DistinctRule;
  readonly maxSize: number;
  liveUntilMs = NEVER;
  readonly #rows: RowTable;
  /** By slot, of rows with several members. */
  readonly #several = new Map<number, Members>();
  /** By slot, of rows with one member that is a string. */
  readonly #texts = new SlotValues<string>();
  #size = 0;
  #lookedMs = 0;
  /** When the first member of those that were looked at leaves. */
  #nextMs = Number.POSITIVE_INFINITY;
  readonly #isDead = (slot: number): boolean => {
    const { words, doubles } = this.#rows.chunkOf(slot);
    const start = this.#rows.startOf(slot);
    const first = start >>> 1;
    let oldestMs = doubles[first + SETTLED] as number;
    if (oldestMs <= this.#edge(this.#lookedMs)) {
      oldestMs = NEVER;
      if (words[start + STATE] !== ONE) {
        if (this.#prune(slot, this.#lookedMs, MEMBERS_PER_LOOK) === 0) {
          this.#clear(slot);
          return true;
        }
        // A time up to which the member that leaves first counts for certain; none when none was settled.
        oldestMs = (this.#several.get(slot) as Members).oldest?.stampMs ?? NEVER;
      } else if (doubles[first + OPEN] === NEVER) {
        // Most dead rows: nothing has to be changed in them but the text.
        this.#texts.delete(slot);
        this.#size -= 1;
        return true;
      }
      // A member that is only open is as before its first settlement.
      doubles[first + SETTLED] = oldestMs;
    }
    if (oldestMs > NEVER) this.#nextMs = Math.min(this.#nextMs, oldestMs + this.shape.windowMs);
    return false;
  };

  constructor(rule: DistinctRule, maxEntries: number, seed: Seed) {
    this.shape = rule;
    this.maxSize = maxEntries;
    this.#rows = new RowTable(PAYLOAD_WORDS, maxEntries, seed);
  }

  get size(): number {
    return this.#size;
  }

  check(rule: DistinctRule, nowMs: number, inserts: number): RuleViolation | undefined {
    const slot = this.#rows.find(rule.key);
    if (slot >= 0 && this.#isLive(slot, rule.member, nowMs)) return undefined;
    let observed = slot < 0 ? 0 : this.#count(slot);
    // Counting is only worth it when it may say no.
    if (observed >= rule.limit) {
      observed = this.#prune(slot, nowMs, Number.POSITIVE_INFINITY);
      if (observed >= rule.limit) {
        const retryAfterMs = this.#retryAfterMs(slot, rule.limit, nowMs);
        return { rule, reason: 'over-limit', observed, retryAfterMs };
      }
      if (observed === 0) this.#remove(slot);
    }
    this.#lookedMs = nowMs;
    this.#nextMs = Number.POSITIVE_INFINITY;
    this.#rows.sweep(this.#isDead, this.#size + inserts > this.maxSize);
    if (this.#size + inserts <= this.maxSize) return undefined;
    return fullTable(rule, observed, this.#nextMs, nowMs);
  }

  write(rule: DistinctRule, nowMs: number): Hold {
    const { key, member } = rule;
    const takenMs = Math.ceil(nowMs);
    let slot = this.#rows.find(key);
    if (slot < 0) {
      slot = this.#rows.insert(key);
      this.#openFirst(slot, member, takenMs);
      this.#extend(takenMs + LEASE_MS);
      return new DistinctHold(this, slot, this.#rows.serialOf(slot), member, takenMs);
    }
    // The next one takes the place of a member that has left the window.
    if (this.#stateOf(slot) === ONE && !this.#isOnly(slot, member)) this.#prune(slot, nowMs, 1);
    if (this.#stateOf(slot) === NONE) this.#openFirst(slot, member, takenMs);
    else if (this.#isOnly(slot, member) && this.#read(slot, OPEN) === NEVER) this.#set(slot, OPEN, takenMs);
    else this.#openAmong(this.#severalOf(slot) ?? this.#widen(slot), member, takenMs);
    this.#extend(takenMs + LEASE_MS);
    return new DistinctHold(this, slot, this.#rows.serialOf(slot), member, takenMs);
  }

  inspect(rule: DistinctRule, nowMs: number): RuleState {
    const slot = this.#rows.find(rule.key);
    const count = slot < 0 ? 0 : this.#prune(slot, nowMs, Number.POSITIVE_INFINITY);
    if (slot >= 0 && count === 0) this.#remove(slot);
    const retryAfterMs = count >= rule.limit ? this.#retryAfterMs(slot, rule.limit, nowMs) : 0;
    return { rule, count, retryAfterMs };
  }

  release(key: LimitKey): void {
    const slot = this.#rows.find(key);
    if (slot < 0) return;
    this.#size -= this.#count(slot);
    this.#remove(slot);
  }

  /** Ends one open take: `keptMs` is the stamp that stays, or undefined when none does. */
  settle({ slot, serial, member, takenMs }: OpenMember, keptMs: number | undefined): void {
    // Another serial: the counter was released in between, and this take with it.
    if (this.#rows.serialOf(slot) !== serial) return;
    if (keptMs !== undefined) this.#extend(keptMs);
    const several = this.#severalOf(slot);
    if (several !== undefined && keptMs !== undefined && keptMs < this.#read(slot, SETTLED)) {
      this.#set(slot, SETTLED, keptMs);
    }
    const isLeft =
      several === undefined ? this.#settleOne(slot, keptMs) : settleAmong(several, member, takenMs, keptMs);
    if (isLeft) return;
    this.#size -= 1;
    if (this.#count(slot) === 0) this.#remove(slot);
  }

  #settleOne(slot: number, keptMs = NEVER): boolean {
    const { doubles } = this.#rows.chunkOf(slot);
    const first = this.#rows.startOf(slot) >>> 1;
    const settledMs = Math.max(doubles[first + SETTLED] as number, keptMs);
    doubles[first + SETTLED] = settledMs;
    doubles[first + OPEN] = NEVER;
    if (settledMs === NEVER) this.#setState(slot, NONE);
    return settledMs > NEVER;
  }

  #openFirst(slot: number, member: LimitKey, takenMs: number): void {
    const { words, doubles } = this.#rows.chunkOf(slot);
    const start = this.#rows.startOf(slot);
    const first = start >>> 1;
    words[start + STATE] = ONE;
    if (typeof member === 'string') this.#texts.set(slot, member);
    else this.#texts.delete(slot);
    // A number equals no other value.
    doubles[first + MEMBER] = typeof member === 'string' ? Number.NaN : member;
    doubles[first + SETTLED] = NEVER;
    doubles[first + OPEN] = takenMs;
    this.#size += 1;
  }

  #openAmong(several: Members, key: LimitKey, takenMs: number): void {
    let member = several.find(key);
    if (member === undefined) {
      member = several.add(key);
      this.#size += 1;
    }
    member.open(takenMs);
  }

  /** Moves the one member of a row to its place beside it. */
  #widen(slot: number): Members {
    const several = new Members();
    const member = several.add(this.#texts.get(slot) ?? this.#read(slot, MEMBER));
    const settledMs = this.#read(slot, SETTLED);
    if (settledMs > NEVER) {
      member.settledMs = settledMs;
      several.stamp(member, settledMs);
    }
    const openMs = this.#read(slot, OPEN);
    if (openMs > NEVER) member.open(openMs);
    this.#setState(slot, SEVERAL);
    this.#several.set(slot, several);
    return several;
  }

  #extend(timeMs: number): void {
    this.liveUntilMs = Math.max(this.liveUntilMs, timeMs + this.shape.windowMs);
  }

  #isLive(slot: number, key: LimitKey, nowMs: number): boolean {
    const edge = this.#edge(nowMs);
    const several = this.#severalOf(slot);
    if (several === undefined) {
      if (!this.#isOnly(slot, key)) return false;
      return this.#read(slot, OPEN) > NEVER || this.#read(slot, SETTLED) > edge;
    }
    const member = several.find(key);
    return member !== undefined && (member.openMs !== undefined || member.settledMs > edge);
  }

  #edge(nowMs: number): number {
    return Math.floor(nowMs) - this.shape.windowMs;
  }

  /** Takes out members that left the window, from the oldest on; at most `most` are looked at. Returns how many are left. */
  #prune(slot: number, nowMs: number, most: number): number {
    const edge = this.#edge(nowMs);
    const several = this.#severalOf(slot);
    if (several !== undefined) {
      this.#size -= pruneSeveral(several, edge, most);
      return several.size;
    }
    if (this.#read(slot, SETTLED) > edge) return ONE;
    // A member that is only open is as before its first settlement.
    this.#set(slot, SETTLED, NEVER);
    if (this.#read(slot, OPEN) > NEVER) return ONE;
    this.#setState(slot, NONE);
    this.#size -= 1;
    return NONE;
  }

  /** When one more fits: after as many as it takes have left, by the members that leave first. */
  #retryAfterMs(slot: number, limit: number, nowMs: number): number {
    const several = this.#severalOf(slot);
    const leaving = this.#count(slot) - limit + 1;
    const ends =
      several === undefined
        ? [this.#endMs(this.#read(slot, SETTLED), this.#read(slot, OPEN), nowMs)]
        : leavingFirst(several, leaving).map(({ settledMs, openMs }) =>
            this.#endMs(settledMs, openMs, nowMs),
          );
    const sorted = ends.sort((one, other) => one - other);
    return Math.ceil((sorted[leaving - 1] as number) - Math.floor(nowMs));
  }

  #endMs(settledMs: number, takenMs = NEVER, nowMs: number): number {
    const atMs = Math.max(settledMs, takenMs) + this.shape.windowMs;
    // As with windows: settled at its own time, or ended by its lease.
    return atMs > nowMs ? atMs : takenMs + LEASE_MS;
  }

  #count(slot: number): number {
    return this.#severalOf(slot)?.size ?? this.#stateOf(slot);
  }

  #severalOf(slot: number): Members | undefined {
    return this.#stateOf(slot) === SEVERAL ? this.#several.get(slot) : undefined;
  }

  /** Whether this is the one member in a row. */
  #isOnly(slot: number, key: LimitKey): boolean {
    if (this.#stateOf(slot) !== ONE) return false;
    return typeof key === 'string' ? this.#texts.get(slot) === key : this.#read(slot, MEMBER) === key;
  }

  #remove(slot: number): void {
    this.#clear(slot);
    this.#rows.remove(slot);
  }

  #clear(slot: number): void {
    if (this.#stateOf(slot) === SEVERAL) this.#several.delete(slot);
    this.#texts.delete(slot);
  }

  #stateOf(slot: number): number {
    return this.#rows.chunkOf(slot).words[this.#rows.startOf(slot) + STATE] as number;
  }

  #setState(slot: number, state: number): void {
    this.#rows.chunkOf(slot).words[this.#rows.startOf(slot) + STATE] = state;
  }

  #read(slot: number, offset: number): number {
    return this.#rows.chunkOf(slot).doubles[(this.#rows.startOf(slot) >>> 1) + offset] as number;
  }

  #set(slot: number, offset: number, value: number): void {
    this.#rows.chunkOf(slot).doubles[(this.#rows.startOf(slot) >>> 1) + offset] = value;
  }
}

/** Whether the member is left. */
function settleAmong(several: Members, key: LimitKey, takenMs: number, keptMs = NEVER): boolean {
  // It is there as long as it has an open take.
  const member = several.find(key) as Member;
  member.close(takenMs);
  if (keptMs > member.settledMs) {
    if (member.settledMs === NEVER) several.stamp(member, keptMs);
    member.settledMs = keptMs;
  }
  if (member.openMs !== undefined || member.settledMs > NEVER) return true;
  several.remove(member);
  return false;
}

/** Returns how many went. */
function pruneSeveral(several: Members, edge: number, most: number): number {
  let gone = 0;
  for (let looked = 0; looked < most; looked += 1) {
    const { oldest } = several;
    if (oldest === undefined || oldest.stampMs > edge) break;
    several.shift();
    if (oldest.settledMs > edge) several.stamp(oldest, oldest.settledMs);
    // A member that is only open has no stamp, as before its first settlement.
    else if (oldest.openMs !== undefined) oldest.settledMs = NEVER;
    else {
      several.remove(oldest);
      gone += 1;
    }
  }
  return gone;
}

/** At least `leaving` members, and all that may leave first. */
function leavingFirst(several: Members, leaving: number): readonly Member[] {
  const first = [...several.oldestFirst(leaving + STAMPS_PER_LOOK)];
  // Members that were never settled: they were taken lately.
  for (const member of first.length < leaving ? several.values() : []) {
    if (first.length >= leaving + STAMPS_PER_LOOK) break;
    if (member.settledMs === NEVER) first.push(member);
  }
  return first;
}

/** An open take of a member. */
interface OpenMember {
  readonly slot: number;
  readonly serial: number;
  readonly member: LimitKey;
  readonly takenMs: number;
}

class DistinctHold implements Hold, OpenMember {
  readonly #table: DistinctTable;
  readonly slot: number;
  readonly serial: number;
  readonly member: LimitKey;
  readonly takenMs: number;

  constructor(table: DistinctTable, slot: number, serial: number, member: LimitKey, takenMs: number) {
    this.#table = table;
    this.slot = slot;
    this.serial = serial;
    this.member = member;
    this.takenMs = takenMs;
  }

  keep(delayMs: number): void {
    this.#table.settle(this, this.takenMs + Math.ceil(delayMs));
  }

  giveBack(): void {
    this.#table.settle(this, undefined);
  }
}

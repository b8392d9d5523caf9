import type { DistinctRule, LimitKey, RuleState, RuleViolation } from './limit-store.ts';
import { fullTable, type Hold, LEASE_MS, type RuleTable } from './rule-table.ts';
import { SweptMap } from './swept-map.ts';

interface Member {
  readonly key: LimitKey;
  settledMs: number;
  /** Times of the open takes. The member counts while there is one. */
  readonly open: number[];
}

/** A member at a time up to which it certainly counted; it may have been settled later since then. */
interface Stamp {
  readonly member: Member;
  readonly atMs: number;
}

/** The members under one key. */
interface Members {
  readonly byKey: Map<LimitKey, Member>;
  /** Sorted by time; one per member that was ever settled. Those before `first` are gone. */
  stamps: Stamp[];
  first: number;
}

/** Members of one key that are looked at for room: a full table must not cost more than an empty one. */
const MEMBERS_PER_LOOK = 16;
/** Stamps that are looked at for `retryAfterMs`, in addition to those that have to leave. */
const STAMPS_PER_LOOK = 64;

/** At most `limit` different members under one key in any window. Bounded by members, not by keys. */
export class DistinctTable implements RuleTable<DistinctRule> {
  readonly shape: DistinctRule;
  liveUntilMs = Number.NEGATIVE_INFINITY;
  isFilling = false;
  readonly #keys: SweptMap<Members>;

  constructor(rule: DistinctRule, maxEntries: number) {
    this.shape = rule;
    this.#keys = new SweptMap(maxEntries);
  }

  get size(): number {
    return this.#keys.size;
  }

  get maxSize(): number {
    return this.#keys.maxSize;
  }

  check(rule: DistinctRule, nowMs: number, inserts: number): RuleViolation | undefined {
    const members = this.#keys.get(rule.key);
    const member = members?.byKey.get(rule.member);
    if (member !== undefined && this.#isLive(member, nowMs)) return undefined;
    // Counting is only worth it when it may say no.
    if (members !== undefined && members.byKey.size >= rule.limit) {
      this.#prune(members, nowMs, Number.POSITIVE_INFINITY);
      const observed = members.byKey.size;
      if (observed >= rule.limit) {
        const retryAfterMs = this.#retryAfterMs(members, rule.limit, nowMs);
        return { rule, reason: 'over-limit', observed, retryAfterMs };
      }
    }
    let nextMs = Number.POSITIVE_INFINITY;
    const hasRoom = this.#keys.hasRoom(inserts, (other) => {
      this.#prune(other, nowMs, MEMBERS_PER_LOOK);
      const stamp = other.stamps[other.first];
      if (stamp !== undefined) nextMs = Math.min(nextMs, stamp.atMs + this.shape.windowMs);
      return other.byKey.size === 0;
    });
    return hasRoom ? undefined : fullTable(rule, members?.byKey.size ?? 0, nextMs, nowMs);
  }

  write(rule: DistinctRule, nowMs: number): Hold {
    let members = this.#keys.get(rule.key);
    if (members === undefined) {
      members = { byKey: new Map(), stamps: [], first: 0 };
      this.#keys.set(rule.key, members);
    }
    let member = members.byKey.get(rule.member);
    if (member === undefined) {
      member = { key: rule.member, settledMs: Number.NEGATIVE_INFINITY, open: [] };
      members.byKey.set(rule.member, member);
      this.#keys.size += 1;
    }
    const takenMs = Math.ceil(nowMs);
    member.open.push(takenMs);
    this.#extend(takenMs + LEASE_MS);
    return new DistinctHold(this, rule.key, members, member, takenMs);
  }

  inspect(rule: DistinctRule, nowMs: number): RuleState {
    const members = this.#keys.get(rule.key);
    if (members === undefined) return { rule, count: 0, retryAfterMs: 0 };
    this.#prune(members, nowMs, Number.POSITIVE_INFINITY);
    const count = members.byKey.size;
    return {
      rule,
      count,
      retryAfterMs: count >= rule.limit ? this.#retryAfterMs(members, rule.limit, nowMs) : 0,
    };
  }

  release(key: LimitKey): void {
    this.#keys.size -= this.#keys.get(key)?.byKey.size ?? 0;
    this.#keys.delete(key);
  }

  settle(key: LimitKey, members: Members, member: Member, takenMs: number, keptMs: number | undefined): void {
    member.open.splice(member.open.indexOf(takenMs), 1);
    if (keptMs !== undefined && keptMs > member.settledMs) {
      if (member.settledMs === Number.NEGATIVE_INFINITY) insert(members, { member, atMs: keptMs });
      member.settledMs = keptMs;
      this.#extend(keptMs);
    }
    // Never settled, and nothing of it is open any more.
    if (member.open.length > 0 || member.settledMs > Number.NEGATIVE_INFINITY) return;
    if (this.#keys.get(key) !== members) return;
    members.byKey.delete(member.key);
    this.#keys.size -= 1;
  }

  #extend(timeMs: number): void {
    this.liveUntilMs = Math.max(this.liveUntilMs, timeMs + this.shape.windowMs);
  }

  #isLive(member: Member, nowMs: number): boolean {
    return member.open.length > 0 || member.settledMs > this.#edge(nowMs);
  }

  #edge(nowMs: number): number {
    return Math.floor(nowMs) - this.shape.windowMs;
  }

  /** Takes out members that left the window, from the oldest on; at most `most` are looked at. */
  #prune(members: Members, nowMs: number, most: number): void {
    const edge = this.#edge(nowMs);
    for (let looked = 0; looked < most; looked += 1) {
      const stamp = members.stamps[members.first];
      if (stamp === undefined || stamp.atMs > edge) break;
      this.#takeFirst(members);
      const { member } = stamp;
      if (member.settledMs > edge) insert(members, { member, atMs: member.settledMs });
      // A member that is only open has no stamp, as before its first settlement.
      else if (member.open.length > 0) member.settledMs = Number.NEGATIVE_INFINITY;
      else {
        members.byKey.delete(member.key);
        this.#keys.size -= 1;
      }
    }
  }

  #takeFirst(members: Members): void {
    members.first += 1;
    // Half of the list is gone: as many steps as it took to get there pay for this.
    if (members.first * 2 < members.stamps.length) return;
    members.stamps = members.stamps.slice(members.first);
    members.first = 0;
  }

  /** When one more fits: after as many as it takes have left, by the members that leave first. */
  #retryAfterMs(members: Members, limit: number, nowMs: number): number {
    const leaving = members.byKey.size - limit + 1;
    const most = Math.min(members.stamps.length, members.first + leaving + STAMPS_PER_LOOK);
    const ends: number[] = [];
    for (let at = members.first; at < most; at += 1) {
      ends.push(this.#endMs((members.stamps[at] as Stamp).member, nowMs));
    }
    // Members that were never settled: they were taken lately.
    for (const member of ends.length < leaving ? members.byKey.values() : []) {
      if (ends.length >= leaving + STAMPS_PER_LOOK) break;
      if (member.settledMs === Number.NEGATIVE_INFINITY) ends.push(this.#endMs(member, nowMs));
    }
    const sorted = ends.sort((one, other) => one - other);
    return Math.ceil((sorted[leaving - 1] as number) - Math.floor(nowMs));
  }

  #endMs({ settledMs, open }: Member, nowMs: number): number {
    const takenMs = open.at(-1) ?? Number.NEGATIVE_INFINITY;
    const atMs = Math.max(settledMs, takenMs) + this.shape.windowMs;
    // As with windows: settled at its own time, or ended by its lease.
    return atMs > nowMs ? atMs : takenMs + LEASE_MS;
  }
}

/** Keeps the stamps sorted. Nearly all are newer than the last one. */
function insert({ stamps, first }: Members, stamp: Stamp): void {
  let at = stamps.length;
  while (at > first && (stamps[at - 1] as Stamp).atMs > stamp.atMs) at -= 1;
  if (at === stamps.length) stamps.push(stamp);
  else stamps.splice(at, 0, stamp);
}

class DistinctHold implements Hold {
  readonly #table: DistinctTable;
  readonly #key: LimitKey;
  readonly #members: Members;
  readonly #member: Member;
  readonly #takenMs: number;

  constructor(table: DistinctTable, key: LimitKey, members: Members, member: Member, takenMs: number) {
    this.#table = table;
    this.#key = key;
    this.#members = members;
    this.#member = member;
    this.#takenMs = takenMs;
  }

  keep(delayMs: number): void {
    this.#settle(this.#takenMs + Math.ceil(delayMs));
  }

  giveBack(): void {
    this.#settle(undefined);
  }

  #settle(keptMs: number | undefined): void {
    this.#table.settle(this.#key, this.#members, this.#member, this.#takenMs, keptMs);
  }
}

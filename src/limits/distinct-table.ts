import type { DistinctRule, LimitKey, RuleState, RuleViolation } from './limit-store.ts';
import { type Member, Members } from './members.ts';
import { fullTable, type Hold, LEASE_MS, type RuleTable } from './rule-table.ts';
import { SweptMap } from './swept-map.ts';

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
  #lookedMs = 0;
  /** When the first member of those that were looked at leaves. */
  #nextMs = Number.POSITIVE_INFINITY;
  readonly #clean = (members: Members): boolean => {
    this.#prune(members, this.#lookedMs, MEMBERS_PER_LOOK);
    const { oldest } = members;
    if (oldest !== undefined) this.#nextMs = Math.min(this.#nextMs, oldest.stampMs + this.shape.windowMs);
    return members.size === 0;
  };

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
    const member = members?.find(rule.member);
    if (member !== undefined && this.#isLive(member, nowMs)) return undefined;
    // Counting is only worth it when it may say no.
    if (members !== undefined && members.size >= rule.limit) {
      this.#prune(members, nowMs, Number.POSITIVE_INFINITY);
      const observed = members.size;
      if (observed >= rule.limit) {
        const retryAfterMs = this.#retryAfterMs(members, rule.limit, nowMs);
        return { rule, reason: 'over-limit', observed, retryAfterMs };
      }
    }
    this.#lookedMs = nowMs;
    this.#nextMs = Number.POSITIVE_INFINITY;
    if (this.#keys.hasRoom(inserts, this.#clean)) return undefined;
    return fullTable(rule, members?.size ?? 0, this.#nextMs, nowMs);
  }

  write(rule: DistinctRule, nowMs: number): Hold {
    let members = this.#keys.get(rule.key);
    if (members === undefined) {
      members = new Members();
      this.#keys.set(rule.key, members);
    }
    let member = members.find(rule.member);
    if (member === undefined) {
      member = members.add(rule.member);
      this.#keys.size += 1;
    }
    const takenMs = Math.ceil(nowMs);
    member.open(takenMs);
    this.#extend(takenMs + LEASE_MS);
    return new DistinctHold(this, rule.key, members, member, takenMs);
  }

  inspect(rule: DistinctRule, nowMs: number): RuleState {
    const members = this.#keys.get(rule.key);
    if (members === undefined) return { rule, count: 0, retryAfterMs: 0 };
    this.#prune(members, nowMs, Number.POSITIVE_INFINITY);
    const count = members.size;
    return {
      rule,
      count,
      retryAfterMs: count >= rule.limit ? this.#retryAfterMs(members, rule.limit, nowMs) : 0,
    };
  }

  release(key: LimitKey): void {
    this.#keys.size -= this.#keys.get(key)?.size ?? 0;
    this.#keys.delete(key);
  }

  settle(key: LimitKey, members: Members, member: Member, takenMs: number, keptMs: number | undefined): void {
    member.close(takenMs);
    if (keptMs !== undefined && keptMs > member.settledMs) {
      if (member.settledMs === Number.NEGATIVE_INFINITY) members.stamp(member, keptMs);
      member.settledMs = keptMs;
      this.#extend(keptMs);
    }
    // Never settled, and nothing of it is open any more.
    if (member.openMs !== undefined || member.settledMs > Number.NEGATIVE_INFINITY) return;
    if (this.#keys.get(key) !== members) return;
    members.remove(member);
    this.#keys.size -= 1;
  }

  #extend(timeMs: number): void {
    this.liveUntilMs = Math.max(this.liveUntilMs, timeMs + this.shape.windowMs);
  }

  #isLive(member: Member, nowMs: number): boolean {
    return member.openMs !== undefined || member.settledMs > this.#edge(nowMs);
  }

  #edge(nowMs: number): number {
    return Math.floor(nowMs) - this.shape.windowMs;
  }

  /** Takes out members that left the window, from the oldest on; at most `most` are looked at. */
  #prune(members: Members, nowMs: number, most: number): void {
    const edge = this.#edge(nowMs);
    for (let looked = 0; looked < most; looked += 1) {
      const { oldest } = members;
      if (oldest === undefined || oldest.stampMs > edge) break;
      members.shift();
      if (oldest.settledMs > edge) members.stamp(oldest, oldest.settledMs);
      // A member that is only open has no stamp, as before its first settlement.
      else if (oldest.openMs !== undefined) oldest.settledMs = Number.NEGATIVE_INFINITY;
      else {
        members.remove(oldest);
        this.#keys.size -= 1;
      }
    }
  }

  /** When one more fits: after as many as it takes have left, by the members that leave first. */
  #retryAfterMs(members: Members, limit: number, nowMs: number): number {
    const leaving = members.size - limit + 1;
    const ends = members.oldestFirst(leaving + STAMPS_PER_LOOK).map((member) => this.#endMs(member, nowMs));
    // Members that were never settled: they were taken lately.
    for (const member of ends.length < leaving ? members.values() : []) {
      if (ends.length >= leaving + STAMPS_PER_LOOK) break;
      if (member.settledMs === Number.NEGATIVE_INFINITY) ends.push(this.#endMs(member, nowMs));
    }
    const sorted = ends.sort((one, other) => one - other);
    return Math.ceil((sorted[leaving - 1] as number) - Math.floor(nowMs));
  }

  #endMs({ settledMs, openMs: takenMs = Number.NEGATIVE_INFINITY }: Member, nowMs: number): number {
    const atMs = Math.max(settledMs, takenMs) + this.shape.windowMs;
    // As with windows: settled at its own time, or ended by its lease.
    return atMs > nowMs ? atMs : takenMs + LEASE_MS;
  }
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

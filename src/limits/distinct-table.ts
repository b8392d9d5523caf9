import type { DistinctRule, LimitKey, RuleState, RuleViolation } from './limit-store.ts';
import { details, type Expiry, type Hold, LEASE_MS, type RuleTable, whenFreed } from './rule-table.ts';
import { SweptMap } from './swept-map.ts';

interface Member {
  settledMs: number;
  /** Times of the open takes. The member counts as long as there is one. */
  readonly open: number[];
}

type Members = Map<LimitKey, Member>;

/** At most `limit` different members under one key in any window. Bounded by members, not by keys. */
export class DistinctTable implements RuleTable<DistinctRule> {
  readonly shape: DistinctRule;
  liveUntilMs = Number.NEGATIVE_INFINITY;
  readonly #keys: SweptMap<Members>;

  constructor(rule: DistinctRule, maxEntries: number) {
    this.shape = rule;
    this.#keys = new SweptMap(maxEntries);
  }

  check(rule: DistinctRule, nowMs: number, inserts: number): RuleViolation | undefined {
    const members = this.#keys.get(rule.key);
    const member = members?.get(rule.member);
    if (member !== undefined && this.#isLive(member, nowMs)) return undefined;
    // Counts only when the rule may refuse.
    if (members !== undefined && members.size >= rule.limit) {
      this.#clean(members, nowMs);
      if (members.size >= rule.limit) {
        const retryAfterMs = this.#retryAfterMs(members, rule.limit, nowMs);
        return { rule, reason: 'over-limit', observed: members.size, retryAfterMs };
      }
    }
    if (this.#keys.hasRoom(inserts, (entry) => this.#clean(entry, nowMs))) return undefined;
    return { rule, reason: 'capacity', observed: members?.size ?? 0 };
  }

  write(rule: DistinctRule, nowMs: number): Hold {
    const members: Members = this.#keys.get(rule.key) ?? new Map<LimitKey, Member>();
    this.#keys.set(rule.key, members);
    let member = members.get(rule.member);
    if (member === undefined) {
      member = { settledMs: Number.NEGATIVE_INFINITY, open: [] };
      members.set(rule.member, member);
      this.#keys.size += 1;
    }
    const takenMs = Math.ceil(nowMs);
    member.open.push(takenMs);
    this.#extend(takenMs + LEASE_MS);
    return new DistinctHold(this, member, takenMs);
  }

  inspect(rule: DistinctRule, nowMs: number): RuleState {
    const members = this.#keys.get(rule.key);
    if (members === undefined) return { rule, count: 0, retryAfterMs: 0 };
    this.#clean(members, nowMs);
    const isFull = members.size >= rule.limit;
    return {
      rule,
      count: members.size,
      ...details(isFull ? this.#retryAfterMs(members, rule.limit, nowMs) : 0),
    };
  }

  release(key: LimitKey): void {
    this.#keys.size -= this.#keys.get(key)?.size ?? 0;
    this.#keys.delete(key);
  }

  settle(member: Member, takenMs: number, keptMs: number | undefined): void {
    member.open.splice(member.open.indexOf(takenMs), 1);
    if (keptMs === undefined || keptMs <= member.settledMs) return;
    member.settledMs = keptMs;
    this.#extend(keptMs);
  }

  #extend(timeMs: number): void {
    this.liveUntilMs = Math.max(this.liveUntilMs, timeMs + this.shape.windowMs);
  }

  #isLive(member: Member, nowMs: number): boolean {
    return member.open.length > 0 || member.settledMs > Math.floor(nowMs) - this.shape.windowMs;
  }

  #clean(members: Members, nowMs: number): boolean {
    for (const [key, member] of members) {
      if (this.#isLive(member, nowMs)) continue;
      members.delete(key);
      this.#keys.size -= 1;
    }
    return members.size === 0;
  }

  #retryAfterMs(members: Members, limit: number, nowMs: number): number {
    const expiries: Expiry[] = [];
    for (const { settledMs, open } of members.values()) {
      const takenMs = open.at(-1) ?? Number.NEGATIVE_INFINITY;
      const atMs = Math.max(settledMs, takenMs) + this.shape.windowMs;
      // As with windows: an open take is settled at its own time, or ends with its lease.
      expiries.push({ atMs: atMs > nowMs ? atMs : takenMs + LEASE_MS, amount: 1 });
    }
    return Math.ceil(whenFreed(expiries, members.size - limit + 1) - Math.floor(nowMs));
  }
}

class DistinctHold implements Hold {
  readonly #table: DistinctTable;
  readonly #member: Member;
  readonly #takenMs: number;

  constructor(table: DistinctTable, member: Member, takenMs: number) {
    this.#table = table;
    this.#member = member;
    this.#takenMs = takenMs;
  }

  keep(delayMs: number): void {
    this.#table.settle(this.#member, this.#takenMs, this.#takenMs + Math.ceil(delayMs));
  }

  giveBack(): void {
    this.#table.settle(this.#member, this.#takenMs, undefined);
  }
}

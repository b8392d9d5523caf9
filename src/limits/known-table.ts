import { type Seed, tagOf } from './key-hash.ts';
import {
  type KnownRule,
  type LimitKey,
  MAX_KNOWN_MEMBERS,
  type RuleState,
  type RuleViolation,
} from './limit-store.ts';
import { RowTable } from './row-table.ts';
import type { RuleTable } from './rule-table.ts';
import { SlotValues } from './slot-values.ts';

/** Tag and end of each member of a key, in turns; the one remembered last is at the end. */
type Members = number[];

const NUMBERS_PER_MEMBER = 2;

/**
 * Members that are remembered for a time. A member is kept as its seeded hash. Bounded by members: to be forgotten only
 * makes a member unknown, so the key that was written to longest ago makes room, and a flood of other keys is the price
 * of one code entered for each.
 */
export class KnownTable implements RuleTable<KnownRule> {
  readonly shape: KnownRule;
  liveUntilMs = Number.NEGATIVE_INFINITY;
  /** Full, it forgets the oldest and refuses nobody. */
  readonly maxSize = Number.POSITIVE_INFINITY;
  readonly #maxMembers: number;
  readonly #seed: Seed;
  /** In a queue by the last write. */
  readonly #rows: RowTable;
  readonly #members = new SlotValues<Members>();
  #size = 0;

  constructor(rule: KnownRule, maxMembers: number, seed: Seed) {
    this.shape = rule;
    this.#maxMembers = maxMembers;
    this.#seed = seed;
    // A key that is written makes room for itself afterwards.
    this.#rows = new RowTable(0, maxMembers + 1, seed);
  }

  get size(): number {
    return this.#size;
  }

  check(rule: KnownRule, nowMs: number): RuleViolation | undefined {
    const members = this.#find(rule.key);
    if (members === undefined || rule.member === undefined) return undefined;
    const tag = tagOf(rule.member, this.#seed);
    for (let at = 0; at < members.length; at += NUMBERS_PER_MEMBER) {
      const leftMs = Math.ceil((members[at + 1] as number) - nowMs);
      if (members[at] !== tag || leftMs <= 0) continue;
      return { rule, reason: 'known', observed: countLive(members, nowMs), retryAfterMs: leftMs };
    }
    return undefined;
  }

  write({ key, member, windowMs, activate }: KnownRule, nowMs: number): undefined {
    if (activate !== true || member === undefined) return;
    const tag = tagOf(member, this.#seed);
    const before = this.#find(key) ?? [];
    const members: Members = [];
    let endMs = nowMs + windowMs;
    for (let at = 0; at < before.length; at += NUMBERS_PER_MEMBER) {
      const [otherTag, otherEndMs] = [before[at] as number, before[at + 1] as number];
      if (otherTag === tag) endMs = Math.max(endMs, otherEndMs);
      else if (otherEndMs > nowMs) members.push(otherTag, otherEndMs);
    }
    members.push(tag, endMs);
    if (members.length > MAX_KNOWN_MEMBERS * NUMBERS_PER_MEMBER) members.splice(0, NUMBERS_PER_MEMBER);
    this.release(key);
    const slot = this.#rows.insert(key);
    this.#rows.enqueue(slot);
    this.#members.set(slot, members);
    this.#size += members.length;
    this.liveUntilMs = Math.max(this.liveUntilMs, endMs);
    while (this.#size > this.#maxMembers * NUMBERS_PER_MEMBER && this.#rows.oldest !== slot) {
      this.#remove(this.#rows.oldest);
    }
  }

  inspect(rule: KnownRule, nowMs: number): RuleState {
    return { rule, count: countLive(this.#find(rule.key) ?? [], nowMs), retryAfterMs: 0 };
  }

  release(key: LimitKey): void {
    const slot = this.#rows.find(key);
    if (slot >= 0) this.#remove(slot);
  }

  #find(key: LimitKey): Members | undefined {
    const slot = this.#rows.find(key);
    return slot < 0 ? undefined : this.#members.get(slot);
  }

  #remove(slot: number): void {
    this.#size -= (this.#members.get(slot) as Members).length;
    this.#members.delete(slot);
    this.#rows.dequeue(slot);
    this.#rows.remove(slot);
  }
}

function countLive(members: Members, nowMs: number): number {
  let count = 0;
  for (let at = 1; at < members.length; at += NUMBERS_PER_MEMBER) {
    if ((members[at] as number) > nowMs) count += 1;
  }
  return count;
}

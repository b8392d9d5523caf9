import { type Seed, tagOf } from './key-hash.ts';
import {
  type KnownRule,
  type LimitKey,
  MAX_KNOWN_MEMBERS,
  type RuleState,
  type RuleViolation,
} from './limit-store.ts';
import type { RuleTable } from './rule-table.ts';

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
  /** In the order of the last write. */
  readonly #keys = new Map<LimitKey, Members>();
  #size = 0;

  constructor(rule: KnownRule, maxMembers: number, seed: Seed) {
    this.shape = rule;
    this.#maxMembers = maxMembers;
    this.#seed = seed;
  }

  get size(): number {
    return this.#size;
  }

  check(rule: KnownRule, nowMs: number): RuleViolation | undefined {
    const members = this.#keys.get(rule.key);
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
    const before = this.#keys.get(key) ?? [];
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
    this.#keys.set(key, members);
    this.#size += members.length;
    this.liveUntilMs = Math.max(this.liveUntilMs, endMs);
    for (const oldest of this.#keys.keys()) {
      if (oldest === key || this.#size <= this.#maxMembers * NUMBERS_PER_MEMBER) return;
      this.release(oldest);
    }
  }

  inspect(rule: KnownRule, nowMs: number): RuleState {
    return { rule, count: countLive(this.#keys.get(rule.key) ?? [], nowMs), retryAfterMs: 0 };
  }

  release(key: LimitKey): void {
    this.#size -= this.#keys.get(key)?.length ?? 0;
    this.#keys.delete(key);
  }
}

function countLive(members: Members, nowMs: number): number {
  let count = 0;
  for (let at = 1; at < members.length; at += NUMBERS_PER_MEMBER) {
    if ((members[at] as number) > nowMs) count += 1;
  }
  return count;
}

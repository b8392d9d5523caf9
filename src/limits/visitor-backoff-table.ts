import { decayed, type Grant, longestOf, type Numbers, waitOf } from './backoff-table.ts';
import { type Seed, tagOf } from './key-hash.ts';
import {
  type LimitKey,
  MAX_VISITORS,
  type RuleState,
  type RuleViolation,
  type VisitorBackoffRule,
} from './limit-store.ts';
import { fullTable, type Hold, LEASE_MS, type RuleTable } from './rule-table.ts';
import { SweptMap } from './swept-map.ts';

/** The wait of one visitor: what was settled, and the grants after it, in order. */
interface Ladder {
  readonly tag: number;
  grants: number;
  lastMs: number;
  readonly later: Grant[];
}

/** Grants without success, and the time of the last. */
interface Steps {
  readonly grants: number;
  readonly lastMs: number;
}

function afterGrant({ grants, lastMs }: Steps, { atMs, forgetMs }: Grant): Steps {
  return { grants: decayed(grants, lastMs, atMs, forgetMs) + 1, lastMs: atMs };
}

function stepsOf(ladder: Ladder): Steps {
  let steps: Steps = ladder;
  for (const grant of ladder.later) steps = afterGrant(steps, grant);
  return steps;
}

function waitLeftMs({ grants, lastMs }: Steps, numbers: Numbers, nowMs: number): number {
  return grants === 0 ? 0 : Math.max(0, lastMs + waitOf(grants, numbers) - Math.floor(nowMs));
}

/**
 * A wait that doubles, for each visitor of a key. As in {@link BackoffTable} a take that is given back leaves what would
 * be there without it. Bounded by visitors; a key with all its visitors replaces one of its own.
 */
export class VisitorBackoffTable implements RuleTable<VisitorBackoffRule> {
  readonly shape: VisitorBackoffRule;
  liveUntilMs = Number.NEGATIVE_INFINITY;
  /** The largest numbers written with so far: by them a wait is over for every rule. */
  #longest: Numbers;
  readonly #seed: Seed;
  /** The ladders of each key, in the order of the last grant. */
  readonly #keys: SweptMap<Ladder[]>;

  constructor(rule: VisitorBackoffRule, maxEntries: number, seed: Seed) {
    this.shape = rule;
    this.#longest = rule;
    this.#seed = seed;
    this.#keys = new SweptMap(maxEntries);
  }

  get size(): number {
    return this.#keys.size;
  }

  get maxSize(): number {
    return this.#keys.maxSize;
  }

  check(rule: VisitorBackoffRule, nowMs: number, inserts: number): RuleViolation | undefined {
    const ladder = this.#find(rule);
    if (ladder !== undefined) {
      const steps = stepsOf(ladder);
      const retryAfterMs = waitLeftMs(steps, rule, nowMs);
      if (retryAfterMs === 0) return undefined;
      return { rule, reason: 'too-soon', observed: countOf(steps, rule, nowMs), retryAfterMs };
    }
    let nextMs = Number.POSITIVE_INFINITY;
    const hasRoom = this.#keys.hasRoom(inserts, (ladders) => {
      const isEmpty = this.#clean(ladders, nowMs);
      for (const left of ladders) nextMs = Math.min(nextMs, this.#endMs(left));
      return isEmpty;
    });
    return hasRoom ? undefined : fullTable(rule, 0, nextMs, nowMs);
  }

  write(rule: VisitorBackoffRule, nowMs: number): Hold {
    const grant: Grant = { atMs: Math.ceil(nowMs), forgetMs: rule.forgetMs, isOpen: true };
    this.#longest = longestOf(this.#longest, rule);
    const ladder = this.#last(rule);
    ladder.later.push(grant);
    const { grants } = stepsOf(ladder);
    this.liveUntilMs = Math.max(this.liveUntilMs, grant.atMs + LEASE_MS + this.#liveMs(grants));
    return new VisitorHold(ladder, grant, waitOf(grants, rule));
  }

  inspect(rule: VisitorBackoffRule, nowMs: number): RuleState {
    const ladder = this.#find(rule);
    const ladders = rule.member === undefined ? (this.#keys.get(rule.key) ?? []) : ladder ? [ladder] : [];
    let longest: RuleState = { rule, count: 0, retryAfterMs: 0 };
    for (const steps of ladders.map(stepsOf)) {
      const retryAfterMs = waitLeftMs(steps, rule, nowMs);
      const count = countOf(steps, rule, nowMs);
      const { retryAfterMs: mostMs = 0 } = longest;
      if (retryAfterMs > mostMs || (retryAfterMs === mostMs && count > longest.count)) {
        longest = { rule, count, retryAfterMs };
      }
    }
    return longest;
  }

  release(key: LimitKey): void {
    this.#keys.size -= this.#keys.get(key)?.length ?? 0;
    this.#keys.delete(key);
  }

  #find({ key, member }: VisitorBackoffRule): Ladder | undefined {
    const ladders = this.#keys.get(key);
    if (ladders === undefined || member === undefined) return undefined;
    const tag = tagOf(member, this.#seed);
    return ladders.find((ladder) => ladder.tag === tag);
  }

  /** The ladder of a visitor, put behind those of all others. */
  #last({ key, member }: VisitorBackoffRule): Ladder {
    const tag = tagOf(member as LimitKey, this.#seed);
    let ladders = this.#keys.get(key);
    if (ladders === undefined) {
      ladders = [];
      this.#keys.set(key, ladders);
    }
    const found = ladders.findIndex((each) => each.tag === tag);
    const ladder = ladders[found] ?? { tag, grants: 0, lastMs: Number.NEGATIVE_INFINITY, later: [] };
    if (found >= 0 || ladders.length >= MAX_VISITORS) ladders.splice(Math.max(0, found), 1);
    else this.#keys.size += 1;
    ladders.push(ladder);
    return ladder;
  }

  #liveMs(grants: number): number {
    return Math.max(waitOf(grants, this.#longest), grants * this.#longest.forgetMs);
  }

  /** When a ladder no longer counts for any rule; one with an open take does. */
  #endMs(ladder: Ladder): number {
    if (ladder.later.length > 0) return Number.POSITIVE_INFINITY;
    return ladder.lastMs + this.#liveMs(ladder.grants);
  }

  #clean(ladders: Ladder[], nowMs: number): boolean {
    if (ladders.every((ladder) => this.#endMs(ladder) > nowMs)) return ladders.length === 0;
    const live = ladders.filter((ladder) => this.#endMs(ladder) > nowMs);
    this.#keys.size -= ladders.length - live.length;
    ladders.splice(0, ladders.length, ...live);
    return ladders.length === 0;
  }
}

function countOf({ grants, lastMs }: Steps, { forgetMs }: Numbers, nowMs: number): number {
  return decayed(grants, lastMs, Math.floor(nowMs), forgetMs);
}

/** A ladder that was released or replaced in the meantime is still settled, without effect. */
class VisitorHold implements Hold {
  readonly #ladder: Ladder;
  readonly #grant: Grant;
  readonly waitMs: number;

  constructor(ladder: Ladder, grant: Grant, waitMs: number) {
    this.#ladder = ladder;
    this.#grant = grant;
    this.waitMs = waitMs;
  }

  keep(): void {
    this.#settle(true);
  }

  giveBack(): void {
    this.#settle(false);
  }

  #settle(isKept: boolean): void {
    const { later } = this.#ladder;
    this.#grant.isOpen = false;
    if (!isKept) later.splice(later.indexOf(this.#grant), 1);
    for (let first = later[0]; first?.isOpen === false; first = later[0]) {
      const { grants, lastMs } = afterGrant(this.#ladder, first);
      this.#ladder.grants = grants;
      this.#ladder.lastMs = lastMs;
      later.shift();
    }
  }
}

import { decayed, findOpen, type Grant, longestOf, type Numbers, waitOf } from './backoff-table.ts';
import { type Seed, tagOf } from './key-hash.ts';
import {
  type LimitKey,
  MAX_VISITORS,
  type RuleState,
  type RuleViolation,
  type VisitorBackoffRule,
} from './limit-store.ts';
import { PAYLOAD, RowTable } from './row-table.ts';
import { fullTable, type Hold, LEASE_MS, type RuleTable } from './rule-table.ts';

const NEVER = Number.NEGATIVE_INFINITY;

/** Grants of the one visitor of a row that were settled. */
const GRANTS = PAYLOAD;
/** Offsets from the start of a row, in doubles: the visitor, the last settled grant, and the open one. */
const TAG = (PAYLOAD + 1) / 2;
const LAST = TAG + 1;
const OPEN = TAG + 2;
const OPEN_FORGET = TAG + 3;
const PAYLOAD_WORDS = 1 + 2 * 4;
/** In the place of the tag: the visitors lie beside the row. */
const SEVERAL = Number.NaN;

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
 * be there without it. Bounded by visitors; a key with all its visitors replaces one of its own. Most keys have one visitor with
 * one open take: their row holds both.
 */
export class VisitorBackoffTable implements RuleTable<VisitorBackoffRule> {
  readonly shape: VisitorBackoffRule;
  readonly maxSize: number;
  liveUntilMs = NEVER;
  /** The largest numbers written with so far: by them a wait is over for every rule. */
  #longest: Numbers;
  readonly #seed: Seed;
  readonly #rows: RowTable;
  /** The ladders of a row with several, in the order of the last grant. */
  readonly #several = new Map<number, Ladder[]>();
  #size = 0;
  #lookedMs = 0;
  /** When the first visitor of those that were looked at is forgotten. */
  #nextMs = Number.POSITIVE_INFINITY;
  readonly #isDead = (slot: number): boolean => {
    const ladders = this.#severalOf(slot);
    if (ladders !== undefined) return this.#clean(slot, ladders);
    const endMs = this.#endOfOne(slot);
    if (endMs > this.#lookedMs) {
      this.#nextMs = Math.min(this.#nextMs, endMs);
      return false;
    }
    this.#size -= 1;
    return true;
  };

  constructor(rule: VisitorBackoffRule, maxEntries: number, seed: Seed) {
    this.shape = rule;
    this.maxSize = maxEntries;
    this.#longest = rule;
    this.#seed = seed;
    this.#rows = new RowTable(PAYLOAD_WORDS, maxEntries, seed);
  }

  get size(): number {
    return this.#size;
  }

  check(rule: VisitorBackoffRule, nowMs: number, inserts: number): RuleViolation | undefined {
    const steps = this.#stepsOf(rule);
    if (steps !== undefined) {
      const retryAfterMs = waitLeftMs(steps, rule, nowMs);
      if (retryAfterMs === 0) return undefined;
      return { rule, reason: 'too-soon', observed: countOf(steps, rule, nowMs), retryAfterMs };
    }
    this.#lookedMs = nowMs;
    this.#nextMs = Number.POSITIVE_INFINITY;
    this.#rows.sweep(this.#isDead, this.#size + inserts > this.maxSize);
    return this.#size + inserts <= this.maxSize ? undefined : fullTable(rule, 0, this.#nextMs, nowMs);
  }

  write(rule: VisitorBackoffRule, nowMs: number): Hold {
    const { key, forgetMs } = rule;
    const tag = tagOf(rule.member as LimitKey, this.#seed);
    const atMs = Math.ceil(nowMs);
    this.#longest = longestOf(this.#longest, rule);
    let slot = this.#rows.find(key);
    if (slot < 0) {
      slot = this.#rows.insert(key);
      this.#set(slot, TAG, tag);
      this.#set(slot, LAST, NEVER);
      this.#set(slot, OPEN, NEVER);
      this.#size += 1;
    }
    if (this.#read(slot, TAG) === tag && this.#read(slot, OPEN) === NEVER) {
      this.#set(slot, OPEN, atMs);
      this.#set(slot, OPEN_FORGET, forgetMs);
      const { grants } = this.#stepsOfOne(slot);
      this.#extend(atMs, grants);
      return new OnlyHold(this, slot, this.#rows.serialOf(slot), tag, atMs, forgetMs, waitOf(grants, rule));
    }
    const ladder = this.#last(this.#severalOf(slot) ?? this.#widen(slot), tag);
    const grant: Grant = { atMs, forgetMs, isOpen: true };
    ladder.later.push(grant);
    const { grants } = stepsOf(ladder);
    this.#extend(atMs, grants);
    return new VisitorHold(ladder, grant, waitOf(grants, rule));
  }

  inspect(rule: VisitorBackoffRule, nowMs: number): RuleState {
    let longest: RuleState = { rule, count: 0, retryAfterMs: 0 };
    for (const steps of this.#allSteps(rule)) {
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
    const slot = this.#rows.find(key);
    if (slot < 0) return;
    this.#size -= this.#severalOf(slot)?.length ?? 1;
    this.#several.delete(slot);
    this.#rows.remove(slot);
  }

  /** Ends the open take of a visitor that was the only one of its row then. */
  settle({ slot, serial, tag, atMs, forgetMs }: OnlyHold, isKept: boolean): void {
    // Another serial: the counter was released in between, and this take with it.
    if (this.#rows.serialOf(slot) !== serial) return;
    const ladders = this.#severalOf(slot);
    if (ladders === undefined) {
      if (isKept) {
        const { grants, lastMs } = this.#stepsOfOne(slot);
        this.#rows.chunkOf(slot).words[this.#rows.startOf(slot) + GRANTS] = grants;
        this.#set(slot, LAST, lastMs);
      }
      this.#set(slot, OPEN, NEVER);
      return;
    }
    const ladder = ladders.find((each) => each.tag === tag);
    const grant = ladder && findOpen(ladder.later, atMs, forgetMs);
    // A visitor who was replaced in the meantime has none.
    if (ladder !== undefined && grant !== undefined) settleGrant(ladder, grant, isKept);
  }

  /** Undefined for a visitor who never asked. */
  #stepsOf({ key, member }: VisitorBackoffRule): Steps | undefined {
    const slot = this.#rows.find(key);
    if (slot < 0) return undefined;
    const tag = tagOf(member as LimitKey, this.#seed);
    if (this.#read(slot, TAG) === tag) return this.#stepsOfOne(slot);
    const ladder = this.#severalOf(slot)?.find((each) => each.tag === tag);
    return ladder && stepsOf(ladder);
  }

  /** Those of one visitor, or of all of a key. */
  #allSteps(rule: VisitorBackoffRule): readonly Steps[] {
    if (rule.member !== undefined) {
      const steps = this.#stepsOf(rule);
      return steps === undefined ? [] : [steps];
    }
    const slot = this.#rows.find(rule.key);
    if (slot < 0) return [];
    return this.#severalOf(slot)?.map(stepsOf) ?? [this.#stepsOfOne(slot)];
  }

  #stepsOfOne(slot: number): Steps {
    const grants = this.#rows.chunkOf(slot).words[this.#rows.startOf(slot) + GRANTS] as number;
    const settled = { grants, lastMs: this.#read(slot, LAST) };
    const atMs = this.#read(slot, OPEN);
    if (atMs === NEVER) return settled;
    return afterGrant(settled, { atMs, forgetMs: this.#read(slot, OPEN_FORGET), isOpen: true });
  }

  /** Moves the one visitor of a row to a place beside it. */
  #widen(slot: number): Ladder[] {
    const { words } = this.#rows.chunkOf(slot);
    const ladder: Ladder = {
      tag: this.#read(slot, TAG),
      grants: words[this.#rows.startOf(slot) + GRANTS] as number,
      lastMs: this.#read(slot, LAST),
      later: [],
    };
    const atMs = this.#read(slot, OPEN);
    if (atMs !== NEVER) ladder.later.push({ atMs, forgetMs: this.#read(slot, OPEN_FORGET), isOpen: true });
    const ladders = [ladder];
    this.#set(slot, TAG, SEVERAL);
    this.#several.set(slot, ladders);
    return ladders;
  }

  /** The ladder of a visitor, put behind those of all others. */
  #last(ladders: Ladder[], tag: number): Ladder {
    const found = ladders.findIndex((each) => each.tag === tag);
    const ladder = ladders[found] ?? { tag, grants: 0, lastMs: NEVER, later: [] };
    if (found >= 0 || ladders.length >= MAX_VISITORS) ladders.splice(Math.max(0, found), 1);
    else this.#size += 1;
    ladders.push(ladder);
    return ladder;
  }

  #severalOf(slot: number): Ladder[] | undefined {
    return Number.isNaN(this.#read(slot, TAG)) ? this.#several.get(slot) : undefined;
  }

  #extend(atMs: number, grants: number): void {
    this.liveUntilMs = Math.max(this.liveUntilMs, atMs + LEASE_MS + this.#liveMs(grants));
  }

  #liveMs(grants: number): number {
    return Math.max(waitOf(grants, this.#longest), grants * this.#longest.forgetMs);
  }

  /** When a ladder no longer counts for any rule; one with an open take does. */
  #endMs(ladder: Ladder): number {
    if (ladder.later.length > 0) return Number.POSITIVE_INFINITY;
    return ladder.lastMs + this.#liveMs(ladder.grants);
  }

  /** The same for the only visitor of a row. */
  #endOfOne(slot: number): number {
    if (this.#read(slot, OPEN) !== NEVER) return Number.POSITIVE_INFINITY;
    const grants = this.#rows.chunkOf(slot).words[this.#rows.startOf(slot) + GRANTS] as number;
    return this.#read(slot, LAST) + this.#liveMs(grants);
  }

  /** Forgets visitors of a row. Returns whether none is left. */
  #clean(slot: number, ladders: Ladder[]): boolean {
    const live = ladders.filter((ladder) => this.#endMs(ladder) > this.#lookedMs);
    this.#size -= ladders.length - live.length;
    if (live.length < ladders.length) ladders.splice(0, ladders.length, ...live);
    for (const ladder of live) this.#nextMs = Math.min(this.#nextMs, this.#endMs(ladder));
    if (live.length === 0) this.#several.delete(slot);
    return live.length === 0;
  }

  #read(slot: number, offset: number): number {
    return this.#rows.chunkOf(slot).doubles[(this.#rows.startOf(slot) >>> 1) + offset] as number;
  }

  #set(slot: number, offset: number, value: number): void {
    this.#rows.chunkOf(slot).doubles[(this.#rows.startOf(slot) >>> 1) + offset] = value;
  }
}

function countOf({ grants, lastMs }: Steps, { forgetMs }: Numbers, nowMs: number): number {
  return decayed(grants, lastMs, Math.floor(nowMs), forgetMs);
}

function settleGrant(ladder: Ladder, grant: Grant, isKept: boolean): void {
  // One of the same moment was settled in its place: the visitor was replaced, and came back.
  if (!grant.isOpen) return;
  const { later } = ladder;
  grant.isOpen = false;
  if (!isKept) later.splice(later.indexOf(grant), 1);
  for (let first = later[0]; first?.isOpen === false; first = later[0]) {
    const { grants, lastMs } = afterGrant(ladder, first);
    ladder.grants = grants;
    ladder.lastMs = lastMs;
    later.shift();
  }
}

/** The open take of the only visitor of a row. */
class OnlyHold implements Hold {
  readonly #table: VisitorBackoffTable;
  readonly slot: number;
  readonly serial: number;
  readonly tag: number;
  readonly atMs: number;
  readonly forgetMs: number;
  readonly waitMs: number;

  constructor(
    table: VisitorBackoffTable,
    slot: number,
    serial: number,
    tag: number,
    atMs: number,
    forgetMs: number,
    waitMs: number,
  ) {
    this.#table = table;
    this.slot = slot;
    this.serial = serial;
    this.tag = tag;
    this.atMs = atMs;
    this.forgetMs = forgetMs;
    this.waitMs = waitMs;
  }

  keep(): void {
    this.#table.settle(this, true);
  }

  giveBack(): void {
    this.#table.settle(this, false);
  }
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
    settleGrant(this.#ladder, this.#grant, true);
  }

  giveBack(): void {
    settleGrant(this.#ladder, this.#grant, false);
  }
}

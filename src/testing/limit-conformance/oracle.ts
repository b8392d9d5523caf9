import type {
  BackoffRule,
  BlockRule,
  KnownRule,
  LimitRule,
  OnceRule,
  RuleViolation,
  SlotRule,
} from '../../limits/limit-store.ts';
import { EXACT_LOG_LIMIT, SUB_BUCKETS } from '../../limits/limit-store.ts';

/**
 * How a store counts an open take. `counted`: always, however old it is. `as-written`: as if it had been written at the
 * moment it was taken, and no longer than its window.
 */
export type OpenTakes = 'counted' | 'as-written';

/** One grant under one rule, kept for ever: slow, but obviously correct. */
export interface Entry {
  readonly rule: LimitRule;
  atMs: number;
  isOpen: boolean;
  result?: string | undefined;
  /** It left the longest window that its counter was written with, so a store may have forgotten it. */
  mayBeGone?: boolean;
}

/** The expected verdict: a reason to refuse or none; with sub-buckets, both may be correct. */
export interface Expected {
  readonly refuses: true | false | 'either';
  readonly reason?: RuleViolation['reason'];
  readonly observed?: number;
  /** Present only where it must be exact. */
  readonly retryAfterMs?: number;
  readonly result?: string | undefined;
}

const ADMITTED: Expected = { refuses: false };

/** Counts by scanning all grants ever made. Written to be obvious, not fast. */
export class Oracle {
  #entries = new Map<string, Entry[]>();
  /** Ids of windows that a store may count in sub-buckets. */
  readonly #coarse = new Set<string>();
  /** The longest window of each counter, as the grants had it. */
  readonly #longest = new Map<string, number>();
  /** The longest window of each id that was asked for. */
  readonly #longestOfId = new Map<string, number>();
  /** Ids that were used with several windows. */
  readonly #mixed = new Set<string>();
  readonly #openTakes: OpenTakes;

  constructor(openTakes: OpenTakes) {
    this.#openTakes = openTakes;
  }

  expect(rule: LimitRule, nowMs: number): Expected {
    const entries = this.#of(rule);
    this.#markGone(rule, nowMs);
    switch (rule.kind) {
      case 'window': {
        if (rule.weighted === true || rule.limit > EXACT_LOG_LIMIT) this.#coarse.add(rule.id);
        const longestMs = this.#seeWindow(rule.id, rule.windowMs);
        const isMixed = this.#mixed.has(rule.id);
        const expect = this.#coarse.has(rule.id) ? expectAmount : expectWindow;
        const expected = expect(rule, entries, nowMs, longestMs, isMixed);
        if (!isMixed) return expected;
        return withDoubt(expected, expect(rule, entries.filter(isCertain), nowMs, longestMs, isMixed));
      }
      case 'slot':
        return expectSlot(rule, entries);
      case 'backoff':
      case 'visitor-backoff': {
        const { grants, lastMs } = backoffOf(membersOf(rule, entries));
        const retryAfterMs = lastMs + waitOf(rule, grants) - nowMs;
        if (retryAfterMs <= 0) return ADMITTED;
        const observed = decayed(grants, nowMs - lastMs, rule);
        return { refuses: true, reason: 'too-soon', observed, retryAfterMs };
      }
      case 'distinct': {
        const live = entries.filter(({ isOpen, atMs }) => isOpen || atMs > nowMs - rule.windowMs);
        const members = new Set(live.map(({ rule: other }) => other.kind === 'distinct' && other.member));
        if (members.has(rule.member) || members.size < rule.limit) return ADMITTED;
        return { refuses: true, reason: 'over-limit', observed: members.size };
      }
      case 'once': {
        const first = entries.find((entry) => stands(entry, rule.windowMs, nowMs));
        if (first?.rule.kind !== 'once') return ADMITTED;
        if (first.rule.fingerprint !== rule.fingerprint) return { refuses: true, reason: 'conflict' };
        if (first.isOpen) return { refuses: true, reason: 'in-progress' };
        return { refuses: true, reason: 'done', result: first.result };
      }
      case 'block': {
        if (rule.activate === true) return ADMITTED;
        const ends = entries.map(({ rule: other, atMs }) => atMs + (other as BlockRule).windowMs);
        const retryAfterMs = Math.max(0, ...ends.map((endMs) => endMs - nowMs));
        if (retryAfterMs === 0) return ADMITTED;
        return { refuses: true, reason: 'blocked-number', observed: 1, retryAfterMs };
      }
      case 'known': {
        const leftMs = ({ rule: other, atMs }: Entry) => atMs + (other as KnownRule).windowMs - nowMs;
        const live = entries.filter((entry) => leftMs(entry) > 0);
        const own = membersOf(rule, live);
        if (own.length === 0) return ADMITTED;
        const observed = new Set(live.map(({ rule: other }) => (other as KnownRule).member)).size;
        return { refuses: true, reason: 'known', observed, retryAfterMs: Math.max(...own.map(leftMs)) };
      }
      case 'doubt':
        throw new TypeError('DoubtOracle knows the rules of doubt');
    }
  }

  /** The count that `inspect` must show, where it is exact. */
  countOf(rule: LimitRule, nowMs: number): number | undefined {
    if (rule.kind !== 'window' || this.#coarse.has(rule.id) || this.#mixed.has(rule.id)) return undefined;
    return this.#of(rule).filter(({ isOpen, atMs }) => isOpen || atMs > nowMs - rule.windowMs).length;
  }

  /** The wait that the last grant under a rule started. */
  waitMs(rule: LimitRule & WaitNumbers): number {
    return waitOf(rule, backoffOf(membersOf(rule, this.#of(rule))).grants);
  }

  add(rule: LimitRule, nowMs: number): Entry {
    // To be remembered is final at once.
    const isOpen = rule.kind === 'once' || (rule.kind !== 'known' && this.#openTakes === 'counted');
    const entry: Entry = { rule, atMs: nowMs, isOpen };
    if ((rule.kind === 'block' || rule.kind === 'known') && rule.activate !== true) return entry;
    if (rule.kind === 'window') {
      this.#markGone(rule, nowMs);
      const key = keyOf(rule);
      // A counter that holds nothing any more may have been dropped, and its longest window with it.
      const isUsed = this.#of(rule).some(isCertain);
      this.#longest.set(key, Math.max(rule.windowMs, isUsed ? (this.#longest.get(key) ?? 0) : 0));
    }
    // A take whose lease has ended gives way to the next one.
    const standing = this.#of(rule).filter((other) => !isLapsed(other, nowMs));
    this.#entries.set(keyOf(rule), [...standing, entry]);
    return entry;
  }

  keep(entry: Entry, delayMs: number, nowMs: number, result: string | undefined): void {
    const { kind } = entry.rule;
    entry.isOpen = false;
    // A once rule counts from its settlement, a backoff rule from its grant; a slot does not depend on the present time.
    if (kind === 'once') entry.atMs = nowMs;
    if (kind === 'window' || kind === 'distinct') entry.atMs += delayMs;
    entry.result = result;
  }

  giveBack(entry: Entry): void {
    if (entry.rule.kind === 'known') return;
    const key = keyOf(entry.rule);
    this.#entries.set(
      key,
      this.#of(entry.rule).filter((other) => other !== entry),
    );
  }

  release(rule: LimitRule): void {
    this.#entries.delete(keyOf(rule));
  }

  /** Drops grants that can never count again, so that a long run ends. */
  forget(beforeMs: number, isDue: (dueAt: number) => boolean): void {
    for (const [key, entries] of this.#entries) {
      const left = entries.filter(({ rule, isOpen, atMs }) => {
        if (isOpen || rule.kind === 'backoff' || rule.kind === 'visitor-backoff') return true;
        return rule.kind === 'slot' ? isDue(rule.dueAt) : atMs > beforeMs;
      });
      this.#entries.set(key, left);
    }
  }

  #seeWindow(id: string, windowMs: number): number {
    const before = this.#longestOfId.get(id) ?? windowMs;
    if (before !== windowMs) this.#mixed.add(id);
    const longestMs = Math.max(before, windowMs);
    this.#longestOfId.set(id, longestMs);
    return longestMs;
  }

  /** A longer window may be used later; it need not find what a store could drop until then. */
  #markGone(rule: LimitRule, nowMs: number): void {
    const longestMs = this.#longest.get(keyOf(rule));
    if (rule.kind !== 'window' || longestMs === undefined) return;
    for (const entry of this.#of(rule)) {
      if (!entry.isOpen && entry.atMs <= nowMs - longestMs) entry.mayBeGone = true;
    }
  }

  #of(rule: LimitRule): Entry[] {
    return this.#entries.get(keyOf(rule)) ?? [];
  }
}

type WaitNumbers = Pick<BackoffRule, 'baseMs' | 'maxMs' | 'forgetMs'>;

function waitOf({ baseMs, maxMs }: WaitNumbers, grants: number): number {
  return Math.min(maxMs, baseMs * 2 ** (grants - 1));
}

function decayed(grants: number, passedMs: number, { forgetMs }: WaitNumbers): number {
  return Math.max(0, grants - Math.floor(passedMs / forgetMs));
}

function backoffOf(entries: readonly Entry[]): { grants: number; lastMs: number } {
  let grants = 0;
  let lastMs = Number.NEGATIVE_INFINITY;
  for (const { rule, atMs } of entries) {
    grants = decayed(grants, atMs - lastMs, rule as LimitRule & WaitNumbers) + 1;
    lastMs = atMs;
  }
  return { grants, lastMs };
}

/** The grants to the same visitor, or all where visitors are not told apart. */
function membersOf(rule: LimitRule, entries: readonly Entry[]): readonly Entry[] {
  if (!('member' in rule)) return entries;
  return entries.filter(({ rule: other }) => 'member' in other && other.member === rule.member);
}

function isLapsed({ rule, isOpen, atMs }: Entry, nowMs: number): boolean {
  return isOpen && rule.kind === 'once' && rule.leaseMs !== undefined && atMs + rule.leaseMs <= nowMs;
}

/** Whether a record blocks a `once` rule with this window. */
function stands(entry: Entry, windowMs: number, nowMs: number): boolean {
  if (entry.isOpen) return !isLapsed(entry, nowMs);
  return entry.atMs > nowMs - Math.min(windowMs, (entry.rule as OnceRule).windowMs);
}

/** Distinguishes 1 from '1', as a store must. */
function keyOf(rule: LimitRule): string {
  return `${rule.id} ${typeof rule.key} ${rule.key}`;
}

const isCertain = ({ mayBeGone }: Entry): boolean => mayBeGone !== true;

/** The least that a store must know after it may have forgotten entries. Several windows: it need not count beyond a limit. */
function withDoubt(expected: Expected, certain: Expected): Expected {
  const { observed: _, ...rest } = expected;
  return expected.refuses === certain.refuses ? rest : { refuses: 'either', reason: 'over-limit' };
}

function expectSlot(rule: SlotRule, entries: readonly Entry[]): Expected {
  const slot = Math.floor(rule.dueAt / rule.windowMs);
  const count = (at: number): number =>
    entries.filter(({ rule: other }) => Math.floor((other as SlotRule).dueAt / rule.windowMs) === at).length;
  const observed = count(slot) + Math.max(count(slot - 1), count(slot + 1));
  return observed < rule.limit ? ADMITTED : { refuses: true, reason: 'over-limit', observed };
}

function expectWindow(
  rule: { limit: number; windowMs: number },
  entries: readonly Entry[],
  nowMs: number,
): Expected {
  const live = entries.filter(({ isOpen, atMs }) => isOpen || atMs > nowMs - rule.windowMs);
  const observed = live.length;
  if (observed < rule.limit) return ADMITTED;
  if (live.some(({ isOpen }) => isOpen)) return { refuses: true, reason: 'over-limit', observed };
  const stamps = live.map(({ atMs }) => atMs).sort((a, b) => a - b);
  const leaves = stamps[observed - rule.limit] as number;
  return { refuses: true, reason: 'over-limit', observed, retryAfterMs: leaves + rule.windowMs - nowMs };
}

function expectAmount(
  rule: { limit: number; windowMs: number; weight?: number },
  entries: readonly Entry[],
  nowMs: number,
  longestMs: number,
  isMixed: boolean,
): Expected {
  const bucketMs = Math.ceil(longestMs / SUB_BUCKETS);
  const sum = (sinceMs: number): number =>
    entries
      .filter(({ isOpen, atMs }) => isOpen || atMs > sinceMs)
      .reduce((total, { rule: other }) => total + ((other.kind === 'window' && other.weight) || 1), 0);
  const weight = rule.weight ?? 1;
  if (sum(nowMs - rule.windowMs) + weight > rule.limit) return { refuses: true, reason: 'over-limit' };
  // At most one bucket late: the bucket before the window may still count. With each growth of the buckets an amount moves to the end of its own.
  const buckets = Math.ceil(rule.windowMs / bucketMs) + (isMixed ? 3 : 1);
  const mayRefuse = sum(nowMs - bucketMs * buckets) + weight > rule.limit;
  return { refuses: mayRefuse ? 'either' : false, reason: 'over-limit' };
}

import type { Seed } from './key-hash.ts';
import type { BackoffRule, LimitKey, RuleState, RuleViolation } from './limit-store.ts';
import { PAYLOAD, RowTable } from './row-table.ts';
import { fullTable, type Hold, LEASE_MS, type RuleTable } from './rule-table.ts';
import { SlotValues } from './slot-values.ts';

const GRANTS = PAYLOAD;
/** Offsets from the start of a row, in doubles. */
const LAST = (PAYLOAD + 1) / 2;
/** While one take is open: the state before it, and its `forgetMs`; 0 when none is, or a journal knows. */
const LAST_BEFORE = LAST + 1;
const OPEN_FORGET = LAST + 2;
const GRANTS_BEFORE = PAYLOAD + 7;
const PAYLOAD_WORDS = 8;

export type Numbers = Pick<BackoffRule, 'baseMs' | 'maxMs' | 'forgetMs'>;

export interface Grant {
  readonly atMs: number;
  readonly forgetMs: number;
  isOpen: boolean;
}

/** The open grant that was made then; grants of one time with the same numbers are interchangeable. */
export function findOpen(grants: readonly Grant[], atMs: number, forgetMs: number): Grant | undefined {
  return grants.find((grant) => grant.isOpen && grant.atMs === atMs && grant.forgetMs === forgetMs);
}

/** The grants of one key since its oldest open one, in order, and the settled state before them. */
interface Journal {
  grants: number;
  lastMs: number;
  readonly open: Grant[];
}

/** Number of grants that still count at `atMs`. */
export function decayed(grants: number, lastMs: number, atMs: number, forgetMs: number): number {
  return Math.max(0, grants - Math.max(0, Math.floor((atMs - lastMs) / forgetMs)));
}

export function waitOf(grants: number, { baseMs, maxMs }: Numbers): number {
  // Every sweep asks for it, and a power takes longer than everything else there.
  const times = grants > 0 && grants <= 31 ? 1 << (grants - 1) : 2 ** (grants - 1);
  return Math.min(maxMs, baseMs * times);
}

/** The larger of each number; `longest` itself when nothing is larger, which is nearly always. */
export function longestOf(longest: Numbers, { baseMs, maxMs, forgetMs }: Numbers): Numbers {
  if (baseMs <= longest.baseMs && maxMs <= longest.maxMs && forgetMs <= longest.forgetMs) return longest;
  return {
    baseMs: Math.max(baseMs, longest.baseMs),
    maxMs: Math.max(maxMs, longest.maxMs),
    forgetMs: Math.max(forgetMs, longest.forgetMs),
  };
}

/**
 * A wait that doubles. A row holds the number of grants without success and the time of the last, and while one take is
 * open, the state before it. While several are open, their key has a journal, from which the row is computed again when one of
 * them is given back. In any order, the row then looks as if the take had never happened.
 */
export class BackoffTable implements RuleTable<BackoffRule> {
  readonly shape: BackoffRule;
  readonly rows: RowTable;
  liveUntilMs = Number.NEGATIVE_INFINITY;
  /** The largest values of all rules so far: a row that is dead by them is dead for every rule. */
  #longest: Numbers;
  /** By slot. */
  readonly #journals = new SlotValues<Journal>();

  constructor(rule: BackoffRule, maxRows: number, seed: Seed) {
    this.shape = rule;
    this.#longest = rule;
    this.rows = new RowTable(PAYLOAD_WORDS, maxRows, seed);
  }

  get size(): number {
    return this.rows.size;
  }

  get maxSize(): number {
    return this.rows.maxRows;
  }

  check(rule: BackoffRule, nowMs: number, inserts: number): RuleViolation | undefined {
    const slot = this.rows.find(rule.key);
    if (slot < 0) {
      let nextMs = Number.POSITIVE_INFINITY;
      this.rows.sweep((other) => {
        const endMs = this.#endMs(other);
        nextMs = Math.min(nextMs, endMs);
        return endMs <= nowMs;
      });
      return this.rows.room >= inserts ? undefined : fullTable(rule, 0, nextMs, nowMs);
    }
    const retryAfterMs = this.#waitLeftMs(slot, rule, nowMs);
    if (retryAfterMs <= 0) return undefined;
    return { rule, reason: 'too-soon', observed: this.#count(slot, rule, nowMs), retryAfterMs };
  }

  write(rule: BackoffRule, nowMs: number): Hold {
    const found = this.rows.find(rule.key);
    const slot = found < 0 ? this.rows.insert(rule.key) : found;
    this.#longest = longestOf(this.#longest, rule);
    const atMs = Math.ceil(nowMs);
    const { forgetMs } = rule;
    const { words, doubles } = this.rows.chunkOf(slot);
    const start = this.rows.startOf(slot);
    const first = start >>> 1;
    let journal = this.#journals.get(slot);
    if (journal === undefined && doubles[first + OPEN_FORGET] !== 0) journal = this.#startJournal(slot);
    if (journal === undefined) {
      const grants = words[start + GRANTS] as number;
      const lastMs = doubles[first + LAST] as number;
      words[start + GRANTS_BEFORE] = grants;
      doubles[first + LAST_BEFORE] = lastMs;
      doubles[first + OPEN_FORGET] = forgetMs;
      this.#set(slot, decayed(grants, lastMs, atMs, forgetMs) + 1, atMs);
    } else {
      journal.open.push({ atMs, forgetMs, isOpen: true });
      this.#replay(slot, journal);
    }
    const waitMs = waitOf(this.#grants(slot), rule);
    return new BackoffHold(this, slot, this.rows.serialOf(slot), atMs, forgetMs, waitMs);
  }

  /** Moves what is known of the one open take to a journal. */
  #startJournal(slot: number): Journal {
    const { words, doubles } = this.rows.chunkOf(slot);
    const start = this.rows.startOf(slot);
    const first = start >>> 1;
    const journal: Journal = {
      grants: words[start + GRANTS_BEFORE] as number,
      lastMs: doubles[first + LAST_BEFORE] as number,
      open: [{ atMs: this.#lastMs(slot), forgetMs: doubles[first + OPEN_FORGET] as number, isOpen: true }],
    };
    doubles[first + OPEN_FORGET] = 0;
    this.#journals.set(slot, journal);
    return journal;
  }

  inspect(rule: BackoffRule, nowMs: number): RuleState {
    const slot = this.rows.find(rule.key);
    if (slot < 0) return { rule, count: 0, retryAfterMs: 0 };
    return {
      rule,
      count: this.#count(slot, rule, nowMs),
      retryAfterMs: Math.max(0, this.#waitLeftMs(slot, rule, nowMs)),
    };
  }

  release(key: LimitKey): void {
    const slot = this.rows.find(key);
    if (slot >= 0) this.#remove(slot);
  }

  settle(slot: number, atMs: number, forgetMs: number, isKept: boolean): void {
    const journal = this.#journals.get(slot);
    if (journal === undefined) {
      this.#settleOne(slot, isKept);
      return;
    }
    const grant = findOpen(journal.open, atMs, forgetMs) as Grant;
    grant.isOpen = false;
    if (!isKept) journal.open.splice(journal.open.indexOf(grant), 1);
    let first = journal.open[0];
    while (first?.isOpen === false) {
      journal.grants = decayed(journal.grants, journal.lastMs, first.atMs, first.forgetMs) + 1;
      journal.lastMs = first.atMs;
      journal.open.shift();
      first = journal.open[0];
    }
    this.#replay(slot, journal);
    if (first !== undefined) return;
    if (journal.grants === 0) this.#remove(slot);
    else this.#journals.delete(slot);
  }

  /** Ends the one open take of a row. */
  #settleOne(slot: number, isKept: boolean): void {
    const { words, doubles } = this.rows.chunkOf(slot);
    const start = this.rows.startOf(slot);
    doubles[(start >>> 1) + OPEN_FORGET] = 0;
    if (isKept) return;
    const grants = words[start + GRANTS_BEFORE] as number;
    if (grants === 0) this.#remove(slot);
    else this.#set(slot, grants, doubles[(start >>> 1) + LAST_BEFORE] as number);
  }

  #remove(slot: number): void {
    this.#journals.delete(slot);
    this.rows.remove(slot);
  }

  #replay(slot: number, journal: Journal): void {
    let { grants, lastMs } = journal;
    for (const { atMs, forgetMs } of journal.open) {
      grants = decayed(grants, lastMs, atMs, forgetMs) + 1;
      lastMs = atMs;
    }
    this.#set(slot, grants, lastMs);
  }

  #set(slot: number, grants: number, lastMs: number): void {
    const { words, doubles } = this.rows.chunkOf(slot);
    const start = this.rows.startOf(slot);
    words[start + GRANTS] = grants;
    doubles[(start >>> 1) + LAST] = lastMs;
    const untilMs = lastMs + LEASE_MS + this.#liveMs(grants);
    if (untilMs > this.liveUntilMs) this.liveUntilMs = untilMs;
  }

  #count(slot: number, { forgetMs }: Numbers, nowMs: number): number {
    return decayed(this.#grants(slot), this.#lastMs(slot), Math.floor(nowMs), forgetMs);
  }

  #waitLeftMs(slot: number, numbers: Numbers, nowMs: number): number {
    return this.#lastMs(slot) + waitOf(this.#grants(slot), numbers) - Math.floor(nowMs);
  }

  #liveMs(grants: number): number {
    return Math.max(waitOf(grants, this.#longest), grants * this.#longest.forgetMs);
  }

  /** When a row is dead for every rule; one with an open take is not. */
  #endMs(slot: number): number {
    const { doubles } = this.rows.chunkOf(slot);
    const isOpen = doubles[(this.rows.startOf(slot) >>> 1) + OPEN_FORGET] !== 0;
    if (isOpen || this.#journals.get(slot) !== undefined) return Number.POSITIVE_INFINITY;
    return this.#lastMs(slot) + this.#liveMs(this.#grants(slot));
  }

  #grants(slot: number): number {
    return this.rows.chunkOf(slot).words[this.rows.startOf(slot) + GRANTS] as number;
  }

  #lastMs(slot: number): number {
    return this.rows.chunkOf(slot).doubles[(this.rows.startOf(slot) >>> 1) + LAST] as number;
  }
}

class BackoffHold implements Hold {
  readonly #table: BackoffTable;
  readonly #slot: number;
  readonly #serial: number;
  readonly #atMs: number;
  readonly #forgetMs: number;
  readonly waitMs: number;

  constructor(
    table: BackoffTable,
    slot: number,
    serial: number,
    atMs: number,
    forgetMs: number,
    waitMs: number,
  ) {
    this.#table = table;
    this.#slot = slot;
    this.#serial = serial;
    this.#atMs = atMs;
    this.#forgetMs = forgetMs;
    this.waitMs = waitMs;
  }

  keep(): void {
    this.#settle(true);
  }

  giveBack(): void {
    this.#settle(false);
  }

  #settle(isKept: boolean): void {
    // A different serial means that the counter, and this take with it, was released in the meantime.
    if (this.#table.rows.serialOf(this.#slot) === this.#serial) {
      this.#table.settle(this.#slot, this.#atMs, this.#forgetMs, isKept);
    }
  }
}

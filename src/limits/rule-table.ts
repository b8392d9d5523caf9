import type { DoubtNotice } from './doubt-store.ts';
import type { LimitKey, LimitRule, RuleState, RuleViolation } from './limit-store.ts';

/**
 * Time after which an unsettled take is kept: longer than any call's deadline, and short enough that a lost take does
 * not hold memory for long. Also the most by which a settlement may move a stamp.
 */
export const LEASE_MS = 15 * 60 * 1000;

/** The entry that one rule of a granted take wrote, to be kept or given back once. */
export interface Hold {
  /** The wait that a `backoff` rule has just started. */
  readonly waitMs?: number;
  /** True when it has a shorter lease of its own, after which it is free: an unsettled one is not kept. */
  readonly isLeased?: boolean;
  keep(delayMs: number, nowMs: number, result: string | undefined): void;
  giveBack(nowMs: number): void;
}

/** The counters of one rule id in one scope. Each call brings its own limit and window. */
export interface RuleTable<Rule extends LimitRule = LimitRule> {
  /** The rule that the table was created for; every later rule must have the same shape, see `checkShape`. */
  readonly shape: Rule;
  /** No counter of this table matters after this time. */
  readonly liveUntilMs: number;
  /**
   * The violation that one more message would cause. `inserts` is the number of new counters, including this one,
   * that this request may add to the table.
   */
  check(rule: Rule, nowMs: number, inserts: number): RuleViolation | undefined;
  /** Records the message after `check` found room; undefined when the rule only reads. */
  write(rule: Rule, nowMs: number): Hold | undefined;
  /** The person of a message that only rules of doubt refused, or would have refused, was asked for more. */
  hold?(rule: Rule, nowMs: number): void;
  /** Observations since the last look. */
  takeNotices?(): readonly DoubtNotice[];
  inspect(rule: Rule, nowMs: number): RuleState;
  release(key: LimitKey): void;
  /** Entries in the table now. */
  readonly size: number;
  /** Most entries in the table. */
  readonly maxSize: number;
}

/** When an open take has to end before there is room, nobody knows how long that takes: try again after a second. */
const UNKNOWN_WAIT_MS = 1_000;

/** The violation of a full table. @param freeMs when the first entry that was looked at ends; infinite when unknown */
export function fullTable<Rule extends LimitRule>(
  rule: Rule,
  observed: number,
  freeMs: number,
  nowMs: number,
): RuleViolation {
  const waitMs = Number.isFinite(freeMs) ? Math.max(1, Math.ceil(freeMs - nowMs)) : UNKNOWN_WAIT_MS;
  return { rule, reason: 'capacity', observed, retryAfterMs: waitMs };
}

/** The optional fields of a violation or a state, without those that are empty. */
export function details(
  retryAfterMs: number | undefined,
  approximate = false,
): { retryAfterMs?: number; approximate?: boolean } {
  return {
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(approximate ? { approximate } : {}),
  };
}

/** A counted amount and the time at which it stops counting. */
export interface Expiry {
  readonly atMs: number;
  readonly amount: number;
}

/** The earliest time at which at least `amount` has stopped counting. The expiries must add up to at least `amount`. */
export function whenFreed(expiries: readonly Expiry[], amount: number): number {
  let left = amount;
  let atMs = Number.NEGATIVE_INFINITY;
  for (const expiry of [...expiries].sort((a, b) => a.atMs - b.atMs)) {
    if (left <= 0) break;
    left -= expiry.amount;
    atMs = expiry.atMs;
  }
  return atMs;
}

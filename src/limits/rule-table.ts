import type { LimitKey, LimitRule, RuleState, RuleViolation } from './limit-store.ts';

/**
 * A take that is never settled is kept after this long, 15 minutes: longer than any call's deadline, short enough that
 * a lost one does not hold memory for long. Also the most a settlement may move a stamp.
 */
export const LEASE_MS = 15 * 60 * 1000;

/** What one rule of a granted take wrote, to be kept or given back once. */
export interface Hold {
  /** The wait that a `backoff` rule has just started. */
  readonly waitMs?: number;
  /** Left alone when nobody settles it: it has a shorter lease of its own, after which it is free. */
  readonly isLeased?: boolean;
  keep(delayMs: number, nowMs: number, result: string | undefined): void;
  giveBack(nowMs: number): void;
}

/** The counters of one rule id in one scope. Each call brings its own limit. */
export interface RuleTable<Rule extends LimitRule = LimitRule> {
  /** The rule the table was made for; every later one must have the same kind, `windowMs` and `weighted`. */
  readonly shape: Rule;
  /** No counter of this table matters after this time. */
  liveUntilMs: number;
  /**
   * What stands against one more. `inserts` is how many new counters this request may put into this table, this one
   * included.
   */
  check(rule: Rule, nowMs: number, inserts: number): RuleViolation | undefined;
  /** Writes what `check` found room for; undefined when the rule only reads. */
  write(rule: Rule, nowMs: number): Hold | undefined;
  inspect(rule: Rule, nowMs: number): RuleState;
  release(key: LimitKey): void;
}

/** The part of a violation and of a state that is left out when it says nothing. */
export function details(
  retryAfterMs: number | undefined,
  approximate = false,
): { retryAfterMs?: number; approximate?: boolean } {
  return {
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(approximate ? { approximate } : {}),
  };
}

/** Something counted that stops counting at a known time. */
export interface Expiry {
  readonly atMs: number;
  readonly amount: number;
}

/** The earliest time at which at least `amount` has stopped counting. The expiries together hold at least that much. */
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

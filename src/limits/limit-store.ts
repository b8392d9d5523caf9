/**
 * The contract between the guards and a store that counts for them. A guard declares *what* to count (rules, as data).
 * A store checks whether there is room and records it, in one atomic step. The memory store is the implementation in
 * one process; a shared store runs the same as one script on a server. `limitStoreConformance` tests every store.
 *
 * Proven on memory, and on Redis and Valkey with one server and with a cluster.
 */

import type { SharedPace } from '../transport/shared-pace.ts';
import type { DoubtNotice, DoubtPlace, DoubtRule, DoubtStore } from './doubt-store.ts';
import type { RecordStore } from './record-store.ts';
import type { LimitKey, RuleBase } from './rule-base.ts';

export type { DoubtRule } from './doubt-store.ts';
export type { LimitKey, RuleCondition } from './rule-base.ts';

/**
 * At most `limit` in any half-open window `(t - windowMs, t]`. Exact for limits up to 64 with weight 1. Above 64, or
 * when `weighted`, conservative sub-buckets count (30 per window, plus one): never over, at most 1/30 of a window late.
 * From the first limit above 64 on, sub-buckets may count for every limit of that ID. When windows differ, a sub-bucket is
 * 1/30 of the longest one, and `observed` may be less than the count, but never less than the limit when that refused.
 */
export interface WindowRule extends RuleBase {
  /** Discriminates the rule. */
  readonly kind: 'window';
  /** Most messages, or the largest amount, in a window. */
  readonly limit: number;
  /** Length of the window in milliseconds, up to 31 days. */
  readonly windowMs: number;
  /**
   * The amount that this message counts: a safe integer of at least 1. Only a `weighted` rule may have a weight other
   * than 1.
   *
   * @default 1
   */
  readonly weight?: number;
  /**
   * Whether the rule counts amounts (micro-units of money, parts) instead of messages. A weight over the limit never
   * fits, and then there is no `retryAfterMs`.
   *
   * @default false
   */
  readonly weighted?: boolean;
}

/**
 * Counts a scheduled message at its due time. Time is cut into slots of `windowMs` (slot = floor(dueAt / windowMs)).
 * Two neighbouring slots together hold at most `limit`, so any window does.
 */
export interface SlotRule extends RuleBase {
  /** Discriminates the rule. */
  readonly kind: 'slot';
  /** Most messages in two neighbouring slots. */
  readonly limit: number;
  /** Length of a slot in milliseconds, up to 31 days. */
  readonly windowMs: number;
  /** Due time in epoch milliseconds. */
  readonly dueAt: number;
}

/**
 * A doubling wait. After n grants without a success in between, the next one must wait `min(maxMs, baseMs * 2 ** (n -
 * 1))` from the last grant. For every `forgetMs` without a grant n falls by one. A refusal changes nothing. `release`
 * (a success) forgets everything.
 *
 * The store keeps n and the time of the last grant; each call applies its own numbers. The store may forget them once
 * the wait is over and n has fallen to 0, by the numbers of every rule granted under the key.
 */
export interface BackoffRule extends RuleBase {
  /** Discriminates the rule. */
  readonly kind: 'backoff';
  /** Wait after the first grant, in milliseconds. */
  readonly baseMs: number;
  /** Longest wait, in milliseconds. */
  readonly maxMs: number;
  /** Milliseconds without a grant after which one grant is forgotten. */
  readonly forgetMs: number;
}

/**
 * The same wait for each of several visitors of one key, so that none moves the wait of another. At most 32 visitors
 * per key: the one whose last grant is the oldest is forgotten for a new one. `release` forgets all visitors of the key.
 */
export interface VisitorBackoffRule extends RuleBase, Pick<BackoffRule, 'baseMs' | 'maxMs' | 'forgetMs'> {
  /** Discriminates the rule. */
  readonly kind: 'visitor-backoff';
  /** The visitor. Absent only in `inspect` (the visitor who waits longest) and `release`. */
  readonly member?: LimitKey | undefined;
}

/**
 * Remembers members of a key for a time, such as the visitors who entered a code that was sent to a number. Always in mode
 * `note`. A take with `activate` has no other rule and remembers the member for `windowMs` from now; that is final, also when
 * the take is given back. A take without `activate` writes nothing. Both find the member if it was remembered before. At most 16 members
 * per key, and a bounded number of keys: the one remembered longest ago is forgotten first, and nothing is ever refused.
 */
export interface KnownRule extends RuleBase {
  /** Discriminates the rule. */
  readonly kind: 'known';
  /** The member, such as a visitor. Absent only in `inspect` and `release`, which then concern all members. */
  readonly member?: LimitKey | undefined;
  /** Milliseconds to remember a member, up to 366 days. */
  readonly windowMs: number;
  /** Whether the take remembers the member. @default false */
  readonly activate?: boolean;
}

/**
 * At most `limit` different `member`s under one key in any window `(t - windowMs, t]`. A member that is already counted
 * is admitted and refreshed.
 */
export interface DistinctRule extends RuleBase {
  /** Discriminates the rule. */
  readonly kind: 'distinct';
  /** The member to count, for example a phone number in a range. */
  readonly member: LimitKey;
  /** Most different members in a window. */
  readonly limit: number;
  /** Length of the window in milliseconds, up to 31 days. */
  readonly windowMs: number;
}

/**
 * At most one, for `windowMs` after it was settled: an idempotency record that keeps the first result. It is kept for
 * the `windowMs` of the rule that wrote it; a rule with a shorter window looks back no further than its own.
 * `fingerprint` distinguishes the same message from another one under the same key. Always in mode `enforce`.
 */
export interface OnceRule extends RuleBase {
  /** Discriminates the rule. */
  readonly kind: 'once';
  /** Identifies the content: another fingerprint under the same key is a conflict. */
  readonly fingerprint: string;
  /** Milliseconds to keep the record, up to 31 days. */
  readonly windowMs: number;
  /**
   * Milliseconds after which an unsettled take is free again, at most 15 minutes, for work that may safely run twice
   * after a crash (a webhook event). Settling it late still counts, unless another take came in between. Without a
   * lease the take stays, and is kept like every take (a message that may have left).
   *
   * @default none
   */
  readonly leaseMs?: number;
}

/**
 * Blocks a key for a time, such as a number that a network reported as non-existent. A take with `activate` blocks the
 * key for `windowMs`, or until the end of a longer block, and is always granted. A take without `activate` writes
 * nothing and is refused while the key is blocked, whatever its own `windowMs`. `release` lifts the block.
 */
export interface BlockRule extends RuleBase {
  /** Discriminates the rule. */
  readonly kind: 'block';
  /** Length of the block in milliseconds, up to 31 days. */
  readonly windowMs: number;
  /** Whether the take blocks the key instead of checking it. @default false */
  readonly activate?: boolean;
}

/** A counter, as data. */
export type LimitRule =
  | WindowRule
  | SlotRule
  | BackoffRule
  | VisitorBackoffRule
  | DistinctRule
  | OnceRule
  | BlockRule
  | KnownRule
  | DoubtRule;

/** The rules of one message. All are taken, or none is. */
export interface TakeRequest {
  /**
   * Identifies the reservation: unique per message, over all processes that share the store. A second take with the
   * same ID changes nothing and returns the first verdict, so that a shared store may resend a command. After a call
   * that threw, use a new ID: its takes may have been given back.
   *
   * Until it is settled a take counts, however old it is, because its message may be written at any moment. A take that
   * nobody settles within a lease (15 minutes) is kept. See `LimitStore.settle` for stores that may do less.
   */
  readonly reservation: string;
  /** The rules to check and record together. */
  readonly rules: readonly LimitRule[];
}

/** Why a rule refused. */
export type RefusalReason =
  /** The window, slot or range is full. */
  | 'over-limit'
  /** A backoff wait is not over. */
  | 'too-soon'
  /** `once`: the first one is still in progress. Try again shortly. */
  | 'in-progress'
  /** `once`: it was done before; `result` is the kept result. */
  | 'done'
  /** `once`: the key was used for another message. */
  | 'conflict'
  /** `block`: the key is blocked. */
  | 'blocked-number'
  /** `known`: the member is remembered. It refuses nothing. */
  | 'known'
  /** `doubt`: a place is in alert. A person passes after a test for people. */
  | 'captcha-needed'
  /** `doubt`: a place is in alert for those, too, who passed a test for people. Another channel is open. */
  | 'other-channel-needed'
  /** `doubt`: a place is in alert, and nobody can be asked. */
  | 'suspended'
  /** The store's table for this kind of rule is full of live entries. */
  | 'capacity';

/** The violation of one rule that refused, or would have refused in monitor mode. */
export interface RuleViolation {
  /** The rule of the request. */
  readonly rule: LimitRule;
  /** Why it refused, or would have refused. */
  readonly reason: RefusalReason;
  /** The current count, without this message. For `backoff`: the number of grants without a success. */
  readonly observed: number;
  /**
   * Milliseconds until this rule would admit the message, if nothing else is granted and open takes are settled without
   * delay. Minimal for exact windows. Absent when time does not help.
   */
  readonly retryAfterMs?: number;
  /** For `once` with reason `done`: the string given to `settle`. */
  readonly result?: string;
  /** For `doubt`: the place that holds the message, and the doubt that is normal there. */
  readonly doubt?: {
    /** The kind of the place. */
    readonly place: DoubtPlace;
    /** Doubt that is normal there, in whole codes. */
    readonly limit: number;
  };
  /** True when the count came partly from the over-counting sketch of a full table. */
  readonly approximate?: boolean;
}

/** A table of the store that is 80 % full. A store reports it once, with the take that filled it so far. */
export interface TableFilling {
  /** The ID of the rule. */
  readonly rule: string;
  /** The guard of the rule. */
  readonly guard: string;
  /** Entries in the table. */
  readonly entries: number;
  /** Most entries in the table. */
  readonly maxEntries: number;
}

/** The verdict of a store on one message. */
export type TakeVerdict =
  | {
      /** Every enforcing rule admitted the message, and all rules were recorded. */
      readonly granted: true;
      /** Monitor-mode rules that are over their limit. */
      readonly observed: readonly RuleViolation[];
      /** Findings of the rules in mode `note`. @default none */
      readonly noted?: readonly RuleViolation[];
      /** The wait in milliseconds that a `backoff` rule of this request has just started; the longest of several. */
      readonly waitMs?: number;
      /** Tables of these rules that became nearly full. */
      readonly filling?: readonly TableFilling[];
      /** Observations about doubt. @default none */
      readonly notices?: readonly DoubtNotice[];
    }
  | {
      /** At least one enforcing rule refused. */
      readonly granted: false;
      /** Every enforcing rule that refused; never empty. Nothing was recorded for this request. */
      readonly refusals: readonly RuleViolation[];
      /** Monitor-mode rules that are over their limit. */
      readonly observed: readonly RuleViolation[];
      /** Findings of the rules in mode `note`. @default none */
      readonly noted?: readonly RuleViolation[];
      /** Tables of these rules that became nearly full. */
      readonly filling?: readonly TableFilling[];
      /** Observations about doubt. @default none */
      readonly notices?: readonly DoubtNotice[];
    };

/** The outcome of a reservation. Settling an unknown or settled reservation changes nothing. */
export interface Settlement {
  /** The ID of the take. */
  readonly reservation: string;
  /** The rules of the take, so that a store without a memory of its own can find the counters. */
  readonly rules: readonly LimitRule[];
  /** `keep`: the message may have left. `return`: it provably did not, and every rule gives its take back. */
  readonly outcome: 'keep' | 'return';
  /**
   * Milliseconds between the take and the answer to its request, which was written at any moment in between; the window
   * stamp moves forward by it. A store may ignore up to 250.
   *
   * @default 0
   */
  readonly delayMs?: number | undefined;
  /** For a `once` rule and `keep`: the result for repeated calls. At most 512 bytes. */
  readonly result?: string | undefined;
}

/** The current count of one rule, as `inspect` shows it. */
export interface RuleState {
  /** The rule that was read. */
  readonly rule: LimitRule;
  /**
   * `window`, `slot`, `distinct`, `known`: the current count. `backoff`, `visitor-backoff`: grants without a success. `once`,
   * `block`: 0 or 1.
   */
  readonly count: number;
  /**
   * Milliseconds until one more (of weight 1, a new member) would be admitted; 0 for now; absent when time does not
   * help.
   */
  readonly retryAfterMs?: number;
  /** True when the count came partly from the over-counting sketch of a full table. */
  readonly approximate?: boolean;
}

/** Options of every store call. */
export interface StoreCallOptions {
  /** Aborts the call; takes are then given back. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Counts for the guards. `scope` separates accounts: the same rule and key in another scope is another counter. All
 * methods take arrays; a single send is an array of one. The requests of one call are decided in order, each
 * atomically.
 *
 * A store that cannot decide throws. The guard decides then, and never admits.
 */
export interface LimitStore {
  /** Checks all rules of a request, then records all of them, or nothing. Returns one verdict per request, in order. */
  take(
    scope: string,
    requests: readonly TakeRequest[],
    options?: StoreCallOptions,
  ): Promise<readonly TakeVerdict[]>;
  /**
   * Keeps or gives back takes.
   *
   * A store on a server may count a take as written when it is taken, and then no longer than its window, so that an
   * immediate send needs no second round trip: `settle` may skip a settlement with outcome `keep`, no `result` and a
   * `delayMs` of at most 250. Such a store does not count open takes beyond their window, and tells the conformance
   * suite with `openTakes: 'as-written'`. A `once` rule stays in progress until it is settled, in every store. Callers
   * settle a reservation once: a store that skipped the first settlement cannot recognise a second one.
   */
  settle(scope: string, settlements: readonly Settlement[]): Promise<void>;
  /** Reads without recording. */
  inspect(scope: string, rules: readonly LimitRule[]): Promise<readonly RuleState[]>;
  /** Forgets the counts of these rules and keys (after a success, or by support staff). */
  release(scope: string, rules: readonly LimitRule[]): Promise<void>;
  /** Ends timers and connections that the store opened itself. */
  close?(): Promise<void>;
  /**
   * The pace of sub-accounts over all processes that share this store. Without it every process paces on its own.
   *
   * @experimental
   */
  readonly pace?: SharedPace | undefined;
  /**
   * Small records with versions, for features that keep more than a count. A store without them refuses those features.
   *
   * @experimental
   */
  readonly records?: RecordStore | undefined;
  /**
   * Outcomes, alerts and trusted places of `doubt` rules. A store without them is never asked to take such a rule.
   *
   * @experimental
   */
  readonly doubts?: DoubtStore | undefined;
}

/** Most entries of an exact log; sub-buckets count above. */
export const EXACT_LOG_LIMIT = 64;
/** Sub-buckets per window. One more is counted, so that the window is never too short. */
export const SUB_BUCKETS = 30;
/** Longest window, 31 days in milliseconds. */
export const MAX_WINDOW_MS = 31 * 24 * 60 * 60 * 1000;
/** Longest time that a member of a `known` rule is remembered, 366 days in milliseconds. */
export const MAX_KNOWN_MS = 366 * 24 * 60 * 60 * 1000;
/** Members that a `known` rule remembers per key. */
export const MAX_KNOWN_MEMBERS = 16;
/** Visitors that a `visitor-backoff` rule tells apart per key. */
export const MAX_VISITORS = 32;

/**
 * The contract between the guards and whatever counts for them. A guard says *what* to count (rules, as data); a store
 * says whether there is room, and writes it down, in one atomic step. The memory store implements it here; a shared
 * store implements the same with one script on a server. `limitStoreConformance` is the test every store must pass.
 *
 * Shown on memory, and on Redis and Valkey with one server and a cluster.
 */

import type { SharedPace } from './shared-pace.ts';

/**
 * What is counted under: a phone number as a plain integer (its E.164 digits, at most 15, exact in a double), or any
 * other string of 1 to 1,024 characters.
 */
export type LimitKey = number | string;

interface RuleBase {
  /**
   * Names the counter: the same id must always come with the same kind, `windowMs` and `weighted`. For example
   * `recipient:all:1800000`. The `limit` may differ from call to call (two clients of one scope with different
   * options): every call is held to its own limit, over what all of them have counted. So may the numbers of `backoff`
   * and the `windowMs` of `once` and `block`.
   */
  readonly id: string;
  /** The guard that asks, for errors and events. */
  readonly guard: string;
  readonly key: LimitKey;
  /** `monitor` records up to the limit and then reports `over` without refusing. */
  readonly mode: 'enforce' | 'monitor';
}

/**
 * At most `limit` in any half-open window `(t - windowMs, t]`. Exact for limits up to 64 with weight 1; above, or when
 * `weighted`, conservative sub-buckets (30 a window, one more counted): never over, at most 1/30 of a window late. From
 * the first limit above 64 on, sub-buckets may count for every limit of that id.
 */
export interface WindowRule extends RuleBase {
  readonly kind: 'window';
  readonly limit: number;
  readonly windowMs: number;
  /** How much this message counts: a safe integer of at least 1. Only a `weighted` rule may have other than 1. */
  readonly weight?: number;
  /** Counts amounts (micro-units of money, parts), not messages. A weight over the limit never fits: no `retryAfterMs`. */
  readonly weighted?: boolean;
}

/**
 * A scheduled message, counted at the time it is due: time is cut into slots of `windowMs` (slot = floor(dueAt /
 * windowMs)), and two neighbouring slots together hold at most `limit`, so any window does.
 */
export interface SlotRule extends RuleBase {
  readonly kind: 'slot';
  readonly limit: number;
  readonly windowMs: number;
  /** Epoch milliseconds. */
  readonly dueAt: number;
}

/**
 * A wait that doubles. After n grants without a success in between the next one must wait
 * `min(maxMs, baseMs * 2 ** (n - 1))` from the last grant. For every `forgetMs` without a grant n falls by one. A refusal
 * changes nothing. `release` (a success) forgets everything.
 *
 * What is kept is n and the time of the last grant; each call reads them with its own numbers. A store may forget them
 * once, by the numbers of every rule granted under the key, the wait is over and n has fallen to 0.
 */
export interface BackoffRule extends RuleBase {
  readonly kind: 'backoff';
  readonly baseMs: number;
  readonly maxMs: number;
  readonly forgetMs: number;
}

/** At most `limit` different `member`s under one key in any window `(t - windowMs, t]`. A member already counted is admitted and refreshed. */
export interface DistinctRule extends RuleBase {
  readonly kind: 'distinct';
  readonly member: LimitKey;
  readonly limit: number;
  readonly windowMs: number;
}

/**
 * At most one, ever, for `windowMs` after it was settled: an idempotency record that keeps the first result. It is kept
 * for the `windowMs` of the rule that wrote it; a rule with a shorter one looks no further back than that.
 * `fingerprint` tells the same message from another one under the same key. Always mode `enforce`.
 */
export interface OnceRule extends RuleBase {
  readonly kind: 'once';
  readonly fingerprint: string;
  readonly windowMs: number;
  /**
   * Milliseconds after which a take that nobody settled is free again: who took it died, and trying twice does no harm
   * (a webhook event); at most 15 minutes. Settling it late still counts, unless somebody else took it meanwhile.
   * Absent: it stays taken, and is kept like every take (a message that may have left).
   */
  readonly leaseMs?: number;
}

/**
 * Blocks a key for a time, such as a number that a network reported as non-existent. A take with `activate` blocks the
 * key for `windowMs`, or until the end of a longer block, and is always granted. A take without `activate` writes nothing
 * and is refused while the key is blocked, whatever its own `windowMs`. `release` lifts the block.
 */
export interface BlockRule extends RuleBase {
  readonly kind: 'block';
  readonly windowMs: number;
  readonly activate?: boolean;
}

/** What to count, as data. */
export type LimitRule = WindowRule | SlotRule | BackoffRule | DistinctRule | OnceRule | BlockRule;

/** All rules of one message. All are taken, or none is. */
export interface TakeRequest {
  /**
   * Names the reservation: unique a message, over all processes that share the store. Taking twice with one id changes nothing the second time and
   * gives the first answer again, so that a shared store may resend a command.
   * After a call that threw ask under another: what it took may have been given back.
   *
   * Until it is settled a take counts however old it is, because its message may be written at any moment; what nobody
   * settles within a lease (15 minutes) is kept. See `LimitStore.settle` for stores that may do less.
   */
  readonly reservation: string;
  readonly rules: readonly LimitRule[];
}

/** Why a rule refused. */
export type RefusalReason =
  /** The window, slot or range is full. */
  | 'over-limit'
  /** A backoff wait is not over. */
  | 'too-soon'
  /** `once`: the first one is still on its way. Ask again shortly. */
  | 'in-progress'
  /** `once`: it was done before; `result` is what was kept. */
  | 'done'
  /** `once`: the key was used for another message. */
  | 'conflict'
  /** `block`: the key is blocked. */
  | 'blocked-number'
  /** The store's table for this kind of rule is full of live entries. */
  | 'capacity';

/** What the store saw for one rule that refused, or would have refused in monitor mode. */
export interface RuleFinding {
  readonly rule: LimitRule;
  readonly reason: RefusalReason;
  /** What is counted now, without this message. For `backoff`: the number of grants not followed by success. */
  readonly observed: number;
  /**
   * Milliseconds until this rule would admit it, if nothing else is granted and what is still open is settled without
   * delay. Minimal for exact windows. Absent when time does not help.
   */
  readonly retryAfterMs?: number;
  /** For `once` with reason `done`: the string given to `settle`. */
  readonly result?: string;
  /** True when the count came partly from the over-counting sketch of a full table. */
  readonly approximate?: boolean;
}

/** What a store said to the rules of one message. */
export type TakeVerdict =
  | {
      readonly granted: true;
      /** Monitor-mode rules that are over their limit. */
      readonly observed: readonly RuleFinding[];
      /** The wait in milliseconds that a `backoff` rule of this request has just started; the longest of several. */
      readonly waitMs?: number;
    }
  | {
      readonly granted: false;
      /** Every enforcing rule that refused; never empty. Nothing was written for this request. */
      readonly refusals: readonly RuleFinding[];
      readonly observed: readonly RuleFinding[];
    };

/** What became of a reservation. Settling an unknown or settled reservation changes nothing. */
export interface Settlement {
  readonly reservation: string;
  /** The rules of the take, so that a store that keeps no memory of its own can find the counters. */
  readonly rules: readonly LimitRule[];
  /** `keep`: the message may have left. `return`: it provably did not; every rule gets back what it gave. */
  readonly outcome: 'keep' | 'return';
  /** Milliseconds between the take and the first write to the network; the window stamp moves forward by it. A store may ignore up to 250. */
  readonly delayMs?: number | undefined;
  /** For a `once` rule and `keep`: what a repeated call gets back. At most 512 bytes. */
  readonly result?: string | undefined;
}

/** What is counted under one rule now, as `inspect` shows it. */
export interface RuleState {
  readonly rule: LimitRule;
  /** `window`, `slot`, `distinct`: what counts now. `backoff`: grants without success. `once`, `block`: 0 or 1. */
  readonly count: number;
  /** Milliseconds until one more (of weight 1, a new member) would be admitted; 0 = now; absent when time does not help. */
  readonly retryAfterMs?: number;
  readonly approximate?: boolean;
}

/** Second argument of every call of a store. */
export interface StoreCallOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Counts for the guards. `scope` separates accounts: the same rule and key in another scope is another counter. All
 * methods take arrays, a single send is an array of one. Requests of one call are decided in order, each atomically.
 *
 * A store that cannot answer throws; what happens then is the guard's decision, never an admission.
 */
export interface LimitStore {
  /** Checks all rules of a request, then writes all, or nothing. One verdict a request, in order. */
  take(
    scope: string,
    requests: readonly TakeRequest[],
    options?: StoreCallOptions,
  ): Promise<readonly TakeVerdict[]>;
  /**
   * Keeps or gives back what was taken.
   *
   * A store on a server may count a take as written when it is taken, and then no longer than its window, so that what
   * is sent at once needs no second round trip: `settle` may skip a settlement with outcome `keep`, no `result` and a
   * `delayMs` of at most 250. It gives up that an open take counts however old it is, and tells the conformance suite so
   * with `openTakes: 'as-written'`. A `once` rule stays in progress until it is settled, in every store. Whoever
   * calls it settles a reservation once: a store that skipped the first settlement cannot tell a second one.
   */
  settle(scope: string, settlements: readonly Settlement[]): Promise<void>;
  /** Reads without writing. */
  inspect(scope: string, rules: readonly LimitRule[]): Promise<readonly RuleState[]>;
  /** Forgets what is counted under these rules and keys (a success, or a person at the support desk). */
  release(scope: string, rules: readonly LimitRule[]): Promise<void>;
  /** Ends timers and connections that the store itself opened. */
  close?(): Promise<void>;
  /**
   * The pace of sub-accounts over all processes that share this store. Without it every process paces by itself.
   *
   * @experimental
   */
  readonly pace?: SharedPace | undefined;
}

/** Most hits an exact log keeps; above it sub-buckets count. */
export const EXACT_LOG_LIMIT = 64;
/** Sub-buckets a window; one more is counted, so that the window is never too short. */
export const SUB_BUCKETS = 30;
/** Longest window, 31 days in milliseconds. */
export const MAX_WINDOW_MS = 31 * 24 * 60 * 60 * 1000;

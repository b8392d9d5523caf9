import { AbortedError, ConfigurationError } from '../errors.ts';
import type { Clock } from '../types.ts';
import { isWritten } from './conditions.ts';
import type {
  LimitRule,
  LimitStore,
  RuleState,
  Settlement,
  StoreCallOptions,
  TakeRequest,
  TakeVerdict,
} from './limit-store.ts';
import type { RecordStore } from './record-store.ts';
import { RecordTable } from './record-table.ts';
import { LEASE_MS, type RuleTable } from './rule-table.ts';
import { MAX_TABLES, RuleTables, type ScopeState } from './rule-tables.ts';
import {
  checkBesideOthers,
  checkId,
  checkRule,
  checkSettlement,
  checkShape,
  type InputPath,
} from './rule-validation.ts';
import { createStoreTime, type StoreTime } from './store-time.ts';
import { takeOne } from './take-one.ts';

/** Options of {@link memoryLimits}. */
export interface MemoryLimitsOptions {
  /**
   * Numbers counted exactly per rule. Default 250,000: about 20 MB for a limit of 10. Beyond it, the number whose
   * last message is oldest is folded into a sketch that can only over-count.
   */
  readonly maxRecipients?: number | undefined;
  /**
   * Entries per rule of any other kind: amounts and limits over 64, backoffs, members of `distinct`, scheduled slots,
   * idempotency keys, blocked numbers; also the open takes. Default 250,000. A full table refuses a new key with
   * `capacity`; amounts are folded like numbers; among the open takes, the oldest is kept.
   */
  readonly maxEntries?: number | undefined;
  /**
   * Bytes that the records of features such as `oneTimePasswords` may hold, over all scopes. Grows with use: a one-time
   * password takes about 1 kB until it expires. A full store refuses a new record with `capacity`.
   *
   * @default 268_435_456 (256 MiB; our number)
   */
  readonly maxRecordBytes?: number | undefined;
  /** Source of time. Default: the system clock. Limits read `monotonic`, else `now` without ever going back. */
  readonly clock?: Clock | undefined;
}

const DEFAULT_SIZE = 250_000;
const DEFAULT_RECORD_BYTES = 256 * 1024 * 1024;
/** 4 GiB, what a V8 heap may hold. */
const MAX_RECORD_BYTES = 2 ** 32;
/** Maximum for the 24 bits of an index entry; a JavaScript `Map` holds no more either. */
const MAX_SIZE = 16_000_000;

/**
 * Counts in this process. The state is lost when the process ends, and two processes count separately: use a shared
 * store when several processes send to the same people. Reads no clock, draws no random number and starts no timer
 * before the first call.
 *
 * @throws ConfigurationError when a size is not an integer in its range.
 *
 * @example
 * ```ts
 * const sms = new SmsClient({ limits: memoryLimits({ maxRecipients: 1_000_000 }) });
 * ```
 */
export function memoryLimits(options: MemoryLimitsOptions = {}): LimitStore {
  return new MemoryLimitStore(
    checkSize(options.maxRecipients, 'maxRecipients'),
    checkSize(options.maxEntries, 'maxEntries'),
    createStoreTime(options.clock),
    MAX_TABLES,
    checkRecordBytes(options.maxRecordBytes),
  );
}

function checkRecordBytes(bytes: number | undefined): number {
  if (bytes === undefined) return DEFAULT_RECORD_BYTES;
  if (!Number.isSafeInteger(bytes) || bytes < 1 || bytes > MAX_RECORD_BYTES) {
    throw new ConfigurationError(
      `memoryLimits: maxRecordBytes must be an integer from 1 to ${MAX_RECORD_BYTES}.`,
      'maxRecordBytes',
    );
  }
  return bytes;
}

function checkSize(size: number | undefined, option: string): number {
  if (size === undefined) return DEFAULT_SIZE;
  if (!Number.isSafeInteger(size) || size < 1 || size > MAX_SIZE) {
    throw new ConfigurationError(`memoryLimits: ${option} must be an integer from 1 to ${MAX_SIZE}.`, option);
  }
  return size;
}

/** Two copies of this package, in both module formats, recognise each other's stores. */
const IN_MEMORY: unique symbol = Symbol.for('8x8-sms-guard.memory-limits') as never;

/** Whether a store keeps everything in this process. */
export function isMemoryStore(limits: LimitStore): boolean {
  return IN_MEMORY in limits;
}

/** Checks all rules of a request against the tables, then records all of them or nothing. */
export class MemoryLimitStore implements LimitStore {
  readonly [IN_MEMORY] = true;
  readonly records: RecordStore;
  readonly #time: StoreTime;
  readonly #tables: RuleTables;

  constructor(
    maxRecipients: number,
    maxEntries: number,
    time: StoreTime,
    maxTables: number,
    maxRecordBytes: number = DEFAULT_RECORD_BYTES,
  ) {
    this.#time = time;
    this.records = new RecordTable(maxRecordBytes, time);
    this.#tables = new RuleTables({ maxRecipients, maxEntries }, time, maxTables);
  }

  async take(
    scope: string,
    requests: readonly TakeRequest[],
    options?: StoreCallOptions,
  ): Promise<readonly TakeVerdict[]> {
    if (options?.signal?.aborted) {
      throw new AbortedError({
        message: 'The call was aborted before anything was counted.',
        submission: 'not-submitted',
      });
    }
    checkId(scope, 'scope', '');
    const nowMs = this.#time.monotonicMs();
    const state = this.#tables.scope(scope);
    // All requests are validated before the first is decided: an invalid one must not leave the others half taken.
    const plan: (RuleTable | undefined)[] = [];
    const path = new RequestPath();
    for (const request of requests) {
      this.#plan(plan, state, request, path, nowMs);
      path.request += 1;
    }
    state.reservations.expire(nowMs);
    const verdicts: TakeVerdict[] = [];
    let from = 0;
    for (const request of requests) {
      verdicts.push(takeOne(state, request, plan, from, nowMs));
      from += request.rules.length;
    }
    return verdicts;
  }

  async settle(scope: string, settlements: readonly Settlement[]): Promise<void> {
    const path = { at: 0, toString: () => `settlements[${path.at}]` };
    for (; path.at < settlements.length; path.at += 1) {
      checkSettlement(settlements[path.at] as Settlement, path);
    }
    const state = this.#tables.find(scope);
    if (state === undefined) return;
    const nowMs = this.#time.monotonicMs();
    state.reservations.expire(nowMs);
    for (const { reservation, outcome, delayMs = 0, result } of settlements) {
      const keptDelayMs = outcome === 'keep' ? Math.min(delayMs, LEASE_MS) : undefined;
      state.reservations.settle(reservation, keptDelayMs, nowMs, result);
    }
  }

  async inspect(scope: string, rules: readonly LimitRule[]): Promise<readonly RuleState[]> {
    const nowMs = this.#time.monotonicMs();
    const state = this.#tables.find(scope);
    state?.reservations.expire(nowMs);
    return rules.map((rule, at) => {
      const table = existingTable(state, rule, `rules[${at}]`);
      return table === undefined ? { rule, count: 0, retryAfterMs: 0 } : table.inspect(rule, nowMs);
    });
  }

  async release(scope: string, rules: readonly LimitRule[]): Promise<void> {
    const state = this.#tables.find(scope);
    const tables = rules.map((rule, at) => existingTable(state, rule, `rules[${at}]`));
    rules.forEach((rule, at) => {
      tables[at]?.release(rule.key);
    });
  }

  #plan(
    plan: (RuleTable | undefined)[],
    state: ScopeState,
    { reservation, rules }: TakeRequest,
    path: RequestPath,
    nowMs: number,
  ): void {
    path.rule = -1;
    checkId(reservation, path, '.reservation');
    for (path.rule = 0; path.rule < rules.length; path.rule += 1) {
      const rule = rules[path.rule] as LimitRule;
      checkRule(rule, path);
      let table = state.tables.get(rule.id);
      if (table !== undefined) checkShape(rule, table.shape, path);
      // Most numbers are never blocked, so a read does not create a table.
      else if (isWritten(rule)) table = this.#tables.create(state, rule, nowMs);
      checkBesideOthers(rules, path.rule, path);
      // The table is in use until the call is decided, even if it is empty.
      if (table !== undefined) table.liveUntilMs = Math.max(table.liveUntilMs, nowMs + 1);
      plan.push(table);
    }
  }
}

/** Path of a request in a call, or of one of its rules. */
class RequestPath implements InputPath {
  request = 0;
  rule = -1;

  toString(): string {
    const request = `requests[${this.request}]`;
    return this.rule < 0 ? request : `${request}.rules[${this.rule}]`;
  }
}

function existingTable(state: ScopeState | undefined, rule: LimitRule, path: string): RuleTable | undefined {
  checkRule(rule, path);
  const table = state?.tables.get(rule.id);
  if (table !== undefined) checkShape(rule, table.shape, path);
  return table;
}

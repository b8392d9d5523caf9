import { AbortedError, ConfigurationError } from '../errors.ts';
import { inSlices } from '../internal/slices.ts';
import type { Clock } from '../types.ts';
import { isWritten } from './conditions.ts';
import { createMemoryDoubts } from './doubt/memory-doubts.ts';
import type { DoubtNotice, DoubtStore } from './doubt-store.ts';
import type {
  LimitRule,
  LimitStore,
  RuleState,
  Settlement,
  StoreCallOptions,
  TableFilling,
  TakeRequest,
  TakeVerdict,
} from './limit-store.ts';
import type { RecordStore } from './record-store.ts';
import { RecordTable } from './record-table.ts';
import type { Reservations } from './reservations.ts';
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
import type { ScopeTable } from './scope-table.ts';
import { createStoreTime, type StoreTime } from './store-time.ts';
import { takeOne } from './take-one.ts';
import type { TableSizes } from './window-table.ts';

/** Options of {@link memoryLimits}. */
export interface MemoryLimitsOptions {
  /**
   * Numbers counted exactly under one rule of one scope. Grows with use: about 45 bytes for a number with a limit of 1, 80
   * with a limit of 10. Beyond it, the number with the oldest last message is folded into a sketch that only over-counts; a refusal
   * because of it has the reason `capacity`.
   *
   * @default 2_000_000 (twice 1,000,000 people per day; chosen by this package)
   */
  readonly maxRecipients?: number | undefined;
  /**
   * Entries under one rule of any other kind: amounts and limits over 64, backoffs, members of `distinct`, scheduled
   * slots, blocked numbers; also the takes that are open at one time. Grows with use. A full table refuses a new key with `capacity`
   * and `retryAfterMs`; amounts are folded like numbers; of the open takes the oldest is kept.
   *
   * @default 1_000_000 (chosen by this package)
   */
  readonly maxEntries?: number | undefined;
  /**
   * Idempotency keys, remembered for 24 hours each, and other one-time keys such as webhook events and captcha tokens, under one rule
   * of one scope. Grows with use: about 520 bytes per key (a UUID and its result). A full table refuses a new key with `capacity` and
   * `retryAfterMs`.
   *
   * @default 1_200_000 (1,000,000 keyed messages per day and a fifth more; chosen by this package)
   */
  readonly maxIdempotencyKeys?: number | undefined;
  /**
   * Bytes for the records of features such as `oneTimePasswords`, over all scopes. Grows with use: a one-time password takes about
   * 1 kB until it expires. A full store refuses a new record with `capacity`.
   *
   * @default 268_435_456 (256 MiB; chosen by this package)
   */
  readonly maxRecordBytes?: number | undefined;
  /** Source of time. Default: the system clock. Limits read `monotonic`, else `now` without ever going back. */
  readonly clock?: Clock | undefined;
}

const DEFAULT_MAX_RECIPIENTS = 2_000_000;
const DEFAULT_MAX_ENTRIES = 1_000_000;
const DEFAULT_MAX_IDEMPOTENCY_KEYS = 1_200_000;
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
    {
      maxRecipients: checkSize(options.maxRecipients, 'maxRecipients', DEFAULT_MAX_RECIPIENTS),
      maxEntries: checkSize(options.maxEntries, 'maxEntries', DEFAULT_MAX_ENTRIES),
      maxIdempotencyKeys: checkSize(
        options.maxIdempotencyKeys,
        'maxIdempotencyKeys',
        options.maxEntries ?? DEFAULT_MAX_IDEMPOTENCY_KEYS,
      ),
    },
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

function checkSize(size: number | undefined, option: string, byDefault: number): number {
  if (size === undefined) return byDefault;
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

/** The store, if it is a memory store of this module with its own methods: not a wrapper, and no test listens in. */
export function ownMemoryStore(limits: LimitStore): MemoryLimitStore | undefined {
  if (!(limits instanceof MemoryLimitStore)) return undefined;
  const { take, settle, inspect } = MemoryLimitStore.prototype;
  const isOwn = limits.take === take && limits.settle === settle && limits.inspect === inspect;
  return isOwn ? limits : undefined;
}

/** Requests that take no noticeable time. */
const MAX_AT_ONCE = 16;

/** Checks all rules of a request against the tables, then records all of them or nothing. */
export class MemoryLimitStore implements LimitStore {
  readonly [IN_MEMORY] = true;
  readonly records: RecordStore;
  readonly doubts: DoubtStore;
  readonly #time: StoreTime;
  readonly #tables: RuleTables;

  constructor(
    sizes: TableSizes,
    time: StoreTime,
    maxTables: number,
    maxRecordBytes: number = DEFAULT_RECORD_BYTES,
  ) {
    this.#time = time;
    this.records = new RecordTable(maxRecordBytes, time);
    this.#tables = new RuleTables(sizes, time, maxTables);
    this.doubts = createMemoryDoubts(this.#tables, time);
  }

  async take(
    scope: string,
    requests: readonly TakeRequest[],
    options?: StoreCallOptions,
  ): Promise<readonly TakeVerdict[]> {
    throwIfAborted(options);
    // All requests are validated before the first is decided: an invalid one must not leave the others half taken.
    const path = new RequestPath();
    const shapes = new Map<string, LimitRule>();
    checkId(scope, 'scope', '');
    await inSlices(requests.length, (index) => this.#check(scope, requests, index, path, shapes));
    const verdicts: TakeVerdict[] = [];
    let turn = this.#startTurn(scope);
    try {
      await inSlices(
        requests.length,
        (index) => verdicts.push(this.#decide(turn, requests[index] as TakeRequest)),
        () => {
          throwIfAborted(options);
          // Time has passed, and other calls may have dropped a scope that was idle.
          turn = this.#startTurn(scope);
        },
      );
    } catch (error) {
      const granted = requests.filter((_, index) => verdicts[index]?.granted);
      await this.settle(
        scope,
        granted.map((request) => ({ ...request, outcome: 'return' })),
      );
      throw error;
    }
    return verdicts;
  }

  /** As `take`, at once. Undefined for more requests than one turn of the event loop takes. */
  takeNow(scope: string, requests: readonly TakeRequest[]): readonly TakeVerdict[] | undefined {
    if (requests.length > MAX_AT_ONCE) return undefined;
    const path = new RequestPath();
    const shapes = new Map<string, LimitRule>();
    checkId(scope, 'scope', '');
    for (let index = 0; index < requests.length; index += 1) {
      this.#check(scope, requests, index, path, shapes);
    }
    const turn = this.#startTurn(scope);
    return requests.map((request) => this.#decide(turn, request));
  }

  async settle(scope: string, settlements: readonly Settlement[]): Promise<void> {
    const path = { at: 0, toString: () => `settlements[${path.at}]` };
    await inSlices(settlements.length, (index) => {
      path.at = index;
      checkSettlement(settlements[index] as Settlement, path);
    });
    const reservations = this.#tables.find(scope)?.reservations;
    if (reservations === undefined) return;
    let nowMs = this.#time.monotonicMs();
    reservations.expire(nowMs);
    await inSlices(
      settlements.length,
      (index) => settleOne(reservations, settlements[index] as Settlement, nowMs),
      () => {
        nowMs = this.#time.monotonicMs();
      },
    );
  }

  /** As `settle`, at once. False for more settlements than one turn of the event loop takes. */
  settleNow(scope: string, settlements: readonly Settlement[]): boolean {
    if (settlements.length > MAX_AT_ONCE) return false;
    const reservations = this.#tables.find(scope)?.reservations;
    const nowMs = this.#time.monotonicMs();
    reservations?.expire(nowMs);
    for (const settlement of settlements) {
      checkSettlement(settlement, 'settlement');
      if (reservations !== undefined) settleOne(reservations, settlement, nowMs);
    }
    return true;
  }

  async inspect(scope: string, rules: readonly LimitRule[]): Promise<readonly RuleState[]> {
    return this.inspectNow(scope, rules);
  }

  /** As `inspect`, at once. */
  inspectNow(scope: string, rules: readonly LimitRule[]): readonly RuleState[] {
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

  #check(
    scope: string,
    requests: readonly TakeRequest[],
    index: number,
    path: RequestPath,
    shapes: Map<string, LimitRule>,
  ): void {
    path.request = index;
    checkRequest(requests[index] as TakeRequest, path, this.#tables.find(scope), shapes);
  }

  #startTurn(scope: string): Turn {
    const nowMs = this.#time.monotonicMs();
    const state = this.#tables.scope(scope);
    state.reservations.expire(nowMs);
    return { state, nowMs };
  }

  #decide({ state, nowMs }: Turn, request: TakeRequest): TakeVerdict {
    const { rules } = request;
    const tables = new Array<ScopeTable | undefined>(rules.length);
    for (let at = 0; at < rules.length; at += 1)
      tables[at] = this.#tableOf(state, rules[at] as LimitRule, nowMs);
    const verdict = takeOne(state, request, tables, nowMs);
    let filling = NO_FILLING;
    let notices = NO_NOTICES;
    for (let at = 0; at < tables.length; at += 1) {
      const table = tables[at];
      if (table === undefined) continue;
      if (table.hasFilled()) filling = [...filling, fillingOf(table, rules[at] as LimitRule)];
      const more = table.takeNotices();
      if (more.length > 0) notices = [...notices, ...more];
    }
    if (filling.length === 0 && notices.length === 0) return verdict;
    return { ...verdict, ...(filling.length > 0 && { filling }), ...(notices.length > 0 && { notices }) };
  }

  #tableOf(state: ScopeState, rule: LimitRule, nowMs: number): ScopeTable | undefined {
    let table = state.tables.get(rule.id);
    if (table === undefined) {
      // Most numbers are never blocked, so a read does not create a table.
      if (!isWritten(rule)) return undefined;
      table = this.#tables.create(state, rule, nowMs);
    } else checkShape(rule, table.shape, 'rule');
    table.use(nowMs);
    return table;
  }
}

function settleOne(
  reservations: Reservations,
  { reservation, outcome, delayMs = 0, result }: Settlement,
  nowMs: number,
): void {
  const keptDelayMs = outcome === 'keep' ? Math.min(delayMs, LEASE_MS) : undefined;
  reservations.settle(reservation, keptDelayMs, nowMs, result);
}

/** The state of a scope, for as long as no other call can change it. */
interface Turn {
  readonly state: ScopeState;
  readonly nowMs: number;
}

function throwIfAborted(options: StoreCallOptions | undefined): void {
  if (options?.signal?.aborted !== true) return;
  throw new AbortedError({
    message: 'The call was aborted before anything was counted.',
    submission: 'not-submitted',
  });
}

/** @param shapes the rules of the call so far whose tables do not exist yet */
function checkRequest(
  { reservation, rules }: TakeRequest,
  path: RequestPath,
  state: ScopeState | undefined,
  shapes: Map<string, LimitRule>,
): void {
  path.rule = -1;
  checkId(reservation, path, '.reservation');
  for (path.rule = 0; path.rule < rules.length; path.rule += 1) {
    const rule = rules[path.rule] as LimitRule;
    checkRule(rule, path);
    const shape = state?.tables.get(rule.id)?.shape ?? shapes.get(rule.id);
    if (shape === undefined) shapes.set(rule.id, rule);
    else checkShape(rule, shape, path);
    checkBesideOthers(rules, path.rule, path);
  }
}

const NO_FILLING: readonly TableFilling[] = [];
const NO_NOTICES: readonly DoubtNotice[] = [];

function fillingOf({ table: { size, maxSize } }: ScopeTable, { id, guard }: LimitRule): TableFilling {
  return { rule: id, guard, entries: size, maxEntries: maxSize };
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
  const known = state?.tables.get(rule.id);
  if (known !== undefined) checkShape(rule, known.shape, path);
  return known?.table;
}

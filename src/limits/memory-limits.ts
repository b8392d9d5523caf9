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
import type { OpenTake } from './reservations.ts';
import { LEASE_MS, type RuleTable } from './rule-table.ts';
import { keepPlan, MAX_TABLES, RuleTables, type ScopeState } from './rule-tables.ts';
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
import { type Decision, takeOne } from './take-one.ts';
import { type Step, TakePlan } from './take-plan.ts';
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

/** A request that only its maker can name. */
export interface OwnRequest extends TakeRequest {
  /** The time of its maker, in milliseconds. */
  readonly takenAt: number;
  /** The answer of a memory store, once it was taken. */
  decision: Decision | undefined;
}

/** The outcome of one. */
export interface OwnOutcome extends Pick<Settlement, 'outcome' | 'result'> {
  readonly reservation: OwnRequest;
}

/** The delay that the settlement of a take tells the store; undefined for one that is given back. */
export function delayOf(outcome: Settlement['outcome'], takenAt: number, now: number): number | undefined {
  return outcome === 'keep' ? Math.max(0, now - takenAt) : undefined;
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

  take(
    scope: string,
    requests: readonly TakeRequest[],
    options?: StoreCallOptions,
  ): Promise<readonly TakeVerdict[]> {
    return this.#takeAll(scope, requests, options, this.#takeNamed, true);
  }

  /** As `take`, of requests that only the caller can name: none comes twice from elsewhere, and `settleOwn` ends them. */
  takeOwn(
    scope: string,
    requests: readonly OwnRequest[],
    options: StoreCallOptions,
  ): Promise<readonly TakeVerdict[]> {
    return this.#takeAll(scope, requests, options, this.#takeOwn, false);
  }

  /** As `take`, at once. Undefined for more requests than one turn of the event loop takes. */
  takeNow(scope: string, requests: readonly TakeRequest[]): readonly TakeVerdict[] | undefined {
    return this.#takeFew(scope, requests, this.#takeNamed, true);
  }

  /** As `takeOwn`, at once, like `takeNow`. */
  takeOwnNow(scope: string, requests: readonly OwnRequest[]): readonly TakeVerdict[] | undefined {
    return this.#takeFew(scope, requests, this.#takeOwn, false);
  }

  #takeFew<Request extends TakeRequest>(
    scope: string,
    requests: readonly Request[],
    takeEach: TakeEach<Request>,
    areNamed: boolean,
  ): readonly TakeVerdict[] | undefined {
    if (requests.length > MAX_AT_ONCE) return undefined;
    const checks = this.#startChecks(scope, areNamed);
    const plans = requests.map((request, index) => planOf(checks, request, index));
    const turn = this.#startTurn(scope);
    return requests.map((request, index) => takeEach(turn, request, plans[index]).verdict);
  }

  async #takeAll<Request extends TakeRequest>(
    scope: string,
    requests: readonly Request[],
    options: StoreCallOptions | undefined,
    takeEach: TakeEach<Request>,
    areNamed: boolean,
  ): Promise<readonly TakeVerdict[]> {
    throwIfAborted(options);
    // All requests are validated before the first is decided: an invalid one must not leave the others half taken.
    const checks = this.#startChecks(scope, areNamed);
    const plans: (TakePlan | undefined)[] = [];
    await inSlices(requests.length, (index) => {
      plans.push(planOf(checks, requests[index] as Request, index));
    });
    const verdicts: TakeVerdict[] = [];
    const takes: (OpenTake | undefined)[] = [];
    let turn = this.#startTurn(scope);
    try {
      await inSlices(
        requests.length,
        (index) => {
          const { verdict, take } = takeEach(turn, requests[index] as Request, plans[index]);
          verdicts.push(verdict);
          takes.push(take);
        },
        () => {
          throwIfAborted(options);
          // Time has passed, and other calls may have dropped a scope that was idle.
          turn = this.#startTurn(scope);
        },
      );
    } catch (error) {
      const nowMs = this.#time.monotonicMs();
      for (const take of takes) take?.owner.settle(take, undefined, nowMs, undefined);
      throw error;
    }
    return verdicts;
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
      (index) => {
        const settlement = settlements[index] as Settlement;
        settleOne(reservations.find(settlement.reservation), settlement, nowMs);
      },
      () => {
        nowMs = this.#time.monotonicMs();
      },
    );
  }

  /** As `settle` at once, of takes of `takeNow`. False for more settlements than one turn of the event loop takes. */
  settleNow(scope: string, settlements: readonly Settlement[]): boolean {
    if (settlements.length > MAX_AT_ONCE) return false;
    const nowMs = this.#startSettling(scope);
    for (const settlement of settlements) {
      checkSettlement(settlement, 'settlement');
      settleOne(this.#tables.find(scope)?.reservations.find(settlement.reservation), settlement, nowMs);
    }
    return true;
  }

  /** As `settle`, of takes of `takeOwn` and `takeOwnNow`. @param now the time of their maker */
  async settleOwn(scope: string, outcomes: readonly OwnOutcome[], now: number): Promise<void> {
    let nowMs = this.#startSettling(scope);
    await inSlices(
      outcomes.length,
      (index) => this.#settleOwn(scope, outcomes[index] as OwnOutcome, now, nowMs),
      () => {
        nowMs = this.#time.monotonicMs();
      },
    );
  }

  /** As `settleOwn`, at once, like `settleNow`. */
  settleOwnNow(scope: string, outcomes: readonly OwnOutcome[], now: number): boolean {
    if (outcomes.length > MAX_AT_ONCE) return false;
    const nowMs = this.#startSettling(scope);
    for (const outcome of outcomes) this.#settleOwn(scope, outcome, now, nowMs);
    return true;
  }

  #settleOwn(
    scope: string,
    { reservation: request, outcome, result }: OwnOutcome,
    now: number,
    nowMs: number,
  ) {
    const settlement = { outcome, delayMs: delayOf(outcome, request.takenAt, now), result };
    checkSettlement(settlement, 'settlement');
    settleOne(this.#takeOf(scope, request), settlement, nowMs);
  }

  /** One that came by `take` all the same, through a wrapper that is gone, has an id. */
  #takeOf(scope: string, request: OwnRequest): OpenTake | undefined {
    return request.decision === undefined
      ? this.#tables.find(scope)?.reservations.find(request.reservation)
      : request.decision.take;
  }

  #startSettling(scope: string): number {
    const nowMs = this.#time.monotonicMs();
    this.#tables.find(scope)?.reservations.expire(nowMs);
    return nowMs;
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

  #startChecks(scope: string, areNamed: boolean): Checks {
    checkId(scope, 'scope', '');
    return { areNamed, state: this.#tables.find(scope), path: new RequestPath(), shapes: undefined };
  }

  #startTurn(scope: string): Turn {
    const nowMs = this.#time.monotonicMs();
    const state = this.#tables.scope(scope);
    state.reservations.expire(nowMs);
    return { state, nowMs };
  }

  /** A request that comes twice gets its first answer. */
  readonly #takeNamed = (turn: Turn, request: TakeRequest, plan: TakePlan | undefined): Decision => {
    const { reservation, rules } = request;
    const answered = turn.state.reservations.answerOf(reservation);
    if (answered !== undefined) return { verdict: answered, take: undefined };
    return this.#decide(turn, reservation, rules, plan);
  };

  readonly #takeOwn = (turn: Turn, request: OwnRequest, plan: TakePlan | undefined): Decision => {
    if (request.decision === undefined) {
      request.decision = this.#decide(turn, undefined, request.rules, plan);
    }
    return request.decision;
  };

  #decide(turn: Turn, id: string | undefined, rules: readonly LimitRule[], checked: TakePlan | undefined) {
    const { state, nowMs } = turn;
    // Tables may have come or gone since it was checked.
    const isCurrent = checked !== undefined && state.plans.includes(checked);
    const plan = isCurrent ? checked : this.#plan(state, rules, nowMs);
    const decision = takeOne(state, id, rules, plan, nowMs);
    let filling = NO_FILLING;
    let notices = NO_NOTICES;
    const { steps } = plan;
    for (let at = 0; at < steps.length; at += 1) {
      const { table } = steps[at] as Step;
      if (table === undefined) continue;
      if (table.hasFilled()) filling = [...filling, fillingOf(table, rules[at] as LimitRule)];
      const more = table.takeNotices();
      if (more.length > 0) notices = [...notices, ...more];
    }
    if (filling.length === 0 && notices.length === 0) return decision;
    const told = { ...(filling.length > 0 && { filling }), ...(notices.length > 0 && { notices }) };
    return { take: decision.take, verdict: { ...decision.verdict, ...told } };
  }

  #plan(state: ScopeState, rules: readonly LimitRule[], nowMs: number): TakePlan {
    const tables = rules.map((rule) => this.#tableOf(state, rule, nowMs));
    const plan = new TakePlan(rules, tables);
    // One for which there was no room has other tables next time.
    const isOfScope = (table: ScopeTable | undefined, at: number) =>
      table === state.tables.get((rules[at] as LimitRule).id);
    if (tables.every(isOfScope)) keepPlan(state, plan, rules);
    return plan;
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
  take: OpenTake | undefined,
  { outcome, delayMs = 0, result }: Pick<Settlement, 'outcome' | 'delayMs' | 'result'>,
  nowMs: number,
): void {
  const keptDelayMs = outcome === 'keep' ? Math.min(delayMs, LEASE_MS) : undefined;
  take?.owner.settle(take, keptDelayMs, nowMs, result);
}

/** The state of a scope, for as long as no other call can change it. */
interface Turn {
  readonly state: ScopeState;
  readonly nowMs: number;
}

type TakeEach<Request> = (turn: Turn, request: Request, plan: TakePlan | undefined) => Decision;

function throwIfAborted(options: StoreCallOptions | undefined): void {
  if (options?.signal?.aborted !== true) return;
  throw new AbortedError({
    message: 'The call was aborted before anything was counted.',
    submission: 'not-submitted',
  });
}

/** The checks of one call. */
interface Checks {
  /** Whether the requests come with ids. */
  readonly areNamed: boolean;
  readonly state: ScopeState | undefined;
  readonly path: RequestPath;
  /** The rules of the call so far whose tables do not exist yet. */
  shapes: Map<string, LimitRule> | undefined;
}

/**
 * Checks a request. Gives the plan that it fits, if there is one.
 *
 * @throws ValidationError names the field
 */
function planOf(checks: Checks, request: TakeRequest, index: number): TakePlan | undefined {
  const { path, state } = checks;
  const { rules } = request;
  path.request = index;
  path.rule = -1;
  if (checks.areNamed) checkId(request.reservation, path, '.reservation');
  const plan = state && planFor(state, rules);
  if (plan !== undefined) {
    plan.checkRest(rules, path);
    for (const at of plan.unwritten) {
      path.rule = at;
      checkShapeIn(checks, rules[at] as LimitRule);
    }
    return plan;
  }
  for (path.rule = 0; path.rule < rules.length; path.rule += 1) {
    const rule = rules[path.rule] as LimitRule;
    checkRule(rule, path);
    checkShapeIn(checks, rule);
    checkBesideOthers(rules, path.rule, path);
  }
  return undefined;
}

function planFor({ plans }: ScopeState, rules: readonly LimitRule[]): TakePlan | undefined {
  for (const plan of plans) if (plan.fits(rules)) return plan;
  return undefined;
}

function checkShapeIn(checks: Checks, rule: LimitRule): void {
  const { state, path } = checks;
  const shape = state?.tables.get(rule.id)?.shape ?? checks.shapes?.get(rule.id);
  if (shape !== undefined) {
    checkShape(rule, shape, path);
    return;
  }
  checks.shapes ??= new Map();
  checks.shapes.set(rule.id, rule);
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

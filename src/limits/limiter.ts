import type { Call } from '../call.ts';
import { StoreError } from '../errors.ts';
import type { Emit } from '../events.ts';
import { reasonOf } from '../internal/store-reason.ts';
import { withTimeLimit } from '../internal/time-limit.ts';
import { runUserCode } from '../internal/user-code.ts';
import type { StoreOperation } from '../telemetry/operations.ts';
import type { Clock } from '../types.ts';
import { doubtEvent } from './doubt/doubt-event.ts';
import type { DoubtStore } from './doubt-store.ts';
import type {
  LimitRule,
  LimitStore,
  RuleState,
  RuleViolation,
  Settlement,
  TakeVerdict,
} from './limit-store.ts';
import { delayOf, type OwnOutcome, type OwnRequest, ownMemoryStore } from './memory-limits.ts';
import type { RecordStore, RecordVerdict, RecordWrite, StoredRecord } from './record-store.ts';
import { LEASE_MS } from './rule-table.ts';

/** The rules of one admitted message, to be kept or given back once. */
export type Reservation = OwnRequest;

/** The end of a reservation. */
export type ReservationOutcome = OwnOutcome;

/** A class, because it is named for others only: a memory store knows it by itself. */
class OpenReservation implements Reservation {
  decision: Reservation['decision'] = undefined;
  readonly rules: readonly LimitRule[];
  readonly takenAt: number;
  readonly #makeName: () => string;
  #name: string | undefined;

  constructor(rules: readonly LimitRule[], takenAt: number, makeName: () => string) {
    this.rules = rules;
    this.takenAt = takenAt;
    this.#makeName = makeName;
  }

  get reservation(): string {
    this.#name ??= this.#makeName();
    return this.#name;
  }
}

/**
 * The only access to the limit store: no other module holds a store and a scope. Every call has a time limit and one
 * kind of failure: a `store-failed` event, and a `StoreError` that never shows the store's own error.
 */
export interface Limiter {
  /** Names a reservation. Does not contact the store. */
  reserve(rules: readonly LimitRule[]): Reservation;
  /**
   * Takes all reservations in one call and returns one verdict per reservation. A reservation without rules is
   * granted without a call. A grant that arrives after the time limit is given back.
   *
   * @param consequence ends the error's sentence "The limit store failed, so …". Default: no message was let through
   * @throws StoreError after 5 s at the latest
   * @throws SmsError the call's own error, when the call ended first
   */
  take(
    reservations: readonly Reservation[],
    call: StoreCall,
    consequence?: string,
  ): Promise<readonly TakeVerdict[]>;
  /**
   * The same for the rules of guards: a store that fails refuses nothing that they only watch; the event tells of it. Not for
   * records that a later decision rests on.
   */
  takeForGuards: Limiter['take'];
  /**
   * The same at once, for a few messages and the memory store: no promise, no timer. Undefined when `take` must be asked, also
   * after a failure, which it reports; what was taken is not taken twice.
   *
   * @throws SmsError the call's own error, when the call ended first
   */
  takeNow(reservations: readonly Reservation[], call: StoreCall): readonly TakeVerdict[] | undefined;
  /**
   * Whether a reservation may still go to the network: every window that it counts in holds it for long enough yet, and no
   * store has ended its lease.
   */
  isCurrent(reservation: Reservation): boolean;
  /**
   * Keeps or gives back the takes; false when the store failed. A kept take counts from now on: its request may have
   * waited for a name, a connection or a queue of `fetch`, and left at any moment since the take. Never throws; takes
   * at most 2 s.
   */
  settle(outcomes: readonly ReservationOutcome[]): Promise<boolean>;
  /** The same at once, as `takeNow`. False when `settle` must be asked. */
  settleNow(outcomes: readonly ReservationOutcome[]): boolean;
  /** Gives back every granted reservation. Never throws; takes at most 2 s. */
  giveBack(reservations: readonly Reservation[], verdicts: readonly TakeVerdict[]): Promise<void>;
  /**
   * Reads counters without changing them. A custom store may omit some.
   *
   * @param consequence ends the error's sentence "The limit store failed, so …"
   * @throws StoreError after 5 s at the latest
   * @throws SmsError the call's own error, when the call ended first
   */
  inspect(rules: readonly LimitRule[], call: StoreCall, consequence: string): Promise<readonly RuleState[]>;
  /** The same at once, as `takeNow`. Undefined when `inspect` must be asked, also after a failure, which it reports. */
  inspectNow(rules: readonly LimitRule[]): readonly RuleState[] | undefined;
  /**
   * Forgets counters.
   *
   * @param consequence ends the error's sentence "The limit store failed, so …"
   * @throws StoreError after 5 s at the latest
   * @throws SmsError the call's own error, when the call ended first
   */
  release(rules: readonly LimitRule[], call: StoreCall, consequence: string): Promise<void>;
  /** False for a team's own store without `records`: a feature that needs them then says so in a `ConfigurationError`. */
  readonly keepsRecords: boolean;
  /**
   * Reads a record.
   *
   * @param consequence ends the error's sentence "The limit store failed, so …"
   * @throws StoreError after 5 s at the latest
   * @throws SmsError the call's own error, when the call ended first
   */
  readRecord(key: string, call: StoreCall, consequence: string): Promise<StoredRecord | undefined>;
  /**
   * Writes a record when the expected version is there. After an error it may have been written.
   *
   * @param consequence ends the error's sentence "The limit store failed, so …"
   * @throws StoreError after 5 s at the latest
   * @throws SmsError the call's own error, when the call ended first
   */
  writeRecord(
    record: RecordWrite & { readonly key: string; readonly value: string },
    call: StoreCall,
    consequence: string,
  ): Promise<RecordVerdict>;
  /**
   * Removes a record; true when this call removed it. After an error it may have been removed.
   *
   * @param consequence ends the error's sentence "The limit store failed, so …"
   * @throws StoreError after 5 s at the latest
   * @throws SmsError the call's own error, when the call ended first
   */
  removeRecord(
    record: { readonly key: string; readonly expected?: string | undefined },
    call: StoreCall,
    consequence: string,
  ): Promise<boolean>;
  /** False for a team's own store without `doubts`: it is never asked to take a rule of doubt. */
  readonly keepsDoubts: boolean;
  /**
   * Asks the store about doubt.
   *
   * @param consequence ends the error's sentence "The limit store failed, so …"
   * @throws StoreError after 5 s at the latest
   * @throws SmsError the call's own error, when the call ended first
   */
  askDoubts<Answer>(
    question: (doubts: DoubtStore, scope: string) => Promise<Answer>,
    call: StoreCall,
    consequence: string,
  ): Promise<Answer>;
  /** The clock of the limits, in milliseconds. It measures the delay between a take and a write. */
  elapsed(): number;
}

/** The part of a call that the store needs. */
export type StoreCall = Pick<Call, 'signal' | 'context' | 'throwIfEnded'>;

/** A call to the store that outlives the caller's call: an outcome is recorded in any case. */
export function detachedCall({ context }: Pick<Call, 'context'>): StoreCall {
  return { context, signal: new AbortController().signal, throwIfEnded() {} };
}

export interface LimiterConfig {
  readonly limits: LimitStore;
  readonly scope: string;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** The built-in stores respond within 150 ms or decide locally; this limit is for a store that hangs. */
const ASK_TIMEOUT_MS = 5_000;
/** The outcome of the message is already known: a store that hangs must not withhold it from the caller. */
const SETTLE_TIMEOUT_MS = 2_000;

/** A third of the lease of the memory store, so that the request itself has the rest. */
const MAX_AGE_MS = LEASE_MS / 3;
/** A quarter of the window: a shared store counts an open take for one window, and the request needs time too. */
const MAX_AGE_IN_WINDOWS = 1 / 4;

type StoreMethod =
  | 'take'
  | 'inspect'
  | 'release'
  | 'records.read'
  | 'records.write'
  | 'records.remove'
  | 'doubts';

const NONE: readonly never[] = Object.freeze([]);

const isCounted = ({ reservation: { rules } }: ReservationOutcome) => rules.length > 0;

const NOTHING_TO_COUNT: TakeVerdict = { granted: true, observed: [] };

/** Whether guards in monitor mode want the take, and nobody else. */
function onlyWatches({ rules }: Reservation): boolean {
  return rules.some(({ mode }) => mode === 'monitor') && rules.every(({ mode }) => mode !== 'enforce');
}

/** Creates the limiter of one store. Reads no clock and draws no random number yet. */
export function createLimiter({ limits, scope, clock, emit }: LimiterConfig): Limiter {
  /**
   * Unique across processes, and far cheaper than a UUID per message. Generated on first use, because Workers allow
   * no random numbers in the global scope.
   */
  let run: string | undefined;
  let count = 0;

  function makeName(): string {
    run ??= crypto.getRandomValues(new BigUint64Array(1)).join('');
    count += 1;
    return `${run}-${count}`;
  }

  const elapsed = () => (clock.monotonic === undefined ? clock.now() : clock.monotonic());

  /** One question to the store, as an operation where somebody follows them. */
  function ask<Answer>(
    method: StoreMethod,
    call: StoreCall,
    consequence: string,
    question: (signal: AbortSignal) => Promise<Answer>,
  ): Promise<Answer> {
    const work = () => askInTime(method, call, consequence, question);
    return emit.trace?.({ kind: 'store', store: 'limits', method }, work) ?? work();
  }

  /** The question with its time limit. The store's own error may hold anything: it goes to `onError` alone. */
  async function askInTime<Answer>(
    method: StoreMethod,
    call: StoreCall,
    consequence: string,
    question: (signal: AbortSignal) => Promise<Answer>,
  ): Promise<Answer> {
    let reason = '';
    try {
      const run = (signal: AbortSignal) =>
        runUserCode(emit, `limits.${method}`, () => question(signal), signal);
      // A take in memory answers by itself, and looks at the signal after every pause.
      if (method === 'take' && ownMemoryStore(limits) !== undefined) {
        call.throwIfEnded();
        return await run(call.signal);
      }
      const outcome = await withTimeLimit(ASK_TIMEOUT_MS, call.signal, run);
      if (outcome.inTime) return outcome.value;
    } catch (error) {
      call.throwIfEnded();
      reason = reasonOf(error);
    }
    emit({ type: 'store-failed', store: 'limits' }, call.context);
    throw new StoreError(`The limit store failed, so ${consequence}${reason}`);
  }

  /** Asks the store for all takes at once. The grants of a reply that no caller waits for any more are given back. */
  async function takeCounted(
    reservations: readonly Reservation[],
    call: StoreCall,
    consequence: string,
  ): Promise<readonly TakeVerdict[]> {
    let isAwaited = true;
    try {
      return await ask('take', call, consequence, async (signal) => {
        const verdicts = await takeFrom(reservations, signal);
        tellOf(verdicts, call);
        if (!isAwaited) await giveBack(reservations, verdicts);
        return verdicts;
      });
    } finally {
      isAwaited = false;
    }
  }

  async function takeFrom(
    reservations: readonly Reservation[],
    signal: AbortSignal,
  ): Promise<readonly TakeVerdict[]> {
    const store = ownMemoryStore(limits);
    if (store !== undefined) return store.takeOwn(scope, reservations, { signal });
    const requests = reservations.map(({ reservation, rules }) => ({ reservation, rules }));
    const verdicts: unknown = await limits.take(scope, requests, { signal });
    if (isListOf(isVerdict, verdicts) && verdicts.length === requests.length) return verdicts;
    throw new TypeError('not one verdict each');
  }

  function tellOf(verdicts: readonly TakeVerdict[], { context }: StoreCall): void {
    for (const { filling = NONE, notices = NONE } of verdicts) {
      for (const table of filling) emit({ type: 'capacity', store: 'limits', ...table }, context);
      for (const notice of notices) emit(doubtEvent(notice), context);
    }
  }

  async function settle(outcomes: readonly ReservationOutcome[]): Promise<boolean> {
    if (!outcomes.some(isCounted)) return true;
    const { trace } = emit;
    if (trace === undefined) return settleInTime(outcomes);
    const operation: StoreOperation = { kind: 'store', store: 'limits', method: 'settle' };
    return trace(operation, async () => {
      const isSettled = await settleInTime(outcomes);
      if (!isSettled) operation.errorType = 'store';
      return isSettled;
    });
  }

  function settleIn(outcomes: readonly ReservationOutcome[]): Promise<void> {
    const now = elapsed();
    const store = ownMemoryStore(limits);
    if (store !== undefined) return store.settleOwn(scope, outcomes, now);
    const settlements = outcomes.filter(isCounted).map((each): Settlement => {
      const { reservation, rules, takenAt, decision } = each.reservation;
      const { outcome, result } = each;
      // The store was wrapped after the take.
      if (decision?.take !== undefined) decision.take.owner.name(decision.take, reservation);
      return { reservation, rules, outcome, delayMs: delayOf(outcome, takenAt, now), result };
    });
    return limits.settle(scope, settlements);
  }

  async function settleInTime(outcomes: readonly ReservationOutcome[]): Promise<boolean> {
    try {
      const run = () => runUserCode(emit, 'limits.settle', () => settleIn(outcomes));
      if (ownMemoryStore(limits) !== undefined) await run();
      else if (!(await withTimeLimit(SETTLE_TIMEOUT_MS, undefined, run)).inTime) throw new Error('too late');
      return true;
    } catch {
      // The takes stay: the count is too high until they leave the window, never too low.
      emit({ type: 'store-failed', store: 'limits' });
      return false;
    }
  }

  async function take(
    reservations: readonly Reservation[],
    call: StoreCall,
    consequence = 'no message was admitted. Nothing was sent.',
  ): Promise<readonly TakeVerdict[]> {
    const counted = reservations.filter(({ rules }) => rules.length > 0);
    if (counted.length === 0) return reservations.map(() => NOTHING_TO_COUNT);
    const taken = await takeCounted(counted, call, consequence);
    if (taken.length === reservations.length) return taken;
    const verdicts = taken.values();
    return reservations.map(({ rules }) =>
      rules.length > 0 ? (verdicts.next().value as TakeVerdict) : NOTHING_TO_COUNT,
    );
  }

  async function giveBack(
    reservations: readonly Reservation[],
    verdicts: readonly TakeVerdict[],
  ): Promise<void> {
    const granted = reservations.filter((_, index) => verdicts[index]?.granted);
    await settle(granted.map((reservation) => ({ reservation, outcome: 'return' })));
  }

  function records(): RecordStore {
    if (limits.records === undefined) throw new TypeError('the store keeps no records');
    return limits.records;
  }

  return {
    reserve: (rules) => new OpenReservation(rules, elapsed(), makeName),
    take,
    async takeForGuards(reservations, call, consequence) {
      try {
        return await take(reservations, call, consequence);
      } catch (error) {
        const counted = reservations.filter(({ rules }) => rules.length > 0);
        if (!StoreError.isInstance(error) || !counted.every(onlyWatches)) throw error;
        return reservations.map(() => NOTHING_TO_COUNT);
      }
    },
    takeNow(reservations, call) {
      const store = ownMemoryStore(limits);
      if (store === undefined || !reservations.every(({ rules }) => rules.length > 0)) return undefined;
      call.throwIfEnded();
      try {
        const verdicts = store.takeOwnNow(scope, reservations);
        if (verdicts !== undefined) tellOf(verdicts, call);
        return verdicts;
      } catch {
        return undefined;
      }
    },
    settleNow(outcomes) {
      try {
        return ownMemoryStore(limits)?.settleOwnNow(scope, outcomes, elapsed()) === true;
      } catch {
        return false;
      }
    },
    isCurrent: ({ rules, takenAt }) => elapsed() - takenAt <= maxAgeMs(rules),
    settle,
    giveBack,
    async inspect(rules, call, consequence) {
      if (rules.length === 0) return [];
      return ask('inspect', call, consequence, async () => {
        const states: unknown = await limits.inspect(scope, rules);
        if (!isListOf(isState, states)) throw new TypeError('not a list of counters');
        return states;
      });
    },
    inspectNow(rules) {
      try {
        return ownMemoryStore(limits)?.inspectNow(scope, rules);
      } catch {
        return undefined;
      }
    },
    async release(rules, call, consequence) {
      if (rules.length === 0) return;
      await ask('release', call, consequence, () => limits.release(scope, rules));
    },
    keepsRecords: limits.records !== undefined,
    async readRecord(key, call, consequence) {
      return ask('records.read', call, consequence, async () => {
        const record: unknown = await records().read(scope, key);
        if (record !== undefined && !isRecord(record)) throw new TypeError('not a record');
        return record;
      });
    },
    async writeRecord({ key, value, expected, ttlMs }, call, consequence) {
      return ask('records.write', call, consequence, async () => {
        const verdict: unknown = await records().write(scope, key, value, { expected, ttlMs });
        if (!isRecordVerdict(verdict)) throw new TypeError('not a verdict on a record');
        return verdict;
      });
    },
    async removeRecord({ key, expected }, call, consequence) {
      return ask('records.remove', call, consequence, async () => {
        const isRemoved: unknown = await records().remove(scope, key, { expected });
        if (typeof isRemoved !== 'boolean') throw new TypeError('not a boolean');
        return isRemoved;
      });
    },
    keepsDoubts: limits.doubts !== undefined,
    async askDoubts(question, call, consequence) {
      return ask('doubts', call, consequence, async () => {
        if (limits.doubts === undefined) throw new TypeError('the store keeps no doubts');
        return question(limits.doubts, scope);
      });
    },
    elapsed,
  };
}

function maxAgeMs(rules: readonly LimitRule[]): number {
  let shortest = MAX_AGE_MS;
  for (const rule of rules) {
    if (rule.kind === 'window' || rule.kind === 'distinct') {
      shortest = Math.min(shortest, rule.windowMs * MAX_AGE_IN_WINDOWS);
    }
  }
  return shortest;
}

/** A custom store may return anything; a result that cannot be read is a failure. */
function isListOf<Item>(isItem: (value: unknown) => value is Item, list: unknown): list is readonly Item[] {
  return Array.isArray(list) && list.every(isItem);
}

function isVerdict(value: unknown): value is TakeVerdict {
  const { granted, refusals, observed } = (value ?? {}) as Record<string, unknown>;
  if (!isFindings(observed)) return false;
  return granted === true || (granted === false && isFindings(refusals) && refusals.length > 0);
}

function isFindings(value: unknown): value is readonly RuleViolation[] {
  return Array.isArray(value) && value.every((violation) => typeof violation?.rule?.kind === 'string');
}

function isState(value: unknown): value is RuleState {
  const { rule, count } = (value ?? {}) as Partial<Record<keyof RuleState, unknown>>;
  return typeof (rule as LimitRule | undefined)?.id === 'string' && typeof count === 'number';
}

function isRecord(value: unknown): value is StoredRecord {
  const record = (value ?? {}) as Partial<Record<keyof StoredRecord, unknown>>;
  return (
    typeof record.value === 'string' &&
    typeof record.version === 'string' &&
    typeof record.endsInMs === 'number'
  );
}

function isRecordVerdict(value: unknown): value is RecordVerdict {
  const { written, version, reason } = (value ?? {}) as Record<string, unknown>;
  if (written === true) return typeof version === 'string';
  return written === false && (reason === 'conflict' || reason === 'capacity');
}

import { type ConsentLedger, type ConsentRecord, laterChoice } from '../consent/consent-ledger.ts';
import { createPseudonym, type Pseudonym } from '../consent/pseudonym.ts';
import { isStale } from '../consent/reconfirm.ts';
import {
  anySenderKey,
  choiceAbout,
  createSenderNames,
  findSenderOptOut,
  senderKey,
} from '../consent/senders.ts';
import type { Emit } from '../events.ts';
import { mapLimited } from '../internal/map-limited.ts';
import { withTimeLimit } from '../internal/time-limit.ts';
import { runUserCode } from '../internal/user-code.ts';
import type { LimitRule } from '../limits/limit-store.ts';
import type { HookOperation, StoreOperation } from '../telemetry/operations.ts';
import {
  type ConsentCall,
  type ConsentGuardOptions,
  type ConsentQuery,
  refuseIdleCallbacks,
} from './consent-options.ts';
import type { Guard, GuardCall, OutgoingMessage, Refusal } from './guard.ts';
import type { ConsentReason } from './reasons.ts';

const REFUSALS = {
  'no-store': 'Marketing needs an opt-in, and neither guards.consent.check nor guards.consent.ledger is set.',
  'no-record': 'Marketing needs an opt-in, and none is recorded for this number.',
  'said-no': 'The consent hook returned false for this message.',
  threw: 'The consent check failed (store or hook error).',
  'timed-out':
    'The consent check failed (no response from the store or hook within guards.consent.timeoutMs).',
  'not-a-boolean': 'The consent hook returned something other than true or false.',
  unreadable: 'The consent ledger returned something that is not a record.',
  'opted-out': 'This person opted out.',
  'not-covered': 'The opt-in of this person does not cover marketing. Ask for an opt-in that does.',
  stale:
    'The opt-in is older than guards.consent.reconfirmAfterMonths (or reconfirmAfterMs) allows. Ask again before sending marketing.',
} as const satisfies Partial<Record<ConsentReason, string>>;

/** Reasons from asking a store or hook. */
type AskedReason = keyof typeof REFUSALS;

const NEVER_LET_THROUGH: ReadonlySet<AskedReason> = new Set(['opted-out', 'said-no']);
/** Reasons of a check without a usable result, which is not a choice of the person. */
const OUTAGES: ReadonlySet<AskedReason> = new Set(['threw', 'timed-out', 'not-a-boolean', 'unreadable']);

function refusal(reason: AskedReason): Refusal<'consent'> {
  return {
    reason,
    message: REFUSALS[reason],
    always: NEVER_LET_THROUGH.has(reason),
    outage: OUTAGES.has(reason),
  };
}

/** Reads the result of a hook; `undefined` is a yes. */
function readAnswer(answer: unknown): AskedReason | undefined {
  if (answer === true) return undefined;
  return answer === false ? 'said-no' : 'not-a-boolean';
}

/** Key of a person in a ledger. */
export function consentKey(message: { readonly phone: { readonly key: number } }): string {
  return `+${message.phone.key}`;
}

/** Concurrent keyed hashes: enough to keep every core busy, few enough to let other work run in between. */
const HASHES_AT_ONCE = 64;

/** Stops early when the call ends. This is safe because the admission checks the call before it reads the result. */
function hashAll(keys: readonly string[], pseudonym: Pseudonym, { signal }: GuardCall): Promise<string[]> {
  return mapLimited(keys, HASHES_AT_ONCE, async (key) => (signal?.aborted === true ? key : pseudonym(key)));
}

/** Time-outs in a row after which the rest of a call is refused without asking: the store hangs. Our number. */
const MAX_TIMEOUTS_IN_ROW = 3;

const NOTHING_TO_COUNT: readonly LimitRule[] = [];

/** A message that this package sends on its own is sent once; see {@link Exemption}. */
function onceRules({ exemption }: OutgoingMessage): readonly LimitRule[] {
  if (exemption === undefined) return NOTHING_TO_COUNT;
  const { kind: id, key, windowMs } = exemption;
  return [{ kind: 'once', id, guard: 'consent', key, fingerprint: 'once', windowMs, mode: 'enforce' }];
}

/** The sentence for such a message that may not be sent again yet. */
export function describeConsentRule({ id }: LimitRule): string {
  return id === 'opt-in-request'
    ? 'An opt-in was requested from this person within `askAgainAfterMs`.'
    : 'This person received this reply recently.';
}

/** The latest choice recorded for a person, and the one that was kept when the person was forgotten. */
type StoredChoices = readonly [own: ConsentRecord | undefined, kept: ConsentRecord | undefined];

/** Code of the team that is asked. */
type Source = 'check' | 'checkMany' | 'onMissing' | 'ledger.get' | 'ledger.history';

/** The answer of the team's code, or the reason why there is none. */
type Asked<Result> = { readonly answer: Result } | { readonly reason: AskedReason };

function operationOf(source: Source): StoreOperation | HookOperation {
  if (source === 'ledger.get') return { kind: 'store', store: 'consent', method: 'get' };
  if (source === 'ledger.history') return { kind: 'store', store: 'consent', method: 'history' };
  return { kind: 'hook', name: `guards.consent.${source}` };
}

/** One reason per message; `undefined` is a yes. */
type Asking = (messages: readonly OutgoingMessage[], call: GuardCall) => Promise<(AskedReason | undefined)[]>;

/**
 * Creates the guard that asks the team's store whether a person may be texted.
 *
 * @throws ConfigurationError a callback needs a ledger, and there is none
 */
export function createConsentGuard(
  options: ConsentGuardOptions,
  { emit }: { readonly emit: Emit } = { emit: () => {} },
): Guard<'consent'> {
  refuseIdleCallbacks(options);
  const {
    mode = 'enforce',
    check,
    checkMany,
    ledger,
    onMissing,
    forgetSecret,
    otpAfterOptOut = false,
  } = options;
  const { timeoutMs = 1_000, concurrency = 32, inbound } = options;
  const perSender = inbound?.optOutScope === 'sender';
  const senderName = createSenderNames(inbound?.brands);
  const pseudonym = forgetSecret === undefined ? undefined : createPseudonym(forgetSecret);

  /** Asks one question, as an operation where somebody follows them. */
  async function asked<Result>(
    source: Source,
    call: GuardCall,
    question: (call: ConsentCall) => Result | Promise<Result>,
  ): Promise<Asked<Result>> {
    const { trace } = emit;
    if (trace === undefined) return askInTime(source, call, question);
    const operation = operationOf(source);
    return trace(operation, async () => {
      const outcome = await askInTime(source, call, question);
      if ('reason' in outcome) operation.errorType = outcome.reason === 'timed-out' ? 'timeout' : '_OTHER';
      return outcome;
    });
  }

  /** The question with its time limit. Each kind of failure has its own reason. */
  async function askInTime<Result>(
    source: Source,
    call: GuardCall,
    question: (call: ConsentCall) => Result | Promise<Result>,
  ): Promise<Asked<Result>> {
    try {
      const outcome = await withTimeLimit(timeoutMs, call.signal, (signal) =>
        runUserCode(
          emit,
          `guards.consent.${source}`,
          () => question({ signal, context: call.context }),
          signal,
        ),
      );
      return outcome.inTime ? { answer: outcome.value } : { reason: 'timed-out' };
    } catch {
      return { reason: 'threw' };
    }
  }

  /** Asks about message after message of a call, and no longer when nothing but time-outs come back. */
  function askInTurn(source: Source, call: GuardCall) {
    let timeouts = 0;
    return async <Result>(
      question: (call: ConsentCall) => Result | Promise<Result>,
    ): Promise<Asked<Result>> => {
      if (timeouts >= MAX_TIMEOUTS_IN_ROW) return { reason: 'timed-out' };
      const outcome = await asked(source, call, question);
      timeouts = 'reason' in outcome && outcome.reason === 'timed-out' ? timeouts + 1 : 0;
      return outcome;
    };
  }

  function judgeRecord(
    { purpose, exemption }: OutgoingMessage,
    record: ConsentRecord | undefined,
    now: number,
  ): AskedReason | undefined {
    if (exemption?.kind === 'opt-out-confirmation') {
      return record?.state === 'opted-out' && record.confirmation === exemption.key ? undefined : 'opted-out';
    }
    if (record !== undefined && record?.state !== 'opted-in' && record?.state !== 'opted-out')
      return 'unreadable';
    if (record?.state === 'opted-out') {
      if (exemption?.kind === 'opt-in-request') return 'opted-out';
      if (record.scope === 'marketing') return purpose === 'marketing' ? 'opted-out' : undefined;
      return purpose === 'otp' && otpAfterOptOut ? undefined : 'opted-out';
    }
    if (purpose !== 'marketing') return undefined;
    if (record === undefined) return 'no-record';
    // `includes` of a string would find "marketing" in "no-marketing".
    if (record.purposes !== undefined && !Array.isArray(record.purposes)) return 'unreadable';
    if (record.purposes?.includes('marketing') === false) return 'not-covered';
    return isStale(record.at, now, options) ? 'stale' : undefined;
  }

  /** Judges the records of a third-party store, which may return anything. */
  function judgeSafely(
    message: OutgoingMessage,
    overall: StoredChoices,
    aboutSender: StoredChoices | undefined,
    now: number,
  ) {
    try {
      const own = aboutSender === undefined ? undefined : laterChoice(...aboutSender);
      return judgeRecord(message, choiceAbout(laterChoice(...overall), own), now);
    } catch (error) {
      emit.reportError?.(error, 'guards.consent.ledger.get');
      return 'unreadable';
    }
  }

  /** Name of the sender of a message; undefined when the message has no source. */
  function senderOf({ content }: OutgoingMessage): string | undefined {
    return content?.source === undefined ? undefined : senderName(content.source);
  }

  function keyOfSender(message: OutgoingMessage): string {
    const sender = senderOf(message);
    return sender === undefined ? anySenderKey(consentKey(message)) : senderKey(consentKey(message), sender);
  }

  /** 8x8 chooses the sender of a message without a source, so people who opted out of any sender do not receive it. */
  async function refuseUnknownSenders(
    messages: readonly OutgoingMessage[],
    reasons: readonly (AskedReason | undefined)[],
    call: GuardCall,
    from: ConsentLedger,
  ): Promise<(AskedReason | undefined)[]> {
    const askNext = askInTurn('ledger.history', call);
    return mapLimited([...messages.entries()], concurrency, async ([index, message]) => {
      const isExempt = message.purpose === 'otp' && otpAfterOptOut;
      if (reasons[index] !== undefined || senderOf(message) !== undefined || isExempt) return reasons[index];
      const outcome = await askNext(({ signal }) => from.history(consentKey(message), { signal }));
      if ('reason' in outcome) return outcome.reason;
      if (!Array.isArray(outcome.answer)) return 'unreadable';
      return findSenderOptOut(outcome.answer) === undefined ? undefined : 'opted-out';
    });
  }

  function queryOf({ phone, purpose, clientMessageId }: OutgoingMessage): ConsentQuery {
    return { destination: phone.e164, purpose, clientMessageId };
  }

  async function askEach(
    messages: readonly OutgoingMessage[],
    call: GuardCall,
    source: 'check' | 'onMissing',
    hook: NonNullable<ConsentGuardOptions['check']>,
  ): Promise<(AskedReason | undefined)[]> {
    const askNext = askInTurn(source, call);
    return mapLimited(messages, concurrency, async (message) => {
      const outcome = await askNext((consentCall) => hook(queryOf(message), consentCall));
      return 'reason' in outcome ? outcome.reason : readAnswer(outcome.answer);
    });
  }

  function askMany(hook: NonNullable<ConsentGuardOptions['checkMany']>): Asking {
    return async (messages, call) => {
      const outcome = await asked('checkMany', call, (consentCall) =>
        hook(messages.map(queryOf), consentCall),
      );
      if ('reason' in outcome) return messages.map(() => outcome.reason);
      const { answer } = outcome;
      // A result that cannot be matched to its question is not a yes.
      const fits = Array.isArray(answer) && answer.length === messages.length;
      return messages.map((_, index) => (fits ? readAnswer(answer[index]) : 'not-a-boolean'));
    };
  }

  async function askLedger(
    messages: readonly OutgoingMessage[],
    call: GuardCall,
    from: ConsentLedger,
  ): Promise<(AskedReason | undefined)[]> {
    const people = messages.map(consentKey);
    // For each message the choice about all senders, then the choice about its sender.
    const own = perSender ? [...people, ...messages.map(keyOfSender)] : people;
    // Before the time limit of the question starts: 10,000 hashes take a good part of a second.
    const keys = pseudonym === undefined ? own : [...own, ...(await hashAll(own, pseudonym, call))];
    const outcome = await asked('ledger.get', call, ({ signal }) => from.get(keys, { signal }));
    if ('reason' in outcome) return messages.map(() => outcome.reason);
    const records = outcome.answer;
    if (!Array.isArray(records) || records.length !== keys.length) return messages.map(() => 'unreadable');
    const recordsOf = (index: number) => [records[index], records[own.length + index]] as const;
    const judged = messages.map((message, index) =>
      judgeSafely(
        message,
        recordsOf(index),
        perSender ? recordsOf(people.length + index) : undefined,
        call.now,
      ),
    );
    const reasons = perSender ? await refuseUnknownSenders(messages, judged, call, from) : judged;
    if (onMissing === undefined) return reasons;
    const missing = messages.filter((_, index) => reasons[index] === 'no-record');
    const found = await askEach(missing, call, 'onMissing', onMissing);
    let turn = 0;
    return reasons.map((reason) => (reason === 'no-record' ? found[turn++] : reason));
  }

  const askCheck: Asking | undefined = check && ((messages, call) => askEach(messages, call, 'check', check));
  const askHook = checkMany === undefined ? askCheck : askMany(checkMany);

  /** The refusals for the reasons of one question. An outage is told once for all messages. */
  function refusals(reasons: readonly (AskedReason | undefined)[], { signal, context }: GuardCall) {
    const isOutage = reasons.some((reason) => reason !== undefined && OUTAGES.has(reason));
    // A hook that was interrupted has not failed.
    if (isOutage && signal?.aborted !== true) emit({ type: 'store-failed', store: 'consent' }, context);
    return reasons.map((reason) => (reason === undefined ? undefined : refusal(reason)));
  }

  if (askHook === undefined && ledger === undefined) {
    return {
      name: 'consent',
      mode,
      rules: onceRules,
      check: ({ purpose }) => (purpose === 'marketing' ? refusal('no-store') : undefined),
    };
  }

  return {
    name: 'consent',
    mode,
    rules: onceRules,
    async ask(messages, call) {
      const fromLedger = ledger === undefined ? [] : await askLedger(messages, call, ledger);
      const decided = messages.map(
        // The hook may already know of the opt-out; only the ledger tells whether this is its confirmation.
        ({ exemption }, index) =>
          fromLedger[index] !== undefined || exemption?.kind === 'opt-out-confirmation',
      );
      const open = messages.filter((_, index) => !decided[index]);
      const answers = open.length > 0 ? await askHook?.(open, call) : undefined;
      let turn = 0;
      return refusals(
        messages.map((_, index) => (decided[index] ? fromLedger[index] : answers?.[turn++])),
        call,
      );
    },
  };
}

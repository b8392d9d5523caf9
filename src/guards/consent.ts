import type { ConsentLedger, ConsentRecord } from '../consent/consent-ledger.ts';
import {
  anyFunction,
  FALSE_OR_OPTIONS,
  type Fields,
  falseOr,
  flag,
  having,
  integer,
  oneOf,
  shape,
} from '../schema.ts';
import { withTimeLimit } from '../time-limit.ts';
import type { Purpose } from '../types.ts';
import type { Candidate, Guard, GuardCall, GuardMode, Refusal } from './guard.ts';

/** What the hook is asked: may this person get this message now? */
export interface ConsentQuery {
  /** E.164. */
  readonly destination: string;
  readonly purpose: Purpose;
  readonly clientMessageId: string;
}

/** What comes with every question and notice. */
export interface ConsentCall {
  /** Fires when the caller gave up or, for a question, the time limit ran out. */
  readonly signal: AbortSignal;
  /** `context` of the call, untouched. */
  readonly context: unknown;
}

type Answer = boolean | Promise<boolean>;

/**
 * Who may be texted. Marketing needs an opt-in; a person who opted out gets nothing. Anything but a clear yes (an
 * error, a time-out, an answer that is not a boolean) is a no.
 *
 * @example consent: { check: ({ destination, purpose }) => db.mayText(destination, purpose) }
 * @example consent: { ledger: myLedger, reconfirmAfterMs: 180 * 86_400_000 }
 */
export interface ConsentGuardOptions {
  /**
   * `monitor` lets through what lacks an opt-in or could not be asked; an opt-out, and a hook's `false`, is refused all
   * the same. @default 'enforce'
   */
  readonly mode?: GuardMode | undefined;
  /** Your own store, one question a message. Only `true` is a yes. */
  readonly check?: ((query: ConsentQuery, call: ConsentCall) => Answer) | undefined;
  /** The same for many at once: one answer a query, in order. Used instead of `check` when both are given. */
  readonly checkMany?:
    | ((
        queries: readonly ConsentQuery[],
        call: ConsentCall,
      ) => readonly boolean[] | Promise<readonly boolean[]>)
    | undefined;
  /** Where opt-ins and opt-outs are kept. With a hook as well, both must agree. */
  readonly ledger?: ConsentLedger | undefined;
  /** Asked when the ledger has no record of a person and the message needs an opt-in. `true` admits. */
  readonly onMissing?: ((query: ConsentQuery, call: ConsentCall) => Answer) | undefined;
  /** Told after an opt-out was recorded. */
  readonly onOptOut?: ((change: ConsentNotice, call: ConsentCall) => void | Promise<void>) | undefined;
  /** Told after an opt-in was recorded. */
  readonly onOptIn?: ((change: ConsentNotice, call: ConsentCall) => void | Promise<void>) | undefined;
  /** Age in milliseconds at which an opt-in is stale; 8x8 advises 3, 6 or 12 months. @default none */
  readonly reconfirmAfterMs?: number | undefined;
  /** One-time passwords reach people who opted out of everything. @default false */
  readonly otpAfterOptOut?: boolean | undefined;
  /** Time limit of one question, in milliseconds. @default 1_000 */
  readonly timeoutMs?: number | undefined;
  /** Questions to `check` and `onMissing` under way at once. @default 32 */
  readonly concurrency?: number | undefined;
}

/** What `onOptOut` and `onOptIn` are told. */
export interface ConsentNotice extends ConsentRecord {
  /** E.164. */
  readonly destination: string;
}

const fields: Fields<ConsentGuardOptions> = {
  mode: oneOf(['enforce', 'monitor']),
  check: anyFunction(),
  checkMany: anyFunction(),
  ledger: having(['get', 'append'], 'a ConsentLedger'),
  onMissing: anyFunction(),
  onOptOut: anyFunction(),
  onOptIn: anyFunction(),
  reconfirmAfterMs: integer({ min: 1, max: 10 * 366 * 86_400_000, unit: 'milliseconds' }),
  otpAfterOptOut: flag(),
  timeoutMs: integer({ min: 1, max: 60_000, unit: 'milliseconds' }),
  concurrency: integer({ min: 1, max: 1_000 }),
};
export const consentField = falseOr(shape(fields, FALSE_OR_OPTIONS));

const REFUSALS = {
  'no-store': 'Marketing needs an opt-in, and neither guards.consent.check nor guards.consent.ledger is set.',
  'no-record': 'Marketing needs an opt-in, and none is recorded for this number.',
  'said-no': 'The consent hook said no.',
  threw: 'The consent store or hook failed, so there is no clear yes.',
  'timed-out':
    'The consent store or hook did not answer within guards.consent.timeoutMs, so there is no clear yes.',
  'not-a-boolean': 'The consent hook answered something other than true or false, so there is no clear yes.',
  unreadable: 'The consent ledger answered something that is not a record, so there is no clear yes.',
  'opted-out': 'This person opted out.',
  'not-covered': 'The opt-in of this person does not cover marketing.',
  stale: 'The opt-in is older than guards.consent.reconfirmAfterMs. Ask again before sending marketing.',
} as const;

type ConsentReason = keyof typeof REFUSALS;

const NEVER_LET_THROUGH: ReadonlySet<ConsentReason> = new Set(['opted-out', 'said-no']);

function refusal(reason: ConsentReason): Refusal {
  return { reason, message: REFUSALS[reason], always: NEVER_LET_THROUGH.has(reason) };
}

/** What a yes-or-no answer means; `undefined` is a yes. */
function readAnswer(answer: unknown): ConsentReason | undefined {
  if (answer === true) return undefined;
  return answer === false ? 'said-no' : 'not-a-boolean';
}

/** The person's key in a ledger. */
export function consentKey(candidate: { readonly phone: { readonly key: number } }): string {
  return `+${candidate.phone.key}`;
}

/** Runs `work` over the items with at most `concurrency` at once; results in order. */
async function mapLimited<Item, Result>(
  items: readonly Item[],
  concurrency: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = new Array(items.length);
  const remaining = items.entries();
  async function worker(): Promise<void> {
    for (const [index, item] of remaining) results[index] = await work(item);
  }
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, worker));
  return results;
}

/** One reason a message; `undefined` is a yes. */
type Asking = (candidates: readonly Candidate[], call: GuardCall) => Promise<(ConsentReason | undefined)[]>;

/** Asks the team's store whether a person may be texted. */
export function createConsentGuard(options: ConsentGuardOptions): Guard {
  const {
    mode = 'enforce',
    check,
    checkMany,
    ledger,
    onMissing,
    reconfirmAfterMs,
    otpAfterOptOut = false,
  } = options;
  const { timeoutMs = 1_000, concurrency = 32 } = options;

  /** One question with its time limit; every way to fail has its own reason. */
  async function asked<Result>(
    call: GuardCall,
    question: (call: ConsentCall) => Result | Promise<Result>,
  ): Promise<{ readonly answer: Result } | { readonly reason: ConsentReason }> {
    try {
      const outcome = await withTimeLimit(timeoutMs, call.signal, (signal) =>
        question({ signal, context: call.context }),
      );
      return outcome.inTime ? { answer: outcome.value } : { reason: 'timed-out' };
    } catch {
      return { reason: 'threw' };
    }
  }

  function judgeRecord(
    { purpose }: Candidate,
    record: ConsentRecord | undefined,
    now: number,
  ): ConsentReason | undefined {
    if (record !== undefined && record?.state !== 'opted-in' && record?.state !== 'opted-out')
      return 'unreadable';
    if (record?.state === 'opted-out') {
      if (record.scope === 'marketing') return purpose === 'marketing' ? 'opted-out' : undefined;
      return purpose === 'otp' && otpAfterOptOut ? undefined : 'opted-out';
    }
    if (purpose !== 'marketing') return undefined;
    if (record === undefined) return 'no-record';
    // A text would find its own middle: "no-marketing".
    if (record.purposes !== undefined && !Array.isArray(record.purposes)) return 'unreadable';
    if (record.purposes?.includes('marketing') === false) return 'not-covered';
    // Written so that an unreadable date is stale too.
    return reconfirmAfterMs === undefined || record.at > now - reconfirmAfterMs ? undefined : 'stale';
  }

  /** A store that is not ours may hand back anything, a list of purposes that is none included. */
  function judgeSafely(candidate: Candidate, record: ConsentRecord | undefined, now: number) {
    try {
      return judgeRecord(candidate, record, now);
    } catch {
      return 'unreadable';
    }
  }

  function queryOf({ phone, purpose, clientMessageId }: Candidate): ConsentQuery {
    return { destination: phone.e164, purpose, clientMessageId };
  }

  async function askEach(
    candidates: readonly Candidate[],
    call: GuardCall,
    hook: NonNullable<ConsentGuardOptions['check']>,
  ): Promise<(ConsentReason | undefined)[]> {
    return mapLimited(candidates, concurrency, async (candidate) => {
      const outcome = await asked(call, (consentCall) => hook(queryOf(candidate), consentCall));
      return 'reason' in outcome ? outcome.reason : readAnswer(outcome.answer);
    });
  }

  function askMany(hook: NonNullable<ConsentGuardOptions['checkMany']>): Asking {
    return async (candidates, call) => {
      const outcome = await asked(call, (consentCall) => hook(candidates.map(queryOf), consentCall));
      if ('reason' in outcome) return candidates.map(() => outcome.reason);
      const { answer } = outcome;
      // An answer that cannot be matched to its question is no answer.
      const fits = Array.isArray(answer) && answer.length === candidates.length;
      return candidates.map((_, index) => (fits ? readAnswer(answer[index]) : 'not-a-boolean'));
    };
  }

  async function askLedger(
    candidates: readonly Candidate[],
    call: GuardCall,
    from: ConsentLedger,
  ): Promise<(ConsentReason | undefined)[]> {
    const outcome = await asked(call, ({ signal }) => from.get(candidates.map(consentKey), { signal }));
    if ('reason' in outcome) return candidates.map(() => outcome.reason);
    const records = outcome.answer;
    if (!Array.isArray(records) || records.length !== candidates.length)
      return candidates.map(() => 'unreadable');
    const reasons = candidates.map((candidate, index) => judgeSafely(candidate, records[index], call.now));
    if (onMissing === undefined) return reasons;
    const missing = candidates.filter((_, index) => reasons[index] === 'no-record');
    const found = await askEach(missing, call, onMissing);
    let turn = 0;
    return reasons.map((reason) => (reason === 'no-record' ? found[turn++] : reason));
  }

  const askCheck: Asking | undefined = check && ((candidates, call) => askEach(candidates, call, check));
  const askHook = checkMany === undefined ? askCheck : askMany(checkMany);

  return {
    name: 'consent',
    mode,
    async ask(candidates, call) {
      if (askHook === undefined && ledger === undefined) {
        return candidates.map(({ purpose }) => (purpose === 'marketing' ? refusal('no-store') : undefined));
      }
      const fromLedger = ledger === undefined ? [] : await askLedger(candidates, call, ledger);
      const open = candidates.filter((_, index) => fromLedger[index] === undefined);
      const answers = open.length > 0 ? await askHook?.(open, call) : undefined;
      let turn = 0;
      return candidates.map((_, index) => {
        const reason = fromLedger[index] ?? answers?.[turn++];
        return reason === undefined ? undefined : refusal(reason);
      });
    },
  };
}

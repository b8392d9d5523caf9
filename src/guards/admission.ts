import type { Call } from '../call.ts';
import { type GuardDecision, type SmsError, StoreError, ValidationError } from '../errors.ts';
import type { Emit } from '../events.ts';
import type { LimitRule, LimitStore, OnceRule, RuleFinding, TakeVerdict } from '../limits/limit-store.ts';
import { maskNumber } from '../redact.ts';
import { withTimeLimit } from '../time-limit.ts';
import { raceAbort } from '../transport/wait.ts';
import type { Clock } from '../types.ts';
import { decisionOfFinding, describeFinding } from './finding.ts';
import { type Candidate, decisionOf, type Guard, guardError, isGuardError, type Refusal } from './guard.ts';

/** What was taken for an admitted message; it is given back or kept once. */
export interface Ticket {
  readonly reservation: string;
  readonly rules: readonly LimitRule[];
  /** Milliseconds of `Admission.elapsed` at the take. */
  readonly takenAt: number;
}

/** What the guards say about one message. */
export type Ruling =
  | { readonly kind: 'admitted'; readonly ticket: Ticket }
  | { readonly kind: 'refused'; readonly error: SmsError }
  /** The same `idempotencyKey` was settled before. */
  | { readonly kind: 'repeated'; readonly stored: string | undefined }
  /** The first message with this `idempotencyKey` is still on its way: ask again. */
  | { readonly kind: 'in-progress' };

/** What became of an admitted message, for its ticket. */
export interface Closing {
  readonly ticket: Ticket;
  readonly outcome: 'keep' | 'return';
  /** Milliseconds of `Admission.elapsed` at the first write, if there was one. */
  readonly writtenAt?: number | undefined;
  readonly result?: string | undefined;
}

export interface Admission {
  /** One ruling a message, in order. Nothing is counted for a message that is not admitted. */
  admit(candidates: readonly Candidate[], call: Call): Promise<readonly Ruling[]>;
  /** Keeps or gives back what was taken. Never throws, and takes 2 s at most: the message has left, or has not, whatever the store says. */
  settle(closings: readonly Closing[]): Promise<void>;
  /** The time by which the limits count: what lies between a take and a write is measured with it. */
  elapsed(): number;
}

export interface AdmissionConfig {
  readonly guards: readonly Guard[];
  readonly limits: LimitStore;
  readonly scope: string;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** An idempotency record is kept for a day (design decision; Stripe's is the same). */
const ONCE_WINDOW_MS = 24 * 60 * 60 * 1000;
/** What became of the message is known by then: a store that hangs must not keep it from the caller. */
const SETTLE_TIMEOUT_MS = 2_000;

function onceRule(candidate: Candidate): OnceRule | undefined {
  const { idempotency } = candidate;
  return (
    idempotency && {
      kind: 'once',
      id: 'idempotency',
      guard: 'idempotency',
      key: idempotency.key,
      fingerprint: idempotency.fingerprint,
      windowMs: ONCE_WINDOW_MS,
      mode: 'enforce',
    }
  );
}

type GrantedVerdict = TakeVerdict & { granted: true };

/** The way every message takes: checks, questions, then one atomic take of all limits. */
export function createAdmission({ guards, limits, scope, clock, emit }: AdmissionConfig): Admission {
  /** Unique over all processes, and far cheaper than a UUID a message. Drawn on first use: not in a global scope. */
  let run: string | undefined;
  let count = 0;

  const elapsed = () => (clock.monotonic === undefined ? clock.now() : clock.monotonic());

  function observe(candidate: Candidate, decision: GuardDecision, call: Call): void {
    emit({ type: 'guard-observed', ...eventFields(candidate), decision }, call.context);
  }

  function refuse(candidate: Candidate, decision: GuardDecision, message: string, call: Call): Ruling {
    emit({ type: 'message-blocked', ...eventFields(candidate), decision }, call.context);
    return { kind: 'refused', error: guardError(decision, message, candidate.clientMessageId) };
  }

  function judge(guard: Guard, candidate: Candidate, refusal: Refusal, call: Call): Ruling | undefined {
    const decision = decisionOf(guard, candidate, refusal);
    if (guard.mode === 'enforce' || refusal.always) {
      return { kind: 'refused', error: guardError(decision, refusal.message, candidate.clientMessageId) };
    }
    observe(candidate, decision, call);
    return undefined;
  }

  /** Checks and questions, guard by guard; a message that was refused is not looked at again. */
  async function runChecks(
    candidates: readonly Candidate[],
    rulings: (Ruling | undefined)[],
    call: Call,
  ): Promise<void> {
    const now = clock.now();
    for (const guard of guards) {
      candidates.forEach((candidate, place) => {
        if (rulings[place] !== undefined) return;
        const refusal = guard.check?.(candidate, now);
        if (refusal !== undefined) rulings[place] = judge(guard, candidate, refusal, call);
      });
      if (guard.ask !== undefined) {
        const open = openPlaces(rulings);
        if (open.length === 0) return;
        const asked = open.map((place) => candidates[place] as Candidate);
        const answers = await guard.ask(asked, { now, signal: call.signal, context: call.context });
        // Before the answers are looked at: who was interrupted has said nothing.
        call.throwIfEnded();
        open.forEach((place, turn) => {
          const refusal = answers[turn];
          if (refusal !== undefined) rulings[place] = judge(guard, asked[turn] as Candidate, refusal, call);
        });
      }
    }
  }

  function rulesOf(candidate: Candidate): readonly LimitRule[] {
    const once = onceRule(candidate);
    let rules: readonly LimitRule[] = once === undefined ? [] : [once];
    for (const guard of guards) {
      const more = guard.rules?.(candidate) ?? [];
      rules = rules.length === 0 ? more : rules.concat(more);
    }
    return rules;
  }

  /** A store that is not ours may answer anything: what does not say yes or no for every message is a failure. */
  async function takeChecked(
    tickets: readonly Ticket[],
    signal: AbortSignal,
  ): Promise<readonly TakeVerdict[]> {
    const verdicts: unknown = await limits.take(scope, tickets, { signal });
    if (!Array.isArray(verdicts) || verdicts.length !== tickets.length || !verdicts.every(isVerdict)) {
      throw new TypeError('not a verdict a request');
    }
    return verdicts;
  }

  /** One take for all; when the call ends meanwhile, what the late answer granted is given back. */
  async function take(tickets: readonly Ticket[], call: Call): Promise<readonly TakeVerdict[]> {
    function giveBack(verdicts: readonly TakeVerdict[]): void {
      void settle(granted(tickets, verdicts).map((ticket) => ({ ticket, outcome: 'return' })));
    }
    try {
      const answered = takeChecked(tickets, call.signal);
      return await raceAbort(answered, call.signal, giveBack);
    } catch {
      call.throwIfEnded();
      emit({ type: 'store-failed', store: 'limits' }, call.context);
      throw new StoreError('The limit store failed, so no message was let through. Nothing was sent.');
    }
  }

  function observeAll(candidate: Candidate, observed: readonly RuleFinding[], call: Call): void {
    for (const finding of observed) observe(candidate, decisionOfFinding(finding, candidate), call);
  }

  function admitted(candidate: Candidate, ticket: Ticket, verdict: GrantedVerdict, call: Call): Ruling {
    const { observed, waitMs } = verdict;
    if (emit.isSilent !== true) {
      observeAll(candidate, observed, call);
      emit({ type: 'message-admitted', ...eventFields(candidate) }, call.context);
      if (waitMs !== undefined) {
        emit({ type: 'backoff-started', ...eventFields(candidate), waitMs }, call.context);
      }
    }
    return { kind: 'admitted', ticket };
  }

  function ruleOn(candidate: Candidate, ticket: Ticket, verdict: TakeVerdict, call: Call): Ruling {
    if (verdict.granted) return admitted(candidate, ticket, verdict, call);
    const { refusals, observed } = verdict;
    const twin = refusals.find(({ rule }) => rule.kind === 'once');
    if (twin?.reason === 'done') return { kind: 'repeated', stored: twin.result };
    if (twin?.reason === 'in-progress') return { kind: 'in-progress' };
    if (twin?.reason === 'conflict') {
      const message =
        'idempotencyKey was used for another message within 24 hours. Use a new key. Nothing was sent.';
      return {
        kind: 'refused',
        error: new ValidationError(message, 'idempotencyKey', candidate.clientMessageId),
      };
    }
    observeAll(candidate, observed, call);
    const decisive = longestWait(refusals);
    return refuse(
      candidate,
      decisionOfFinding(decisive, candidate, refusals),
      describeFinding(decisive),
      call,
    );
  }

  function ticketOf(rules: readonly LimitRule[]): Ticket {
    run ??= crypto.getRandomValues(new BigUint64Array(1)).join('');
    count += 1;
    return { reservation: `${run}-${count}`, rules, takenAt: elapsed() };
  }

  /** Takes the limits of every message that no check refused. */
  async function runTake(
    candidates: readonly Candidate[],
    rulings: (Ruling | undefined)[],
    call: Call,
  ): Promise<void> {
    const open = openPlaces(rulings);
    if (open.length === 0) return;
    const tickets = open.map((place) => ticketOf(rulesOf(candidates[place] as Candidate)));
    const counted = tickets.filter(({ rules }) => rules.length > 0);
    const verdicts = counted.length > 0 ? await take(counted, call) : [];
    let decided = 0;
    open.forEach((place, turn) => {
      const ticket = tickets[turn] as Ticket;
      let verdict = NOTHING_TO_COUNT;
      if (ticket.rules.length > 0) {
        verdict = verdicts[decided] as TakeVerdict;
        decided += 1;
      }
      rulings[place] = ruleOn(candidates[place] as Candidate, ticket, verdict, call);
    });
  }

  /** A message refused by a check may have been sent before under its key: then its first result counts. */
  async function recallRepeated(
    candidates: readonly Candidate[],
    rulings: (Ruling | undefined)[],
    call: Call,
  ): Promise<void> {
    const refused: number[] = [];
    candidates.forEach(({ idempotency }, place) => {
      if (idempotency !== undefined && rulings[place]?.kind === 'refused') refused.push(place);
    });
    if (refused.length === 0) return;
    const tickets = refused.map((place) => ticketOf([onceRule(candidates[place] as Candidate) as OnceRule]));
    const verdicts = await take(tickets, call);
    const settled = settle(granted(tickets, verdicts).map((ticket) => ({ ticket, outcome: 'return' })));
    await raceAbort(settled, call.signal);
    for (const [turn, place] of refused.entries()) {
      const verdict = verdicts[turn];
      const [twin] = verdict?.granted === false ? verdict.refusals : [];
      if (twin?.reason === 'done') rulings[place] = { kind: 'repeated', stored: twin.result };
      if (twin?.reason === 'in-progress') rulings[place] = { kind: 'in-progress' };
    }
  }

  /** Told only now: one that turns out to have been sent before is not blocked. */
  function reportBlocked(
    candidates: readonly Candidate[],
    rulings: readonly (Ruling | undefined)[],
    call: Call,
  ): void {
    rulings.forEach((ruling, place) => {
      if (ruling?.kind !== 'refused' || !isGuardError(ruling.error)) return;
      const fields = eventFields(candidates[place] as Candidate);
      emit({ type: 'message-blocked', ...fields, decision: ruling.error.decision }, call.context);
    });
  }

  async function settle(closings: readonly Closing[]): Promise<void> {
    const counted = closings.filter(({ ticket }) => ticket.rules.length > 0);
    if (counted.length === 0) return;
    try {
      const settlements = counted.map(({ ticket, outcome, writtenAt, result }) => ({
        reservation: ticket.reservation,
        rules: ticket.rules,
        outcome,
        delayMs: writtenAt === undefined ? undefined : Math.max(0, writtenAt - ticket.takenAt),
        result,
      }));
      await withTimeLimit(SETTLE_TIMEOUT_MS, undefined, () => limits.settle(scope, settlements));
    } catch {
      // What was taken stays taken: the count is too high until it leaves the window, never too low.
      emit({ type: 'store-failed', store: 'limits' });
    }
  }

  return {
    async admit(candidates, call) {
      const rulings: (Ruling | undefined)[] = new Array(candidates.length).fill(undefined);
      await runChecks(candidates, rulings, call);
      await recallRepeated(candidates, rulings, call);
      reportBlocked(candidates, rulings, call);
      await runTake(candidates, rulings, call);
      return rulings as Ruling[];
    },
    settle,
    elapsed,
  };
}

const NOTHING_TO_COUNT: TakeVerdict = { granted: true, observed: [] };

function isVerdict(value: unknown): value is TakeVerdict {
  const { granted, refusals, observed } = (value ?? {}) as Record<string, unknown>;
  if (!isFindings(observed)) return false;
  return granted === true || (granted === false && isFindings(refusals) && refusals.length > 0);
}

function isFindings(value: unknown): value is readonly RuleFinding[] {
  return Array.isArray(value) && value.every((finding) => typeof finding?.rule?.kind === 'string');
}

function openPlaces(rulings: readonly (Ruling | undefined)[]): number[] {
  const open: number[] = [];
  rulings.forEach((ruling, place) => {
    if (ruling === undefined) open.push(place);
  });
  return open;
}

function eventFields({ clientMessageId, phone, purpose }: Candidate) {
  return { clientMessageId, destination: maskNumber(phone.e164), purpose };
}

/** The refusal that lasts longest; one that time does not lift lasts for ever. */
function longestWait(refusals: readonly RuleFinding[]): RuleFinding {
  return refusals.reduce((longest, finding) =>
    (finding.retryAfterMs ?? Number.POSITIVE_INFINITY) > (longest.retryAfterMs ?? Number.POSITIVE_INFINITY)
      ? finding
      : longest,
  );
}

function granted(tickets: readonly Ticket[], verdicts: readonly TakeVerdict[]): readonly Ticket[] {
  return tickets.filter((_, turn) => verdicts[turn]?.granted);
}

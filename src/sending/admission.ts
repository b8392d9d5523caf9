import type { Call } from '../call.ts';
import { type GuardDecision, type SmsError, ValidationError } from '../errors.ts';
import type { Emit } from '../events.ts';
import { decisionOfFinding, describeFinding, longestWait } from '../guards/finding.ts';
import { decisionOf, type Guard, isGuardError, type OutgoingMessage, type Refusal } from '../guards/guard.ts';
import { guardError } from '../guards/registry.ts';
import type { LimitRule, OnceRule, RuleFinding, TakeVerdict } from '../limits/limit-store.ts';
import type { Limiter, Reservation, ReservationOutcome } from '../limits/limiter.ts';
import { maskNumber } from '../redact.ts';
import type { Clock } from '../types.ts';
import { raceAbort } from '../wait.ts';

/** What the guards say about one message. */
export type AdmissionResult =
  | { readonly kind: 'admitted'; readonly reservation: Reservation }
  | { readonly kind: 'refused'; readonly error: SmsError }
  /** The same `idempotencyKey` was settled before. */
  | { readonly kind: 'repeated'; readonly stored: string | undefined }
  /** The first message with this `idempotencyKey` is still on its way: ask again. */
  | { readonly kind: 'in-progress' };

export interface Admission {
  /** One ruling a message, in order. Nothing is counted for a message that is not admitted. */
  admit(messages: readonly OutgoingMessage[], call: Call): Promise<readonly AdmissionResult[]>;
  /** Keeps or gives back what was taken. Never throws, and takes 2 s at most: the message has left, or has not, whatever the store says. */
  settle(outcomes: readonly ReservationOutcome[]): Promise<void>;
  /** The time by which the limits count: what lies between a take and a write is measured with it. */
  elapsed(): number;
}

export interface AdmissionConfig {
  readonly guards: readonly Guard[];
  readonly limiter: Limiter;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** An idempotency record is kept for a day (design decision; Stripe's is the same). */
const ONCE_WINDOW_MS = 24 * 60 * 60 * 1000;
function onceRule(message: OutgoingMessage): OnceRule | undefined {
  const { idempotency } = message;
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
export function createAdmission({ guards, limiter, clock, emit }: AdmissionConfig): Admission {
  function observe(message: OutgoingMessage, decision: GuardDecision, call: Call): void {
    emit({ type: 'guard-observed', ...eventFields(message), decision }, call.context);
  }

  function refuse(
    message: OutgoingMessage,
    decision: GuardDecision,
    text: string,
    call: Call,
  ): AdmissionResult {
    emit({ type: 'message-blocked', ...eventFields(message), decision }, call.context);
    return { kind: 'refused', error: guardError(decision, text, message.clientMessageId) };
  }

  function judge(
    guard: Guard,
    message: OutgoingMessage,
    refusal: Refusal,
    call: Call,
  ): AdmissionResult | undefined {
    const decision = decisionOf(guard, message, refusal);
    if (guard.mode === 'enforce' || refusal.always) {
      return { kind: 'refused', error: guardError(decision, refusal.message, message.clientMessageId) };
    }
    observe(message, decision, call);
    return undefined;
  }

  /** Checks and questions, guard by guard; a message that was refused is not looked at again. */
  async function runChecks(
    messages: readonly OutgoingMessage[],
    rulings: (AdmissionResult | undefined)[],
    call: Call,
  ): Promise<void> {
    const now = clock.now();
    for (const guard of guards) {
      messages.forEach((message, place) => {
        if (rulings[place] !== undefined) return;
        const refusal = guard.check?.(message, now);
        if (refusal !== undefined) rulings[place] = judge(guard, message, refusal, call);
      });
      if (guard.ask !== undefined) {
        const open = openPlaces(rulings);
        if (open.length === 0) return;
        const asked = open.map((place) => messages[place] as OutgoingMessage);
        const answers = await guard.ask(asked, { now, signal: call.signal, context: call.context });
        // Before the answers are looked at: who was interrupted has said nothing.
        call.throwIfEnded();
        open.forEach((place, turn) => {
          const refusal = answers[turn];
          if (refusal !== undefined)
            rulings[place] = judge(guard, asked[turn] as OutgoingMessage, refusal, call);
        });
      }
    }
  }

  function rulesOf(message: OutgoingMessage): readonly LimitRule[] {
    const once = onceRule(message);
    let rules: readonly LimitRule[] = once === undefined ? [] : [once];
    for (const guard of guards) {
      const more = guard.rules?.(message) ?? [];
      rules = rules.length === 0 ? more : rules.concat(more);
    }
    return rules;
  }

  function observeAll(message: OutgoingMessage, observed: readonly RuleFinding[], call: Call): void {
    for (const finding of observed) observe(message, decisionOfFinding(finding, message), call);
  }

  function admitted(
    message: OutgoingMessage,
    reservation: Reservation,
    verdict: GrantedVerdict,
    call: Call,
  ): AdmissionResult {
    const { observed, waitMs } = verdict;
    if (emit.isSilent !== true) {
      observeAll(message, observed, call);
      emit({ type: 'message-admitted', ...eventFields(message) }, call.context);
      if (waitMs !== undefined) {
        emit({ type: 'backoff-started', ...eventFields(message), waitMs }, call.context);
      }
    }
    return { kind: 'admitted', reservation };
  }

  function ruleOn(
    message: OutgoingMessage,
    reservation: Reservation,
    verdict: TakeVerdict,
    call: Call,
  ): AdmissionResult {
    if (verdict.granted) return admitted(message, reservation, verdict, call);
    const { refusals, observed } = verdict;
    const twin = refusals.find(({ rule }) => rule.guard === 'idempotency');
    if (twin?.reason === 'done') return { kind: 'repeated', stored: twin.result };
    if (twin?.reason === 'in-progress') return { kind: 'in-progress' };
    if (twin?.reason === 'conflict') {
      const text =
        'idempotencyKey was used for another message within 24 hours. Use a new key. Nothing was sent.';
      return {
        kind: 'refused',
        error: new ValidationError(text, 'idempotencyKey', message.clientMessageId),
      };
    }
    observeAll(message, observed, call);
    const decisive = longestWait(refusals);
    return refuse(message, decisionOfFinding(decisive, message, refusals), describeFinding(decisive), call);
  }

  /** Takes the limits of every message that no check refused. */
  async function runTake(
    messages: readonly OutgoingMessage[],
    rulings: (AdmissionResult | undefined)[],
    call: Call,
  ): Promise<void> {
    const open = openPlaces(rulings);
    if (open.length === 0) return;
    const opened = open.map((place) => limiter.reserve(rulesOf(messages[place] as OutgoingMessage)));
    const verdicts = await limiter.take(opened, call);
    open.forEach((place, turn) => {
      const verdict = verdicts[turn] as TakeVerdict;
      rulings[place] = ruleOn(messages[place] as OutgoingMessage, opened[turn] as Reservation, verdict, call);
    });
  }

  /** A message refused by a check may have been sent before under its key: then its first result counts. */
  async function recallRepeated(
    messages: readonly OutgoingMessage[],
    rulings: (AdmissionResult | undefined)[],
    call: Call,
  ): Promise<void> {
    const refused: number[] = [];
    messages.forEach(({ idempotency }, place) => {
      if (idempotency !== undefined && rulings[place]?.kind === 'refused') refused.push(place);
    });
    if (refused.length === 0) return;
    const opened = refused.map((place) =>
      limiter.reserve([onceRule(messages[place] as OutgoingMessage) as OnceRule]),
    );
    const verdicts = await limiter.take(opened, call);
    await raceAbort(limiter.giveBack(opened, verdicts), call.signal);
    for (const [turn, place] of refused.entries()) {
      const verdict = verdicts[turn];
      const [twin] = verdict?.granted === false ? verdict.refusals : [];
      if (twin?.reason === 'done') rulings[place] = { kind: 'repeated', stored: twin.result };
      if (twin?.reason === 'in-progress') rulings[place] = { kind: 'in-progress' };
    }
  }

  /** Told only now: one that turns out to have been sent before is not blocked. */
  function reportBlocked(
    messages: readonly OutgoingMessage[],
    rulings: readonly (AdmissionResult | undefined)[],
    call: Call,
  ): void {
    rulings.forEach((ruling, place) => {
      if (ruling?.kind !== 'refused' || !isGuardError(ruling.error)) return;
      const fields = eventFields(messages[place] as OutgoingMessage);
      emit({ type: 'message-blocked', ...fields, decision: ruling.error.decision }, call.context);
    });
  }

  return {
    async admit(messages, call) {
      const rulings: (AdmissionResult | undefined)[] = new Array(messages.length).fill(undefined);
      await runChecks(messages, rulings, call);
      await recallRepeated(messages, rulings, call);
      reportBlocked(messages, rulings, call);
      await runTake(messages, rulings, call);
      return rulings as AdmissionResult[];
    },
    settle: limiter.settle,
    elapsed: limiter.elapsed,
  };
}

function openPlaces(rulings: readonly (AdmissionResult | undefined)[]): number[] {
  const open: number[] = [];
  rulings.forEach((ruling, place) => {
    if (ruling === undefined) open.push(place);
  });
  return open;
}

function eventFields({ clientMessageId, phone, purpose }: OutgoingMessage) {
  return { clientMessageId, destination: maskNumber(phone.e164), purpose };
}

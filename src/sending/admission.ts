import type { Call } from '../call.ts';
import { type GuardDecision, SmsError, ValidationError } from '../errors.ts';
import type { Emit } from '../events.ts';
import { messageFields } from '../guards/event-fields.ts';
import {
  type Content,
  decisionOf,
  type Guard,
  isGuardError,
  type OutgoingMessage,
  type Refusal,
} from '../guards/guard.ts';
import { withKnownVisitor } from '../guards/known-visitor.ts';
import type { CostOf } from '../guards/message-cost.ts';
import { guardError } from '../guards/registry.ts';
import {
  decisionOfViolation,
  decisiveRefusals,
  describeViolation,
  longestWait,
} from '../guards/violation.ts';
import { inSlices } from '../internal/slices.ts';
import { raceAbort } from '../internal/wait.ts';
import type { LimitRule, OnceRule, RuleViolation, TakeVerdict } from '../limits/limit-store.ts';
import type { Limiter, Reservation } from '../limits/limiter.ts';
import type { Clock } from '../types.ts';
import { isRecentLook, type LookTime, lookTime } from './look-time.ts';

/** The decision of all guards about one message. */
export type AdmissionResult =
  | AdmittedMessage
  | { readonly kind: 'refused'; readonly error: SmsError }
  /** The same `idempotencyKey` was settled before. */
  | { readonly kind: 'repeated'; readonly stored: string | undefined }
  /** The original of this `idempotencyKey` is still in progress: try again. */
  | { readonly kind: 'in-progress' };

/** A message that all guards let through, what was taken for it, and when the guards that ask somebody were answered. */
export interface AdmittedMessage<Message extends OutgoingMessage = OutgoingMessage> {
  readonly kind: 'admitted';
  readonly message: Message;
  readonly reservation: Reservation;
  readonly lookedAt: LookTime;
  /** Milliseconds that the next one-time password to the number has to wait. */
  readonly waitMs: number | undefined;
}

/** Runs the guards over messages: checks, questions, then one atomic take of all limits. */
export interface Admission {
  /**
   * One result per message, in order. Nothing is counted for a message that is not admitted.
   *
   * @throws StoreError the limit store failed
   * @throws SmsError the call's own error, when the call ended
   */
  admit(messages: readonly OutgoingMessage[], call: Call): Promise<readonly AdmissionResult[]>;
  /** Whether a message may be sent without another look. Calls no store and no hook. */
  isRecent(admitted: AdmittedMessage): boolean;
  /**
   * Looks again at messages that waited since they were admitted. Every check and question is repeated; limits are taken
   * anew where the first take is too old to hold until the answer. One result per message, in order. What is not admitted
   * any longer is given back; when the store fails or the call ends, that is every message.
   */
  lookAgain(admitted: readonly AdmittedMessage[], call: Call): Promise<readonly AdmissionResult[]>;
}

export interface AdmissionConfig {
  readonly guards: readonly Guard[];
  readonly limiter: Limiter;
  readonly clock: Clock;
  readonly emit: Emit;
  /** Size and cost of a message that is refused, for its event. */
  readonly costOf?: CostOf | undefined;
}

/** Results by position; undefined for a message that is not refused yet. */
type OpenResults = (AdmissionResult | undefined)[];

/** An idempotency record is kept for a day (design decision; Stripe's is the same). */
const ONCE_WINDOW_MS = 24 * 60 * 60 * 1000;

function onceRule({ idempotency }: OutgoingMessage): OnceRule | undefined {
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

export function createAdmission({ guards, limiter, clock, emit, costOf }: AdmissionConfig): Admission {
  function emitBlocked(message: OutgoingMessage, decision: GuardDecision, call: Call): void {
    if (emit.isSilent === true) return;
    const fields = { ...messageFields(message), ...costOf?.(message) };
    emit({ type: 'message-blocked', ...fields, decision }, call.context, message.phone);
  }

  function observe(message: OutgoingMessage, decision: GuardDecision, call: Call): void {
    emit({ type: 'guard-observed', ...messageFields(message), decision }, call.context, message.phone);
  }

  function observeAll(message: OutgoingMessage, observed: readonly RuleViolation[], call: Call): void {
    for (const violation of observed) observe(message, decisionOfViolation(violation, message), call);
  }

  function postpone(message: OutgoingMessage, at: number, decision: GuardDecision): void {
    message.content = { ...(message.content as Content), scheduledAt: at };
    message.postponedTo = at;
    message.postponedBy = decision;
  }

  function decideRefusal(
    guard: Guard,
    message: OutgoingMessage,
    refusal: Refusal,
    call: Call,
    isSecond: boolean,
  ): AdmissionResult | undefined {
    const decision = decisionOf(guard, message, refusal);
    // Not at a second look: the request is written already, and nobody remembered the message as a scheduled one.
    if (refusal.postponeTo !== undefined && guard.mode === 'enforce' && !isSecond) {
      postpone(message, refusal.postponeTo, decision);
      return undefined;
    }
    if (guard.mode === 'enforce' || refusal.always) {
      return { kind: 'refused', error: guardError(decision, refusal.message, message.clientMessageId) };
    }
    // The first look has told of it.
    if (isSecond) return undefined;
    message.decisions = [...(message.decisions ?? []), decision];
    observe(message, decision, call);
    return undefined;
  }

  /** One guard's look at one message. */
  function runCheck(
    guard: Guard,
    messages: readonly OutgoingMessage[],
    results: OpenResults,
    index: number,
    now: number,
    call: Call,
    isSecond: boolean,
  ): void {
    if (guard.check === undefined || results[index] !== undefined) return;
    const message = messages[index] as OutgoingMessage;
    const refusal = guard.check(message, now);
    if (refusal !== undefined) results[index] = decideRefusal(guard, message, refusal, call, isSecond);
  }

  /**
   * Guard by guard; a message that was refused is not asked about any more. Gives the time of the earliest answer: what was
   * answered first may change while others are asked.
   */
  async function runChecks(
    messages: readonly OutgoingMessage[],
    results: OpenResults,
    call: Call,
    isSecond = false,
  ): Promise<LookTime> {
    const now = clock.now();
    let lookedAt: LookTime | undefined;
    for (const guard of guards) {
      if (guard.check !== undefined) {
        await inSlices(
          messages.length,
          (index) => runCheck(guard, messages, results, index, now, call, isSecond),
          () => call.throwIfEnded(),
        );
      }
      if (guard.ask === undefined) continue;
      const open = openIndexes(results);
      if (open.length === 0) break;
      const asked = open.map((index) => messages[index] as OutgoingMessage);
      const refusals = await guard.ask(asked, { now, signal: call.signal, context: call.context });
      // Checked before the results are read: an interrupted hook has not decided anything.
      call.throwIfEnded();
      lookedAt ??= lookTime(limiter);
      for (const [position, index] of open.entries()) {
        const refusal = refusals[position];
        if (refusal === undefined) continue;
        results[index] = decideRefusal(guard, asked[position] as OutgoingMessage, refusal, call, isSecond);
      }
    }
    return lookedAt ?? lookTime(limiter);
  }

  /** The same for one message when no guard asks anybody now. */
  function runChecksNow(
    messages: readonly OutgoingMessage[],
    results: OpenResults,
    call: Call,
  ): LookTime | undefined {
    if (messages.length > 1 || guards.some(({ ask }) => ask !== undefined)) return undefined;
    const now = clock.now();
    for (const guard of guards) runCheck(guard, messages, results, 0, now, call, false);
    return lookTime(limiter);
  }

  function rulesOf(message: OutgoingMessage): readonly LimitRule[] {
    const once = onceRule(message);
    const rules: LimitRule[] = once === undefined ? [] : [once];
    for (const guard of guards) {
      if (guard.rules !== undefined) for (const rule of guard.rules(message)) rules.push(rule);
    }
    // A copy has no room for more: it lives as long as the send.
    return withKnownVisitor(rules.slice(), message);
  }

  function reportAdmitted(
    message: OutgoingMessage,
    { observed, waitMs }: TakeVerdict & { granted: true },
    call: Call,
  ): void {
    if (emit.isSilent === true) return;
    observeAll(message, observed, call);
    const { postponedTo: scheduledAt, postponedBy: decision } = message;
    if (scheduledAt !== undefined && decision !== undefined) {
      const fields = { ...messageFields(message), scheduledAt, decision };
      emit({ type: 'message-postponed', ...fields }, call.context, message.phone);
    }
    emit({ type: 'message-admitted', ...messageFields(message) }, call.context, message.phone);
    if (waitMs !== undefined) {
      emit({ type: 'backoff-started', ...messageFields(message), waitMs }, call.context);
    }
  }

  function decideVerdict(
    message: OutgoingMessage,
    reservation: Reservation,
    verdict: TakeVerdict,
    call: Call,
    lookedAt: LookTime,
    isSecond: boolean,
  ): AdmissionResult {
    if (verdict.granted) {
      if (!isSecond) reportAdmitted(message, verdict, call);
      return { kind: 'admitted', message, reservation, lookedAt, waitMs: enforcedWait(reservation, verdict) };
    }
    const { refusals: all, observed } = verdict;
    const { refusals, action } = decisiveRefusals(all, guards);
    const original = refusals.find(({ rule }) => rule.guard === 'idempotency');
    if (original?.reason === 'done') return { kind: 'repeated', stored: original.result };
    if (original?.reason === 'in-progress') return { kind: 'in-progress' };
    if (original?.reason === 'conflict') {
      const text =
        'idempotencyKey was used for another message within 24 hours. Use a new key. Nothing was sent.';
      return { kind: 'refused', error: new ValidationError(text, 'idempotencyKey', message.clientMessageId) };
    }
    if (!isSecond) observeAll(message, observed, call);
    const decisive = longestWait(refusals);
    const decision = decisionOfViolation(decisive, message, refusals, action);
    emitBlocked(message, decision, call);
    return {
      kind: 'refused',
      error: guardError(decision, describeViolation(decisive, action), message.clientMessageId),
    };
  }

  /** Takes the limits of every message that passed the checks. */
  async function runTake(
    messages: readonly OutgoingMessage[],
    results: OpenResults,
    call: Call,
    lookedAt: LookTime,
    isSecond = false,
  ): Promise<void> {
    const open = openIndexes(results);
    if (open.length === 0) return;
    const reservations: Reservation[] = [];
    const reserving = inSlices(
      open.length,
      (position) => {
        const message = messages[open[position] as number] as OutgoingMessage;
        reservations.push(limiter.reserve(rulesOf(message)));
      },
      () => call.throwIfEnded(),
    );
    if (reserving !== undefined) await reserving;
    const verdicts = limiter.takeNow(reservations, call) ?? (await limiter.takeForGuards(reservations, call));
    // Every result is needed by now, also when the call has ended.
    const deciding = inSlices(open.length, (position) => {
      const index = open[position] as number;
      const reservation = reservations[position] as Reservation;
      const verdict = verdicts[position] as TakeVerdict;
      const message = messages[index] as OutgoingMessage;
      results[index] = decideVerdict(message, reservation, verdict, call, lookedAt, isSecond);
    });
    if (deciding !== undefined) await deciding;
  }

  /** A message that a check refused may have been sent before under its key; then its first result counts. */
  async function recallRepeated(
    messages: readonly OutgoingMessage[],
    results: OpenResults,
    call: Call,
  ): Promise<void> {
    const refused: number[] = [];
    for (const [index, { idempotency }] of messages.entries()) {
      if (idempotency !== undefined && results[index]?.kind === 'refused') refused.push(index);
    }
    if (refused.length === 0) return;
    const reservations = refused.map((index) =>
      limiter.reserve([onceRule(messages[index] as OutgoingMessage) as OnceRule]),
    );
    const verdicts = await limiter.take(reservations, call);
    for (const [position, index] of refused.entries()) {
      const verdict = verdicts[position];
      const [original] = verdict?.granted === false ? verdict.refusals : [];
      if (original?.reason === 'done') results[index] = { kind: 'repeated', stored: original.result };
      if (original?.reason === 'in-progress') results[index] = { kind: 'in-progress' };
    }
    try {
      await raceAbort(limiter.giveBack(reservations, verdicts), call.signal);
    } catch (error) {
      // Results of earlier messages stay valid when the call ends in the meantime.
      if (refused.every((index) => results[index]?.kind === 'refused')) throw error;
    }
  }

  /** Raises the events only now, because a message that was sent before is not blocked. */
  async function reportBlocked(
    messages: readonly OutgoingMessage[],
    results: readonly (AdmissionResult | undefined)[],
    call: Call,
  ): Promise<void> {
    await inSlices(results.length, (index) => {
      const result = results[index];
      if (result?.kind !== 'refused' || !isGuardError(result.error)) return;
      emitBlocked(messages[index] as OutgoingMessage, result.error.decision, call);
    });
  }

  const isCurrent = ({ reservation }: Pick<AdmittedMessage, 'reservation'>) => limiter.isCurrent(reservation);

  return {
    isRecent: (admitted) => isRecentLook(admitted.lookedAt, limiter) && isCurrent(admitted),

    async lookAgain(admitted, call) {
      const messages = admitted.map(({ message }) => message);
      const results: OpenResults = new Array(messages.length).fill(undefined);
      /** The part of the first take that is neither given back nor to be written. */
      let held = admitted;
      const giveBack = async (given: readonly AdmittedMessage[]): Promise<void> => {
        await limiter.settle(given.map(({ reservation }) => ({ reservation, outcome: 'return' })));
      };
      try {
        const lookedAt = await runChecks(messages, results, call, true);
        await reportBlocked(messages, results, call);
        for (const [index, each] of admitted.entries()) {
          if (results[index] === undefined && isCurrent(each)) results[index] = { ...each, lookedAt };
        }
        const gone = admitted.filter((_, index) => results[index]?.kind !== 'admitted');
        held = admitted.filter((_, index) => results[index]?.kind === 'admitted');
        await giveBack(gone);
        await runTake(messages, results, call, lookedAt, true);
      } catch (error) {
        if (!SmsError.isInstance(error)) throw error;
        await giveBack(held);
        for (const [index, result] of results.entries()) {
          if (result === undefined || result.kind === 'admitted') results[index] = { kind: 'refused', error };
        }
      }
      return results as AdmissionResult[];
    },

    async admit(messages, call) {
      const results: OpenResults = new Array(messages.length).fill(undefined);
      const lookedAt = runChecksNow(messages, results, call) ?? (await runChecks(messages, results, call));
      if (results.some((result) => result?.kind === 'refused')) {
        await recallRepeated(messages, results, call);
        await reportBlocked(messages, results, call);
      }
      try {
        await runTake(messages, results, call, lookedAt);
      } catch (error) {
        // Messages that were sent before keep their result, because "nothing was sent" would be wrong for them.
        if (!SmsError.isInstance(error)) throw error;
        for (const index of openIndexes(results)) results[index] = { kind: 'refused', error };
      }
      return results as AdmissionResult[];
    },
  };
}

/** The wait that a backoff rule has started; none in monitor mode. */
function enforcedWait(
  { rules }: Reservation,
  { waitMs }: TakeVerdict & { granted: true },
): number | undefined {
  return rules.some(({ kind, mode }) => kind === 'backoff' && mode === 'enforce') ? waitMs : undefined;
}

function openIndexes(results: readonly (AdmissionResult | undefined)[]): number[] {
  const open: number[] = [];
  for (let index = 0; index < results.length; index += 1) if (results[index] === undefined) open.push(index);
  return open;
}

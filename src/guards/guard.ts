import { type GuardDecision, GuardError, type SmsError } from '../errors.ts';
import type { LimitKey, LimitRule } from '../limits/limit-store.ts';
import type { Phone } from '../phone/normalise-phone.ts';
import type { TextMeasure } from '../text/measure-text.ts';
import type { Purpose } from '../types.ts';
import { maskedNumber } from './event-fields.ts';
import type { GuardAction, GuardName, GuardReasons } from './reasons.ts';

/**
 * `enforce` refuses. `monitor` lets the message pass and raises a `guard-observed` event where it would have refused.
 */
export type GuardMode = 'enforce' | 'monitor';

/** Content of a message, for the guards that read it. */
export interface Content {
  readonly text: string;
  /** The text as it is billed: a short link counts with its final length. */
  readonly measure: TextMeasure;
  readonly encoding: 'AUTO' | 'GSM7' | 'UCS2';
  readonly source?: string | undefined;
  /** Epoch milliseconds. */
  readonly scheduledAt?: number | undefined;
  readonly expiresAt?: number | undefined;
  /** Values that 8x8 fills into the text: variables of a survey, the brand of a verification. */
  readonly values?: readonly string[];
  /** `extra` of the message as JSON, if it has one. */
  readonly extra?: string | undefined;
  /** Address to which 8x8 posts what becomes of this message alone. */
  readonly callbackUrl?: string | undefined;
  /** Names allowed in `{{…}}`; absent for a plain SMS, which may contain none. */
  readonly placeholders?: readonly string[];
  /** Only for a verification: the text that still contains `{code}` and `{brand}`. */
  readonly template?: string | undefined;
}

/**
 * Marks a message that this package sends on its own. Only the consent guard reads it; a message of a caller cannot
 * carry one. Each is sent once: a second one with the same kind and key within `windowMs` is refused.
 *
 * - `opt-out-confirmation`: reaches a person whose latest choice is the opt-out that holds `key` as its token.
 * - `opt-in-request`: needs no opt-in, respects every opt-out, including one from marketing only.
 * - `opt-in-reply`, `help-reply`: follow the rules of every message.
 */
export interface Exemption {
  readonly kind: 'opt-out-confirmation' | 'opt-in-request' | 'opt-in-reply' | 'help-reply';
  readonly key: LimitKey;
  readonly windowMs: number;
}

/** The session of a code that is checked. */
export interface CheckedSession {
  readonly key: LimitKey;
  /**
   * `unknown`: this package has no record of it, and 8x8 was not asked yet. `own`: it was started for this visitor, or 8x8
   * says for this number. `shared`: also for a visitor who is known with this number. `sole`: nobody else can try its code.
   */
  readonly standing: 'unknown' | 'own' | 'shared' | 'sole';
}

/** A message on its way through the guards. */
export interface OutgoingMessage {
  /** Index in the caller's input. */
  readonly index: number;
  readonly purpose: Purpose;
  readonly clientMessageId: string;
  readonly phone: Phone;
  content?: Content | undefined;
  /** When the guard `quietHours` has 8x8 send the message, in epoch milliseconds; `content.scheduledAt` is the same. */
  postponedTo?: number | undefined;
  /** The decision for that, for the event of an admitted message. */
  postponedBy?: GuardDecision | undefined;
  /** Only for a verification: how 8x8 delivers the code that it generates. */
  readonly channel?: string | undefined;
  /** Proof of the visitor who asks, never derived from the number. */
  readonly subject?: string | undefined;
  /** The visitor's address. */
  readonly clientIp?: string | undefined;
  /** The visitor's device, as the caller names it. */
  readonly device?: string | undefined;
  /** The part of the service that asks. */
  readonly origin?: string | undefined;
  /** Decisions of guards that only watch, so far. */
  decisions?: GuardDecision[];
  /** The visitor passed a test for people. The guard `human` decides it for a token, and for a score that is too low. */
  isHuman?: boolean | undefined;
  /** The score of that test, 0 to 1. */
  humanScore?: number | undefined;
  /** The token of a test for people, which the guard `human` verifies. */
  readonly humanToken?: string | undefined;
  /** The application says that the number belongs to an account that entered a code before. */
  readonly isReturning?: boolean | undefined;
  /** The session of a code that is being checked. */
  readonly session?: CheckedSession | undefined;
  readonly idempotency?: { readonly key: string; readonly fingerprint: string } | undefined;
  readonly exemption?: Exemption | undefined;
  /** Nothing is sent: a guard changes nothing, raises no event and uses nothing up. */
  readonly isDryRun?: true | undefined;
}

/** The values that a guard passes to the team's hooks. */
export interface GuardCall {
  /** Epoch milliseconds. */
  readonly now: number;
  readonly signal?: AbortSignal | undefined;
  readonly context: unknown;
}

/** The refusal of one message by a guard. */
export interface Refusal<Name extends GuardName = GuardName> {
  readonly reason: GuardReasons[Name];
  /** A sentence for a developer: what is wrong, and what to change. */
  readonly message: string;
  /** Rule of the guard that refused. */
  readonly rule?: string;
  /** The team's own reason, safe for logs. */
  readonly detail?: string;
  /** True for a refusal that also holds in monitor mode, for example an opt-out. */
  readonly always?: boolean;
  readonly observed?: number;
  readonly limit?: number;
  /** Milliseconds until the same message is admitted; absent when waiting does not help. */
  readonly retryAfterMs?: number;
  /** Epoch milliseconds for which the message may be scheduled instead; then it is not refused. */
  readonly postponeTo?: number | undefined;
  /** True when a store or hook failed, so that nothing was decided. */
  readonly outage?: boolean;
  /** `ask`: the visitor is asked to prove that they are a person; the guard itself lets such a message through. @default 'refuse' */
  readonly action?: GuardAction;
}

/**
 * One safeguard. It has at least one of: `check` (looks at a message), `ask` (asks a store or hook about all messages
 * at once), `rules` (declares counters).
 */
export interface Guard<Name extends GuardName = GuardName> {
  readonly name: Name;
  readonly mode: GuardMode;
  check?(message: OutgoingMessage, now: number): Refusal<Name> | undefined;
  /** May be undefined while nobody has to be asked. */
  readonly ask?:
    | ((
        messages: readonly OutgoingMessage[],
        call: GuardCall,
      ) => Promise<readonly (Refusal<Name> | undefined)[]>)
    | undefined;
  rules?(message: OutgoingMessage): readonly LimitRule[];
  /** Everything that it counts under the number of a message, whoever the visitor. @default `rules` */
  counters?(message: OutgoingMessage): readonly LimitRule[];
  /**
   * Counters of a range that hold the number for a day: `consent.forget` clears them, so that nothing of the person is left. A
   * guard that counts a range for minutes needs none.
   */
  personal?(message: OutgoingMessage): readonly LimitRule[];
  /** `ask`: a refusal for a limit can be lifted by `human`. @default 'refuse' */
  readonly action?: GuardAction;
  /** Whether `human` lifts the refusal of this rule. @default whether `action` is `ask` */
  asks?(rule: LimitRule): boolean;
}

/** The record of a check's refusal, for the error and the event. */
export function decisionOf(guard: Guard, message: OutgoingMessage, refusal: Refusal): GuardDecision {
  return {
    guard: guard.name,
    reason: refusal.reason,
    mode: guard.mode,
    ...maskedNumber(message.phone),
    explanation: refusal.message,
    ...(refusal.rule !== undefined && { rule: refusal.rule }),
    ...(refusal.detail !== undefined && { detail: refusal.detail }),
    ...(refusal.observed !== undefined && { observed: refusal.observed }),
    ...(refusal.limit !== undefined && { limit: refusal.limit }),
    ...(refusal.retryAfterMs !== undefined && { retryAfterMs: refusal.retryAfterMs }),
    ...(refusal.outage === true && { outage: true }),
    ...(refusal.action === 'ask' && { action: refusal.action }),
  };
}

/** Whether an error is a `GuardError`. For values that are known to be errors of this package. */
export function isGuardError(error: SmsError): error is GuardError {
  return error instanceof GuardError;
}

import { type GuardDecision, GuardError, type SmsError } from '../errors.ts';
import { maskNumber } from '../internal/redact.ts';
import type { LimitKey, LimitRule } from '../limits/limit-store.ts';
import type { Phone } from '../phone/normalise-phone.ts';
import type { TextMeasure } from '../text/measure-text.ts';
import type { Purpose } from '../types.ts';
import type { GuardName, GuardReasons } from './reasons.ts';

/** `enforce` refuses. `monitor` reports what it would have refused as a `guard-observed` event, and lets it pass. */
export type GuardMode = 'enforce' | 'monitor';

/** What the message says, for the guards that read it. */
export interface Content {
  readonly text: string;
  /** What the text is billed as, short links counted at their length. */
  readonly measure: TextMeasure;
  readonly encoding: 'AUTO' | 'GSM7' | 'UCS2';
  readonly source?: string | undefined;
  /** Epoch milliseconds. */
  readonly scheduledAt?: number | undefined;
  readonly expiresAt?: number | undefined;
  /** Names that may stand in `{{…}}`; absent for a plain SMS, where none may. */
  readonly placeholders?: readonly string[];
  /** Of a verification: the text with `{code}` and `{brand}` still in it. */
  readonly template?: string | undefined;
}

/**
 * Marks a message that this package sends by itself. Only the consent guard looks at it; a message of a caller cannot
 * carry one. Each is sent once: a second one with the same kind and key within `windowMs` is refused.
 *
 * - `opt-out-confirmation`: reaches a person whose latest choice is the opt-out that holds `key` as its token.
 * - `opt-in-request`: needs no opt-in, respects every opt-out, also one from marketing only.
 * - `opt-in-reply`, `help-reply`: held to the rules of every message.
 */
export interface Exemption {
  readonly kind: 'opt-out-confirmation' | 'opt-in-request' | 'opt-in-reply' | 'help-reply';
  readonly key: LimitKey;
  readonly windowMs: number;
}

/** A message on its way through the guards. */
export interface OutgoingMessage {
  /** Its place in the caller's input. */
  readonly index: number;
  readonly purpose: Purpose;
  readonly clientMessageId: string;
  readonly phone: Phone;
  readonly content?: Content | undefined;
  /** Of a verification: how 8x8 hands over the code that it makes. */
  readonly channel?: string | undefined;
  /** Of a code that is checked: the end user's address. */
  readonly clientIp?: string | undefined;
  readonly idempotency?: { readonly key: string; readonly fingerprint: string } | undefined;
  readonly exemption?: Exemption | undefined;
}

/** What a guard hands to hooks of the team. */
export interface GuardCall {
  /** Epoch milliseconds. */
  readonly now: number;
  readonly signal?: AbortSignal | undefined;
  readonly context: unknown;
}

/** A guard's no. */
export interface Refusal<Name extends GuardName = GuardName> {
  readonly reason: GuardReasons[Name];
  /** A sentence for a developer: what is wrong, and what to change. */
  readonly message: string;
  /** True when monitor mode must not let it pass: an opt-out is one. */
  readonly always?: boolean;
  readonly observed?: number;
  readonly limit?: number;
  /** True when a store or a hook failed, so that nobody said no. */
  readonly outage?: boolean;
}

/**
 * One safeguard. It has at least one of: `check` (looks at a message), `ask` (asks somebody else, all messages at
 * once), `rules` (what to count).
 */
export interface Guard<Name extends GuardName = GuardName> {
  readonly name: Name;
  readonly mode: GuardMode;
  check?(message: OutgoingMessage, now: number): Refusal<Name> | undefined;
  ask?(
    messages: readonly OutgoingMessage[],
    call: GuardCall,
  ): Promise<readonly (Refusal<Name> | undefined)[]>;
  rules?(message: OutgoingMessage): readonly LimitRule[];
}

/** The record of a check's refusal, for the error and the event. */
export function decisionOf(guard: Guard, message: OutgoingMessage, refusal: Refusal): GuardDecision {
  return {
    guard: guard.name,
    reason: refusal.reason,
    mode: guard.mode,
    destination: maskNumber(message.phone.e164),
    ...(refusal.observed !== undefined && { observed: refusal.observed }),
    ...(refusal.limit !== undefined && { limit: refusal.limit }),
    ...(refusal.outage === true && { outage: true }),
  };
}

/** `GuardError.isInstance` for a value known to be ours. */
export function isGuardError(error: SmsError): error is GuardError {
  return error instanceof GuardError;
}

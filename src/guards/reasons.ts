import type { PhoneFailureReason } from '../phone/phone-failure.ts';
import type { PhoneRefusalReason } from '../phone/policy.ts';

/**
 * Every reason of every guard. The compiler rejects a reason that is missing here, and the error classes derive their
 * unions from this list.
 */
export interface GuardReasons {
  readonly phone: PhoneFailureReason | PhoneRefusalReason;
  readonly content:
    | 'already-expired'
    | 'api-key-in-text'
    | 'bad-sender-id'
    | 'broken-text'
    | 'control-character'
    | 'no-code'
    | 'not-encodable'
    | 'schedule-in-past'
    | 'schedule-too-far'
    | 'sender-not-allowed'
    | 'too-many-parts'
    | 'unresolved-placeholder';
  readonly links:
    | 'address-link'
    | 'hidden-character'
    | 'link-not-allowed'
    | 'link-shortener'
    | 'look-alike-character'
    | 'look-alike-host'
    | 'malformed-link'
    | 'user-in-link';
  readonly countries: 'country-denied' | 'country-not-allowed';
  readonly quietHours: 'quiet-hours' | 'unknown-time-zone';
  readonly consent:
    | 'already-opted-in'
    | 'answered-recently'
    | 'requested-recently'
    | 'capacity'
    | 'expired'
    | 'no-record'
    | 'no-store'
    | 'not-a-boolean'
    | 'not-requested'
    | 'not-covered'
    | 'opted-out'
    | 'said-no'
    | 'stale'
    | 'threw'
    | 'timed-out'
    | 'unreadable';
  readonly recipient: 'capacity' | 'over-limit';
  readonly duplicate: 'capacity' | 'duplicate-text';
  readonly backoff: 'capacity' | 'too-soon';
  readonly prefix: 'capacity' | 'captcha-needed' | 'over-limit';
  readonly clientIp: 'capacity' | 'captcha-needed' | 'over-limit';
  readonly budget: 'capacity' | 'captcha-needed' | 'over-budget';
  readonly human:
    | 'capacity'
    | 'captcha-failed'
    | 'captcha-needed'
    | 'captcha-unavailable'
    | 'no-verifier'
    | 'token-used';
  readonly pumping: 'capacity' | 'captcha-needed' | 'other-channel-needed' | 'suspended';
  readonly undeliverable: 'blocked-number';
  readonly policy: 'captcha-needed' | 'refused' | 'threw' | 'timed-out' | 'unreadable';
  readonly custom:
    | 'capacity'
    | 'captcha-needed'
    | 'over-limit'
    | 'refused'
    | 'threw'
    | 'timed-out'
    | 'unreadable';
  readonly verificationAttempts: 'capacity' | 'over-limit';
  /** A client that `restrict` has narrowed. */
  readonly restriction:
    | 'capacity'
    | 'country-not-allowed'
    | 'field-not-allowed'
    | 'message-not-allowed'
    | 'operation-not-allowed'
    | 'option-not-allowed'
    | 'over-budget'
    | 'purpose-not-allowed'
    | 'sender-not-allowed'
    | 'subject-not-allowed';
  /** The option `allowedRecipients`. */
  readonly allowedRecipients: 'recipient-not-allowed';
  /** The records of `idempotencyKey`. */
  readonly idempotency: 'capacity';
  /** The sessions of `verifications`. 8x8 itself reports `resending-interval`. */
  readonly verification:
    | 'capacity'
    | 'resending-interval'
    | 'session-busy'
    | 'session-shared'
    | 'session-in-doubt'
    | 'session-mismatch'
    | 'session-unknown'
    | 'session-used';
}

/** `refuse`: a refusal is final until time has passed. `ask`: a visitor who proves that they are a person passes. */
export type GuardAction = 'ask' | 'refuse';

/**
 * The name of a guard in errors and events: the key of its options under `guards`, or `idempotency`, or
 * `verification`.
 */
export type GuardName = keyof GuardReasons;

/** Every reason a guard can give. `Record<GuardReason, string>` is exhaustive. */
export type GuardReason = GuardReasons[GuardName];

/** Every reason of an `InvalidPhoneNumberError`. */
export type InvalidPhoneNumberReason = GuardReasons['phone'];

/** Every reason of a `ConsentError`. */
export type ConsentReason = GuardReasons['consent'];

/** Every reason of a `RestrictionError`. */
export type RestrictionReason = GuardReasons['restriction'];

/** Every reason of a `LimitError`. */
export type LimitReason =
  | GuardReasons[
      | 'recipient'
      | 'duplicate'
      | 'backoff'
      | 'prefix'
      | 'clientIp'
      | 'budget'
      | 'verificationAttempts'
      | 'idempotency']
  | Extract<GuardReasons['verification'], 'capacity' | 'resending-interval' | 'session-busy'>;

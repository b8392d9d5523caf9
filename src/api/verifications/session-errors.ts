import { GuardError, LimitError } from '../../errors.ts';
import { maskedNumber } from '../../guards/event-fields.ts';
import type { GuardReasons } from '../../guards/reasons.ts';
import { describeDuration } from '../../internal/describe-duration.ts';
import { canonicalKey } from '../../phone/canonical-key.ts';
import type { Phone } from '../../phone/normalise-phone.ts';
import type { Binding } from './session-bindings.ts';
import type { Verification } from './verification.ts';

const REFUSALS = {
  'session-mismatch': 'This session was started for another number or subject.',
  'session-unknown': 'This client does not know the session, so its subject cannot be checked. Start again.',
  'session-used': 'A code of this session was already accepted, and a session counts once. Start again.',
  'session-shared':
    'Another visitor was given this session too, so its status VERIFIED proves nothing about this one. Start again with a channel that sends a code, and check the code.',
  'session-in-doubt':
    'Too many responses from 8x8 about this session were lost, so none of its codes can be trusted. Start again.',
} as const;

const WAITS = {
  'session-busy': 'Another code of this session is being checked, or a response about one was just lost.',
  capacity: 'The limit store has no room to remember that the session was used. Give it more room.',
} as const;

const REFUSED = 'The code was not accepted, and nothing was sent.';
/** Ends the sentence "The limit store failed, so …". */
export const UNCHECKED = 'the code was not checked, and nothing was sent. Check it again.';

function decisionOf(reason: GuardReasons['verification'], phone: Phone, explanation: string) {
  return {
    guard: 'verification',
    reason,
    mode: 'enforce',
    ...maskedNumber(phone),
    explanation,
  } as const;
}

export function sessionError(reason: keyof typeof REFUSALS, phone: Phone): GuardError {
  const decision = decisionOf(reason, phone, REFUSALS[reason]);
  return new GuardError({ message: `${REFUSALS[reason]} ${REFUSED}`, decision });
}

/** The refusal of a check that may be repeated with the same code, after `retryAfterMs` if that is known. */
export function waitError(reason: keyof typeof WAITS, phone: Phone, retryAfterMs?: number): LimitError {
  const decision = decisionOf(reason, phone, WAITS[reason]);
  if (retryAfterMs === undefined) return new LimitError({ message: `${WAITS[reason]} ${REFUSED}`, decision });
  return new LimitError({
    message: `${WAITS[reason]} Try again in ${describeDuration(retryAfterMs)}. ${REFUSED}`,
    decision: { ...decision, retryAfterMs },
  });
}

/**
 * Throws when the session was started for another number or subject, or when a subject was given and the session is
 * unknown.
 */
export function refuseOthers({ owner }: Binding, phone: Phone, subject: string | undefined): void {
  if (owner === 'other') throw sessionError('session-mismatch', phone);
  if (owner === 'unknown' && subject !== undefined) throw sessionError('session-unknown', phone);
}

/** Compares the number with the one that 8x8 reports, for a session that this client does not know. */
export function refuseOtherNumber(verification: Verification, phone: Phone): void {
  const key = canonicalKey(verification.destination.replace(/\D/g, ''));
  if (key !== phone.key) throw sessionError('session-mismatch', phone);
}

/** Throws when a session that 8x8 verified was given to two visitors: either of them may have been the one. */
export function refuseShared({ status }: Verification, { isShared }: Binding, phone: Phone): void {
  if (status === 'VERIFIED' && isShared) throw sessionError('session-shared', phone);
}

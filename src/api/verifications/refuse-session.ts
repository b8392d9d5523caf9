import { GuardError } from '../../errors.ts';
import { canonicalKey } from '../../phone/canonical-key.ts';
import type { Phone } from '../../phone/normalise-phone.ts';
import { maskNumber } from '../../redact.ts';
import type { Binding } from './session-bindings.ts';
import type { Verification } from './verification.ts';

const REASONS = {
  'session-mismatch': 'This session was started for another number or subject.',
  'session-unknown': 'This session is not known here, so its subject cannot be checked. Start again.',
  'session-used': 'A code of this session was right before, and counts once. Start again.',
} as const;

export function sessionError(reason: keyof typeof REASONS, phone: Phone): GuardError {
  return new GuardError({
    message: `${REASONS[reason]} The code was not accepted, and nothing was sent.`,
    decision: { guard: 'verification', reason, mode: 'enforce', destination: maskNumber(phone.e164) },
  });
}

/** Throws when the session was started for others, or when nobody here can tell and a subject was given. */
export function refuseOthers({ owner }: Binding, phone: Phone, subject: string | undefined): void {
  if (owner === 'other') throw sessionError('session-mismatch', phone);
  if (owner === 'unknown' && subject !== undefined) throw sessionError('session-unknown', phone);
}

/** Of a session that is not known here 8x8 says for whom it is. */
export function refuseOtherNumber(verification: Verification, phone: Phone): void {
  const key = canonicalKey(verification.destination.replace(/\D/g, ''));
  if (key !== phone.key) throw sessionError('session-mismatch', phone);
}

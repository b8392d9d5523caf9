import { describeDuration } from '../internal/describe-duration.ts';
import { connectionOf } from '../internal/ip-address.ts';
import type { LimitKey, LimitRule, RuleCondition, WindowRule } from '../limits/limit-store.ts';
import { FALSE_OR_OPTIONS, type Fields, falseOr, object, oneOf, switchOn } from '../schema.ts';
import type { Guard, GuardMode, OutgoingMessage } from './guard.ts';
import { IF_KNOWN, IF_STRANGER } from './known-visitor.ts';
import { type LimitWindow, numberWindows, windowField, windowsField } from './recipient.ts';

/**
 * Limits the codes that may be tried with `verifications.check` before one is right. 8x8 ends a session after 5 wrong
 * codes; this guard also stops a caller who starts session after session, or tries stolen lists over many numbers. Only
 * `perSession` and `perSubject` count for a visitor whose `subject` succeeded with the number within 90 days, so that
 * strangers cannot lock the owner of a number out.
 *
 * @example verificationAttempts: { perNumber: { limit: 10, windowMs: 3_600_000 }, perClientIp: false }
 */
export interface VerificationAttemptsGuardOptions {
  /** `enforce` refuses; `monitor` only reports what it would have refused. @default 'enforce' */
  readonly mode?: GuardMode | undefined;
  /**
   * Codes tried in one session; `false` counts none. Visitors who are not known try no more than 3 in a session that was
   * also started by a known one: 8x8 gives both the same session, and ends it after 5. Tries made before that are lost.
   * @default { limit: 30, windowMs: 3_600_000 }, chosen by this package against endless tries of a session that 8x8 ended after 5
   */
  readonly perSession?: false | LimitWindow | undefined;
  /**
   * Codes tried for one number in sessions of visitors who are not known; `false` counts none. A session that neither this
   * package nor 8x8 knows for the number counts nothing, and neither does a one-time password of this package with six digits
   * or more: only the visitor to whom it was issued can try it, five times.
   * @default [{ limit: 20, windowMs: 3_600_000 }, { limit: 60, windowMs: 86_400_000 }], four sessions per hour; chosen by this package
   */
  readonly perNumber?: false | LimitWindow | readonly LimitWindow[] | undefined;
  /**
   * Codes tried by one `subject`, for any number; `false` counts none.
   * @default { limit: 20, windowMs: 3_600_000 }, four sessions per hour; chosen by this package
   */
  readonly perSubject?: false | LimitWindow | undefined;
  /**
   * Codes tried from one `clientIp` by visitors who are not known; `false` counts none. IPv6 addresses count per /64, the block that
   * one connection gets.
   * @default { limit: 100, windowMs: 3_600_000 }, chosen by this package, with room for an office behind one address. Twilio Verify
   * allows 180 checks per hour (https://twilio.com/docs/verify/api/rate-limits-and-timeouts)
   */
  readonly perClientIp?: false | LimitWindow | undefined;
  /**
   * All checks together of session IDs that this package has no record of, before 8x8 is asked; `false` counts none. A session that
   * 8x8 knows for the number is given back.
   * @default { limit: 1_000, windowMs: 3_600_000 }, chosen by this package
   */
  readonly unknownSessions?: false | LimitWindow | undefined;
}

const limitField = falseOr(windowField);
const fields: Fields<VerificationAttemptsGuardOptions> = {
  mode: oneOf(['enforce', 'monitor']),
  perSession: limitField,
  perNumber: switchOn(Array.isArray, windowsField, limitField),
  perSubject: limitField,
  perClientIp: limitField,
  unknownSessions: limitField,
};
export const verificationAttemptsField = falseOr(object(fields, FALSE_OR_OPTIONS));

const HOUR_MS = 3_600_000;
const DEFAULT_PER_SESSION: LimitWindow = { limit: 30, windowMs: HOUR_MS };
const DEFAULT_PER_NUMBER: readonly LimitWindow[] = [
  { limit: 20, windowMs: HOUR_MS },
  { limit: 60, windowMs: 24 * HOUR_MS },
];
const DEFAULT_PER_SUBJECT: LimitWindow = { limit: 20, windowMs: HOUR_MS };
const DEFAULT_PER_CLIENT_IP: LimitWindow = { limit: 100, windowMs: HOUR_MS };
const DEFAULT_UNKNOWN_SESSIONS: LimitWindow = { limit: 1_000, windowMs: HOUR_MS };
/** Tries of strangers, out of 8x8's five, in a session that is also a known visitor's. */
const STRANGERS_IN_SHARED_SESSION = 3;

type Count = 'session' | 'number' | 'subject' | 'ip' | 'unknown';

/** Limits the codes that are tried in a session, for a number, and by a visitor. Does not look at messages. */
export function createVerificationAttemptsGuard({
  mode = 'enforce',
  perSession = DEFAULT_PER_SESSION,
  perNumber = DEFAULT_PER_NUMBER,
  perSubject = DEFAULT_PER_SUBJECT,
  perClientIp = DEFAULT_PER_CLIENT_IP,
  unknownSessions = DEFAULT_UNKNOWN_SESSIONS,
}: VerificationAttemptsGuardOptions): Guard<'verificationAttempts'> {
  // Copies the objects, so that later changes by the caller have no effect.
  const windows: Readonly<Record<Count, ReturnType<typeof numberWindows>>> = {
    session: listOf(perSession),
    number: listOf(perNumber),
    subject: listOf(perSubject),
    ip: listOf(perClientIp),
    unknown: listOf(unknownSessions),
  };

  function rulesOf(what: Count, key: LimitKey | undefined, when?: RuleCondition): readonly WindowRule[] {
    if (key === undefined) return [];
    return windows[what].map(({ suffix, limit, windowMs }): WindowRule => {
      const id = `verification-attempts:${what}${suffix}`;
      return { kind: 'window', id, guard: 'verificationAttempts', key, mode, limit, windowMs, when };
    });
  }

  /** In a session that is also a known visitor's, strangers may not use up the tries. */
  function ofSession({ session, subject }: OutgoingMessage): readonly LimitRule[] {
    const rules = rulesOf('session', session?.key);
    if (session?.standing !== 'shared') return rules;
    const ifStranger = subject === undefined ? undefined : IF_STRANGER;
    const forStrangers = rules.map((rule) => {
      const limit = Math.min(rule.limit, STRANGERS_IN_SHARED_SESSION);
      return { ...rule, limit, when: ifStranger };
    });
    if (subject === undefined) return forStrangers;
    return [...rules.map((rule) => ({ ...rule, when: IF_KNOWN })), ...forStrangers];
  }

  return {
    name: 'verificationAttempts',
    mode,
    rules(message) {
      const { purpose, phone, subject, clientIp, session } = message;
      if (purpose !== 'otp') return [];
      const ifStranger = subject === undefined ? undefined : IF_STRANGER;
      const ofAddress = rulesOf(
        'ip',
        clientIp === undefined ? undefined : connectionOf(clientIp),
        ifStranger,
      );
      if (session?.standing === 'unknown') return [...rulesOf('unknown', 'all'), ...ofAddress];
      return [
        ...ofSession(message),
        ...(session?.standing === 'sole' ? [] : rulesOf('number', phone.key, ifStranger)),
        ...rulesOf('subject', subject),
        ...ofAddress,
      ];
    },
  };
}

function listOf(given: false | LimitWindow | readonly LimitWindow[]): ReturnType<typeof numberWindows> {
  if (given === false) return [];
  return numberWindows(Array.isArray(given) ? given : [given]);
}

const WHOSE: Readonly<Record<Count, string>> = {
  session: 'in this session',
  number: 'for this number',
  subject: 'by this subject',
  ip: 'from this address',
  unknown: 'in sessions that are not known here',
};

export function describeVerificationAttemptsRule(rule: LimitRule, observed: number): string | undefined {
  if (rule.kind !== 'window') return undefined;
  const [, what = ''] = rule.id.split(':');
  return `${observed} of ${rule.limit} codes allowed in ${describeDuration(rule.windowMs)} were tried ${WHOSE[what as Count]} without success.`;
}

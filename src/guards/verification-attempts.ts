import { describeDuration } from '../internal/describe-duration.ts';
import { connectionOf } from '../internal/ip-address.ts';
import type { LimitRule, WindowRule } from '../limits/limit-store.ts';
import { FALSE_OR_OPTIONS, type Fields, falseOr, object, oneOf } from '../schema.ts';
import type { Guard, GuardMode } from './guard.ts';
import { type LimitWindow, windowField } from './recipient.ts';

/**
 * Limits the codes that may be tried with `verifications.check` before one is right. 8x8 ends a session after 5 wrong
 * codes; this guard also stops a caller who starts session after session, or tries stolen lists over many numbers.
 *
 * @example verificationAttempts: { perNumber: { limit: 10, windowMs: 3_600_000 }, perClientIp: false }
 */
export interface VerificationAttemptsGuardOptions {
  /** `enforce` refuses; `monitor` only reports what it would have refused. @default 'enforce' */
  readonly mode?: GuardMode | undefined;
  /**
   * Codes tried for one number; `false` counts none.
   * @default { limit: 20, windowMs: 3_600_000 }, four sessions per hour; this package's own choice
   */
  readonly perNumber?: false | LimitWindow | undefined;
  /**
   * Counts only calls with `clientIp`. IPv6 addresses count per /64, which is what one connection gets.
   * @default { limit: 100, windowMs: 3_600_000 }; chosen by this package, with room for an office behind one address.
   * Twilio Verify allows 180 checks an hour (https://twilio.com/docs/verify/api/rate-limits-and-timeouts)
   */
  readonly perClientIp?: false | LimitWindow | undefined;
}

const fields: Fields<VerificationAttemptsGuardOptions> = {
  mode: oneOf(['enforce', 'monitor']),
  perNumber: falseOr(windowField),
  perClientIp: falseOr(windowField),
};
export const verificationAttemptsField = falseOr(object(fields, FALSE_OR_OPTIONS));

const HOUR_MS = 3_600_000;
const DEFAULT_PER_NUMBER: LimitWindow = { limit: 20, windowMs: HOUR_MS };
const DEFAULT_PER_CLIENT_IP: LimitWindow = { limit: 100, windowMs: HOUR_MS };

/** Limits the codes that are tried for a number and from a client address. Does not look at messages. */
export function createVerificationAttemptsGuard({
  mode = 'enforce',
  perNumber = DEFAULT_PER_NUMBER,
  perClientIp = DEFAULT_PER_CLIENT_IP,
}: VerificationAttemptsGuardOptions): Guard<'verificationAttempts'> {
  // Copies the objects, so that later changes by the caller have no effect.
  const numberWindow = perNumber && { ...perNumber };
  const ipWindow = perClientIp && { ...perClientIp };

  function ruleOf(what: 'number' | 'ip', key: number | string, window: LimitWindow): WindowRule {
    const id = `verification-attempts:${what}:${window.windowMs}`;
    return { kind: 'window', id, guard: 'verificationAttempts', key, mode, ...window };
  }

  return {
    name: 'verificationAttempts',
    mode,
    rules({ purpose, phone, clientIp }) {
      if (purpose !== 'otp') return [];
      const rules: LimitRule[] = [];
      if (numberWindow) rules.push(ruleOf('number', phone.key, numberWindow));
      if (ipWindow && clientIp !== undefined) rules.push(ruleOf('ip', connectionOf(clientIp), ipWindow));
      return rules;
    },
  };
}

export function describeVerificationAttemptsRule(rule: LimitRule, observed: number): string | undefined {
  if (rule.kind !== 'window') return undefined;
  const whose = rule.id.startsWith('verification-attempts:ip') ? 'from this address' : 'for this number';
  return `${observed} of ${rule.limit} codes allowed in ${describeDuration(rule.windowMs)} were tried ${whose} without success.`;
}

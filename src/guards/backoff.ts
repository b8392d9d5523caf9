import { connectionOf } from '../internal/ip-address.ts';
import type {
  BackoffRule,
  LimitRule,
  RuleCondition,
  VisitorBackoffRule,
  WindowRule,
} from '../limits/limit-store.ts';
import { FALSE_OR_OPTIONS, type Fields, falseOr, integer, object, oneOf, refine } from '../schema.ts';
import type { Guard, GuardMode, OutgoingMessage } from './guard.ts';
import { IF_STRANGER, knownRule } from './known-visitor.ts';

/**
 * The wait before the next one-time password to a number. The first one does not wait. The wait then starts at
 * `baseMs` and doubles with every request that is not followed by success, up to `maxMs`. The guard never blocks a
 * number permanently, and a refused request never lengthens the wait.
 *
 * - A visitor whose `subject` succeeded with this number within 90 days has a wait of their own, which nobody else moves.
 * - All other visitors share the wait of the number. If a message names its visitor (`subject` or `clientIp`), each of
 *   them also has a wait of their own, and the shared one stops at 5 minutes for the first 30 of their codes in 24 hours.
 * - A message without `subject` and `clientIp` has only the wait of the number: a stranger who requests codes for somebody else's
 *   number can raise it to `maxMs`.
 *
 * Success is reported with `messages.feedback(umid, { outcome: 'success', destination, subject })`.
 *
 * @example backoff: { baseMs: 60_000 } // 0, 1 min, 2 min, 4 min … 1 h
 */
export interface BackoffGuardOptions {
  /** `enforce` refuses; `monitor` only reports what it would have refused. @default 'enforce' */
  readonly mode?: GuardMode | undefined;
  /** First wait in milliseconds. @default 30_000 (Twilio's advice for SMS one-time passwords) */
  readonly baseMs?: number | undefined;
  /** Longest wait in milliseconds. @default 3_600_000, one hour */
  readonly maxMs?: number | undefined;
  /** Milliseconds without a request after which one step is forgotten. @default 3_600_000, one hour */
  readonly forgetMs?: number | undefined;
}

const day = 24 * 60 * 60 * 1000;
const fields: Fields<BackoffGuardOptions> = {
  mode: oneOf(['enforce', 'monitor']),
  baseMs: integer({ min: 1_000, max: day, unit: 'milliseconds' }),
  maxMs: integer({ min: 1_000, max: day, unit: 'milliseconds' }),
  forgetMs: integer({ min: 1_000, max: 31 * day, unit: 'milliseconds' }),
};
const DEFAULT_BASE_MS = 30_000;
const DEFAULT_MAX_MS = 3_600_000;
export const backoffField = falseOr(
  refine<BackoffGuardOptions>(
    object(fields, FALSE_OR_OPTIONS),
    ({ baseMs = DEFAULT_BASE_MS, maxMs = DEFAULT_MAX_MS }) => maxMs >= baseMs,
    `must have a maxMs of at least baseMs (${DEFAULT_BASE_MS} when it is not given).`,
  ),
);

/** Codes to strangers in 24 hours after which the wait of a number grows beyond `STRANGERS_MAX_MS`; chosen by this package. */
const STRANGERS_LIMIT = 30;
/** Longest wait of a number before that: an honest newcomer under attack waits minutes, not an hour. */
const STRANGERS_MAX_MS = 5 * 60_000;

const STRANGERS_RULE_ID = 'backoff:strangers';
const IF_FEW_STRANGERS: RuleCondition = { rule: STRANGERS_RULE_ID, found: false };
const IF_MANY_STRANGERS: RuleCondition = { rule: STRANGERS_RULE_ID, found: true };

/** Delays repeated one-time passwords to one number. */
export function createBackoffGuard(
  options: BackoffGuardOptions,
): Guard<'backoff'> & Required<Pick<Guard, 'rules' | 'counters'>> {
  const { mode = 'enforce', baseMs = DEFAULT_BASE_MS, maxMs = DEFAULT_MAX_MS } = options;
  const { forgetMs = 3_600_000 } = options;
  const guard = 'backoff';

  function ofNumber({ phone }: OutgoingMessage, most = maxMs, when?: RuleCondition): BackoffRule {
    const { key } = phone;
    return { kind: 'backoff', id: 'backoff:otp', key, guard, mode, baseMs, maxMs: most, forgetMs, when };
  }

  function ofVisitor(
    id: 'backoff:subject' | 'backoff:address',
    { phone }: OutgoingMessage,
    member: string | undefined,
    when?: RuleCondition,
  ): VisitorBackoffRule {
    const { key } = phone;
    return { kind: 'visitor-backoff', id, key, member, guard, mode, baseMs, maxMs, forgetMs, when };
  }

  /** Codes to strangers who were told apart. */
  function ofStrangers({ phone }: OutgoingMessage, when?: RuleCondition): WindowRule {
    const { key } = phone;
    const id = STRANGERS_RULE_ID;
    return { kind: 'window', id, guard, key, mode: 'note', limit: STRANGERS_LIMIT, windowMs: day, when };
  }

  return {
    name: 'backoff',
    mode,
    rules(message) {
      const { purpose, subject, clientIp } = message;
      if (purpose !== 'otp') return [];
      if (subject === undefined && clientIp === undefined) return [ofNumber(message)];
      // An address alone is a stranger's, so there is nothing to ask.
      const ifStranger = subject === undefined ? undefined : IF_STRANGER;
      const strangers = ofStrangers(message, ifStranger);
      const rules: LimitRule[] = [
        strangers,
        ofNumber(message, Math.max(baseMs, Math.min(maxMs, STRANGERS_MAX_MS)), IF_FEW_STRANGERS),
        ofNumber(message, maxMs, IF_MANY_STRANGERS),
      ];
      if (subject !== undefined) rules.push(ofVisitor('backoff:subject', message, subject));
      if (clientIp !== undefined) {
        rules.push(ofVisitor('backoff:address', message, connectionOf(clientIp), ifStranger));
      }
      return rules;
    },
    counters: (message) =>
      message.purpose === 'otp'
        ? [
            ofNumber(message),
            ofStrangers(message),
            ofVisitor('backoff:subject', message, undefined),
            ofVisitor('backoff:address', message, undefined),
            knownRule({ phone: message.phone }),
          ]
        : [],
  };
}

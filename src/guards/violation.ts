import type { GuardDecision } from '../errors.ts';
import { describeDuration } from '../internal/describe-duration.ts';
import type { LimitRule, RuleViolation } from '../limits/limit-store.ts';
import { maskedNumber } from './event-fields.ts';
import type { Guard, OutgoingMessage } from './guard.ts';
import type { GuardAction, GuardName, GuardReason } from './reasons.ts';
import { describeGuardRule } from './registry.ts';

function describeRule(rule: LimitRule, observed: number): string {
  switch (rule.kind) {
    case 'window':
      return `This number already got ${observed} of ${rule.limit} messages allowed in ${describeDuration(rule.windowMs)}.`;
    case 'slot':
      return `This number already has ${observed} of ${rule.limit} scheduled messages allowed around that time (${describeDuration(rule.windowMs)}).`;
    case 'backoff':
    case 'visitor-backoff':
      return observed === 1
        ? 'A one-time password was sent to this number and has not been confirmed yet.'
        : `${observed} one-time passwords were sent to this number and none has been confirmed yet.`;
    case 'distinct':
      return `${observed} different numbers of this range were texted in ${describeDuration(rule.windowMs)}, but ${rule.limit} are allowed.`;
    case 'once':
      return 'The idempotency records are full.';
    case 'known':
      return 'This visitor is known.';
    case 'doubt':
      return 'Too many codes to strangers were not entered.';
    case 'block':
      return 'The network reported that this number does not exist. If it does, lift the block with guards.release.';
  }
}

const ASK =
  'Ask the visitor to prove that they are a person, for example with a captcha, and send the message again with human: { passed: true }.';

const OTHER_CHANNEL =
  'Strangers who pass the captcha do not enter their codes either: send the code over another channel, such as WhatsApp.';

/** The advice of a refusal that waiting is no answer to. */
export function adviceOf(reason: string, action: GuardAction | undefined): string | undefined {
  if (reason === 'other-channel-needed') return OTHER_CHANNEL;
  return action === 'ask' ? ASK : undefined;
}

/** The count in one sentence, for decisions. */
function explainViolation({ rule, reason, observed, doubt }: RuleViolation): string {
  if (reason !== 'capacity') return describeGuardRule(rule, observed, doubt) ?? describeRule(rule, observed);
  return `The limit store is full: every entry for "${rule.id}" still counts. Give it more room.`;
}

/** A sentence for a developer about a limit that refused: the count, and how the message gets through. */
export function describeViolation(violation: RuleViolation, action?: GuardAction): string {
  const { reason, retryAfterMs } = violation;
  const what = explainViolation(violation);
  const asked = adviceOf(reason, action) === undefined ? what : `${what} ${adviceOf(reason, action)}`;
  if (retryAfterMs === undefined) return asked;
  const wait = describeDuration(Math.ceil(retryAfterMs));
  return asked !== what ? `${asked} Without that, try again in ${wait}.` : `${asked} Try again in ${wait}.`;
}

/** A message that may be sent once has its own reason, because `done` would tell the caller nothing. */
function reasonOf({ rule, reason }: RuleViolation, action?: GuardAction): GuardReason {
  if (rule.id === 'human:token' && reason === 'over-limit') return 'token-used';
  if (action === 'ask' && reason === 'over-limit') return 'captcha-needed';
  if ((rule.guard === 'budget' || rule.guard === 'restriction') && reason === 'over-limit')
    return 'over-budget';
  if (rule.guard === 'duplicate' && reason === 'over-limit') return 'duplicate-text';
  // The outcome of a `once` rule is handled before a decision is built from it.
  if (rule.kind !== 'once' || reason === 'capacity') return reason as GuardReason;
  return rule.id === 'opt-in-request' ? 'requested-recently' : 'answered-recently';
}

/**
 * The record of a limit's refusal. `retryAfterMs` is the largest of all refusing rules, and absent when waiting does
 * not help with one of them.
 */
export function decisionOfViolation(
  violation: RuleViolation,
  { phone }: OutgoingMessage,
  all: readonly RuleViolation[] = [],
  action?: GuardAction,
): GuardDecision {
  const { rule, observed, doubt } = violation;
  const waits = all.map(({ retryAfterMs }) => retryAfterMs ?? Number.POSITIVE_INFINITY);
  const retryAfterMs = Math.max(...waits);
  return {
    // The guard set this name on its rule; the store returns the rule unchanged.
    guard: rule.guard as GuardName,
    reason: reasonOf(violation, action),
    mode: rule.mode === 'monitor' ? 'monitor' : 'enforce',
    ...maskedNumber(phone),
    explanation: explainViolation(violation),
    rule: rule.id,
    observed,
    ...('limit' in rule && { limit: rule.limit }),
    ...(doubt && { limit: doubt.limit }),
    ...('windowMs' in rule && { windowMs: rule.windowMs }),
    ...(Number.isFinite(retryAfterMs) && { retryAfterMs: Math.ceil(retryAfterMs) }),
    // A visitor who passed the test is not asked for it again.
    ...(action === 'ask' && violation.reason !== 'other-channel-needed' && { action }),
  };
}

/**
 * The refusals that decide. Those that ask for more count only when nothing else refuses: what the visitor does about
 * them would be in vain.
 */
export function decisiveRefusals(
  refusals: readonly RuleViolation[],
  guards: readonly Guard[],
): { readonly refusals: readonly RuleViolation[]; readonly action: GuardAction } {
  const asks = ({ rule }: RuleViolation) =>
    guards.some((guard) => guard.name === rule.guard && (guard.asks?.(rule) ?? guard.action === 'ask'));
  const final = refusals.filter((refusal) => !asks(refusal));
  return final.length > 0 ? { refusals: final, action: 'refuse' } : { refusals, action: 'ask' };
}

/** The refusal that lasts longest; one that time does not lift lasts for ever. */
export function longestWait(refusals: readonly RuleViolation[]): RuleViolation {
  return refusals.reduce((longest, violation) =>
    (violation.retryAfterMs ?? Number.POSITIVE_INFINITY) > (longest.retryAfterMs ?? Number.POSITIVE_INFINITY)
      ? violation
      : longest,
  );
}

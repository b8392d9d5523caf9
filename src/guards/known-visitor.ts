import type { KnownRule, LimitRule, RuleCondition } from '../limits/limit-store.ts';
import type { OutgoingMessage } from './guard.ts';

/** How long a success is remembered: 90 days from the last one. */
const KNOWN_MS = 90 * 24 * 60 * 60 * 1000;
const KNOWN_RULE_ID = 'known-subjects';

/** Conditions of the rules for visitors who never succeeded with this number, and for those who did. */
export const IF_STRANGER: RuleCondition = { rule: KNOWN_RULE_ID, found: false };
export const IF_KNOWN: RuleCondition = { rule: KNOWN_RULE_ID, found: true };

/**
 * The subjects who succeeded with a number. An address never makes a visitor known: strangers share it with the owner.
 *
 * @param subject all of them when it is absent
 */
export function knownRule({ phone, subject }: Pick<OutgoingMessage, 'phone' | 'subject'>): KnownRule {
  return {
    kind: 'known',
    id: KNOWN_RULE_ID,
    guard: 'backoff',
    key: phone.key,
    member: subject,
    mode: 'note',
    windowMs: KNOWN_MS,
  };
}

/** The rules of a message, and before them the question on which some of them depend. */
export function withKnownVisitor(
  rules: readonly LimitRule[],
  message: OutgoingMessage,
): readonly LimitRule[] {
  return rules.some(({ when }) => when?.rule === KNOWN_RULE_ID) ? [knownRule(message), ...rules] : rules;
}

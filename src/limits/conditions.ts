import type { LimitRule, RuleViolation } from './limit-store.ts';

/** Whether a take under this rule writes anything: reading a block, or whether a member is known, does not. */
export function isWritten(rule: LimitRule): boolean {
  return (rule.kind !== 'block' && rule.kind !== 'known') || rule.activate === true;
}

/** Whether a rule applies, given what the rules before it found and which of them did not apply. */
export function isMet(
  { when }: LimitRule,
  rules: readonly LimitRule[],
  noted: readonly RuleViolation[],
  unmet: readonly LimitRule[],
): boolean {
  if (when === undefined) return true;
  for (const noting of rules) {
    if (noting.id !== when.rule || noting.mode !== 'note') continue;
    return !unmet.includes(noting) && isNoted(when.rule, noted) === when.found;
  }
  return false;
}

function isNoted(id: string, noted: readonly RuleViolation[]): boolean {
  for (const { rule } of noted) if (rule.id === id) return true;
  return false;
}

const NONE: readonly LimitRule[] = Object.freeze([]);

/** The rules of a request that did not apply. */
export function unmetRules(
  rules: readonly LimitRule[],
  noted: readonly RuleViolation[] = [],
): readonly LimitRule[] {
  let unmet = NONE;
  for (const rule of rules) if (!isMet(rule, rules, noted, unmet)) unmet = [...unmet, rule];
  return unmet;
}

/** The rules of a request that applied, free of their conditions. */
export function metRules(
  rules: readonly LimitRule[],
  noted: readonly RuleViolation[] | undefined,
): readonly LimitRule[] {
  if (rules.every(({ when }) => when === undefined)) return rules;
  const unmet = unmetRules(rules, noted);
  return rules
    .filter((rule) => !unmet.includes(rule))
    .map((rule) => (rule.when === undefined ? rule : { ...rule, when: undefined }));
}

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
  const noting = rules.find(({ id, mode }) => id === when.rule && mode === 'note');
  if (noting === undefined || unmet.includes(noting)) return false;
  return noted.some(({ rule }) => rule.id === when.rule) === when.found;
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

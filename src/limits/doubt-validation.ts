import { MOST_DIGITS } from './doubt/parameters.ts';
import { type DoubtOutcome, type DoubtTarget, MAX_TRUSTED_MS } from './doubt-store.ts';
import type { LimitRule } from './limit-store.ts';
import { checkId, checkRule, checkStringKey, wrong } from './rule-validation.ts';

const OUTCOMES: readonly DoubtOutcome['outcome'][] = ['entered', 'other-way', 'fraud'];

/** @throws ValidationError names the field */
export function checkOutcomes(scope: string, outcomes: readonly DoubtOutcome[]): void {
  checkId(scope, 'scope', '');
  outcomes.forEach(({ rule, outcome }, at) => {
    checkDoubtRule(rule, `outcomes[${at}].rule`);
    if (!OUTCOMES.includes(outcome)) wrong(`outcomes[${at}].outcome`, "'entered', 'other-way' or 'fraud'");
  });
}

/** @throws ValidationError names the field */
export function checkDoubtRules(scope: string, rules: readonly LimitRule[]): void {
  checkId(scope, 'scope', '');
  rules.forEach((rule, at) => {
    checkDoubtRule(rule, `rules[${at}]`);
  });
}

/** @throws ValidationError names the field */
export function checkDesk(scope: string, id: string, target?: DoubtTarget, forMs = 0): void {
  checkId(scope, 'scope', '');
  checkId(id, 'id', '');
  if (target !== undefined) checkTarget(target);
  if (!(forMs >= 0 && forMs <= MAX_TRUSTED_MS))
    wrong('forMs', `a number of milliseconds up to ${MAX_TRUSTED_MS}`);
}

function checkDoubtRule(rule: LimitRule, path: string): void {
  if (rule.kind !== 'doubt') wrong(`${path}.kind`, "'doubt'");
  checkRule(rule, path);
}

function checkTarget(target: DoubtTarget): void {
  if ('country' in target) checkStringKey(target.country, 'country');
  else if ('address' in target) checkStringKey(target.address, 'address');
  else if ('prefix' in target) {
    if (!/^\d{1,15}$/.test(target.prefix)) wrong('prefix', `1 to ${MOST_DIGITS} digits`);
  } else if ('number' in target && !Number.isSafeInteger(target.number)) wrong('number', 'an integer');
}

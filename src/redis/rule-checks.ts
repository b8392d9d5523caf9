import { createCache } from '../cache.ts';
import type { LimitRule, TakeRequest } from '../limits/limit-store.ts';
import { checkId, checkNotRepeated, checkRule, checkShape } from '../limits/rule-validation.ts';

/** Refuses what is malformed, before anything is asked. */
export interface RuleChecks {
  /** @throws ValidationError naming the field. */
  checkRequests(scope: string, requests: readonly TakeRequest[]): void;
  /** @throws ValidationError naming the field. */
  checkRules(scope: string, rules: readonly LimitRule[]): void;
}

/** Ids whose shape is remembered: a team has dozens. One that is forgotten is learned again. */
const MAX_SHAPES = 10_000;

export function createRuleChecks(): RuleChecks {
  const shapes = createCache<string, LimitRule>(MAX_SHAPES);

  function checkOne(scope: string, rule: LimitRule, path: { toString(): string }): void {
    checkRule(rule, path);
    const key = `${scope.length} ${scope}${rule.id}`;
    const shape = shapes.get(key);
    if (shape === undefined) shapes.set(key, rule);
    else checkShape(rule, shape, path);
  }

  return {
    checkRequests(scope, requests) {
      checkId(scope, 'scope', '');
      const path = new RequestPath();
      for (const { reservation, rules } of requests) {
        path.rule = -1;
        checkId(reservation, path, '.reservation');
        for (path.rule = 0; path.rule < rules.length; path.rule += 1) {
          checkOne(scope, rules[path.rule] as LimitRule, path);
          checkNotRepeated(rules, path.rule, path);
        }
        path.request += 1;
      }
    },
    checkRules(scope, rules) {
      checkId(scope, 'scope', '');
      rules.forEach((rule, at) => {
        checkOne(scope, rule, `rules[${at}]`);
      });
    },
  };
}

/** Where a rule stands. Put together only for a message: every rule of every send is checked. */
class RequestPath {
  request = 0;
  rule = -1;

  toString(): string {
    const request = `requests[${this.request}]`;
    return this.rule < 0 ? request : `${request}.rules[${this.rule}]`;
  }
}

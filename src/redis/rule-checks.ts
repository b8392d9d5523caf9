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

/** Scopes whose rules are remembered, and rules of one: a team has dozens. One that is forgotten is learned again. */
const MAX_SCOPES = 100;
const MAX_SHAPES = 1000;

export function createRuleChecks(): RuleChecks {
  const scopes = createCache<string, Map<string, LimitRule>>(MAX_SCOPES);

  /** The first rule of every id, whose shape the others must have. Looked up once a call, not once a rule. */
  function shapesOf(scope: string): Map<string, LimitRule> {
    let shapes = scopes.get(scope);
    if (shapes === undefined) {
      shapes = new Map();
      scopes.set(scope, shapes);
    }
    return shapes;
  }

  function checkOne(shapes: Map<string, LimitRule>, rule: LimitRule, path: { toString(): string }): void {
    checkRule(rule, path);
    const shape = shapes.get(rule.id);
    if (shape !== undefined) {
      checkShape(rule, shape, path);
      return;
    }
    if (shapes.size >= MAX_SHAPES) shapes.clear();
    shapes.set(rule.id, rule);
  }

  return {
    checkRequests(scope, requests) {
      checkId(scope, 'scope', '');
      const shapes = shapesOf(scope);
      const path = new RuleFieldPath();
      for (const { reservation, rules } of requests) {
        path.rule = -1;
        checkId(reservation, path, '.reservation');
        for (path.rule = 0; path.rule < rules.length; path.rule += 1) {
          checkOne(shapes, rules[path.rule] as LimitRule, path);
          checkNotRepeated(rules, path.rule, path);
        }
        path.request += 1;
      }
    },
    checkRules(scope, rules) {
      checkId(scope, 'scope', '');
      const shapes = shapesOf(scope);
      rules.forEach((rule, at) => {
        checkOne(shapes, rule, `rules[${at}]`);
      });
    },
  };
}

/** Where a rule stands. Put together only for a message: every rule of every send is checked. */
class RuleFieldPath {
  request = 0;
  rule = -1;

  toString(): string {
    const request = `requests[${this.request}]`;
    return this.rule < 0 ? request : `${request}.rules[${this.rule}]`;
  }
}

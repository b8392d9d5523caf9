import { createCache } from '../internal/cache.ts';
import type { LimitRule, TakeRequest } from '../limits/limit-store.ts';
import { checkBesideOthers, checkId, checkRule, checkShape } from '../limits/rule-validation.ts';

/** Rejects malformed calls before anything is sent. */
export interface RuleChecks {
  /** @throws ValidationError names the field */
  checkRequests(scope: string, requests: readonly TakeRequest[]): void;
  /** @throws ValidationError names the field */
  checkRules(scope: string, rules: readonly LimitRule[]): void;
}

/** Cached scopes, and rules per scope: a team has dozens. An evicted one is learned again. */
const MAX_SCOPES = 100;
const MAX_SHAPES = 1000;

export function createRuleChecks(): RuleChecks {
  const scopes = createCache<string, Map<string, LimitRule>>(MAX_SCOPES);

  /** The first rule of each ID, whose shape the others must match. Looked up once per call, not once per rule. */
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
          checkBesideOthers(rules, path.rule, path);
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

/** The path of a rule. Rendered only for an error, because every rule of every send is checked. */
class RuleFieldPath {
  request = 0;
  rule = -1;

  toString(): string {
    const request = `requests[${this.request}]`;
    return this.rule < 0 ? request : `${request}.rules[${this.rule}]`;
  }
}

import {
  type BackoffRule,
  type LimitRule,
  MAX_KNOWN_MS,
  type RuleCondition,
  type VisitorBackoffRule,
} from './limit-store.ts';
import {
  checkBesideOthers,
  checkRule,
  type InputPath,
  isCount,
  isDuration,
  isEitherOr,
  isKey,
} from './rule-validation.ts';
import type { ScopeTable } from './scope-table.ts';

function isSameCondition(one: RuleCondition | undefined, other: RuleCondition | undefined): boolean {
  return one !== undefined && one.rule === other?.rule && one.found === other.found;
}

/** The place of one rule in the requests of a plan. It holds no key, so that nobody's number stays here. */
export class Step {
  readonly kind: LimitRule['kind'];
  readonly mode: LimitRule['mode'];
  /** Undefined for a rule that only reads, under whose id nothing was written yet. */
  readonly table: ScopeTable | undefined;
  /** The earlier rules in mode `note` that `when` asks about; undefined for a rule that always applies. */
  readonly asked: readonly number[] | undefined;
  /** Whether it applies when one of these was found. */
  readonly isIfFound: boolean;
  /** How many counters the rules up to this one may add to its table. */
  readonly inserts: number;
  readonly #id: string;
  readonly #when: RuleCondition | undefined;
  readonly #isWeighted: boolean;
  /** That of a `distinct` rule, which is the same in every message. */
  readonly #windowMs: number;

  constructor(rules: readonly LimitRule[], at: number, tables: readonly (ScopeTable | undefined)[]) {
    const rule = rules[at] as LimitRule;
    const { when, kind } = rule;
    this.kind = kind;
    this.mode = rule.mode;
    this.table = tables[at];
    this.asked = when && indexesOf(rules.slice(0, at), ({ id, mode }) => id === when.rule && mode === 'note');
    this.isIfFound = when?.found === true;
    this.inserts = tables.slice(0, at + 1).filter((table) => table === tables[at]).length;
    this.#id = rule.id;
    this.#when = when;
    this.#isWeighted = kind === 'window' && rule.weighted === true;
    this.#windowMs = rule.kind === 'distinct' ? rule.windowMs : 0;
  }

  /** False for a kind of rule that is checked whole each time. */
  get isCheckedHere(): boolean {
    return this.kind !== 'slot' && this.kind !== 'once' && this.kind !== 'doubt';
  }

  /**
   * Whether a rule is the planned one with another key, member, weight or other numbers, and these are well-formed. Limits may
   * differ from country to country, so they are no part of a plan.
   */
  fits(rule: LimitRule): boolean {
    const { kind, when } = rule;
    if (rule.id !== this.#id || kind !== this.kind || rule.mode !== this.mode) return false;
    if (when !== this.#when && !isSameCondition(when, this.#when)) return false;
    if (!isKey(rule.key)) return false;
    switch (kind) {
      case 'window':
        return (
          isCount(rule.limit) &&
          isDuration(rule.windowMs) &&
          (rule.weighted === true) === this.#isWeighted &&
          (rule.weight === undefined || (this.#isWeighted && isCount(rule.weight)))
        );
      case 'distinct':
        return isCount(rule.limit) && rule.windowMs === this.#windowMs && isKey(rule.member);
      case 'visitor-backoff':
        return areWaits(rule) && isKey(rule.member);
      case 'backoff':
        return areWaits(rule);
      case 'known':
        return rule.activate === undefined && isDuration(rule.windowMs, MAX_KNOWN_MS) && isKey(rule.member);
      case 'block':
        return rule.activate === undefined && isDuration(rule.windowMs);
      default:
        return true;
    }
  }
}

function areWaits({ baseMs, maxMs, forgetMs }: BackoffRule | VisitorBackoffRule): boolean {
  return isDuration(baseMs) && isDuration(maxMs) && maxMs >= baseMs && isDuration(forgetMs);
}

function indexesOf(
  rules: readonly LimitRule[],
  isMeant: (rule: LimitRule, at: number) => boolean,
): readonly number[] {
  return [...rules.keys()].filter((at) => isMeant(rules[at] as LimitRule, at));
}

/**
 * The rules of requests that differ in keys, members and numbers only, as those of one purpose do: checked, and their tables
 * found, once.
 */
export class TakePlan {
  readonly steps: readonly Step[];
  /** The rules without a table. */
  readonly unwritten: readonly number[];
  /** The rules that are checked whole. */
  readonly #singular: readonly number[];
  /** The rules that must not have the key of an earlier one. */
  readonly #repeated: readonly number[];

  constructor(rules: readonly LimitRule[], tables: readonly (ScopeTable | undefined)[]) {
    this.steps = rules.map((_, at) => new Step(rules, at, tables));
    this.unwritten = indexesOf(rules, (_, at) => tables[at] === undefined);
    this.#singular = indexesOf(rules, (_, at) => !(this.steps[at] as Step).isCheckedHere);
    this.#repeated = indexesOf(rules, (rule, at) =>
      rules.slice(0, at).some((other) => other.id === rule.id && !isEitherOr(rule, other)),
    );
  }

  /** Whether the rules are of this plan, as far as `checkRest` does not tell. */
  fits(rules: readonly LimitRule[]): boolean {
    const { steps } = this;
    if (rules.length !== steps.length) return false;
    for (let at = 0; at < steps.length; at += 1) {
      if (!(steps[at] as Step).fits(rules[at] as LimitRule)) return false;
    }
    return true;
  }

  /** @throws ValidationError a rule that fits is malformed all the same */
  checkRest(rules: readonly LimitRule[], path: InputPath & { rule: number }): void {
    for (const at of this.#singular) {
      path.rule = at;
      checkRule(rules[at] as LimitRule, path);
    }
    for (const at of this.#repeated) {
      path.rule = at;
      checkBesideOthers(rules, at, path);
    }
  }
}

import { isMet } from './conditions.ts';
import type { LimitRule, RuleViolation, TakeRequest, TakeVerdict } from './limit-store.ts';
import type { Hold } from './rule-table.ts';
import type { ScopeState } from './rule-tables.ts';
import type { ScopeTable } from './scope-table.ts';

/** The table of every rule of a request, in order. */
export type Plan = readonly (ScopeTable | undefined)[];

const NONE: readonly RuleViolation[] = Object.freeze([]);
const NO_RULES: LimitRule[] = [];
const GRANTED: TakeVerdict = Object.freeze({ granted: true, observed: NONE });

/**
 * Decides one request: checks every rule, then writes all of them or nothing. A rule without a table only reads, and
 * always admits.
 */
export function takeOne(state: ScopeState, request: TakeRequest, plan: Plan, nowMs: number): TakeVerdict {
  const { reservation, rules } = request;
  const answered = state.reservations.answerOf(reservation);
  if (answered !== undefined) return answered;

  let refusals = NONE;
  let observed = NONE;
  let noted = NONE;
  let unmet = NO_RULES;
  for (let at = 0; at < rules.length; at += 1) {
    const rule = rules[at] as LimitRule;
    if (rule.when !== undefined && !isMet(rule, rules, noted, unmet)) {
      if (unmet === NO_RULES) unmet = [rule];
      else unmet.push(rule);
      continue;
    }
    const violation = plan[at]?.table.check(rule, nowMs, insertsUpTo(plan, at));
    if (violation === undefined) continue;
    if (rule.mode === 'monitor') observed = [...observed, violation];
    else if (rule.mode === 'note') noted = [...noted, violation];
    else refusals = [...refusals, violation];
  }
  if (refusals.length > 0) {
    if (refusals.every(({ rule }) => rule.kind === 'doubt')) holdAll(refusals, request, plan, nowMs);
    const verdict: TakeVerdict = { granted: false, refusals, observed, ...details(noted) };
    state.reservations.refuse(reservation, verdict, nowMs);
    return verdict;
  }

  if (observed !== NONE) holdAll(observed, request, plan, nowMs);
  const holds = new Array<Hold | undefined>(rules.length);
  let waitMs = 0;
  for (let at = 0; at < rules.length; at += 1) {
    const rule = rules[at] as LimitRule;
    if (observed !== NONE && isOver(rule, observed)) continue;
    if (noted !== NONE && rule.kind !== 'known' && isOver(rule, noted)) continue;
    if (unmet !== NO_RULES && unmet.includes(rule)) continue;
    const hold = plan[at]?.table.write(rule, nowMs);
    if (hold?.waitMs !== undefined) waitMs = Math.max(waitMs, hold.waitMs);
    holds[at] = hold;
  }
  const verdict = verdictOf(observed, noted, waitMs);
  state.reservations.open(reservation, verdict, holds, nowMs);
  return verdict;
}

/** Tells the tables that their rules held a person. */
function holdAll(
  violations: readonly RuleViolation[],
  { rules }: TakeRequest,
  plan: Plan,
  nowMs: number,
): void {
  for (const { rule } of violations) plan[rules.indexOf(rule)]?.table.hold?.(rule, nowMs);
}

/** `waitMs` is 0 when no backoff rule was written, because a wait is at least one millisecond. */
function verdictOf(
  observed: readonly RuleViolation[],
  noted: readonly RuleViolation[],
  waitMs: number,
): TakeVerdict {
  if (observed === NONE && noted === NONE && waitMs === 0) return GRANTED;
  return { granted: true, observed, ...details(noted), ...(waitMs > 0 && { waitMs }) };
}

function details(noted: readonly RuleViolation[]): { noted?: readonly RuleViolation[] } {
  return noted === NONE ? {} : { noted };
}

function isOver(rule: LimitRule, observed: readonly RuleViolation[]): boolean {
  return observed.some((violation) => violation.rule === rule);
}

/** The number of counters that this request may add to the table at `at`: one per rule of that table so far. */
function insertsUpTo(plan: Plan, at: number): number {
  let inserts = 1;
  for (let before = 0; before < at; before += 1) {
    if (plan[before] === plan[at]) inserts += 1;
  }
  return inserts;
}

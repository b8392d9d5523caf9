import type { LimitRule, RuleViolation, TakeVerdict } from './limit-store.ts';
import type { OpenTake } from './reservations.ts';
import type { Hold } from './rule-table.ts';
import type { ScopeState } from './rule-tables.ts';
import type { Step, TakePlan } from './take-plan.ts';

const NONE: readonly RuleViolation[] = Object.freeze([]);
const GRANTED: TakeVerdict = Object.freeze({ granted: true, observed: NONE });

/** The findings about each rule of a request: it applies, it does not, or it is over. */
const APPLIES = 0;
const UNMET = 1;
const OVER = 2;

/** One after the other uses it: a take is decided without a pause. */
let findings = new Uint8Array(64);

/** One decided request, and what it holds if it was granted. */
export interface Decision {
  readonly verdict: TakeVerdict;
  readonly take: OpenTake | undefined;
}

/**
 * Decides one request: checks every rule, then writes all of them or nothing. A rule without a table only reads, and
 * always admits.
 *
 * @param id of the reservation; undefined when the take is settled by the object that this gives
 */
export function takeOne(
  state: ScopeState,
  id: string | undefined,
  rules: readonly LimitRule[],
  { steps }: TakePlan,
  nowMs: number,
): Decision {
  if (findings.length < rules.length) findings = new Uint8Array(rules.length);
  let refusals = NONE;
  let observed = NONE;
  let noted = NONE;
  for (let at = 0; at < rules.length; at += 1) {
    findings[at] = APPLIES;
    const step = steps[at] as Step;
    if (step.asked !== undefined && !isMet(step.asked, step.isIfFound)) {
      findings[at] = UNMET;
      continue;
    }
    const violation = step.table?.table.check(rules[at] as LimitRule, nowMs, step.inserts);
    if (violation === undefined) continue;
    if (step.mode === 'monitor') observed = [...observed, violation];
    else if (step.mode === 'note') noted = [...noted, violation];
    else refusals = [...refusals, violation];
    findings[at] = OVER;
  }
  if (refusals.length > 0) {
    if (refusals.every(({ rule }) => rule.kind === 'doubt')) holdAll(refusals, rules, steps, nowMs);
    const verdict: TakeVerdict = { granted: false, refusals, observed, ...details(noted) };
    if (id !== undefined) state.reservations.refuse(id, verdict);
    return { verdict, take: undefined };
  }

  if (observed !== NONE) holdAll(observed, rules, steps, nowMs);
  const holds: Hold[] = [];
  let waitMs = 0;
  for (let at = 0; at < rules.length; at += 1) {
    const step = steps[at] as Step;
    // A rule of what is known is found when it is over, and written all the same.
    if (findings[at] !== APPLIES && (findings[at] === UNMET || step.kind !== 'known')) continue;
    const hold = step.table?.table.write(rules[at] as LimitRule, nowMs);
    if (hold === undefined) continue;
    if (hold.waitMs !== undefined) waitMs = Math.max(waitMs, hold.waitMs);
    holds.push(hold);
  }
  const verdict = verdictOf(observed, noted, waitMs);
  // A copy has no room for more: it lives as long as the take.
  return { verdict, take: state.reservations.open(id, verdict, holds.slice(), nowMs) };
}

/** Whether a rule applies, given what was found by those that it asks about. */
function isMet(asked: readonly number[], isIfFound: boolean): boolean {
  if (findings[asked[0] as number] === UNMET) return false;
  let isFound = false;
  for (let each = 0; each < asked.length; each += 1) {
    if (findings[asked[each] as number] === OVER) isFound = true;
  }
  return isFound === isIfFound;
}

/** Tells the tables that their rules held a person. */
function holdAll(
  violations: readonly RuleViolation[],
  rules: readonly LimitRule[],
  steps: readonly Step[],
  nowMs: number,
): void {
  for (const { rule } of violations) steps[rules.indexOf(rule)]?.table?.table.hold?.(rule, nowMs);
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

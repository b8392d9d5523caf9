import type { GuardDecision } from '../errors.ts';
import type { LimitRule, RuleFinding } from '../limits/limit-store.ts';
import { maskNumber } from '../redact.ts';
import type { Candidate } from './guard.ts';

const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
] as const;

/** `1800000` as `30 min`, `95000` as `1 min 35 s`: two units at most, rounded up, so that it is never too soon. */
export function describeDuration(milliseconds: number): string {
  if (milliseconds < 1_000) return `${Math.ceil(milliseconds)} ms`;
  const largest = UNITS.findIndex(([, size]) => milliseconds >= size * 1_000);
  const [, step] = UNITS[largest + 1] ?? ['s', 1];
  let seconds = Math.ceil(milliseconds / 1_000 / step) * step;
  const words: string[] = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(seconds / size);
    seconds -= count * size;
    if (count > 0) words.push(`${count} ${unit}`);
  }
  return words.join(' ');
}

function describeRule(rule: LimitRule, observed: number): string {
  switch (rule.kind) {
    case 'window':
      return `This number already got ${observed} of ${rule.limit} messages allowed in ${describeDuration(rule.windowMs)}.`;
    case 'slot':
      return `This number already has ${observed} of ${rule.limit} scheduled messages allowed around that time (${describeDuration(rule.windowMs)}).`;
    case 'backoff':
      return `This number was sent ${observed} one-time password${observed === 1 ? '' : 's'} without success, so the next one has to wait.`;
    case 'distinct':
      return `${observed} different numbers of this range were texted in ${describeDuration(rule.windowMs)}, ${rule.limit} are allowed.`;
    case 'once':
      return 'The idempotency records are full.';
  }
}

/** A sentence for a developer about a limit that refused. */
export function describeFinding({ rule, reason, observed, retryAfterMs }: RuleFinding): string {
  const what =
    reason === 'capacity'
      ? `The limit store is full of live entries for "${rule.id}" and forgets none of them. Give it more room.`
      : describeRule(rule, observed);
  return retryAfterMs === undefined
    ? what
    : `${what} Try again in ${describeDuration(Math.ceil(retryAfterMs))}.`;
}

/**
 * The record of a limit's refusal. `retryAfterMs` is the largest of all refusing rules, and absent when one of them is
 * not lifted by time.
 */
export function decisionOfFinding(
  { rule, reason, observed }: RuleFinding,
  { phone }: Candidate,
  all: readonly RuleFinding[] = [],
): GuardDecision {
  const waits = all.map(({ retryAfterMs }) => retryAfterMs ?? Number.POSITIVE_INFINITY);
  const retryAfterMs = Math.max(...waits);
  return {
    guard: rule.guard,
    reason,
    mode: rule.mode,
    destination: maskNumber(phone.e164),
    rule: rule.id,
    observed,
    ...('limit' in rule && { limit: rule.limit }),
    ...('windowMs' in rule && { windowMs: rule.windowMs }),
    ...(Number.isFinite(retryAfterMs) && { retryAfterMs: Math.ceil(retryAfterMs) }),
  };
}

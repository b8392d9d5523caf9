import type { GuardDecision } from '../errors.ts';
import type { LimitRule, OnceRule, RuleFinding, WindowRule } from '../limits/limit-store.ts';
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

function describeGuesses({ id, limit, windowMs }: WindowRule, observed: number): string {
  const whose = id.startsWith('guesses:ip') ? 'from this address' : 'for this number';
  return `${observed} of ${limit} codes allowed in ${describeDuration(windowMs)} were tried ${whose} without success.`;
}

function describeOwnMessage({ id }: OnceRule): string {
  return id === 'opt-in-request'
    ? 'This person was asked for an opt-in not long ago, and is asked once.'
    : 'This person got this answer not long ago.';
}

function describeRule(rule: LimitRule, observed: number): string {
  switch (rule.kind) {
    case 'window':
      if (rule.guard === 'guesses') return describeGuesses(rule, observed);
      return `This number already got ${observed} of ${rule.limit} messages allowed in ${describeDuration(rule.windowMs)}.`;
    case 'slot':
      return `This number already has ${observed} of ${rule.limit} scheduled messages allowed around that time (${describeDuration(rule.windowMs)}).`;
    case 'backoff':
      return `This number was sent ${observed} one-time password${observed === 1 ? '' : 's'} without success, so the next one has to wait.`;
    case 'distinct':
      return `${observed} different numbers of this range were texted in ${describeDuration(rule.windowMs)}, ${rule.limit} are allowed.`;
    case 'once':
      if (rule.guard === 'consent') return describeOwnMessage(rule);
      return 'The idempotency records are full.';
    case 'bar':
      return 'The network reported that this number does not exist. If it does, lift the bar with guards.release.';
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

/** A message that goes out once has a reason of its own: that it is `done` says nothing to who wanted to send it. */
function reasonOf({ rule, reason }: RuleFinding): string {
  if (rule.kind !== 'once' || reason === 'capacity') return reason;
  return rule.id === 'opt-in-request' ? 'asked-recently' : 'answered-recently';
}

/**
 * The record of a limit's refusal. `retryAfterMs` is the largest of all refusing rules, and absent when one of them is
 * not lifted by time.
 */
export function decisionOfFinding(
  finding: RuleFinding,
  { phone }: Candidate,
  all: readonly RuleFinding[] = [],
): GuardDecision {
  const { rule, observed } = finding;
  const waits = all.map(({ retryAfterMs }) => retryAfterMs ?? Number.POSITIVE_INFINITY);
  const retryAfterMs = Math.max(...waits);
  return {
    guard: rule.guard,
    reason: reasonOf(finding),
    mode: rule.mode,
    destination: maskNumber(phone.e164),
    rule: rule.id,
    observed,
    ...('limit' in rule && { limit: rule.limit }),
    ...('windowMs' in rule && { windowMs: rule.windowMs }),
    ...(Number.isFinite(retryAfterMs) && { retryAfterMs: Math.ceil(retryAfterMs) }),
  };
}

/** The refusal that lasts longest; one that time does not lift lasts for ever. */
export function longestWait(refusals: readonly RuleFinding[]): RuleFinding {
  return refusals.reduce((longest, finding) =>
    (finding.retryAfterMs ?? Number.POSITIVE_INFINITY) > (longest.retryAfterMs ?? Number.POSITIVE_INFINITY)
      ? finding
      : longest,
  );
}

import { EXACT_LOG_LIMIT, type LimitRule } from '../../limits/limit-store.ts';

/** What a team chose for the time without the shared store. */
export interface FallbackChoice {
  readonly processes: number;
  readonly once: 'refuse' | 'local';
}

/**
 * The part of a limit that one process may use alone. At least 1: a limit of 3 over 20 processes would otherwise let
 * nobody through.
 */
export function shareOf(rule: LimitRule, { processes }: FallbackChoice): LimitRule {
  if (!('limit' in rule)) return rule;
  return { ...rule, limit: Math.max(1, Math.floor(rule.limit / processes)) };
}

/** Guards whose `once` rules one process alone never decides: messages about consent, codes that were checked. */
const NEVER_ALONE: ReadonlySet<string> = new Set(['consent', 'verification']);

/**
 * Whether one process alone can keep what the rule promises. Never for amounts of money, messages about consent or codes
 * that were checked; for other `once` rules only with a lease (trying twice does no harm), unless the team chose the risk.
 */
export function canDecideAlone(rule: LimitRule, { once }: FallbackChoice): boolean {
  if (rule.kind === 'window') return rule.weighted !== true || rule.mode === 'monitor';
  if (rule.kind !== 'once' || rule.leaseMs !== undefined) return true;
  return once === 'local' && !NEVER_ALONE.has(rule.guard);
}

/**
 * What all may have let through together: the shared store up to the limit, and then every process its share. An exact
 * log stays exact: beyond 64 the id would go over to sub-buckets.
 */
function roomFor(limit: number, { processes }: FallbackChoice): number {
  const most = limit + Math.max(limit, processes);
  return Math.min(most, limit <= EXACT_LOG_LIMIT ? EXACT_LOG_LIMIT : Number.MAX_SAFE_INTEGER);
}

/**
 * The rule for what was granted elsewhere and only has to be written down: it refuses nothing, and has room for more
 * than its limit, or the newest grant would be the one that is not counted. A rule in monitor mode stays as it is: its
 * store writes no more than the limit either.
 */
export function recordOnly(rule: LimitRule, choice: FallbackChoice): LimitRule {
  if (rule.mode === 'monitor') return rule;
  switch (rule.kind) {
    case 'window':
    case 'slot':
    case 'distinct':
      return { ...rule, mode: 'monitor', limit: roomFor(rule.limit, choice) };
    case 'backoff':
      // Each call reads the grants with its own numbers: so that this one is counted although the wait is not over.
      // They are forgotten by the longest numbers met, which must not be shorter than the wait.
      return { ...rule, mode: 'monitor', baseMs: 1, maxMs: 1, forgetMs: Math.max(rule.forgetMs, rule.maxMs) };
    default:
      return rule;
  }
}

/** A look at a block writes nothing. */
export function isWritten(rule: LimitRule): boolean {
  return rule.kind !== 'block' || rule.activate === true;
}

/** How long it matters to anybody that the rule was granted now, in milliseconds. */
export function lifeOf(rule: LimitRule, epochMs: number): number {
  switch (rule.kind) {
    case 'slot':
      // Two neighbouring slots count together, so one more after that of the due time.
      return Math.max(0, rule.dueAt - epochMs) + 3 * rule.windowMs;
    case 'backoff':
      // Of n grants the last is forgotten after n times that; more than make the longest wait change nothing.
      return Math.max(rule.maxMs, rule.forgetMs * (1 + Math.ceil(Math.log2(rule.maxMs / rule.baseMs))));
    default:
      return rule.windowMs;
  }
}

import { EXACT_LOG_LIMIT, type LimitRule } from '../../limits/limit-store.ts';

/** How a team wants to decide without the shared store. */
export interface FallbackChoice {
  readonly processes: number;
  readonly once: 'refuse' | 'local';
}

/**
 * The share of a limit that one process may use. At least 1: a limit of 3 over 20 processes would otherwise let nothing
 * through.
 */
export function shareOf(rule: LimitRule, { processes }: FallbackChoice): LimitRule {
  if (!('limit' in rule)) return rule;
  return { ...rule, limit: Math.max(1, Math.floor(rule.limit / processes)) };
}

/**
 * The rules that one process counts while it is alone. Not those of doubt: a code that it sent may be entered in any other
 * process, so it would see strangers who enter nothing, and hold everybody.
 */
export function withoutDoubt(rules: readonly LimitRule[]): readonly LimitRule[] {
  return rules.some(isDoubt) ? rules.filter((rule) => !isDoubt(rule)) : rules;
}

export function isDoubt({ kind }: LimitRule): boolean {
  return kind === 'doubt';
}

/** Guards whose `once` rules one process alone never decides: messages about consent, codes that were checked. */
const NEVER_ALONE: ReadonlySet<string> = new Set(['consent', 'verification']);

/**
 * Whether one process can enforce the rule on its own. Never for amounts of money, consent messages or checked codes, which are
 * used once; for other `once` rules only with a lease (a second try does no harm), unless the team accepts the risk.
 */
export function canDecideAlone(rule: LimitRule, { once }: FallbackChoice): boolean {
  if (rule.kind === 'window') return rule.weighted !== true || rule.mode !== 'enforce';
  if (rule.kind !== 'once' || rule.leaseMs !== undefined) return true;
  return once === 'local' && !NEVER_ALONE.has(rule.guard);
}

/**
 * The most that all may have let through: the shared store up to the limit, then every process its share. At most 64
 * for an exact log, because its ID would switch to sub-buckets beyond.
 */
function roomFor(limit: number, { processes }: FallbackChoice): number {
  const most = limit + Math.max(limit, processes);
  return Math.min(most, limit <= EXACT_LOG_LIMIT ? EXACT_LOG_LIMIT : Number.MAX_SAFE_INTEGER);
}

/**
 * The rule for a grant that only has to be recorded. It refuses nothing and has room above its limit, because otherwise
 * the newest grant would not be counted. A rule in monitor or note mode stays as it is: its store records no more than the
 * limit either.
 */
export function recordOnly(rule: LimitRule, choice: FallbackChoice): LimitRule {
  if (rule.mode !== 'enforce') return rule;
  switch (rule.kind) {
    case 'window':
    case 'slot':
    case 'distinct':
      return { ...rule, mode: 'monitor', limit: roomFor(rule.limit, choice) };
    case 'backoff':
    case 'visitor-backoff':
      // Each call applies its own numbers to the recorded grants. These count this grant even during the wait. The
      // longest numbers decide when grants are forgotten, which must not be before the wait ends.
      return { ...rule, mode: 'monitor', baseMs: 1, maxMs: 1, forgetMs: Math.max(rule.forgetMs, rule.maxMs) };
    default:
      return rule;
  }
}

/** Milliseconds for which a grant of this rule matters. */
export function lifeOf(rule: LimitRule, epochMs: number): number {
  switch (rule.kind) {
    case 'slot':
      // Two neighbouring slots count together, so one more slot than that of the due time.
      return Math.max(0, rule.dueAt - epochMs) + 3 * rule.windowMs;
    case 'backoff':
    case 'visitor-backoff':
      // The last of n grants is forgotten after n times `forgetMs`. More grants than the longest wait needs change
      // nothing.
      return Math.max(rule.maxMs, rule.forgetMs * (1 + Math.ceil(Math.log2(rule.maxMs / rule.baseMs))));
    case 'doubt':
      return 0;
    default:
      return rule.windowMs;
  }
}

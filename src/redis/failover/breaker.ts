/** Consecutive failures that open the breaker. Our number: a single lost packet does not. */
export const FAILURES_TO_OPEN = 3;
/**
 * Milliseconds within which the failures must occur. Our number: a store that is called once a minute is always called.
 */
export const FAILURES_WITHIN_MS = 10_000;
/** Milliseconds that an open breaker blocks all calls before it lets one through. Our number. */
export const OPEN_MS = 1_000;
/**
 * Milliseconds after which a probe without an outcome is given up: in Workers a call ends with its request. Our number,
 * above the longest deadline.
 */
export const PROBE_LOST_MS = 5_000;

/** Decides whether the store is called at all, because a store that hangs would cost every message its deadline. */
export type Breaker =
  | { readonly state: 'closed'; readonly failures: number; readonly firstFailureMs: number }
  | { readonly state: 'open'; readonly untilMs: number }
  /** One call is in progress as a probe. */
  | { readonly state: 'half-open'; readonly untilMs: number };

/** The role in which a call was let through. */
export type Pass = 'call' | 'probe';

/**
 * `replied`: the store takes. `no-news`: the call shows nothing, because the caller left, or because even a store that
 * cannot take would have replied.
 */
export type Outcome = 'replied' | 'failed' | 'no-news';

export const CLOSED: Breaker = { state: 'closed', failures: 0, firstFailureMs: 0 };

/** Lets a call through, or not. After the pause it lets only the first one through. */
export function enter(breaker: Breaker, nowMs: number): { readonly breaker: Breaker; readonly pass?: Pass } {
  if (breaker.state === 'closed') return { breaker, pass: 'call' };
  if (nowMs < breaker.untilMs) return { breaker };
  return { breaker: { state: 'half-open', untilMs: nowMs + PROBE_LOST_MS }, pass: 'probe' };
}

/**
 * Records the outcome of a call. A call from before the breaker opened says nothing once it is open. Calls that fail
 * together count as one failure: a lost command may hold many messages, and a broken connection many commands.
 *
 * @param entered the breaker at the start of the call
 */
export function leave(
  breaker: Breaker,
  pass: Pass,
  outcome: Outcome,
  nowMs: number,
  entered: Breaker = breaker,
): Breaker {
  if (pass === 'probe') {
    if (outcome === 'replied') return CLOSED;
    return { state: 'open', untilMs: outcome === 'failed' ? nowMs + OPEN_MS : nowMs };
  }
  if (breaker.state !== 'closed' || outcome === 'no-news') return breaker;
  if (outcome === 'replied') return CLOSED;
  if (entered.state === 'closed' && entered.failures < breaker.failures) return breaker;
  const isInRow = breaker.failures > 0 && nowMs - breaker.firstFailureMs <= FAILURES_WITHIN_MS;
  const failures = isInRow ? breaker.failures + 1 : 1;
  if (failures >= FAILURES_TO_OPEN) return { state: 'open', untilMs: nowMs + OPEN_MS };
  return { state: 'closed', failures, firstFailureMs: isInRow ? breaker.firstFailureMs : nowMs };
}

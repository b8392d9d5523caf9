/** Failures in a row that open the breaker; ours: one lost packet is none of its business. */
export const FAILURES_TO_OPEN = 3;
/** They count only this close together, in milliseconds; ours. A store that is asked once a minute is asked each time. */
export const FAILURES_WITHIN_MS = 10_000;
/** How long an open breaker keeps everybody from the store before one call may try it, in milliseconds; ours. */
export const OPEN_MS = 1_000;
/** A probe without an outcome for so long has none, in milliseconds: in Workers a call ends with its request. Ours, over the longest deadline. */
export const PROBE_LOST_MS = 5_000;

/** Whether a store is asked at all: one that hangs would cost every message its deadline. */
export type Breaker =
  | { readonly state: 'closed'; readonly failures: number; readonly firstFailureMs: number }
  | { readonly state: 'open'; readonly untilMs: number }
  /** One call is trying it. */
  | { readonly state: 'half-open'; readonly untilMs: number };

/** What a call was let in as. */
export type Pass = 'call' | 'probe';

/**
 * `replied`: the store takes. `no-news`: nobody learned whether it does, because the caller left, or because what was
 * asked is answered by a store that takes nothing.
 */
export type Outcome = 'replied' | 'failed' | 'no-news';

export const CLOSED: Breaker = { state: 'closed', failures: 0, firstFailureMs: 0 };

/** Lets a call in, or not; of those that come after the pause only the first. */
export function enter(breaker: Breaker, nowMs: number): { readonly breaker: Breaker; readonly pass?: Pass } {
  if (breaker.state === 'closed') return { breaker, pass: 'call' };
  if (nowMs < breaker.untilMs) return { breaker };
  return { breaker: { state: 'half-open', untilMs: nowMs + PROBE_LOST_MS }, pass: 'probe' };
}

/**
 * What a call found out. One that went in before the breaker opened says nothing once it is open, and one that fails with
 * others is one failure: a lost command may hold many messages, a broken connection many commands.
 *
 * @param entered the breaker when the call went in
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

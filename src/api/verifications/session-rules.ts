import { IF_KNOWN } from '../../guards/known-visitor.ts';
import { digestOf } from '../../internal/digest.ts';
import type { BlockRule, DistinctRule, OnceRule } from '../../limits/limit-store.ts';
import type { Phone } from '../../phone/normalise-phone.ts';

/** Longest `codeValidity` of 8x8. */
const MAX_VALIDITY_MS = 7_200_000;
/** Margin for a code entered at the last moment, and for clocks that differ; chosen by this package. */
const MARGIN_MS = 5 * 60 * 1000;
/**
 * How long a checked code is remembered; chosen by this package. Longer than a binding: a session without a binding
 * is read before one of its codes is checked.
 */
export const CHECK_WINDOW_MS = 3 * 60 * 60 * 1000;
/**
 * Longest claim of one check on a session; chosen by this package. A process that dies meanwhile delays the next
 * check by this long.
 */
export const CLAIM_MS = 60_000;

const RECORD = { kind: 'once', fingerprint: 'session', mode: 'enforce' } as const;
const BINDING = { ...RECORD, guard: 'session' } as const;
/**
 * A process that has lost the shared store never decides these rules alone, because it does not know what other
 * processes have checked.
 */
const CHECK = { ...RECORD, guard: 'verification' } as const;

/** The records that bind a session: one for the session, one for the session with its number and subject. */
export async function bindingRules(
  sessionId: string,
  { key }: Phone,
  subject: string | undefined,
  validityMs = MAX_VALIDITY_MS,
): Promise<readonly [session: OnceRule, binding: OnceRule]> {
  const rule = { ...BINDING, windowMs: Math.min(validityMs, MAX_VALIDITY_MS) + MARGIN_MS };
  const bound = [sessionId, key, ...(subject === undefined ? [] : [subject])];
  return [
    { ...rule, id: 'verification-session', key: await digestOf([sessionId]) },
    { ...rule, id: 'verification-binding', key: await digestOf(bound) },
  ];
}

/**
 * The visitors who were given a session. 8x8 gives a second start for the same number the open session again, so that a
 * stranger may hold the session of the owner. It refuses nothing: two are enough to know.
 */
export async function visitorsRule(sessionId: string, visitor: string): Promise<DistinctRule> {
  return {
    kind: 'distinct',
    id: 'verification-visitors',
    guard: 'session',
    key: await digestOf([sessionId]),
    member: await digestOf([sessionId, visitor]),
    mode: 'monitor',
    limit: 2,
    windowMs: CHECK_WINDOW_MS,
  };
}

/** Marks a session that becomes VERIFIED without a code, by silent mobile authentication. */
export async function silentRule(sessionId: string): Promise<BlockRule> {
  return {
    kind: 'block',
    id: 'verification-silent',
    guard: 'session',
    key: await digestOf([sessionId]),
    mode: 'enforce',
    windowMs: CHECK_WINDOW_MS,
  };
}

/**
 * Marks a session that a visitor was given who is known with the number. Written only for such a visitor: it depends on the
 * rule that says so.
 */
export async function knownSessionRule(sessionId: string): Promise<BlockRule> {
  const key = await digestOf([sessionId]);
  const windowMs = CHECK_WINDOW_MS;
  return {
    kind: 'block',
    id: 'verification-known',
    guard: 'session',
    key,
    mode: 'enforce',
    windowMs,
    when: IF_KNOWN,
  };
}

/** Taken once for a session that was verified without a code, however often its state is read. */
export async function successRule(sessionId: string): Promise<OnceRule> {
  return {
    ...BINDING,
    id: 'verification-success',
    key: await digestOf([sessionId]),
    windowMs: CHECK_WINDOW_MS,
  };
}

/** Taken once per session, by the check whose code was right. */
export async function usedRule(sessionId: string): Promise<OnceRule> {
  return { ...CHECK, id: 'verification-used', key: await digestOf([sessionId]), windowMs: CHECK_WINDOW_MS };
}

/** Held by the one check in progress; expires on its own when the process dies. */
export async function claimRule(sessionId: string): Promise<OnceRule> {
  const key = await digestOf([sessionId]);
  return { ...CHECK, id: 'verification-claim', key, windowMs: CHECK_WINDOW_MS, leaseMs: CLAIM_MS };
}

/**
 * The records of one checked code. Both hold the outcome; the second also tells whether it was the same code.
 * `lostBefore` is the number of earlier checks with a lost response: each has its own records.
 */
export async function checkRules(
  sessionId: string,
  lostBefore: number,
  code: string,
): Promise<readonly [check: OnceRule, code: OnceRule]> {
  const rule = { ...CHECK, key: await digestOf([sessionId, lostBefore]), windowMs: CHECK_WINDOW_MS };
  return [
    { ...rule, id: 'verification-check' },
    { ...rule, id: 'verification-code', fingerprint: await digestOf([sessionId, code]) },
  ];
}

import { sha256, toHex } from '../../internal/digest.ts';
import type { OnceRule } from '../../limits/limit-store.ts';
import type { Phone } from '../../phone/normalise-phone.ts';

/** The longest `codeValidity` of 8x8. */
const MAX_VALIDITY_MS = 7_200_000;
/** For a code entered at the last moment, and for clocks that differ; chosen by this package. */
const MARGIN_MS = 5 * 60 * 1000;
/**
 * How long a checked code is remembered; chosen by this package. Longer than a binding lives: a session whose record has
 * expired is not known here any more, and such a session is read before a code of it is checked.
 */
export const CHECK_WINDOW_MS = 3 * 60 * 60 * 1000;
/**
 * How long one check may keep a session to itself; chosen by this package. A process that dies in the middle holds the
 * next check up for this long.
 */
export const CLAIM_MS = 60_000;

/** Neither a session id nor a code nor a number can be read back: the store may be a server that others read. */
async function digestOf(parts: readonly (string | number)[]): Promise<string> {
  return toHex(await sha256(JSON.stringify(parts)));
}

const RECORD = { kind: 'once', fingerprint: 'session', mode: 'enforce' } as const;
const BINDING = { ...RECORD, guard: 'session' } as const;
/** A process that has lost the shared store never decides these alone: it does not know what the others have checked. */
const CHECK = { ...RECORD, guard: 'verification' } as const;

/** The records that bind a session: one of the session, one of the session with its number and subject. */
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

/** Marks a session that becomes VERIFIED without a code, by silent mobile authentication. */
export async function silentRule(sessionId: string): Promise<OnceRule> {
  return {
    ...BINDING,
    id: 'verification-silent',
    key: await digestOf([sessionId]),
    windowMs: CHECK_WINDOW_MS,
  };
}

/** Taken once in a session's life, by the check whose code was right. */
export async function usedRule(sessionId: string): Promise<OnceRule> {
  return { ...CHECK, id: 'verification-used', key: await digestOf([sessionId]), windowMs: CHECK_WINDOW_MS };
}

/** Held by the one check that is under way; free again by itself when its process dies. */
export async function claimRule(sessionId: string): Promise<OnceRule> {
  const key = await digestOf([sessionId]);
  return { ...CHECK, id: 'verification-claim', key, windowMs: CHECK_WINDOW_MS, leaseMs: CLAIM_MS };
}

/**
 * The records of one checked code. Both carry the outcome; the second also tells whether it was the same code.
 * `lostBefore` counts the checks whose answer was lost before this one: each has records of its own.
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

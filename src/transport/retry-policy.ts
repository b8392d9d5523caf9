import type { Operation } from '../api/operation.ts';
import type { Submission } from '../errors.ts';
import type { AttemptOutcome } from './outcome.ts';

/** How often, and how long between. */
export interface RetryOptions {
  /** The first attempt included. */
  readonly maxAttempts: number;
  readonly baseMs: number;
  readonly maxMs: number;
}

/** The base lies between `@smithy`'s 100 ms and its 500 ms when throttled; the ceiling is that of Telnyx's client. */
export const DEFAULT_RETRY: RetryOptions = { maxAttempts: 3, baseMs: 250, maxMs: 8000 };

/** What became of an attempt: may 8x8 have acted on it, and may it be repeated? */
export interface Verdict {
  readonly submission: Submission;
  readonly repeatable: boolean;
}

/** Statuses that say nothing about whether the request was carried out. */
const isLostAnswer = (status: number) => !(status >= 400 && status < 500) || status === 408 || status === 409;

/**
 * Nothing that 8x8 may have accepted is sent twice. A `never` operation is repeated only when it was refused with
 * 429, or provably never left; the repeat after a 401 with another key is decided where the key is. A `safe`
 * operation is also repeated after 5xx, time-outs and resets.
 */
export function judgeOutcome(operation: Operation, outcome: AttemptOutcome): Verdict {
  const safe = operation.repeat === 'safe';
  if (outcome.kind === 'failure') {
    const lost = !safe && !outcome.neverLeft;
    return { submission: lost ? 'unknown' : 'not-submitted', repeatable: safe || outcome.neverLeft };
  }
  const { status } = outcome;
  const repeatable = status === 429 || (safe && (status === 408 || status >= 500));
  if (safe) return { submission: 'not-submitted', repeatable };
  return { submission: isLostAnswer(status) ? 'unknown' : 'rejected', repeatable };
}

/**
 * Full jitter: anything from 0 to the exponential ceiling, so that clients that failed together do not come back
 * together.
 */
export function backoffMs(retry: RetryOptions, attempt: number, random: () => number): number {
  return random() * Math.min(retry.maxMs, retry.baseMs * 2 ** (attempt - 1));
}

/** A date of HTTP has 29 characters, in its obsolete forms 33 at most (RFC 9110, 5.6.7). */
const MAX_RETRY_AFTER_CHARACTERS = 100;

/** `Retry-After` in milliseconds from now: seconds or an HTTP date (RFC 9110, 10.2.3). Undefined when it is neither. */
export function parseRetryAfter(header: string | null, nowMs: number): number | undefined {
  if (header === null || header.length > MAX_RETRY_AFTER_CHARACTERS) return undefined;
  const text = header.trim();
  if (/^\d+(\.\d+)?$/.test(text)) return Math.min(Math.ceil(Number(text) * 1000), Number.MAX_SAFE_INTEGER);
  // Only a date with a name in it: `Date.parse` takes almost anything, for example "-5".
  if (!/^[A-Za-z]{3,9},? /.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil(at - nowMs));
}

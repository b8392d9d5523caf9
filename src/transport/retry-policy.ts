import type { Submission } from '../errors.ts';
import type { Operation } from './operation.ts';
import type { AttemptOutcome } from './outcome.ts';

/** How often to try, and how long to wait in between. */
export interface RetryOptions {
  /** Number of attempts, including the first. */
  readonly maxAttempts: number;
  readonly baseMs: number;
  readonly maxMs: number;
}

/**
 * The base lies between `@smithy`'s 100 ms and its 500 ms when throttled; the ceiling is the one of Telnyx's client.
 */
export const DEFAULT_RETRY: RetryOptions = { maxAttempts: 3, baseMs: 250, maxMs: 8000 };

/** Whether 8x8 may have acted on an attempt, and whether it may be repeated. */
export interface OutcomeAssessment {
  readonly submission: Submission;
  readonly repeatable: boolean;
}

/** Statuses that do not tell whether the request was carried out. */
function isLostResponse(status: number, { ifConflict }: Operation): boolean {
  if (status === 409) return ifConflict === undefined;
  return !(status >= 400 && status < 500) || status === 408;
}

/**
 * A request that 8x8 may have accepted is not sent twice. A `never` operation is repeated only when it was refused
 * with 429, or provably never left; the repetition after a 401 with another key is decided in `attempts.ts`. A `safe`
 * operation is also repeated after 5xx, time-outs and resets.
 */
export function assessOutcome(operation: Operation, outcome: AttemptOutcome): OutcomeAssessment {
  const safe = operation.repeat === 'safe';
  if (outcome.kind === 'failure') {
    const lost = !safe && !outcome.neverLeft;
    return { submission: lost ? 'unknown' : 'not-submitted', repeatable: safe || outcome.neverLeft };
  }
  const { status } = outcome;
  const repeatable = status === 429 || (safe && (status === 408 || status >= 500));
  if (safe) return { submission: 'not-submitted', repeatable };
  return { submission: isLostResponse(status, operation) ? 'unknown' : 'rejected', repeatable };
}

/**
 * Full jitter: a random wait from 0 to the exponential ceiling, so that clients that failed together do not retry
 * together.
 */
export function backoffMs(retry: RetryOptions, attempt: number, random: () => number): number {
  return random() * Math.min(retry.maxMs, retry.baseMs * 2 ** (attempt - 1));
}

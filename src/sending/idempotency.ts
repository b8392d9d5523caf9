import {
  AbortedError,
  ApiError,
  ConnectionError,
  ServerError,
  type SmsError,
  StoreError,
  TimeoutError,
} from '../errors.ts';
import type { AcceptedResult, FailedResult } from './results.ts';

/**
 * The record that a repeated `idempotencyKey` gets back, small enough (512 bytes) for a shared store. An accepted
 * message gives its result again, one with an unknown outcome its error; what was not submitted leaves no record.
 */
type StoredOutcome =
  | readonly [
      'accepted',
      clientMessageId: string,
      umid: string,
      parts: number,
      encoding: 'GSM7' | 'UCS2',
      attempts: number,
    ]
  | readonly ['unknown', clientMessageId: string, code: string, detail: string | number, attempts: number];

/**
 * An id that we made (a UUID) is kept. A long one is the caller's own: it is part of the fingerprint, so the second
 * caller has the same and the record need not repeat it.
 */
const MAX_KEPT_ID_LENGTH = 64;

export function encodeOutcome(result: AcceptedResult | FailedResult): string {
  const id = result.clientMessageId.length <= MAX_KEPT_ID_LENGTH ? result.clientMessageId : '';
  if (result.status === 'accepted') {
    return JSON.stringify([
      'accepted',
      id,
      result.umid,
      result.parts,
      result.encoding,
      result.attempts,
    ] satisfies StoredOutcome);
  }
  const { error } = result;
  const detail =
    error instanceof ApiError ? error.status : error instanceof ConnectionError ? error.reason : '';
  const attempts = error instanceof ApiError || error instanceof ConnectionError ? error.attempts : 0;
  return JSON.stringify(['unknown', id, error.code, detail, attempts] satisfies StoredOutcome);
}

function reviveError(
  clientMessageId: string,
  code: string,
  detail: string | number,
  attempts: number,
): SmsError {
  const message =
    'The first message with this idempotencyKey may have been accepted by 8x8; its answer was lost. It is not sent again. Reconcile it by its clientMessageId.';
  const fields = { message, submission: 'unknown', clientMessageId, attempts } as const;
  if (code === 'aborted') return new AbortedError(fields);
  if (code === 'timeout') return new TimeoutError({ ...fields, reason: 'timeout' });
  if (code === 'server') return new ServerError({ ...fields, status: Number(detail) });
  if (code === 'connection')
    return new ConnectionError({ ...fields, reason: detail === 'reset' ? 'reset' : 'other' });
  return new ApiError({ ...fields, status: Number(detail) || 0 });
}

/**
 * The error of a message that waited for the original of its `idempotencyKey` when its call ended or the store failed. The
 * original may have been accepted meanwhile, so `submission` is `unknown`.
 */
export function originalOutcomeUnknown(ended: SmsError, clientMessageId: string): SmsError {
  const cause = StoreError.isInstance(ended)
    ? 'The limit store failed'
    : TimeoutError.isInstance(ended)
      ? 'The call took longer than its deadlineMs'
      : 'The call was ended';
  const message = `${cause} while the first message with this idempotencyKey was on its way; 8x8 may have accepted it. Call again with the same key to learn its outcome: it is not sent twice.`;
  const fields = { message, submission: 'unknown', clientMessageId, attempts: 0 } as const;
  if (StoreError.isInstance(ended)) return new StoreError(message, clientMessageId, 'unknown');
  if (TimeoutError.isInstance(ended)) return new TimeoutError({ ...fields, reason: 'timeout' });
  return new AbortedError(fields);
}

/** What the second caller gets. A record that cannot be read is an unknown outcome, never a reason to send. */
export function decodeOutcome(
  stored: string | undefined,
  index: number,
  clientMessageId: string,
): AcceptedResult | FailedResult {
  try {
    const outcome = JSON.parse(stored ?? 'null') as StoredOutcome;
    if (outcome[0] === 'accepted') {
      const [, id, umid, parts, encoding, attempts] = outcome;
      if (typeof umid !== 'string' || umid === '') throw new TypeError('no accepted message');
      const kept = id || clientMessageId;
      return {
        status: 'accepted',
        index,
        clientMessageId: kept,
        umid,
        parts,
        encoding,
        attempts,
        repeated: true,
      };
    }
    const [, id, code, detail, attempts] = outcome;
    const kept = id || clientMessageId;
    return {
      status: 'failed',
      index,
      clientMessageId: kept,
      error: reviveError(kept, code, detail, attempts),
    };
  } catch {
    return {
      status: 'failed',
      index,
      clientMessageId,
      error: reviveError(clientMessageId, 'connection', 'other', 0),
    };
  }
}

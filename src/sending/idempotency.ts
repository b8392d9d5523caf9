import {
  AbortedError,
  ApiError,
  ConnectionError,
  ServerError,
  type SmsError,
  StoreError,
  TimeoutError,
} from '../errors.ts';
import { sha256, toHex } from '../internal/digest.ts';
import type { AcceptedResult, FailedResult } from './results.ts';

/**
 * The record for a repeated `idempotencyKey`, small enough (512 bytes) for a shared store. It restores the result of
 * an accepted message, or the error of one with an unknown outcome. A message that was not submitted leaves no
 * record.
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
 * A generated ID (a UUID) is stored. A longer ID comes from the caller: it is part of the fingerprint, so the second
 * caller has the same ID and the record need not repeat it.
 */
const MAX_KEPT_ID_LENGTH = 64;

/** A result without the number, which is the caller's. */
type Outcome = Omit<AcceptedResult, 'destination'> | FailedResult;

export function encodeOutcome(result: Outcome): string {
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

const LOST =
  'The first message with this idempotencyKey may have been accepted by 8x8; the response was lost. It is not sent again. Reconcile it by its clientMessageId.';
const UNSETTLED =
  'The first message with this idempotencyKey is still in progress, and 8x8 may have accepted it. This call ended before the outcome was known, and sent nothing itself. Repeat it with the same key to learn the outcome.';

function reviveError(
  clientMessageId: string,
  code: string,
  detail: string | number,
  attempts: number,
  message = LOST,
): SmsError {
  const fields = { message, submission: 'unknown', clientMessageId, attempts } as const;
  if (code === 'aborted') return new AbortedError(fields);
  if (code === 'store') return new StoreError(message, clientMessageId, 'unknown');
  if (code === 'timeout') return new TimeoutError({ ...fields, reason: 'timeout' });
  if (code === 'server') return new ServerError({ ...fields, status: Number(detail) });
  if (code === 'connection')
    return new ConnectionError({ ...fields, reason: detail === 'reset' ? 'reset' : 'other' });
  return new ApiError({ ...fields, status: Number(detail) || 0 });
}

/** The result for the second caller. A record that cannot be read is an unknown outcome, never a reason to send. */
export function decodeOutcome(stored: string | undefined, index: number, clientMessageId: string): Outcome {
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

/** The error of a call that ended, or whose store failed, while the first message with its key was in progress. */
export function unsettledError({ code }: SmsError, clientMessageId: string): SmsError {
  return reviveError(clientMessageId, code, 'other', 0, UNSETTLED);
}

/**
 * The ID of a message with a key but without a `clientMessageId`: the same for every call with this key and
 * message, in every process, so that a second caller can reconcile the first one's message. A UUID, version 8 (RFC 9562).
 */
export async function clientMessageIdOf(key: string, fingerprint: string): Promise<string> {
  const bytes = (await sha256(JSON.stringify([key, fingerprint]))).slice(0, 16);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  return toHex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

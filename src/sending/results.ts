import type { ApiError, GuardError, MessageRejectedError, SmsError } from '../errors.ts';

interface ResultBase {
  /** Index of the message in the input, from 0. */
  readonly index: number;
  /** Your ID of the message, or the generated one; receipts carry it. */
  readonly clientMessageId: string;
  /** The number in E.164; absent when the input could not be read as one number. */
  readonly destination?: string;
  /**
   * For purpose `otp`: when the backoff guard admits the next one-time password to this number, in epoch milliseconds. A
   * success ends the wait sooner. Absent when nothing was kept for this message, and when the guard is off or in monitor mode.
   */
  readonly retryAt?: number;
}

/** 8x8 accepted the message. */
export interface AcceptedResult extends ResultBase {
  readonly status: 'accepted';
  readonly destination: string;
  /** 8x8's ID of the message. */
  readonly umid: string;
  /** Number of parts (segments) that 8x8 bills. */
  readonly parts: number;
  readonly encoding: 'GSM7' | 'UCS2';
  /** Number of times the request was written. */
  readonly attempts: number;
  /** 8x8's ID of the request, for its support; absent when 8x8 returned none. */
  readonly requestId?: string;
  /**
   * When 8x8 sends the message, in epoch milliseconds: `guards.quietHours` with `action: 'schedule'` scheduled it for the end of the
   * quiet hours. Absent when it was sent as you asked.
   */
  readonly postponedTo?: number;
  /** True when this `idempotencyKey` was sent before: this is the first result, and nothing was sent now. */
  readonly repeated?: true;
  /** With `mergeDuplicates`: index of the equal message that was sent instead. */
  readonly duplicateOf?: number;
}

/** 8x8 rejected the message. Nothing was sent. */
export interface RejectedResult extends ResultBase {
  readonly status: 'rejected';
  readonly error: MessageRejectedError | ApiError;
}

/** A guard refused the message. Nothing was sent. */
export interface BlockedResult extends ResultBase {
  readonly status: 'blocked';
  readonly error: GuardError;
}

/** The message was invalid, aborted or never attempted, or its outcome is unknown: see `error.submission`. */
export interface FailedResult extends ResultBase {
  readonly status: 'failed';
  readonly error: SmsError;
}

/**
 * The outcome of one message.
 *
 * @example
 * ```ts
 * for (const result of results) {
 *   if (result.status === 'accepted') save(result.clientMessageId, result.umid);
 *   else if (result.error.submission === 'unknown') reconcileLater(result.clientMessageId);
 * }
 * ```
 */
export type SendResult = AcceptedResult | RejectedResult | BlockedResult | FailedResult;

/** Number of messages by outcome. */
export interface SendCounts {
  readonly accepted: number;
  readonly rejected: number;
  readonly blocked: number;
  readonly failed: number;
}

export function countResults(results: readonly SendResult[]): SendCounts {
  const counts = { accepted: 0, rejected: 0, blocked: 0, failed: 0 };
  for (const { status } of results) counts[status] += 1;
  return counts;
}

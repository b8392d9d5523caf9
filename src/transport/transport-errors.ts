import type { StopReason } from '../call.ts';
import {
  AbortedError,
  ConnectionError,
  QueueFullError,
  RateLimitError,
  type SmsError,
  StoreError,
  TimeoutError,
} from '../errors.ts';
import { apiError, type RequestFailureContext, unreadableResponse } from './api-error.ts';
import { advice, connectionText, timeoutText } from './error-text.ts';
import { type AttemptOutcome, isSuccess } from './outcome.ts';
import type { NoPermitError } from './pacer.ts';

/** The error of an attempt that did not succeed. */
export function outcomeError(
  outcome: AttemptOutcome,
  context: RequestFailureContext,
  timeoutMs: number,
): SmsError {
  if (outcome.kind === 'response') {
    return isSuccess(outcome.status) ? unreadableResponse(outcome, context) : apiError(outcome, context);
  }
  const { submission, attempts, clientMessageId } = context;
  const fields = { submission, attempts, clientMessageId, reason: outcome.reason };
  return outcome.timedOut
    ? new TimeoutError({ ...fields, message: timeoutText(context, 'timeoutMs', timeoutMs) })
    : new ConnectionError({ ...fields, message: connectionText(context, outcome.reason) });
}

/** The error of a call that was ended by its signal or by `close`. */
export function stopError(
  reason: StopReason,
  context: RequestFailureContext,
  deadlineMs: number | undefined,
): SmsError {
  const { submission, attempts, clientMessageId, operation } = context;
  if (reason === 'deadline') {
    const message = timeoutText(context, 'deadlineMs', deadlineMs);
    return new TimeoutError({ message, submission, attempts, clientMessageId, reason: 'timeout' });
  }
  const what = reason === 'closed' ? 'the client was closed' : 'the call was aborted';
  return new AbortedError({
    message: `${operation}: ${what}. ${advice(context)}`,
    submission,
    clientMessageId,
  });
}

/** The error of a call that got no permit. */
export function paceError(
  refusal: NoPermitError,
  context: RequestFailureContext,
  maxQueued: number,
): SmsError {
  const { operation, clientMessageId, attempts } = context;
  const { retryAfterMs } = refusal;
  if (retryAfterMs === undefined) {
    return new QueueFullError(
      maxQueued,
      `${operation}: the send queue is full (${maxQueued} calls are waiting). ${advice(context)} Send fewer at a time, or use a batch: 10,000 messages are one request.`,
      clientMessageId,
    );
  }
  return new RateLimitError({
    message: `${operation}: 8x8 asked for a pause (HTTP 429 with Retry-After). Try again in ${Math.ceil(retryAfterMs / 1000)} s. ${advice(context)}`,
    submission: 'not-submitted',
    status: 429,
    attempts,
    retryAfterMs: Math.ceil(retryAfterMs),
    clientMessageId,
  });
}

/** The error of a call that got no permit because the store that grants them failed. */
export function paceStoreError({ operation, clientMessageId }: RequestFailureContext): StoreError {
  return new StoreError(
    `${operation}: the shared limit store does not answer, so the pace cannot be coordinated. Nothing was sent.`,
    clientMessageId,
  );
}

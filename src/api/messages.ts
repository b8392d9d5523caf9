import type { Call } from '../call.ts';
import type { ClientContext } from '../client-context.ts';
import type { SmsError } from '../errors.ts';
import { sendOne } from '../sending/pipeline.ts';
import { contentOf, type MessageInput, type MessageReader, wireFields } from '../sending/prepare.ts';
import type { AcceptedResult } from '../sending/results.ts';
import { type BatchInput, type BatchResult, createSendBatch } from '../sending/send-batch.ts';
import { createSendMany, type SendManyOptions } from '../sending/send-many/send-many.ts';
import type { SendManyRun } from '../sending/send-many/send-many-run.ts';
import type { SendOperation } from '../sending/send-operation.ts';
import { type BatchMessage, messageSchema, type SmsMessage } from '../sending/sms-message.ts';
import type { Rewrite } from '../text/rewrite.ts';
import type { Operation } from '../transport/operation.ts';
import type { CallOptions } from '../types.ts';
import { type Cancellation, createCancelling } from './cancel.ts';
import { createEstimate, type EstimateInput, type MessageEstimate } from './estimate.ts';
import { createGiveFeedback, type MessageFeedback } from './feedback.ts';
import type { MessageDetails } from './message-details.ts';
import type { ReconcileQuery, Reconciliation } from './reconcile.ts';

const SEND: Operation = {
  name: 'messages.send',
  operationId: 'Send-Sms-Single',
  product: 'sms',
  method: 'POST',
  path: '/api/v1/subaccounts/{subAccountId}/messages',
  repeat: 'never',
  responseBody: 'json',
};

/** SMS messages. */
export interface Messages {
  /**
   * Sends one SMS after all guards have admitted it. Throws unless 8x8 accepted it; the error's `submission` tells
   * whether it may be sent again.
   *
   * @see https://developer.8x8.com/connect/reference/send-sms-single
   * @throws ValidationError the message is malformed
   * @throws GuardError a guard refused: `InvalidPhoneNumberError`, `ConsentError`, `LimitError` @throws
   * MessageRejectedError 8x8 responded with HTTP 200 and REJECTED
   * @throws ApiError 8x8 returned an error
   * @throws ConnectionError no response
   * @throws AbortedError your signal fired
   * @throws QueueFullError too many calls wait for the pace
   * @throws StoreError the limit store failed
   * @example
   * ```ts
   * const sent = await sms.messages.send({ destination: '+6591234567', text: 'Your code is 4711', purpose: 'otp' });
   * sent.umid; // 8x8's ID
   * ```
   */
  send(message: SmsMessage, options?: CallOptions): Promise<AcceptedResult>;
  /**
   * Sends up to 10,000 SMS in one request; every one passes all guards. A message that a guard refuses is omitted and
   * reported; one bad number never fails the others. Throws only for a malformed call, before anything is counted or
   * sent; everything else is in `results`. For more than 10,000 use `sendMany`.
   *
   * @throws ValidationError the batch is malformed
   * @see https://developer.8x8.com/connect/reference/send-many-sms
   * @example
   * ```ts
   * const { results, counts } = await sms.messages.sendBatch({
   *   destinations: ['+6591234567', '+6598765432'],
   *   template: { text: 'We open at 9 today.' },
   * });
   * ```
   */
  sendBatch(batch: BatchInput, options?: CallOptions): Promise<BatchResult>;
  /**
   * Looks up a message. 8x8 allows one such request per second; further calls wait. For many messages use
   * `exports.run`.
   *
   * @throws ValidationError, NotFoundError, ApiError, ConnectionError, AbortedError, QueueFullError
   * @see https://developer.8x8.com/connect/reference/get-sms-message-details
   * @example (await sms.messages.get(sent.umid)).status.state // 'delivered'
   */
  get(umid: string, options?: CallOptions): Promise<MessageDetails>;
  /**
   * Reports to 8x8 whether a message had its effect, within 15 minutes of the send, for messages sent with `track:
   * 'Outcome'`. 8x8 uses the reports to choose routes and to detect fraud.
   *
   * With `outcome: 'success'` and a `destination` the number's backoff is cleared first, and stays cleared even when the
   * report then fails: the person succeeded. A failure, or a report without `destination`, keeps it.
   *
   * A report over 15 minutes after the send is sent too, and makes 8x8's conversion rate less accurate: event
   * `feedback-late`, if the time of the send is known from `sentAt`, or because this client sent the message.
   *
   * @throws InvalidPhoneNumberError, StoreError the backoff could not be cleared; nothing was reported
   * @throws ValidationError the report is malformed
   * @throws BadRequestError, ApiError, ConnectionError, AbortedError, QueueFullError
   * @see https://developer.8x8.com/connect/reference/api-sms-feedback
   * @example await sms.messages.feedback(sent.umid, { outcome: 'success', destination: '+6591234567' })
   */
  feedback(umid: string, feedback: MessageFeedback, options?: CallOptions): Promise<void>;
  /**
   * Reports as `feedback` does, without ever throwing or making the caller wait: a login must not depend on it. A failure is a
   * `feedback-failed` event. `sms.close()` waits for it. On Workers a response ends everything that nobody waits for: pass
   * `feedback(…).catch(() => {})` to `ctx.waitUntil` there.
   *
   * @example sms.messages.feedbackInBackground(sent.umid, { outcome: 'success', destination: '+6591234567' })
   */
  feedbackInBackground(umid: string, feedback: MessageFeedback, options?: CallOptions): void;
  /**
   * Returns encoding, parts, the characters that force UCS-2 with their replacements, and the price if known. Sends
   * no request. With `guards.content.replaceTypography` or `transliterate` the text is estimated as it would be sent.
   *
   * @throws ValidationError the message is malformed
   * @throws InvalidPhoneNumberError `destination` is not a phone number
   * @example
   * ```ts
   * await sms.account.prices({ country: 'SG', subAccountId: 'your_sub_account' }); // once a day
   * const { parts, price } = sms.messages.estimate({ text, destination: '+6591234567' });
   * ```
   */
  estimate(message: EstimateInput): MessageEstimate;
  /**
   * Sends any number of SMS from an array, a generator or a stream of rows; every one passes all guards. Memory is
   * bounded: rows are read only as fast as you consume the results. There is one result per row, in the order of the
   * input; `index` is the index of the row. A bad row is a `failed` result.
   *
   * A failure that would also affect the next chunk ends the run: your signal, a throwing input, a failing checkpoint
   * or limit store, a wrong key, a missing permission, no connection, a long pause requested by 8x8, three
   * consecutive chunks that were refused as a whole or got no response. Then chunks in progress are finished, every
   * row that was read has its result, and the error is thrown.
   *
   * Nothing happens before the first result is requested. Leaving the loop early waits for the chunks in progress and
   * sends no more. Their results are lost, so use `signal` to end a run that you want to resume.
   *
   * Iterate the returned object, or call its `run()` for the counts. Awaiting it sends nothing: after a second in which nobody
   * reads it there is a warning.
   *
   * @throws ValidationError an option, the token or the input is malformed, or the input throws: `path` is `input[1234]`
   * @throws AbortedError your signal fired
   * @throws StoreError the checkpoint or the limit store failed
   * @throws ApiError, ConnectionError, QueueFullError, ConfigurationError the failure that ended the run
   * @example
   * ```ts
   * for await (const result of sms.messages.sendMany(rows, { purpose: 'marketing', checkpoint: save, resumeFrom })) {
   *   if (result.status === 'accepted') sent += 1;
   *   else log(result.index, result.status, result.error.message);
   * }
   * ```
   */
  sendMany(
    input: Iterable<BatchMessage> | AsyncIterable<BatchMessage>,
    options?: SendManyOptions,
  ): SendManyRun;
  /**
   * Finds the outcome of a message whose response was lost (`submission: 'unknown'`): from a delivery receipt that a
   * webhook receiver of this client received, else from an export, which takes some seconds. Sends nothing.
   *
   * The outcome is `not-found` no sooner than 15 minutes after the message, and `pending` before that.
   *
   * @throws ValidationError the query is malformed, or `sentAt` is missing and this client does not remember the message
   * @throws InvalidPhoneNumberError `destination` is not a phone number
   * @throws ApiError, ConnectionError, TimeoutError, AbortedError, QueueFullError as `exports.run`
   * @example
   * ```ts
   * const { outcome } = await sms.messages.reconcile('order-4711', { destination: '+6591234567' });
   * if (outcome === 'not-found') await sms.messages.send(message);
   * ```
   */
  reconcile(clientMessageId: string, query?: ReconcileQuery, options?: CallOptions): Promise<Reconciliation>;
  /**
   * Cancels a scheduled SMS. Calling it twice is safe. The message stays counted in the limits of its number.
   *
   * @throws ValidationError, NotFoundError, ApiError, ConnectionError, AbortedError, QueueFullError
   * @see https://developer.8x8.com/connect/reference/cancel-scheduled-message
   * @example (await sms.messages.cancel(sent.umid)).cancelledCount // 1
   */
  cancel(umid: string, options?: CallOptions): Promise<Cancellation>;
  /**
   * Cancels the messages of a batch that are still scheduled. Calling it twice is safe.
   *
   * @throws ValidationError, ApiError, ConnectionError, AbortedError, QueueFullError
   * @see https://developer.8x8.com/connect/reference/cancel-many-sms-messages
   * @example await sms.messages.cancelBatch(batch.batchId)
   */
  cancelBatch(batchId: string, options?: CallOptions): Promise<Cancellation>;
  /**
   * Removes the number and text of a message from 8x8's records. This cannot be undone.
   *
   * @throws ValidationError, NotFoundError, ApiError, ConnectionError, AbortedError, QueueFullError
   * @see https://developer.8x8.com/connect/reference/delete-pii
   * @example await sms.messages.deletePii(sent.umid)
   */
  deletePii(umid: string, options?: CallOptions): Promise<void>;
}

/** Reads an SMS; `rewrite` changes its text as the content guard is configured to. */
export function smsReader(rewrite: Rewrite): MessageReader<SmsMessage> {
  return {
    schema: messageSchema,
    sources: ({ source }, clientSource) => [source, clientSource],
    content: (message, source) =>
      contentOf({ ...message, source, text: rewrite(message.text, message.encoding) }),
    wire({ text, encoding, scheduled, expiry, dlrCallbackUrl, clientIp, track, extra }, source) {
      return wireFields({
        text: rewrite(text, encoding),
        source,
        encoding,
        scheduled,
        expiry,
        dlrCallbackUrl,
        clientIp,
        track,
        extra,
      });
    },
  };
}

/**
 * Sends one SMS within a call that has begun, after all guards have admitted it. `own` is for messages that this
 * package sends on its own.
 */
export type SendSms = (
  message: SmsMessage,
  call: Call,
  own?: Pick<MessageInput, 'exemption'> &
    Pick<SendOperation<SmsMessage>, 'beforeWrite' | 'answer'> & {
      /** How it is delivered, if not as an SMS. */
      readonly channel?: string | undefined;
    },
) => Promise<AcceptedResult>;

export function createSendSms(client: ClientContext): SendSms {
  const reader = smsReader(client.rewrite);
  const segments = Object.freeze({ subAccountId: client.subAccountId });
  return (message, call, { channel, ...own } = {}) => {
    const read = channel === undefined ? reader : { ...reader, channel: () => channel };
    return sendOne(client, message, { ...own, operation: SEND, segments, reader: read }, call);
  };
}

/** @param lookups methods whose code is loaded with their first call */
export function createMessages(
  client: ClientContext,
  lookups: Pick<Messages, 'get' | 'reconcile'>,
): Messages {
  const sendSms = createSendSms(client);
  const giveFeedback = createGiveFeedback(client);
  return {
    send: (message, options) => client.calls.run(options, (call) => sendSms(message, call)),
    sendBatch: createSendBatch(client),
    ...createCancelling(client),
    feedback: giveFeedback,
    feedbackInBackground(umid, feedback, options) {
      giveFeedback(umid, feedback, options).catch((error: SmsError) => {
        const { code: errorCode, submission } = error;
        client.emit({ type: 'feedback-failed', errorCode, submission }, options?.context);
      });
    },
    estimate: createEstimate(client),
    sendMany: createSendMany(client),
    ...lookups,
  };
}

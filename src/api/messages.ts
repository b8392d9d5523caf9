import type { Call } from '../call.ts';
import type { ClientContext } from '../client-context.ts';
import { sendOne } from '../sending/pipeline.ts';
import { contentOf, type MessageInput, type MessageReader, wireFields } from '../sending/prepare.ts';
import type { AcceptedResult } from '../sending/results.ts';
import { createSendBatch, type SendBatch } from '../sending/send-batch.ts';
import { createSendMany, type SendMany } from '../sending/send-many/send-many.ts';
import type { SendOperation } from '../sending/send-operation.ts';
import { messageSchema, type SmsMessage } from '../sending/sms-message.ts';
import type { CallOptions } from '../types.ts';
import { type Cancelling, createCancelling } from './cancel.ts';
import { createEstimate, type EstimateMessage } from './estimate.ts';
import { createGiveFeedback, type GiveFeedback } from './feedback.ts';
import { createGetMessage, type GetMessage } from './message-details.ts';
import type { Operation } from './operation.ts';

const SEND: Operation = {
  name: 'messages.send',
  operationId: 'Send-Sms-Single',
  product: 'sms',
  method: 'POST',
  path: '/api/v1/subaccounts/{subAccountId}/messages',
  repeat: 'never',
  answer: 'json',
};

/** SMS messages. */
export interface Messages extends Cancelling {
  /**
   * Sends one SMS past all guards. Throws unless 8x8 took it; the error's `submission` says whether it may be sent again.
   *
   * @see https://developer.8x8.com/connect/reference/send-sms-single
   * @throws ValidationError the message is malformed
   * @throws GuardError a guard said no: `InvalidPhoneNumberError`, `ConsentError`, `LimitError`
   * @throws MessageRejectedError 8x8 answered 200 and REJECTED
   * @throws ApiError 8x8 answered an error
   * @throws ConnectionError no answer
   * @throws AbortedError your signal fired
   * @throws QueueFullError too many calls wait for the pace
   * @throws StoreError the limit store failed
   * @example
   * ```ts
   * const sent = await sms.messages.send({ destination: '+6591234567', text: 'Your code is 4711', purpose: 'otp' });
   * sent.umid; // 8x8's id
   * ```
   */
  send(message: SmsMessage, options?: CallOptions): Promise<AcceptedResult>;
  readonly sendBatch: SendBatch;
  readonly get: GetMessage;
  readonly feedback: GiveFeedback;
  readonly estimate: EstimateMessage;
  readonly sendMany: SendMany;
}

/** How an SMS is read; `rewrite` replaces typography where the content guard is told to. */
function smsReader(rewrite: (text: string) => string): MessageReader<SmsMessage> {
  return {
    schema: messageSchema,
    content: (message) => contentOf({ ...message, text: rewrite(message.text) }),
    wire({ text, source, encoding, scheduled, expiry, dlrCallbackUrl, clientIp, track }) {
      return wireFields({
        text: rewrite(text),
        source,
        encoding,
        scheduled,
        expiry,
        dlrCallbackUrl,
        clientIp,
        track,
      });
    },
  };
}

/** Sends one SMS inside a call that has begun, past all guards. `own` is for messages that this package sends by itself. */
export type SendSms = (
  message: SmsMessage,
  call: Call,
  own?: Pick<MessageInput, 'exemption'> & Pick<SendOperation<SmsMessage>, 'beforeWrite'>,
) => Promise<AcceptedResult>;

export function createSendSms(client: ClientContext): SendSms {
  const reader = smsReader(client.rewrite);
  const segments = { subAccountId: client.subAccountId };
  return (message, call, own) =>
    sendOne(client, message, { ...own, operation: SEND, segments, reader }, call);
}

export function createMessages(client: ClientContext): Messages {
  const sendSms = createSendSms(client);
  return {
    send: (message, options) => client.calls.run(options, (call) => sendSms(message, call)),
    sendBatch: createSendBatch(client),
    get: createGetMessage(client),
    ...createCancelling(client),
    feedback: createGiveFeedback(client),
    estimate: createEstimate(client),
    sendMany: createSendMany(client),
  };
}

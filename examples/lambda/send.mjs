import { SmsError } from '8x8-sms-guard';
import { sms } from './client.mjs';

/** Sends one message for each record of an SQS queue; records that may be sent again go back to the queue. */
export async function handler(event) {
  const batchItemFailures = [];
  for (const { messageId, body } of event.Records) {
    const { destination, text } = JSON.parse(body);
    try {
      // SQS delivers a record more than once: the key makes the repetition harmless.
      await sms.messages.send({ destination, text, idempotencyKey: messageId });
    } catch (error) {
      if (!SmsError.isInstance(error)) throw error;
      const mayRepeat = error.submission === 'not-submitted' && error.retryAfterMs !== undefined;
      console.log(JSON.stringify(error));
      if (mayRepeat) batchItemFailures.push({ itemIdentifier: messageId });
    }
  }
  return { batchItemFailures };
}

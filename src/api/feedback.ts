import { readPhone } from '../guards/desk.ts';
import { anything, type Fields, moment, oneOf, shapeWith, text } from '../schema.ts';
import type { CallOptions } from '../types.ts';
import type { Core } from './core.ts';
import { assertValid, readId } from './input.ts';
import type { Operation } from './operation.ts';
import { wireFields } from './prepare.ts';

const FEEDBACK: Operation = {
  name: 'messages.feedback',
  operationId: 'api-Sms-Feedback',
  product: 'sms',
  method: 'POST',
  path: '/api/v1/subaccounts/{subAccountId}/messages/{umid}/feedback',
  // It feeds 8x8's statistics: a second report may count twice.
  repeat: 'never',
  answer: 'empty',
};

/** How it went: `success` when the person entered the code. */
export interface MessageFeedback {
  readonly outcome: 'success' | 'failure';
  /** When the person acted: a `Date`, or ISO 8601 with an offset. @default 8x8 takes the time of the report */
  readonly timestamp?: string | Date | undefined;
  /** The number the message went to. With it, a success clears the wait of the backoff guard; it is not sent to 8x8. */
  readonly destination?: string | undefined;
  /** ISO 3166-1 alpha-2 code of a national `destination`. @default `defaultCountry` of the client */
  readonly country?: string | undefined;
}

/**
 * Tells 8x8 whether a message had its effect; useful within 15 minutes of the send, for messages sent with
 * `track: 'Outcome'`. 8x8 chooses routes and finds fraud by it.
 *
 * With `outcome: 'success'` and a `destination` the number's backoff is cleared first, and stays cleared even when the
 * report then fails: the person succeeded. A failure, or a report without `destination`, keeps it.
 *
 * @throws InvalidPhoneNumberError, StoreError the backoff could not be cleared; nothing was reported
 * @throws ValidationError, BadRequestError, ApiError, ConnectionError, AbortedError, QueueFullError
 * @see https://developer.8x8.com/connect/reference/api-sms-feedback
 * @example await sms.messages.feedback(sent.umid, { outcome: 'success', destination: '+6591234567' })
 */
export type GiveFeedback = (umid: string, feedback: MessageFeedback, options?: CallOptions) => Promise<void>;

const feedbackFields: Fields<MessageFeedback> = {
  outcome: oneOf(['success', 'failure']),
  timestamp: moment(),
  destination: anything(),
  country: text({ min: 2, max: 2 }),
};
const feedbackSchema = shapeWith(['outcome'], feedbackFields, 'an object { outcome, … }');

export function createGiveFeedback(core: Core): GiveFeedback {
  const { calls, transport, subAccountId, prepare, clearBackoff } = core;
  return (umid, feedback, options) =>
    calls.run(options, async (call) => {
      const segments = { subAccountId, umid: readId(umid, 'umid') };
      assertValid(feedbackSchema, feedback, 'feedback');
      const { outcome, timestamp, destination, country = prepare.defaultCountry } = feedback;
      const body = wireFields({ outcome, timestamp });
      if (destination !== undefined) {
        const phone = readPhone(destination, country);
        if (outcome === 'success') await clearBackoff(phone, call.context);
      }
      await transport.request({ operation: FEEDBACK, segments, body, options: call.transportOptions() });
    });
}

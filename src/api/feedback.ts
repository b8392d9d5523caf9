import type { ClientContext } from '../client-context.ts';
import { extraField } from '../internal/extra-fields.ts';
import { readPhone } from '../phone/read-phone.ts';
import { countryCode, dateTime, type Fields, objectWith, oneOf, refine, unknown } from '../schema.ts';
import { wireFields } from '../sending/prepare.ts';
import { clientIpField, subjectField } from '../sending/sms-message.ts';
import type { Operation } from '../transport/operation.ts';
import type { CallOptions } from '../types.ts';
import { readId, readInput } from './input.ts';

const FEEDBACK: Operation = {
  name: 'messages.feedback',
  operationId: 'api-Sms-Feedback',
  product: 'sms',
  method: 'POST',
  path: '/api/v1/subaccounts/{subAccountId}/messages/{umid}/feedback',
  // It feeds 8x8's statistics, so a second report may count twice.
  repeat: 'never',
  ifLost: 'It is unknown whether 8x8 counted the report: do not report it again.',
  responseBody: 'empty',
};

/** Effect of a message on the person. */
export interface MessageFeedback {
  /** `success` when the person entered the code, or did what the message asked for. */
  readonly outcome: 'success' | 'failure';
  /** Time when the person acted: a `Date`, or ISO 8601 with an offset. @default 8x8 takes the time of the report */
  readonly timestamp?: string | Date | undefined;
  /**
   * The number that received the message. With it, a success ends the wait of the backoff guard and makes the `subject`
   * known. It is not sent to 8x8.
   */
  readonly destination?: string | undefined;
  /** ISO 3166-1 alpha-2 code of a national `destination`. @default `defaultCountry` of the client */
  readonly country?: string | undefined;
  /**
   * The visitor who entered the code, as the message named them. Needs `destination`. Remembered for 90 days as a keyed hash:
   * strangers can then no longer keep this visitor from getting codes to this number. It is not sent to 8x8.
   */
  readonly subject?: string | undefined;
  /**
   * The end user's IP address. Needs `destination`. People who succeed prove an address: `guards.clientIp` then has higher
   * limits for it. It is not sent to 8x8.
   */
  readonly clientIp?: string | undefined;
  /**
   * Time when the message was sent: a `Date`, or ISO 8601 with an offset. It decides whether the event `feedback-late` is
   * raised, and is not sent to 8x8.
   * @default the time that this client remembers for its own one-time passwords and messages with `track: 'Outcome'`
   */
  readonly sentAt?: string | Date | undefined;
  /**
   * Fields that 8x8 added after this version, sent as they are. They may name no field that 8x8 knows today, in any spelling
   * or depth. At most 10,000 characters as JSON.
   *
   * @example extra: { newField: true }
   */
  readonly extra?: Readonly<Record<string, unknown>> | undefined;
}

/** A later outcome makes 8x8's conversion rate less accurate (SMS API, "SMS feedback"). It is reported anyway. */
const FEEDBACK_WINDOW_MS = 15 * 60 * 1000;

const feedbackFields: Fields<MessageFeedback> = {
  outcome: oneOf(['success', 'failure']),
  timestamp: dateTime(),
  destination: unknown(),
  country: countryCode(),
  subject: subjectField,
  clientIp: clientIpField,
  sentAt: dateTime(),
  extra: extraField,
};
const feedbackSchema = refine<MessageFeedback>(
  objectWith(['outcome'], feedbackFields, 'an object { outcome, … }'),
  ({ subject, clientIp, destination }) =>
    destination !== undefined || (subject === undefined && clientIp === undefined),
  'must have a destination: subject and clientIp are remembered together with it.',
);

export function createGiveFeedback(
  client: ClientContext,
): (umid: string, feedback: MessageFeedback, options?: CallOptions) => Promise<void> {
  const { calls, transport, subAccountId, phoneDefaults, rememberSuccess, clock, emit, sentAtCache } = client;

  /** Age of the message in milliseconds, if the report is a late one. */
  function lateBy({ sentAt }: MessageFeedback, umid: string): number | undefined {
    const since = sentAt === undefined ? sentAtCache.find(umid) : new Date(sentAt).getTime();
    const ageMs = since === undefined ? 0 : clock.now() - since;
    return ageMs > FEEDBACK_WINDOW_MS ? ageMs : undefined;
  }

  return (umid, feedback, options) =>
    calls.run(options, async (call) => {
      const segments = { subAccountId, umid: readId(umid, 'umid') };
      const given = readInput(feedbackSchema, feedback, 'feedback');
      const { outcome, timestamp, destination, country, subject, clientIp, extra } = given;
      const body = wireFields({ outcome, timestamp, extra });
      const phone = destination === undefined ? undefined : readPhone(destination, country, phoneDefaults);
      if (phone !== undefined && outcome === 'success') {
        await rememberSuccess(phone, { subject, clientIp }, call);
      }
      await transport.request({ operation: FEEDBACK, segments, body }, call);
      const ageMs = lateBy(given, segments.umid);
      if (ageMs !== undefined) emit({ type: 'feedback-late', ageMs }, call.context);
    });
}

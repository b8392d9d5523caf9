import { smsReader } from '../api/messages.ts';
import { objectWith } from '../schema.ts';
import type { MessageReader } from '../sending/prepare.ts';
import { addressingFields, contentFields, type SmsMessage, visitorFields } from '../sending/sms-message.ts';
import type { Rewrite } from '../text/rewrite.ts';

/**
 * A message that another provider will send.
 *
 * @example { destination: '9123 4567', country: 'SG', text: 'Your code is 4711', purpose: 'otp', subject: session.id }
 */
export type StandaloneMessage = Omit<
  SmsMessage,
  'dlrCallbackUrl' | 'expiry' | 'extra' | 'idempotencyKey' | 'scheduled' | 'track'
>;

const { text, source, encoding } = contentFields;
const { destination, country, clientMessageId, purpose } = addressingFields;
const schema = objectWith(
  ['destination', 'text'],
  { text, source, encoding, destination, country, clientMessageId, purpose, ...visitorFields },
  'a message',
);

/** Reads a message without the fields that only 8x8 has. */
export function standaloneReader(rewrite: Rewrite): MessageReader<SmsMessage> {
  return { ...smsReader(rewrite), schema };
}

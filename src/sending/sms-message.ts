import { extraField } from '../internal/extra-fields.ts';
import { readClientAddress } from '../internal/ip-address.ts';
import { lazily } from '../internal/lazily.ts';
import { purposeField } from '../purposes.ts';
import {
  boolean,
  countryCode,
  dateTime,
  decimal,
  type Field,
  type Fields,
  messageText,
  object,
  objectWith,
  oneOf,
  switchOn,
  text,
  unknown,
  webUrl,
  word,
} from '../schema.ts';
import type { Purpose } from '../types.ts';
import { type Source, sourceField } from './source.ts';

/** Encoding of the text on the air. `AUTO`: GSM-7 when it can carry every character, else UCS-2. */
export type Encoding = 'AUTO' | 'GSM7' | 'UCS2';

/** Fields that messages and the template of a batch have in common. Source: 8x8 SMS API, "Send SMS". */
export interface SmsContent {
  /** The text. GSM-7: 160 characters in one part, 153 per part when split; UCS-2: 70 and 67. */
  readonly text?: string | undefined;
  /**
   * Sender ID: up to 11 letters, digits and spaces, or up to 16 digits; or `{ default, byCountry }`, one for each country of
   * recipients. @default `source` of the client, else the sub-account's
   */
  readonly source?: Source | undefined;
  /** Encoding of the text. `GSM7` refuses a text that needs UCS-2. @default 'AUTO' */
  readonly encoding?: Encoding | undefined;
  /** Time to send: a `Date`, or ISO 8601 with an offset; at most 7 days ahead. @default now */
  readonly scheduled?: string | Date | undefined;
  /** Time to give up: a `Date`, or ISO 8601 with an offset. */
  readonly expiry?: string | Date | undefined;
  /** Address to which 8x8 posts the delivery receipt of this message instead of the account's webhook. */
  readonly dlrCallbackUrl?: string | undefined;
  /**
   * Fields that 8x8 added after this version, sent unchanged. They may not name a field that 8x8 knows today, in any spelling or
   * depth, and the guards search them only for the API key. At most 10,000 characters as JSON.
   *
   * @example extra: { newField: true }
   */
  readonly extra?: Readonly<Record<string, unknown>> | undefined;
}

/** Fields of a message besides its text: the person, the purpose, the IDs. */
export interface Addressing {
  /** The person: E.164 (`+6591234567`), or a national number together with `country`. */
  readonly destination: string;
  /** ISO 3166-1 alpha-2 code of a national number. @default `defaultCountry` of the client */
  readonly country?: string | undefined;
  /**
   * Your own ID of the message, at most 350 characters; receipts carry it.
   * @default a UUID: a random one, or with an `idempotencyKey` the same one for every call with this key and message
   */
  readonly clientMessageId?: string | undefined;
  /** Reason for the message. It decides which guards apply and is never sent to 8x8. @default 'transactional' */
  readonly purpose?: Purpose | undefined;
  /**
   * Makes a repeated call harmless for 24 hours: the same key returns the first result again, or the error of an
   * unknown outcome, and never sends a second message. 1 to 255 characters.
   */
  readonly idempotencyKey?: string | undefined;
}

/** The result of a captcha or another test for people that your service has verified. */
export interface HumanVerdict {
  /** Whether the visitor passed it. */
  readonly passed: boolean;
  /** Score of the test, from 0 (a program) to 1 (a person). @default no score */
  readonly score?: number | undefined;
}

/** The token of a test for people, such as a captcha, that is still to be verified. */
export interface HumanToken {
  /** The token that the visitor's browser got, 1 to 8,192 characters. It appears in no error and no event. */
  readonly token: string;
}

/** A test for people that the visitor took: its verdict, or its token. */
export type HumanTest = HumanVerdict | HumanToken;

/** The visitor who asks for a message, as far as the service can tell. Nothing of it but `clientIp` is sent to 8x8. */
export interface Visitor {
  /**
   * Proof of the visitor: the id of a signed device cookie or of a logged-in session, 1 to 200 characters. Never derive it from
   * the number that was typed. Strangers cannot delay a visitor whose subject succeeded with the number before
   * (`messages.feedback`, `verifications.check`). @default visitors cannot be told apart
   */
  readonly subject?: string | undefined;
  /**
   * The end user's IP address, for 8x8's own limit per address. It tells strangers apart, and never makes a visitor known.
   * Port and brackets are removed, `::ffff:203.0.113.7` is `203.0.113.7`.
   */
  readonly clientIp?: string | undefined;
  /**
   * The visitor's device, as your service or a vendor names it, for `guards.policy` and `guards.custom`; 1 to 200 characters.
   * @default none
   */
  readonly device?: string | undefined;
  /**
   * The part of your service that asks, such as `signup` or a page, for `guards.policy` and `guards.custom`; 1 to 200
   * characters. @default none
   */
  readonly origin?: string | undefined;
  /**
   * A captcha that the visitor solved after a guard asked for it (`error.action` is `'ask'`): with `passed: true` such guards let the
   * message through. A `token` counts only once it is verified.
   */
  readonly human?: HumanTest | undefined;
  /**
   * True if your own database says that this number belongs to an account that entered a code before; never take the visitor's word
   * for it. Guards that count strangers then do not count this message.
   * @default this package itself remembers the numbers and subjects that succeeded
   */
  readonly returning?: boolean | undefined;
}

/**
 * One SMS.
 *
 * @example { destination: '9123 4567', country: 'SG', text: 'Your code is 4711', purpose: 'otp' }
 */
export interface SmsMessage extends SmsContent, Addressing, Visitor {
  /** The text. GSM-7: 160 characters in one part, 153 per part when split; UCS-2: 70 and 67. */
  readonly text: string;
  /** `Outcome`: conversion tracking, completed by `messages.feedback`. @default 'None' */
  readonly track?: 'None' | 'Outcome' | undefined;
}

/** A message of a batch whose template may hold the text. */
export type BatchMessage = Omit<SmsMessage, 'text'> & {
  /** The text. @default the template's */
  readonly text?: string | undefined;
};

/**
 * More characters than ten parts can hold; the content guard enforces the exact limit. This bound stops megabytes of
 * text.
 */
export const MAX_TEXT_CHARACTERS = 20_000;

const idPattern = lazily(() => /^[^\p{Cc}\p{Cs}]+$/u);

export function isClientMessageId(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 350 && idPattern().test(value);
}

export const contentFields: Fields<SmsContent> = {
  text: messageText({ max: MAX_TEXT_CHARACTERS }),
  source: sourceField,
  encoding: oneOf(['AUTO', 'GSM7', 'UCS2']),
  scheduled: dateTime(),
  expiry: dateTime(),
  dlrCallbackUrl: webUrl(),
  extra: extraField,
};

export const addressingFields: Fields<Addressing> = {
  // The phone module reads it, because it has the best error messages for numbers.
  destination: unknown(),
  country: countryCode(),
  clientMessageId: word(isClientMessageId, 'a string of 1 to 350 characters without control characters'),
  purpose: purposeField,
  idempotencyKey: text({ max: 255 }),
};

export const clientIpField = word(
  (address) => readClientAddress(address) !== undefined,
  'one IP address such as 203.0.113.7 or 2001:db8::1; from a list such as X-Forwarded-For, pass only the address of the client',
);

export const subjectField: Field = text({ max: 200 });

const verdictFields: Fields<HumanVerdict> = { passed: boolean(), score: decimal({ min: 0, max: 1 }) };
const tokenFields: Fields<HumanToken> = { token: text({ max: 8_192 }) };
const humanField = switchOn(
  (input) => typeof input === 'object' && input !== null && 'token' in input,
  objectWith(['token'], tokenFields, 'an object { token }'),
  objectWith(['passed'], verdictFields, 'an object { passed, score } or { token }'),
);
export const visitorFields: Fields<Visitor> = {
  subject: subjectField,
  device: subjectField,
  origin: subjectField,
  clientIp: clientIpField,
  human: humanField,
  returning: boolean(),
};

const messageFields: Fields<SmsMessage> = {
  ...contentFields,
  ...addressingFields,
  ...visitorFields,
  track: oneOf(['None', 'Outcome']),
};

export const messageSchema: Field = objectWith(['destination', 'text'], messageFields, 'a message');
export const batchMessageSchema: Field = objectWith(['destination'], messageFields, 'a message');
export const templateSchema: Field = object(contentFields, 'a template');

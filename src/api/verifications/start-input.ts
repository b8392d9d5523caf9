import { extraField } from '../../internal/extra-fields.ts';
import {
  boolean,
  decimal,
  type Field,
  type Fields,
  integer,
  list,
  object,
  objectWith,
  oneOf,
  pattern,
  refine,
  text,
  webUrl,
  word,
} from '../../schema.ts';
import {
  type Addressing,
  addressingFields,
  contentFields,
  type Encoding,
  type Visitor,
  visitorFields,
} from '../../sending/sms-message.ts';
import type { Source } from '../../sending/source.ts';
import type { VerificationChannel } from './verification.ts';

/** Characters of a code. `ALPHANUMERIC_EASY` omits those that look alike. */
export type VerificationCodeType =
  | 'NUMERIC'
  | 'NUMERIC_WITH_DASH'
  | 'ALPHANUMERIC'
  | 'ALPHANUMERIC_CAPITALS'
  | 'ALPHANUMERIC_EASY';

/** Settings for a code in a text. */
export interface VerificationSms {
  /**
   * Sender ID: up to 11 letters, digits and spaces, or up to 16 digits; or `{ default, byCountry }`, one for each country of
   * recipients. @default `source` of the client, else the sub-account's
   */
  readonly source?: Source | undefined;
  /** Encoding of the text. @default 'AUTO' */
  readonly encoding?: Encoding | undefined;
}

/** Settings for a spoken code. */
export interface VerificationCall {
  /** Caller ID. @default 8x8's */
  readonly source?: string | undefined;
  /** Speed of the voice, 0.5 to 2. @default 0.8 */
  readonly speed?: number | undefined;
  /** Number of times the code is spoken, 1 to 3. @default 2 */
  readonly repetition?: number | undefined;
  /** Voice, for example `en-US-Kimberly`; at most 50 characters. */
  readonly voiceProfile?: string | undefined;
}

/** Settings for a code sent by WhatsApp. */
export interface VerificationWhatsApp {
  /** Name of the WhatsApp template that contains the code. */
  readonly templateName: string;
}

/**
 * One verification. Source: 8x8 Verification API v2, "Send verification code".
 *
 * @example { destination: '9123 4567', country: 'SG', brand: 'Team', template: '{code} is your {brand} code' }
 */
export interface VerificationStart extends Pick<Addressing, 'destination' | 'country'>, Visitor {
  /** Channel that delivers the code. @default 'sms' */
  readonly channel?: VerificationChannel | undefined;
  /**
   * Channels to move to, in this order, when the guard `pumping` lets no stranger have an SMS there (`other-channel-needed`):
   * `whatsapp`, `viber` and `sma` pay no fraudster. `whatsapp` needs its settings; a `template` goes with `sms` and `call` only.
   * Tell the person where to look: `channel` of the result. @default none: the error is thrown
   */
  readonly fallbackChannels?: readonly VerificationChannel[] | undefined;
  /** Name of the sender in the text, at most 30 characters. */
  readonly brand?: string | undefined;
  /** Length of the code, 3 to 10 characters. @default 4 */
  readonly codeLength?: number | undefined;
  /** Validity of the code in seconds, 30 to 7,200. @default 300 */
  readonly codeValidity?: number | undefined;
  /** Set of characters in the code. @default 'NUMERIC' */
  readonly codeType?: VerificationCodeType | undefined;
  /**
   * Text or speech, with `{code}` and maybe `{brand}`. For `sms` and `call` only; for `call` together with `language`.
   * @default 8x8's
   */
  readonly template?: string | undefined;
  /**
   * Name of a template that is saved at 8x8, in the place of `template`. An account with several saved templates must name
   * one; a name that 8x8 does not know is a `BadRequestError`. 1 to 200 characters.
   */
  readonly templateKey?: string | undefined;
  /** Language of 8x8's own text or voice: BCP 47, for example `id-ID`. */
  readonly language?: string | undefined;
  /** True sends a new code even if the last one is still valid. @default 8x8 sends the same code again */
  readonly resetSession?: boolean | undefined;
  /** Seconds between two codes to this number, 10 to 7,200. @default 10 */
  readonly resendingInterval?: number | undefined;
  /** Address to which 8x8 posts the outcome of the session. */
  readonly callbackUrl?: string | undefined;
  /** Settings for channel `sms`. */
  readonly sms?: VerificationSms | undefined;
  /** Settings for channel `call`. */
  readonly call?: VerificationCall | undefined;
  /** Settings for channel `whatsapp`, which needs them. */
  readonly whatsapp?: VerificationWhatsApp | undefined;
  /**
   * Proof of the visitor: the id of a signed device cookie or of a logged-in session, 1 to 200 characters. Never derive it from
   * the number that was typed. Only a check with the same subject is let through; it is never sent to 8x8. A subject that
   * was right once is not held up by what strangers do with that number, for 90 days.
   */
  readonly subject?: string | undefined;
  /**
   * Fields that 8x8 added after this version, sent as they are. They may name no field that 8x8 knows today, in any spelling
   * or depth. At most 10,000 characters as JSON.
   *
   * @example extra: { newField: true }
   */
  readonly extra?: Readonly<Record<string, unknown>> | undefined;
}

const CHANNELS = [
  'sms',
  'call',
  'whatsapp',
  'viber',
  'sma',
] as const satisfies readonly VerificationChannel[];
const CODE_TYPES = [
  'NUMERIC',
  'NUMERIC_WITH_DASH',
  'ALPHANUMERIC',
  'ALPHANUMERIC_CAPITALS',
  'ALPHANUMERIC_EASY',
] as const satisfies readonly VerificationCodeType[];

const smsFields: Fields<VerificationSms> = { source: contentFields.source, encoding: contentFields.encoding };
const callFields: Fields<VerificationCall> = {
  source: pattern(/^\+?\d{3,15}$/, 'a phone number of 3 to 15 digits'),
  speed: decimal({ min: 0.5, max: 2 }),
  repetition: integer({ min: 1, max: 3 }),
  voiceProfile: text({ max: 50 }),
};
const whatsAppFields: Fields<VerificationWhatsApp> = { templateName: text({ max: 512 }) };

/** Ours: 8x8 documents no limit. */
const isTemplateKey = (value: string) => /^[^\p{Cc}\p{Cs}]{1,200}$/u.test(value);

const startFields: Fields<VerificationStart> = {
  destination: addressingFields.destination,
  country: addressingFields.country,
  channel: oneOf(CHANNELS),
  fallbackChannels: list(oneOf(CHANNELS), { min: 1, max: CHANNELS.length }),
  brand: text({ max: 30 }),
  codeLength: integer({ min: 3, max: 10 }),
  codeValidity: integer({ min: 30, max: 7_200, unit: 'seconds' }),
  codeType: oneOf(CODE_TYPES),
  template: contentFields.text,
  templateKey: word(isTemplateKey, 'a string of 1 to 200 characters without control characters'),
  language: pattern(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/, 'a BCP 47 tag such as "id-ID"'),
  resetSession: boolean(),
  resendingInterval: integer({ min: 10, max: 7_200, unit: 'seconds' }),
  callbackUrl: webUrl(),
  sms: object(smsFields, 'an object { source, encoding }'),
  call: object(callFields, 'an object { source, speed, repetition, voiceProfile }'),
  whatsapp: objectWith(['templateName'], whatsAppFields, 'an object { templateName }'),
  ...visitorFields,
  extra: extraField,
};

type Requirement = readonly [test: (start: VerificationStart) => boolean, message: string];

/** Fields that want, or exclude, each other. 8x8 would drop some of them silently. */
const REQUIREMENTS: readonly Requirement[] = [
  [
    ({ channel, whatsapp }) => channel !== 'whatsapp' || whatsapp !== undefined,
    'must have a whatsapp.templateName for channel "whatsapp".',
  ],
  [
    ({ fallbackChannels = [], whatsapp }) => whatsapp !== undefined || !fallbackChannels.includes('whatsapp'),
    'must have a whatsapp.templateName for "whatsapp" in fallbackChannels.',
  ],
  [
    ({ channel = 'sms', template }) => template === undefined || channel === 'sms' || channel === 'call',
    'must have no template for this channel: 8x8 takes one for "sms" and "call" only.',
  ],
  [
    ({ channel, template, language }) =>
      channel !== 'call' || template === undefined || language !== undefined,
    'must have a language for a template of channel "call", for example "en-US": the template is spoken in it.',
  ],
  [
    ({ template, templateKey }) => template === undefined || templateKey === undefined,
    'must have either a template or a templateKey, not both.',
  ],
];

export const startSchema: Field = REQUIREMENTS.reduce<Field>(
  (field, [test, message]) => refine<VerificationStart>(field, test, message),
  objectWith(['destination'], startFields, 'a verification { destination, … }'),
);

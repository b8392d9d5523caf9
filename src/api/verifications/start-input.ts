import {
  decimal,
  type Field,
  type Fields,
  flag,
  integer,
  oneOf,
  pattern,
  refined,
  shape,
  shapeWith,
  text,
  webUrl,
} from '../../schema.ts';
import {
  type Addressing,
  addressingFields,
  clientIpField,
  contentFields,
  type Encoding,
} from '../../sending/sms-message.ts';
import type { VerificationChannel } from './verification.ts';

/** Which characters a code is made of. `ALPHANUMERIC_EASY`: without those that look alike. */
export type VerificationCodeType =
  | 'NUMERIC'
  | 'NUMERIC_WITH_DASH'
  | 'ALPHANUMERIC'
  | 'ALPHANUMERIC_CAPITALS'
  | 'ALPHANUMERIC_EASY';

/** How a code is texted. */
export interface VerificationSms {
  /** Sender ID: up to 11 letters, digits and spaces, or up to 16 digits. @default the sub-account's */
  readonly source?: string | undefined;
  /** @default 'AUTO' */
  readonly encoding?: Encoding | undefined;
}

/** How a code is spoken. */
export interface VerificationCall {
  /** Caller ID. @default 8x8's */
  readonly source?: string | undefined;
  /** 0.5 to 2. @default 1 */
  readonly speed?: number | undefined;
  /** How often the code is said, 1 to 3. */
  readonly repetition?: number | undefined;
  /** For example `en-US-Kimberly`; at most 50 characters. */
  readonly voiceProfile?: string | undefined;
}

/** Which WhatsApp template holds the code. */
export interface VerificationWhatsApp {
  readonly templateName: string;
}

/**
 * One verification. Source: 8x8 Verification API v2, "Send verification code".
 *
 * @example { destination: '9123 4567', country: 'SG', brand: 'Team', template: '{code} is your {brand} code' }
 */
export interface VerificationStart extends Pick<Addressing, 'destination' | 'country'> {
  /** @default 'sms' */
  readonly channel?: VerificationChannel | undefined;
  /** Who sends, at most 30 characters. */
  readonly brand?: string | undefined;
  /** 3 to 10 characters. @default 4 */
  readonly codeLength?: number | undefined;
  /** Seconds that the code is good, 30 to 7,200. @default 300 */
  readonly codeValidity?: number | undefined;
  /** @default 'NUMERIC' */
  readonly codeType?: VerificationCodeType | undefined;
  /** What is texted or said, with `{code}` and maybe `{brand}`. For `sms` and `call` only. @default 8x8's */
  readonly template?: string | undefined;
  /** BCP 47, for example `id-ID`: of 8x8's own text or voice. */
  readonly language?: string | undefined;
  /** True: a new code, though the last one is still good. @default 8x8 sends the same code again */
  readonly resetSession?: boolean | undefined;
  /** Seconds between two codes to this number, 10 to 7,200. @default 10 */
  readonly resendingInterval?: number | undefined;
  /** Where 8x8 posts what becomes of the session. */
  readonly callbackUrl?: string | undefined;
  /** The end user's IP address, for 8x8's own limit per address. */
  readonly clientIp?: string | undefined;
  readonly sms?: VerificationSms | undefined;
  readonly call?: VerificationCall | undefined;
  /** Required for channel `whatsapp`. */
  readonly whatsapp?: VerificationWhatsApp | undefined;
  /**
   * What the code is for: an account id, a login attempt. Only a check with the same subject is let through; it is never
   * sent to 8x8. 1 to 200 characters.
   */
  readonly subject?: string | undefined;
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

export const subjectField: Field = text({ max: 200 });

const startFields: Fields<VerificationStart> = {
  destination: addressingFields.destination,
  country: addressingFields.country,
  channel: oneOf(CHANNELS),
  brand: text({ max: 30 }),
  codeLength: integer({ min: 3, max: 10 }),
  codeValidity: integer({ min: 30, max: 7_200, unit: 'seconds' }),
  codeType: oneOf(CODE_TYPES),
  template: contentFields.text,
  language: pattern(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/, 'a BCP 47 tag such as "id-ID"'),
  resetSession: flag(),
  resendingInterval: integer({ min: 10, max: 7_200, unit: 'seconds' }),
  callbackUrl: webUrl(),
  clientIp: clientIpField,
  sms: shape(smsFields, 'an object { source, encoding }'),
  call: shape(callFields, 'an object { source, speed, repetition, voiceProfile }'),
  whatsapp: shapeWith(['templateName'], whatsAppFields, 'an object { templateName }'),
  subject: subjectField,
};

export const startSchema: Field = refined<VerificationStart>(
  refined<VerificationStart>(
    shapeWith(['destination'], startFields, 'a verification { destination, … }'),
    ({ channel, whatsapp }) => channel !== 'whatsapp' || whatsapp !== undefined,
    'must have a whatsapp.templateName for channel "whatsapp".',
  ),
  // 8x8 would drop it silently.
  ({ channel = 'sms', template }) => template === undefined || channel === 'sms' || channel === 'call',
  'must have no template for this channel: 8x8 takes one for "sms" and "call" only.',
);

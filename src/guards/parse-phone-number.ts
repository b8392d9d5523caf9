import { ValidationError } from '../errors.ts';
import type { NumberType } from '../phone/libphonenumber.ts';
import { normalisePhone } from '../phone/normalise-phone.ts';
import { createPhonePolicy, judgePhone, type PhonePolicyOptions } from '../phone/policy.ts';
import { BARE_DIGITS, type BareDigits } from '../phone/readings.ts';
import { type Fields, object, oneOf, text, validate } from '../schema.ts';
import { phonePolicyField } from './phone.ts';
import type { InvalidPhoneNumberReason } from './reasons.ts';

/**
 * Options of {@link parsePhoneNumber}. Pass those of your client, so that the result is the same.
 *
 * @example { country: 'SG', guard: { types: ['MOBILE'] } }
 */
export interface ParsePhoneNumberOptions {
  /** ISO 3166-1 alpha-2 code of a national number. @default none: the number must begin with + */
  readonly country?: string | undefined;
  /**
   * How digits without a plus, a prefix or a zero are read, like the client's option of that name. @default as
   * national numbers
   */
  readonly bareDigits?: BareDigits | undefined;
  /** The options of `guards.phone` that decide which numbers may get an SMS. @default those of the guard */
  readonly guard?: PhonePolicyOptions | undefined;
}

/** Facts about a number, by its numbering plan. */
interface PhoneNumberFacts {
  /** The number in E.164, for example `+6591234567`. */
  readonly e164: string;
  /** ISO 3166-1 alpha-2; absent when the number belongs to no country (satellite, +800, …), or the plan does not tell. */
  readonly country?: string;
  /** Without the plus, for example `65`. */
  readonly callingCode: string;
  /** `UNKNOWN` when the number is in no range that is in use. */
  readonly type: NumberType;
  /** Whether the number is in a range that is in use. */
  readonly valid: boolean;
}

/** A parsed number, and the verdict of the phone guard on it. */
export type ParsedPhoneNumber =
  | (PhoneNumberFacts & {
      /** The phone guard lets messages to it through. Other guards may still refuse. */
      readonly accepted: true;
    })
  | (Partial<PhoneNumberFacts> & {
      /** The phone guard refuses it. `e164` and the other facts are there when it can be read as one number. */
      readonly accepted: false;
      /** The reason that an `InvalidPhoneNumberError` would have. */
      readonly reason: InvalidPhoneNumberReason;
      /** A sentence that tells a developer what to change. Never contains the number. */
      readonly message: string;
    });

const fields: Fields<ParsePhoneNumberOptions> = {
  country: text({ min: 2, max: 2 }),
  bareDigits: oneOf(BARE_DIGITS),
  guard: phonePolicyField,
};
const schema = object(fields, 'an object { country, bareDigits, guard }');

/**
 * Reads what a person typed as a phone number, and says whether the phone guard would let a message to it through. Asks
 * nobody and sends nothing. Any input gets an answer; what can be read in two ways is refused, with the reason.
 *
 * @param input E.164, or a national number together with `country`
 * @throws ValidationError an option is unknown or malformed
 * @example
 * ```ts
 * const parsed = parsePhoneNumber('9123 4567', { country: 'SG' });
 * if (parsed.accepted) parsed.e164; // '+6591234567'
 * else parsed.message; // what to change
 * ```
 */
export function parsePhoneNumber(input: unknown, options: ParsePhoneNumberOptions = {}): ParsedPhoneNumber {
  const flaw = validate(schema, options, 'options');
  if (flaw !== undefined) throw new ValidationError(flaw.message, flaw.path);
  const { country, bareDigits, guard } = options;
  const read = normalisePhone(input, country, bareDigits);
  if (!read.ok) return { accepted: false, reason: read.reason, message: read.hint, valid: false };
  const { e164, callingCode, type, valid } = read.phone;
  const facts: PhoneNumberFacts = {
    e164,
    ...(read.phone.country !== undefined && { country: read.phone.country }),
    callingCode,
    type,
    valid,
  };
  const refusal = judgePhone(read.phone, createPhonePolicy(guard));
  if (refusal === undefined) return { ...facts, accepted: true };
  return { ...facts, accepted: false, reason: refusal.reason, message: refusal.hint };
}

import type { NumberType } from './libphonenumber.ts';
import type { Phone } from './normalise-phone.ts';

/**
 * Types of lines that receive SMS. `FIXED_LINE_OR_MOBILE` is every number of the United States, Canada and others
 * whose plan does not tell the two apart. `TOLL_FREE` passes in +1 only, where such numbers can be text-enabled.
 *
 * Excluded unless configured: `FIXED_LINE` (few networks read out an SMS to a landline, and all charge for it) and
 * `VOIP` (most national VoIP ranges receive no SMS, and they are the cheapest numbers a fraudster can rent).
 * `PERSONAL_NUMBER` (UK +44 70, a known pumping range), `PREMIUM_RATE`, `SHARED_COST`, `UAN`, `PAGER` and `VOICEMAIL`
 * never make sense.
 */
const DEFAULT_NUMBER_TYPES = ['MOBILE', 'FIXED_LINE_OR_MOBILE', 'TOLL_FREE'] as const satisfies NumberType[];

/**
 * Satellite (870 Inmarsat, 881 global mobile satellite), international networks (882, 883) and international premium
 * rate (979). Source: ITU-T E.164, list of assigned country codes. libphonenumber calls numbers of 870
 * and 881 valid mobiles.
 */
const DEFAULT_BLOCKED_CALLING_CODES = ['870', '881', '882', '883', '979'] as const;

/** Numbers that may receive SMS. */
export interface PhonePolicyOptions {
  /**
   * `valid`: in a range that is in use. `possible`: of the right length, for plans that change faster than the library is
   * released; such a number has no type, so `types` does not apply. @default 'valid'
   */
  readonly accept?: 'valid' | 'possible' | undefined;
  /** Types that may receive SMS. @default MOBILE, FIXED_LINE_OR_MOBILE, and TOLL_FREE (in +1 only) */
  readonly types?: readonly NumberType[] | undefined;
  /** Calling codes without the plus. */
  readonly callingCodes?:
    | {
        /** Only these calling codes. @default all */
        readonly allow?: readonly string[] | undefined;
        /**
         * Calling codes that are refused even if they are allowed.
         * @default ['870', '881', '882', '883', '979']: satellite, international networks, premium rate
         */
        readonly block?: readonly string[] | undefined;
      }
    | undefined;
}

/** {@link PhonePolicyOptions} prepared for fast checks of many numbers. */
export interface PhonePolicy {
  readonly accept: 'valid' | 'possible';
  readonly types: ReadonlySet<NumberType>;
  readonly allowedCallingCodes: ReadonlySet<string> | undefined;
  readonly blockedCallingCodes: ReadonlySet<string>;
}

/** Reasons for which the phone guard refuses a number that could be read. */
export type PhoneRefusalReason =
  | 'calling-code-blocked'
  | 'calling-code-not-allowed'
  | 'not-valid'
  | 'not-possible'
  | 'premium-rate'
  | 'toll-free'
  | 'number-type';

/** The reason why a number may not receive SMS. The hint never contains the number. */
export interface PhoneRefusal {
  readonly reason: PhoneRefusalReason;
  readonly hint: string;
}

/**
 * Old or domestic notations of numbers, by their digits, and advice for people who have them in a database. The
 * changes of plans: Benin fr.allafrica.com/stories/202411300249.html, Ivory Coast giggsey/libphonenumber-for-php#422,
 * Vietnam google/libphonenumber#2242, Cameroon google/libphonenumber#1051.
 */
const KNOWN_MISTAKES: readonly (readonly [RegExp, string])[] = [
  [/^54(?!9)\d{10}$/, ' An Argentine mobile number has a 9 after +54.'],
  [/^521\d{10}$/, ' Mexican numbers have had no 1 after +52 since 2019.'],
  [/^55\d{2}[6-9]\d{7}$/, ' Brazilian mobile numbers have nine digits, the first a 9.'],
  [
    /^225\d{8}$/,
    ' Numbers of Ivory Coast have had ten digits since 2021; two digits for the operator were added in front.',
  ],
  [/^229[^0]\d{7}$/, ' Numbers of Benin have had ten digits since 2024; 01 was added in front.'],
  [
    /^841\d{9}$/,
    ' Vietnamese mobile numbers of eleven digits lost one in 2018, and their first digits changed.',
  ],
  [/^237[79]\d{7}$/, ' Mobile numbers of Cameroon have had nine digits since 2014; a 6 was added in front.'],
];

function knownMistake(msisdn: string): string {
  return KNOWN_MISTAKES.find(([pattern]) => pattern.test(msisdn))?.[1] ?? '';
}

/**
 * @example createPhonePolicy({ types: ['MOBILE'], callingCodes: { allow: ['65', '62'] } })
 */
export function createPhonePolicy(options: PhonePolicyOptions = {}): PhonePolicy {
  const { accept = 'valid', types = DEFAULT_NUMBER_TYPES, callingCodes = {} } = options;
  const { allow, block = DEFAULT_BLOCKED_CALLING_CODES } = callingCodes;
  return {
    accept,
    types: new Set(types),
    allowedCallingCodes: allow === undefined ? undefined : new Set(allow),
    blockedCallingCodes: new Set(block),
  };
}

/**
 * Returns the reason why a number may not receive SMS, or `undefined` when it may.
 *
 * @example judgePhone(phone, createPhonePolicy())?.reason // 'premium-rate'
 */
export function judgePhone(phone: Phone, policy: PhonePolicy): PhoneRefusal | undefined {
  const { callingCode, type } = phone;
  if (policy.blockedCallingCodes.has(callingCode)) {
    return {
      reason: 'calling-code-blocked',
      hint: `Calling code +${callingCode} is blocked (guards.phone.callingCodes.block): satellite, international network or premium rate by default.`,
    };
  }
  if (policy.allowedCallingCodes?.has(callingCode) === false) {
    return {
      reason: 'calling-code-not-allowed',
      hint: `Calling code +${callingCode} is not in guards.phone.callingCodes.allow.`,
    };
  }
  if (!phone.possible) {
    return {
      reason: 'not-possible',
      hint: `The number is too long, too short or incomplete for calling code +${callingCode}.${knownMistake(phone.msisdn)}`,
    };
  }
  if (!phone.valid) {
    if (policy.accept === 'possible') return undefined;
    return {
      reason: 'not-valid',
      hint: `The number is not in a range in use under calling code +${callingCode}.${knownMistake(phone.msisdn)} If the plan is newer than this release, set guards.phone.accept to "possible".`,
    };
  }
  return judgeType(phone, type, policy);
}

function judgeType(phone: Phone, type: NumberType, policy: PhonePolicy): PhoneRefusal | undefined {
  if (type === 'TOLL_FREE' && phone.callingCode !== '1') {
    return { reason: 'toll-free', hint: 'Toll-free numbers receive SMS in calling code +1 only.' };
  }
  if (policy.types.has(type)) return undefined;
  if (type === 'PREMIUM_RATE') {
    return {
      reason: 'premium-rate',
      hint: 'This is a premium-rate number; fraudsters earn money with SMS to it.',
    };
  }
  return {
    reason: 'number-type',
    hint: `Numbers of type ${type} are not in guards.phone.types.${knownMistake(phone.msisdn)}`,
  };
}

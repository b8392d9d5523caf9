import type { NumberType } from '../phone/libphonenumber.ts';
import { createPhonePolicy, judgePhone, type PhonePolicyOptions } from '../phone/policy.ts';
import { FALSE_OR_OPTIONS, type Fields, falseOr, list, object, oneOf, pattern } from '../schema.ts';
import type { Guard, GuardMode } from './guard.ts';

/**
 * Admits valid numbers of types that can receive SMS, and refuses premium-rate and satellite ranges.
 *
 * Even `false` and `monitor` refuse text that cannot be read as one number: without a number nothing can be counted.
 *
 * @example phone: { types: ['MOBILE'], callingCodes: { allow: ['65', '62'] } }
 */
export interface PhoneGuardOptions extends PhonePolicyOptions {
  /** `enforce` refuses; `monitor` only reports what it would have refused. @default 'enforce' */
  readonly mode?: GuardMode | undefined;
}

const NUMBER_TYPES = [
  'MOBILE',
  'FIXED_LINE',
  'FIXED_LINE_OR_MOBILE',
  'TOLL_FREE',
  'PREMIUM_RATE',
  'SHARED_COST',
  'VOIP',
  'PERSONAL_NUMBER',
  'PAGER',
  'UAN',
  'VOICEMAIL',
] as const satisfies readonly NumberType[];

const callingCodesField = list(pattern(/^[1-9]\d{0,2}$/, 'a calling code without the plus, such as "65"'), {
  max: 300,
});
const policyFields: Fields<PhonePolicyOptions> = {
  accept: oneOf(['valid', 'possible']),
  types: list(oneOf(NUMBER_TYPES), { min: 1, max: NUMBER_TYPES.length }),
  callingCodes: object({ allow: callingCodesField, block: callingCodesField }),
};
export const phonePolicyField = object(policyFields, 'an object of options');
const fields: Fields<PhoneGuardOptions> = { mode: oneOf(['enforce', 'monitor']), ...policyFields };
export const phoneField = falseOr(object(fields, FALSE_OR_OPTIONS));

/** Refuses numbers that cannot or should not receive SMS. */
export function createPhoneGuard({ mode = 'enforce', ...options }: PhoneGuardOptions): Guard<'phone'> {
  const policy = createPhonePolicy(options);
  return {
    name: 'phone',
    mode,
    check({ phone }) {
      const refusal = judgePhone(phone, policy);
      return refusal && { reason: refusal.reason, message: refusal.hint };
    },
  };
}

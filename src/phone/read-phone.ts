import { InvalidPhoneNumberError } from '../errors.ts';
import { normalisePhone, type Phone, type PhoneDefaults } from './normalise-phone.ts';

/**
 * Reads the number of a call outside of the message pipeline.
 *
 * @throws InvalidPhoneNumberError the number cannot be read
 */
export function readPhone(destination: unknown, country: string | undefined, defaults: PhoneDefaults): Phone {
  const result = normalisePhone(destination, country ?? defaults.defaultCountry, defaults.bareDigits);
  if (result.ok) return result.phone;
  throw new InvalidPhoneNumberError({
    message: `destination: ${result.hint} Nothing was sent.`,
    decision: { guard: 'phone', reason: result.reason, mode: 'enforce', explanation: result.hint },
  });
}

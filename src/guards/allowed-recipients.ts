import { ConfigurationError } from '../errors.ts';
import { normalisePhone } from '../phone/normalise-phone.ts';
import type { BareDigits } from '../phone/readings.ts';
import type { Guard } from './guard.ts';

/**
 * Refuses every number that is not on the list of `allowedRecipients`, in every mode: no customer gets a message of a staging
 * system.
 *
 * @throws ConfigurationError an entry is not a phone number
 */
export function createAllowedRecipients(
  numbers: readonly string[],
  defaultCountry: string | undefined,
  bareDigits: BareDigits | undefined,
): Guard<'allowedRecipients'> {
  const keys = new Set(
    numbers.map((number, index) => {
      const result = normalisePhone(number, defaultCountry, bareDigits);
      if (result.ok) return result.phone.key;
      const option = `allowedRecipients[${index}]`;
      throw new ConfigurationError(`${option} is not a phone number. ${result.hint}`, option);
    }),
  );
  return {
    name: 'allowedRecipients',
    mode: 'enforce',
    check({ phone }) {
      if (keys.has(phone.key)) return undefined;
      return {
        reason: 'recipient-not-allowed',
        message: 'This number is not in allowedRecipients. Add it there, or remove the option in production.',
        always: true,
      };
    },
  };
}

import type { Call } from '../call.ts';
import { ConfigurationError } from '../errors.ts';
import type { Emit } from '../events.ts';
import { numberFields } from '../guards/event-fields.ts';
import { normalisePhone, type Phone, type PhoneDefaults } from '../phone/normalise-phone.ts';

/** Reserved numbers with a fixed code: nothing about their codes is sent to 8x8. */
export interface TestNumbers {
  /** The fixed code of a reserved number; undefined for every other number. */
  codeOf(phone: Phone): string | undefined;
  /** The same, and raises the warning. */
  use(phone: Phone, operation: string, call: Pick<Call, 'context'>): string | undefined;
  /** The reserved numbers. */
  phones(): readonly Phone[];
}

/** @throws ConfigurationError a key is not a phone number, or two keys are the same one */
export function createTestNumbers(
  given: Readonly<Record<string, string>> | undefined,
  { defaultCountry, bareDigits }: PhoneDefaults,
  emit: Emit,
): TestNumbers {
  const reserved = new Map<number, { readonly phone: Phone; readonly code: string }>();
  for (const [index, [number, code]] of Object.entries(given ?? {}).entries()) {
    // The key itself is a number, which no error shows.
    const option = `testNumbers[${index}]`;
    const result = normalisePhone(number, defaultCountry, bareDigits);
    if (!result.ok) throw new ConfigurationError(`${option} is not a phone number. ${result.hint}`, option);
    const { phone } = result;
    if (reserved.has(phone.key)) {
      throw new ConfigurationError(
        `${option} is the same number as an earlier one. Remove one of them.`,
        option,
      );
    }
    reserved.set(phone.key, { phone, code });
  }
  const codeOf = ({ key }: Phone) => reserved.get(key)?.code;
  return {
    codeOf,
    use(phone, operation, { context }) {
      const code = codeOf(phone);
      if (code !== undefined)
        emit({ type: 'test-number-used', operation, ...numberFields(phone) }, context, phone);
      return code;
    },
    phones: () => [...reserved.values()].map(({ phone }) => phone),
  };
}

import { maskNumber } from '../internal/redact.ts';
import type { Phone } from '../phone/normalise-phone.ts';
import type { Purpose } from '../types.ts';

/** A number as decisions show it. */
export function maskedNumber({ e164, country }: Pick<Phone, 'e164' | 'country'>) {
  return { destination: maskNumber(e164), ...(country !== undefined && { country }) };
}

/** A number as events show it. */
export function numberFields(phone: Phone) {
  return { ...maskedNumber(phone), ...(phone.callingCode !== '' && { callingCode: phone.callingCode }) };
}

/** The fields of every event about one message. */
export function messageFields({
  clientMessageId,
  purpose,
  phone,
}: {
  readonly clientMessageId: string;
  readonly purpose: Purpose;
  readonly phone: Phone;
}) {
  return { clientMessageId, purpose, ...numberFields(phone) };
}

import { maskNumber } from '../internal/redact.ts';
import type { Phone } from '../phone/normalise-phone.ts';
import type { OutgoingMessage } from './guard.ts';

/** A number as events show it. */
export function numberFields({ e164, country, callingCode }: Phone) {
  return {
    destination: maskNumber(e164),
    ...(country !== undefined && { country }),
    ...(callingCode !== '' && { callingCode }),
  };
}

/** The fields of every event about one message. */
export function messageFields({ clientMessageId, purpose, phone }: OutgoingMessage) {
  return { clientMessageId, purpose, ...numberFields(phone) };
}

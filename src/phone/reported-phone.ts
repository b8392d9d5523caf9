import { normalisePhone, type PhoneResult } from './normalise-phone.ts';

/** Digits of an international number; 8x8 leaves the plus out at times. */
const WITHOUT_PLUS = /^[1-9]\d{6,14}$/;

/** A person's number as 8x8 writes it in what it reports: always international, with or without the plus. */
export function readReportedPhone(text: string): PhoneResult {
  return normalisePhone(WITHOUT_PLUS.test(text) ? `+${text}` : text, undefined);
}

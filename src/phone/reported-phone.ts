import { normalisePhone, type PhoneResult } from './normalise-phone.ts';

/** A person's number as 8x8 writes it in what it reports: always international, with or without the plus. */
export function readReportedPhone(text: string): PhoneResult {
  return normalisePhone(text, undefined, 'international');
}

import { normalisePhone, type PhoneResult } from './normalise-phone.ts';

/** Parses a number from one of 8x8's reports: always international, with or without the plus. */
export function readReportedPhone(text: string): PhoneResult {
  return normalisePhone(text, undefined, 'international');
}

/** Why an input is not one phone number. The hint says what to change, and never repeats the input. */
const HINTS = {
  'not-a-string': 'Pass the number as a string: a JavaScript number loses leading zeros and the plus sign.',
  empty: 'The number is empty.',
  'too-long': 'The input is longer than 64 characters; a phone number has at most 15 digits.',
  'control-character': 'Remove the line breaks, tabs and other control characters inside the number.',
  'several-numbers': 'The input holds more than one number; pass one number a message.',
  'separate-digits':
    'Digits stand apart from the number (".0" of a spreadsheet, "-8", "/ 9", "(2)", "1."). Pass the number alone, in one piece or in its usual groups; export spreadsheet columns of numbers as text.',
  extension: 'Remove the extension: an SMS cannot reach one.',
  'unsupported-uri': 'Of a tel: link only a number that starts with + is understood, without parameters.',
  letters: 'Write the number in digits only; it holds letters.',
  'unknown-country': '`country` must be an ISO 3166-1 alpha-2 code such as "SG" or "GB".',
  'no-country': 'Start the number with + and its calling code, or give `country` for a national number.',
  'ambiguous-prefix':
    'The leading 00 can be read as two different numbers in this country; start with + and the calling code instead.',
  'unknown-calling-code': 'No country or service has this calling code.',
  'wrong-length': 'An international number has 7 to 15 digits, the calling code included.',
  'not-a-number': 'This cannot be read as a phone number; write + and digits.',
} as const;

/** Machine-readable reason of a {@link PhoneFailure}. */
export type PhoneFailureReason = keyof typeof HINTS;

/** The input is not one phone number. */
export interface PhoneFailure {
  readonly ok: false;
  readonly reason: PhoneFailureReason;
  /** A sentence for a developer: what to change. Never holds the input. */
  readonly hint: string;
}

export function phoneFailure(reason: PhoneFailureReason): PhoneFailure {
  return { ok: false, reason, hint: HINTS[reason] };
}

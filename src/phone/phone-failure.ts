/**
 * Reasons why an input is not one phone number, each with a hint. A hint says what to change and never repeats the
 * input.
 */
const HINTS = {
  'not-a-string': 'Pass the number as a string: a JavaScript number loses leading zeros and the plus sign.',
  empty: 'The number is empty.',
  'too-long': 'The input is longer than 64 characters; a phone number has at most 15 digits.',
  'control-character': 'Remove the line breaks, tabs and other control characters inside the number.',
  'several-numbers': 'The input contains more than one number; pass one number per message.',
  'separate-digits':
    'Digits stand apart from the number (".0" of a spreadsheet, "-8", "/ 9", "(2)", "1."). Pass the number alone, in one piece or in its usual groups; export spreadsheet columns of numbers as text.',
  extension: 'Remove the extension: an SMS cannot reach one.',
  'unsupported-uri': 'A tel: link must contain a number that starts with + and no parameters.',
  letters: 'Write the number in digits only; it contains letters.',
  'unknown-country': '`country` must be an ISO 3166-1 alpha-2 code such as "SG" or "GB".',
  'no-country':
    'Start the number with + and its calling code, or give `country` for a national number. If your numbers are international and written without the plus, set the option `bareDigits` to "international".',
  'ambiguous-prefix':
    'The leading digits can be read in two ways that give two different numbers. Start with + and the calling code instead.',
  ambiguous:
    'Without a plus, this is both a national number of `country` and an international number, of two different people. Start it with + and the calling code, or set the option `bareDigits`.',
  'not-national':
    'This is an international number without its plus, and not a number of `country`. Start it with +, or set the option `bareDigits` to "international" if all your numbers are written that way.',
  'not-international':
    'This is a national number of `country`, and the option `bareDigits` is "international". Start it with + and the calling code.',
  'bare-digits': 'Start the number with + and its calling code: the option `bareDigits` is "refuse".',
  'trunk-zero':
    'Remove the zero in front of the national number: it is not dialled in this country, or only at home.',
  'unknown-calling-code': 'No country or service has this calling code.',
  'wrong-length': 'An international number has 7 to 15 digits, the calling code included.',
  'not-a-number': 'This cannot be read as a phone number; write + and digits.',
} as const;

/** The hint for a number such as 6.5E+09. */
export const ROUNDED =
  'A spreadsheet wrote the number with an exponent, and its last digits are lost: export the column as text.';

/** Machine-readable reason of a {@link PhoneFailure}. */
export type PhoneFailureReason = keyof typeof HINTS;

/** The input is not one phone number. */
export interface PhoneFailure {
  readonly ok: false;
  readonly reason: PhoneFailureReason;
  /** A sentence for a developer: what to change. Never contains the input. */
  readonly hint: string;
}

export function phoneFailure(reason: PhoneFailureReason, hint: string = HINTS[reason]): PhoneFailure {
  return { ok: false, reason, hint };
}

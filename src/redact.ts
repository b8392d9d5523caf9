/**
 * What may be shown to a person or a log: numbers masked, secrets and control characters removed. Every error
 * message and event field that holds text from outside goes through here.
 */

/** ITU-T E.164 calling codes of one and two digits; every other code has three. */
const ONE_DIGIT_CODES = new Set(['1', '7']);
const TWO_DIGIT_CODES = new Set(
  (
    '20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 ' +
    '60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98'
  ).split(' '),
);

function callingCodeLength(digits: string): number {
  if (ONE_DIGIT_CODES.has(digits.slice(0, 1))) return 1;
  return TWO_DIGIT_CODES.has(digits.slice(0, 2)) ? 2 : 3;
}

/**
 * Masks a phone number for logs: calling code and last two digits stay, at least four digits are hidden. A number
 * that is not in international form keeps its last two digits only, a very short one nothing.
 *
 * @example maskNumber('+6591234567') // '+65******67'
 */
export function maskNumber(number: string): string {
  const digits = number.replace(/\D/g, '');
  const international = number.trimStart().startsWith('+');
  const shownHead = international ? callingCodeLength(digits) : 0;
  const hidden = digits.length - shownHead - 2;
  if (hidden < 4) return '*'.repeat(Math.max(4, Math.min(digits.length, 15)));
  return `${international ? '+' : ''}${digits.slice(0, shownHead)}${'*'.repeat(Math.min(hidden, 15))}${digits.slice(-2)}`;
}

/** Seven or more digits in a row, however they are spaced: a phone number until the contrary is proved. */
const NUMBER_IN_TEXT = /\+?\p{Nd}(?:(?:%[\da-f]{2}|\s|[^\p{L}\p{Nd}\p{Cc}]){0,3}\p{Nd}){6,}/giu;
const CONTROL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** `\u001b` instead of the character itself, so that outside text cannot drive a terminal or forge a log line. */
function escapeControl(character: string): string {
  return `\\u${(character.codePointAt(0) as number).toString(16).padStart(4, '0')}`;
}

/**
 * Makes text from outside safe to print: secrets replaced, phone numbers masked, control characters escaped, cut at
 * `maxLength` (default 300 characters).
 */
export function redactText(text: string, secrets: readonly string[] = [], maxLength = 300): string {
  // Cut last: half of a number or of a secret would not be known for what it is.
  let safe = text;
  for (const secret of secrets) {
    if (secret.length < 4) continue;
    safe = safe.replaceAll(secret, '[redacted]').replaceAll(encodeURIComponent(secret), '[redacted]');
  }
  safe = safe.replace(NUMBER_IN_TEXT, (found) => maskNumber(found)).replace(CONTROL, escapeControl);
  return safe.length > maxLength ? `${safe.slice(0, maxLength)}…` : safe;
}

import { lazily } from './lazily.ts';

/**
 * Makes text safe for people and logs: masks numbers, removes secrets and control characters. Every error message and
 * event field with text from outside passes through this file.
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
 * Masks a phone number for logs: keeps the calling code and the last two digits, and hides at least four digits. A
 * number that is not in international form keeps only its last two digits, a very short one none.
 *
 * @example maskNumber('+6591234567') // '+65******67'
 */
export function maskNumber(number: string): string {
  const digits = number.replace(/\D+/g, '');
  const international = number.trimStart().startsWith('+');
  const shownHead = international ? callingCodeLength(digits) : 0;
  const hidden = digits.length - shownHead - 2;
  if (hidden < 4) return '*'.repeat(Math.max(4, Math.min(digits.length, 15)));
  return `${international ? '+' : ''}${digits.slice(0, shownHead)}${'*'.repeat(Math.min(hidden, 15))}${digits.slice(-2)}`;
}

const digitPattern = lazily(() => /\p{Nd}/u);
const digitsPattern = lazily(() => /\p{Nd}/gu);
/** Characters that end a number. White space does not, although some of it is a control character. */
const borderPattern = lazily(() => /[\p{L}\p{Cc}]/u);
const WHITE_SPACE = /\s/;
/** A percent-encoded byte with a letter in it. `%20` is read as a sign and two digits instead, which hides more. */
const ENCODED_BYTE = /^%(?:\d[a-f]|[a-f][\da-f])$/i;
const controlPattern = lazily(() => /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu);

/** Shorter runs of digits are codes or counts. */
const LEAST_DIGITS = 7;
/** Maximum number of characters and encoded bytes between two digits of one number. */
const LONGEST_GAP = 3;
/** Maximum length, rounded up, of a number that is cut before its seventh digit. */
const LONGEST_FRAGMENT = 80;
/** Replacing a secret of four characters with `[redacted]` makes a text longer by less than this. */
const REDACTED_GROWTH = 3;

/** Digits that belong together. No number with more of them begins before `readTo`. */
interface Digits {
  readonly count: number;
  readonly end: number;
  readonly readTo: number;
}

/**
 * Reads the digits that belong together from `start` on, with any spacing. This scanner takes linear time; the
 * equivalent regular expression took 16 s for 100 kB of hostile text, and one second to compile.
 */
function readDigits(text: string, start: number): Digits {
  let count = 0;
  let end = start;
  let gap = 0;
  // After the 2 of `%2B`, which counts as a digit when no other follows.
  let encodedEnd = 0;
  for (let index = start; index < text.length && gap <= LONGEST_GAP; ) {
    const character = String.fromCodePoint(text.codePointAt(index) as number);
    if (digitPattern().test(character)) {
      index += character.length;
      count += 1;
      end = index;
      gap = 0;
      encodedEnd = 0;
      continue;
    }
    if (borderPattern().test(character) && !WHITE_SPACE.test(character)) break;
    gap += 1;
    const isEncodedByte = character === '%' && ENCODED_BYTE.test(text.slice(index, index + 3));
    if (isEncodedByte && gap <= LONGEST_GAP && digitPattern().test(text.charAt(index + 1)))
      encodedEnd = index + 2;
    index += isEncodedByte ? 3 : character.length;
  }
  return encodedEnd === 0 ? { count, end, readTo: end } : { count: count + 1, end: encodedEnd, readTo: end };
}

function dropEnd(text: string, characters: number): string {
  return text.slice(0, Math.max(0, text.length - characters));
}

/**
 * Masks seven or more consecutive digits, which may be a phone number. Drops the end of a text that was cut, which
 * may be the start of a number.
 */
function maskNumbers(text: string, isCut: boolean): string {
  let masked = '';
  let done = 0;
  let next = 0;
  for (const { index } of text.matchAll(digitsPattern())) {
    if (index < next) continue;
    const { count, end, readTo } = readDigits(text, index);
    next = count < LEAST_DIGITS ? readTo : end;
    if (count < LEAST_DIGITS) continue;
    const start = index > done && text[index - 1] === '+' ? index - 1 : index;
    masked += text.slice(done, start) + maskNumber(text.slice(start, end));
    done = end;
  }
  const rest = text.slice(done);
  return masked + (isCut ? dropEnd(rest, LONGEST_FRAGMENT) : rest);
}

/** Escapes a character as `\u001b`, so that text from outside cannot control a terminal or forge a log line. */
function escapeControl(character: string): string {
  return `\\u${(character.codePointAt(0) as number).toString(16).padStart(4, '0')}`;
}

/**
 * Makes text from outside safe to print: replaces secrets, masks phone numbers, escapes control characters, and cuts
 * it at `maxLength` (default 300 characters). Reads no more of it than necessary, so a long text costs no more than a
 * short one.
 */
export function redactText(text: string, secrets: readonly string[] = [], maxLength = 300): string {
  const hidden = secrets
    .filter((secret) => secret.length >= 4)
    .flatMap((secret) => [secret, encodeURIComponent(secret)]);
  const longest = hidden.reduce((most, { length }) => Math.max(most, length), 0);
  const overlap = longest * REDACTED_GROWTH;
  // Masking shortens the text, so more is read than shown.
  let safe = text.slice(0, 4 * maxLength + overlap + LONGEST_FRAGMENT);
  const isCut = safe.length < text.length;
  for (const secret of hidden) safe = safe.replaceAll(secret, '[redacted]');
  // The end of the text that was read may be half of a secret, which could not be recognised.
  if (isCut) safe = dropEnd(safe, overlap);
  safe = maskNumbers(safe, isCut).replace(controlPattern(), escapeControl);
  return isCut || safe.length > maxLength ? `${safe.slice(0, maxLength)}…` : safe;
}

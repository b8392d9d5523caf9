import type { PhoneFailureReason } from './phone-failure.ts';

/**
 * Longest accepted input. It is enough for any notation of 15 digits, and it bounds the work that a stranger can
 * cause.
 */
export const MAX_INPUT_CHARACTERS = 64;

const DIGIT = /\p{Nd}/u;
const OTHER_DIGITS = /(?![0-9])\p{Nd}/gu;
/** Superscripts, `①`, `½`, `Ⅷ`: NFKC would turn them into digits and letters of the number. */
const DIGIT_LIKE = /[\p{No}\p{Nl}]/u;
/**
 * Zero-width characters, soft hyphens, direction marks, variation selectors, fillers: they result from copy and paste
 * and have no meaning here. Unicode Standard 5.21, "Ignoring Characters in Processing".
 */
const INVISIBLE = /[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu;
/** White space by Unicode; `\s` lacks the next-line character. */
const SPACE = /[\s\u0085]/u;
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/u;
const SEPARATOR_OF_NUMBERS = /[+,;|&/]/;
/** `ext. 12`, `x12`, `#12`, `;ext=12`, and the pauses `,12` `;12` `p12` `w12`, after a digit and at the end. */
const EXTENSION =
  /\d[\s).]*(?:;ext=|e?xt(?:n|ension)?|x{1,2}|int|anexo|доб|#|,{1,2}|;|p|w)[\s.:#]*\d{1,9}\s*#?$/iu;
const URI_PARAMETER = /;\s*(?!ext=)[a-z-]+=/i;

/** The value of a decimal digit of any script: Unicode orders the ten digits of a script from zero up. */
function asciiDigit(character: string): string {
  const codePoint = character.codePointAt(0) as number;
  let zero = codePoint;
  while (DIGIT.test(String.fromCodePoint(zero - 1))) zero -= 1;
  return String((codePoint - zero) % 10);
}

function countDigits(text: string): number {
  return text.replace(/\D/g, '').length;
}

function holdsSeveralNumbers(text: string): boolean {
  return text.split(SEPARATOR_OF_NUMBERS).filter((piece) => countDigits(piece) >= 7).length > 1;
}

/** Scans the ends, because a regular expression for the end would try every space on the way. */
function trim(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && SPACE.test(text.charAt(start))) start += 1;
  while (end > start && SPACE.test(text.charAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

/** Spreadsheets mark a number as text: `'+65…`, `="+65…"`. They turn a typed plus into `=+65…`. */
function withoutSpreadsheetMarks(text: string): string {
  const unquoted = /^=?"([^"]*)"$/.exec(text)?.[1] ?? text;
  return trim(unquoted.replace(/^'([^']*)'?$/, '$1').replace(/^=(?=\s*\+)/, ''));
}

/**
 * Normalises the notation before parsing: full-width forms and digits of any script become ASCII; invisible
 * characters, surrounding white space and the marks of spreadsheets are removed; `(+65)` and `tel:+65` become `+65`.
 * Input that the parser would misread (letters as digits, an extension dropped, a list cut) is refused with its
 * reason.
 */
export function cleanInput(raw: string): { readonly text: string } | { readonly reason: PhoneFailureReason } {
  if (DIGIT_LIKE.test(raw)) return { reason: 'separate-digits' };
  const visible = trim(raw.normalize('NFKC').replace(INVISIBLE, ''));
  if (CONTROL.test(visible)) return { reason: 'control-character' };
  const text = withoutSpreadsheetMarks(visible)
    .replace(OTHER_DIGITS, asciiDigit)
    // One form of each separator. People write the Japanese long-vowel mark and the minus sign for a hyphen.
    .replace(/[\p{Pd}ー\u2212]/gu, '-')
    .replace(/\p{Zs}/gu, ' ');
  if (text === '') return { reason: 'empty' };
  // NFKC may expand one character to a dozen, so the bound is checked again.
  if (text.length > MAX_INPUT_CHARACTERS) return { reason: 'too-long' };
  if (URI_PARAMETER.test(text)) return { reason: 'unsupported-uri' };
  if (holdsSeveralNumbers(text)) return { reason: 'several-numbers' };
  // `*31#` before a number is a command to the network.
  if (/^[*#]/.test(text)) return { reason: 'not-a-number' };
  if (EXTENSION.test(text)) return { reason: 'extension' };
  const isUri = /^tel:/i.test(text);
  const number = (isUri ? text.slice(4).trim() : text).replace(/^\(\s*(\+|00)\s*(\d{1,3})\s*\)/, '$1$2 ');
  if (isUri && !number.startsWith('+')) return { reason: 'unsupported-uri' };
  if (/\p{L}/u.test(number)) return { reason: 'letters' };
  if (!/\d/.test(number)) return { reason: 'not-a-number' };
  return { text: number };
}

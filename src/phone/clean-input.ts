import { lazily } from '../internal/lazily.ts';
import { asciiDigits, visibleText } from '../internal/typed-text.ts';
import { type PhoneFailureReason, ROUNDED } from './phone-failure.ts';

/**
 * Longest accepted input. It is enough for any notation of 15 digits, and it bounds the work that a stranger can
 * cause.
 */
export const MAX_INPUT_CHARACTERS = 64;

/** Superscripts, `①`, `½`, `Ⅷ`: NFKC would turn them into digits and letters of the number. */
const digitLikePattern = lazily(() => /[\p{No}\p{Nl}]/u);
/** People write the Japanese long-vowel mark and the minus sign for a hyphen. */
const hyphenPattern = lazily(() => /[\p{Pd}ー\u2212]/gu);
const spacePattern = lazily(() => /\p{Zs}/gu);
const letterPattern = lazily(() => /\p{L}/u);
/** White space by Unicode; `\s` lacks the next-line character. */
const SPACE = /[\s\u0085]/u;
const controlPattern = lazily(() => /[\p{Cc}\p{Zl}\p{Zp}]/u);
const SEPARATOR_OF_NUMBERS = /[+,;|&/]/;
/** `ext. 12`, `x12`, `#12`, `;ext=12`, and the pauses `,12` `;12` `p12` `w12`, after a digit and at the end. */
const EXTENSION =
  /\d[\s).]*(?:;ext=|e?xt(?:n|ension)?|x{1,2}|int|anexo|доб|#|,{1,2}|;|p|w)[\s.:#]*\d{1,9}\s*#?$/iu;
/** A long number as spreadsheets show it. */
const EXPONENT = /^\+?\d(?:[.,]\d+)?e[+-]?\d{1,2}$/i;
const URI_PARAMETER = /;\s*(?!ext=)[a-z-]+=/i;

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

/** Spreadsheets mark a number as text: `'+65…`, `="+65…"`. They turn a typed plus into `=+65…`, and word processors curl the quotes. */
function withoutSpreadsheetMarks(text: string): string {
  const straight = text.replace(/[\u2018\u2019`]/g, "'").replace(/[\u201c-\u201e]/g, '"');
  const unquoted = /^=?"([^"]*)"$/.exec(straight)?.[1] ?? straight;
  return trim(unquoted.replace(/^'([^']*)'?$/, '$1').replace(/^=(?=\s*\+)/, ''));
}

/**
 * Normalises the notation before parsing: full-width forms and digits of any script become ASCII; invisible
 * characters, surrounding white space and the marks of spreadsheets are removed; `(+65)` and `tel:+65` become `+65`.
 * Input that the parser would misread (letters as digits, an extension dropped, a list cut) is refused with its
 * reason.
 */
export function cleanInput(
  raw: string,
): { readonly text: string } | { readonly reason: PhoneFailureReason; readonly hint?: string } {
  if (digitLikePattern().test(raw)) return { reason: 'separate-digits' };
  const visible = trim(visibleText(raw));
  if (controlPattern().test(visible)) return { reason: 'control-character' };
  const text = asciiDigits(withoutSpreadsheetMarks(visible))
    .replace(hyphenPattern(), '-')
    .replace(spacePattern(), ' ');
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
  if (letterPattern().test(number)) {
    return EXPONENT.test(number) ? { reason: 'letters', hint: ROUNDED } : { reason: 'letters' };
  }
  if (!/\d/.test(number)) return { reason: 'not-a-number' };
  return { text: number };
}

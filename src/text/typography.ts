import { lazily } from '../internal/lazily.ts';
import { gsm7Septets, isGsm7 } from './gsm7.ts';

/**
 * Characters that word processors, phones and copy-and-paste put into a text, with a GSM-7 text of the same meaning. One
 * of them is enough to reduce 160 characters per part to 70. Replacements that may change the meaning are deliberately
 * omitted (a backtick in a password, `1½` as `11/2`, accents, currency signs).
 *
 * Code points and names: Unicode Standard, blocks General Punctuation, Latin-1 Supplement, Letterlike Symbols.
 */
const REPLACEMENTS: ReadonlyMap<string, string> = new Map([
  // Single quotes, apostrophes and primes.
  ...replaceEach('\u00b4\u02b9\u02bb\u02bc\u02bd\u2018\u2019\u201a\u201b\u2032\u2035\u2039\u203a', "'"),
  // Double quotes.
  ...replaceEach('\u00ab\u00bb\u02ba\u201c\u201d\u201e\u201f\u2033\u2036', '"'),
  // Hyphens, dashes, the minus sign.
  ...replaceEach('\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212', '-'),
  // Bullets.
  ...replaceEach('\u2022\u2023\u25aa\u25ab\u25cf\u25e6', '-'),
  // Tab, and spaces of other widths.
  ...replaceEach(
    '\t\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000',
    ' ',
  ),
  // Next line, line separator, paragraph separator.
  ...replaceEach('\u0085\u2028\u2029', '\n'),
  ['\u2025', '..'],
  ['\u2026', '...'],
  ['\u2044', '/'],
  ['\u00d7', 'x'],
  ['\u00a9', '(C)'],
  ['\u00ae', '(R)'],
  ['\u2122', '(TM)'],
  ['\u2116', 'No.'],
  ['\ufb00', 'ff'],
  ['\ufb01', 'fi'],
  ['\ufb02', 'fl'],
  ['\ufb03', 'ffi'],
  ['\ufb04', 'ffl'],
  // Characters that Unicode has twice: ohm, kelvin and angstrom signs, Greek question mark.
  ['\u2126', 'Ω'],
  ['\u212a', 'K'],
  ['\u212b', 'Å'],
  ['\u037e', ';'],
]);

function replaceEach(characters: string, replacement: string): [string, string][] {
  return Array.from(characters, (character) => [character, replacement]);
}

/** The letters with accents that GSM-7 has, by the combining accent and then by the plain letter: normalising is slow. */
const ACCENTED_LETTERS: ReadonlyMap<string, { readonly plain: string; readonly accented: string }> = new Map([
  ['\u0300', { plain: 'aeiou', accented: 'àèìòù' }],
  ['\u0301', { plain: 'eE', accented: 'éÉ' }],
  ['\u0303', { plain: 'nN', accented: 'ñÑ' }],
  ['\u0308', { plain: 'aouAOU', accented: 'äöüÄÖÜ' }],
  ['\u030a', { plain: 'aA', accented: 'åÅ' }],
  ['\u0327', { plain: 'C', accented: 'Ç' }],
]);

/**
 * Composes a letter and a combining accent, as in file names of macOS, to one GSM-7 letter such as é; undefined when there
 * is none.
 */
export function composed(before: string, character: string): string | undefined {
  const letters = ACCENTED_LETTERS.get(character);
  return letters === undefined || before === '' ? undefined : letters.accented[letters.plain.indexOf(before)];
}

/** Not visible: soft hyphen, zero-width characters, direction marks, variation selectors (`©` comes with one), fillers. */
const ignorablePattern = lazily(() => /\p{Default_Ignorable_Code_Point}/u);
const emojiPattern = lazily(() => /[\p{Extended_Pictographic}\p{Emoji_Modifier}]/u);
const KEYCAP = '\u20e3';

function replacementOf(character: string): string | undefined {
  return REPLACEMENTS.get(character) ?? (ignorablePattern().test(character) ? '' : undefined);
}

/** A character that GSM-7 lacks and that therefore forces the whole text into UCS-2. */
export interface Ucs2Character {
  /** The character; together with its letter when it is a combining accent that has a one-letter form. */
  readonly character: string;
  /** The code point, for example `U+2019`; that of the accent when there are two. */
  readonly codePoint: string;
  /** Number of occurrences of the character. */
  readonly count: number;
  /** Its positions in UTF-16 code units from 0: the first 20. */
  readonly positions: readonly number[];
  /**
   * GSM-7 text that means the same; empty when the character can be removed, absent when there is none or the
   * character joins an emoji.
   */
  readonly replacement?: string;
}

type Found = { -readonly [Key in keyof Ucs2Character]: Ucs2Character[Key] } & {
  readonly positions: number[];
};

/** Different characters that {@link findUcs2Characters} lists at most. */
export const MAX_CHARACTERS = 100;
/** Maximum number of positions per character. */
export const MAX_POSITIONS = 20;

/**
 * Finds the characters that force a text into UCS-2, in order of first appearance, with their replacements. The result is
 * bounded even for a text of a megabyte: the first 100 different characters with the first 20 positions of each; `count`
 * covers all.
 *
 * @example
 * ```ts
 * findUcs2Characters('it’s');
 * // [{ character: '’', codePoint: 'U+2019', count: 1, positions: [2], replacement: "'" }]
 * ```
 */
export function findUcs2Characters(text: string): Ucs2Character[] {
  const found = new Map<string, Found>();
  let before = '';
  let index = 0;
  /** Joiners and selectors hold an emoji together: without them it is another one, or two. */
  let isInEmoji = false;
  for (const character of text) {
    const isEmoji = emojiPattern().test(character) && !REPLACEMENTS.has(character);
    isInEmoji = isEmoji || (ignorablePattern().test(character) && (isInEmoji || text[index + 1] === KEYCAP));
    if (gsm7Septets(character.charCodeAt(0)) === 0) {
      const letter = composed(before, character);
      const shown = letter === undefined ? character : before + character;
      // The same character may hold an emoji together here and be of no use there.
      const key = isInEmoji ? `${shown} in an emoji` : shown;
      let entry = found.get(key);
      if (entry === undefined && found.size < MAX_CHARACTERS) {
        const hexadecimal = (character.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0');
        const replacement = letter ?? (isInEmoji ? undefined : replacementOf(character));
        entry = { character: shown, codePoint: `U+${hexadecimal}`, count: 0, positions: [] };
        if (replacement !== undefined) entry.replacement = replacement;
        found.set(key, entry);
      }
      if (entry !== undefined) {
        entry.count += 1;
        if (entry.positions.length < MAX_POSITIONS) entry.positions.push(index);
      }
    }
    before = character;
    index += character.length;
  }
  return [...found.values()];
}

/**
 * A text in GSM-7: characters that it lacks become their typographic replacement, else what `other` makes of them. Undefined
 * when one remains.
 */
export function toGsm7(
  text: string,
  other: (character: string, before: string) => string | undefined,
): string | undefined {
  if (isGsm7(text)) return text;
  const output: string[] = [];
  for (const character of text) {
    if (gsm7Septets(character.charCodeAt(0)) > 0) {
      output.push(character);
      continue;
    }
    const before = output.at(-1) ?? '';
    const letter = composed(before, character);
    if (letter !== undefined) {
      output[output.length - 1] = letter;
      continue;
    }
    const replacement = replacementOf(character) ?? other(character, before);
    if (replacement === undefined) return undefined;
    if (replacement !== '') output.push(replacement);
  }
  return output.join('');
}

/**
 * Replaces typographic quotes, dashes, spaces, dots and the like with GSM-7 characters, so that one curly apostrophe does
 * not double the bill. All or nothing: when a character remains that GSM-7 lacks (Chinese, Cyrillic, an emoji), the text
 * is returned unchanged, because it stays UCS-2 and would only lose its typography.
 *
 * @example replaceTypography('“Hello” – it’s me…') // '"Hello" - it\'s me...'
 * @example replaceTypography('“你好”') // unchanged
 */
export function replaceTypography(text: string): string {
  return toGsm7(text, () => undefined) ?? text;
}

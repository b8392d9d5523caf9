import { lazily } from '../internal/lazily.ts';
import { isGsm7 } from './gsm7.ts';
import { composed, toGsm7 } from './typography.ts';

/**
 * Latin letters that GSM-7 lacks and that Unicode does not decompose into a letter and accents. Source: Unicode CLDR,
 * transform `Latin-ASCII` (common/transforms/Latin-ASCII.xml); here are the letters of the alphabets in use. Letters that
 * GSM-7 has (`ß`, `æ`, `ø`) stay, and letters with accents (`ç`, `ő`, `ế`) follow from their decomposition.
 */
export const TRANSLITERATIONS: ReadonlyMap<string, string> = new Map([
  ['Ð', 'D'],
  ['ð', 'd'],
  ['Đ', 'D'],
  ['đ', 'd'],
  ['Ɖ', 'D'],
  ['ɖ', 'd'],
  ['Ɗ', 'D'],
  ['ɗ', 'd'],
  ['Þ', 'TH'],
  ['þ', 'th'],
  ['Ħ', 'H'],
  ['ħ', 'h'],
  ['ı', 'i'],
  ['Ĳ', 'IJ'],
  ['ĳ', 'ij'],
  ['ĸ', 'q'],
  ['Ŀ', 'L'],
  ['ŀ', 'l'],
  ['Ł', 'L'],
  ['ł', 'l'],
  ['ŉ', "'n"],
  ['Ŋ', 'N'],
  ['ŋ', 'n'],
  ['Œ', 'OE'],
  ['œ', 'oe'],
  ['Ŧ', 'T'],
  ['ŧ', 't'],
  ['Ɓ', 'B'],
  ['ɓ', 'b'],
  ['Ɛ', 'E'],
  ['ɛ', 'e'],
  ['Ƒ', 'F'],
  ['ƒ', 'f'],
  ['Ƙ', 'K'],
  ['ƙ', 'k'],
  ['Ƴ', 'Y'],
  ['ƴ', 'y'],
  ['Ǆ', 'DZ'],
  ['ǅ', 'Dz'],
  ['ǆ', 'dz'],
  ['Ǉ', 'LJ'],
  ['ǈ', 'Lj'],
  ['ǉ', 'lj'],
  ['Ǌ', 'NJ'],
  ['ǋ', 'Nj'],
  ['ǌ', 'nj'],
  ['ẞ', 'SS'],
]);

const latinPattern = lazily(() => /\p{Script=Latin}$/u);
const ACCENT = /^[\u0300-\u036f]$/;

/** The letter of GSM-7 that is nearest to a Latin letter; nothing in place of an accent behind one. */
function nearestLetter(character: string, before: string): string | undefined {
  const listed = TRANSLITERATIONS.get(character);
  if (listed !== undefined) return listed;
  if (ACCENT.test(character)) return latinPattern().test(before) ? '' : undefined;
  if (!latinPattern().test(character)) return undefined;
  const decomposed = character.normalize('NFD');
  const [letter, accent] = [decomposed.charAt(0), decomposed.charAt(1)];
  if (!ACCENT.test(accent)) return undefined;
  const nearest = composed(letter, accent) ?? TRANSLITERATIONS.get(letter) ?? letter;
  return isGsm7(nearest) ? nearest : undefined;
}

/**
 * Writes a text in GSM-7: typography as in `replaceTypography`, and Latin letters that GSM-7 lacks as their nearest ones. It
 * may change a word: Turkish `sıkma` becomes `sikma`. All or nothing: when a character remains that GSM-7 lacks (Chinese,
 * Cyrillic, an emoji), the text is returned unchanged.
 *
 * @example transliterate('Garçon, “cześć”') // 'Garcon, "czesc"'
 * @example transliterate('Garçon 👍') // unchanged
 */
export function transliterate(text: string): string {
  return toGsm7(text, nearestLetter) ?? text;
}

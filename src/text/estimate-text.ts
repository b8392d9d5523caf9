import { lazily } from '../internal/lazily.ts';
import { MAX_PARTS, measureText, type TextEncoding, type TextMeasure } from './measure-text.ts';
import { transliterate } from './transliteration.ts';
import { findUcs2Characters, replaceTypography, type Ucs2Character } from './typography.ts';

/** The parts of a text, and how to reduce them. */
export interface TextEstimate extends TextMeasure {
  /** Whether the text has more than 10 parts: 8x8 would send the first 10 and drop the rest. */
  readonly tooLong: boolean;
  /** Whether the text contains half a surrogate pair, which no encoding can represent: a handset shows a box. */
  readonly hasLoneSurrogate: boolean;
  /** The characters that GSM-7 lacks; with `encoding: 'GSM7'`, these cannot be sent. */
  readonly charactersForcingUcs2: readonly Ucs2Character[];
  /** The measure of the text after `replaceTypography`; absent when it replaces nothing. */
  readonly afterReplacement?: TextMeasure & { readonly text: string };
  /** The measure of the text after `transliterate`; absent when that changes no more than `afterReplacement`. */
  readonly afterTransliteration?: TextMeasure & { readonly text: string };
}

const loneSurrogatePattern = lazily(() => /\p{Surrogate}/u);

/**
 * Whether a text contains half a surrogate pair: it was cut in the middle of a character.
 *
 * @example hasLoneSurrogate('\ud83d') // true
 */
export function hasLoneSurrogate(text: string): boolean {
  return loneSurrogatePattern().test(text);
}

/**
 * Measures a text: encoding, parts and units, the characters that force UCS-2, and the measure without them. Sends and
 * refuses nothing: `tooLong` and `unencodable` are for the caller to act on.
 *
 * @example
 * ```ts
 * const estimate = estimateText(`${'a'.repeat(100)}’`);
 * estimate.encoding; // 'UCS2'
 * estimate.parts; // 2
 * estimate.charactersForcingUcs2[0]?.replacement; // "'"
 * estimate.afterReplacement?.parts; // 1
 * ```
 */
export function estimateText(text: string, encoding: 'AUTO' | TextEncoding = 'AUTO'): TextEstimate {
  const measure = measureText(text, encoding);
  const replaced = replaceTypography(text);
  const transliterated = transliterate(text);
  const measured = (changed: string) => ({ ...measureText(changed, encoding), text: changed });
  return {
    ...measure,
    tooLong: measure.parts > MAX_PARTS,
    hasLoneSurrogate: hasLoneSurrogate(text),
    charactersForcingUcs2: findUcs2Characters(text),
    ...(replaced !== text && { afterReplacement: measured(replaced) }),
    ...(transliterated !== replaced && { afterTransliteration: measured(transliterated) }),
  };
}

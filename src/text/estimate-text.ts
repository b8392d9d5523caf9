import { MAX_PARTS, measureText, type TextEncoding, type TextMeasure } from './measure-text.ts';
import { findUcs2Characters, replaceTypography, type Ucs2Character } from './typography.ts';

/** What a text will cost in parts, and what could be done about it. */
export interface TextEstimate extends TextMeasure {
  /** More than 10 parts: 8x8 would send the first 10 and drop the rest. */
  readonly tooLong: boolean;
  /** Half of a surrogate pair stands alone: no encoding can carry it, a handset shows a box. */
  readonly hasLoneSurrogate: boolean;
  /** The characters that GSM-7 lacks; with `encoding: 'GSM7'` these are the ones that cannot be sent. */
  readonly charactersForcingUcs2: readonly Ucs2Character[];
  /** The same text after {@link replaceTypography}; absent when that changes nothing. */
  readonly afterReplacement?: TextMeasure & { readonly text: string };
}

const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Whether half of a surrogate pair stands alone. Such a text was cut in the middle of a character.
 *
 * @example hasLoneSurrogate('\ud83d') // true
 */
export function hasLoneSurrogate(text: string): boolean {
  return LONE_SURROGATE.test(text);
}

/**
 * Encoding, parts and units of a text, the characters that force it into UCS-2, and what it would be without them.
 * Nothing is sent and nothing is refused: `tooLong` and `unencodable` are for the caller to judge.
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
  return {
    ...measure,
    tooLong: measure.parts > MAX_PARTS,
    hasLoneSurrogate: hasLoneSurrogate(text),
    charactersForcingUcs2: findUcs2Characters(text),
    ...(replaced !== text && { afterReplacement: { ...measureText(replaced, encoding), text: replaced } }),
  };
}

import type { KeywordKind, KeywordLanguage } from './language-words.ts';

/** Result of `readKeyword`. */
export interface KeywordMatch {
  /**
   * - `opt-out`, `opt-in`, `confirm`, `help`: the whole message is such a word, with nothing but courtesy around it.
   *   `confirm` is a yes, and counts only while an opt-in is pending.
   * - `possible-opt-out`: the text may ask to be left alone. A person has to read it; do not act on it.
   * - `reaction`: a reaction to a message, written out by a phone with a quotation of that message.
   * - `none`: anything else.
   */
  readonly kind: KeywordKind | 'possible-opt-out' | 'reaction' | 'none';
  /** The word that decided, as written in the list or in `words`; never the person's text. */
  readonly word?: string;
  /** Language of the list with the word; absent for words of `words.add`. */
  readonly language?: KeywordLanguage;
}

/** The match of a listed word. */
export function toMatch(
  kind: KeywordMatch['kind'],
  { word, language }: { readonly word: string; readonly language?: KeywordLanguage },
): KeywordMatch {
  return language === undefined ? { kind, word } : { kind, word, language };
}

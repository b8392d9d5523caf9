import type { KeywordKind, KeywordLanguage } from './language-words.ts';

/** What an inbound text says. */
export interface KeywordMatch {
  /**
   * - `opt-out`, `opt-in`, `confirm`, `help`: the whole message is such a word, with nothing but courtesy around it.
   *   `confirm` is a yes, and counts only while an opt-in is pending.
   * - `possible-opt-out`: it may ask to be left alone. For a person to look at, not to act on.
   * - `reaction`: a phone's way to write that the person liked a message, which it quotes.
   * - `none`: anything else.
   */
  readonly kind: KeywordKind | 'possible-opt-out' | 'reaction' | 'none';
  /** The word that decided, as it is written in the list or in `words`; never text of the person. */
  readonly word?: string;
  /** The list that holds the word; absent for words of `words.add`. */
  readonly language?: KeywordLanguage;
}

/** The match of a listed word. */
export function toMatch(
  kind: KeywordMatch['kind'],
  { word, language }: { readonly word: string; readonly language?: KeywordLanguage },
): KeywordMatch {
  return language === undefined ? { kind, word } : { kind, word, language };
}

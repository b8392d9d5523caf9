/** What a word says. `confirm` is a yes: it counts only while an opt-in is pending. */
export type KeywordKind = 'opt-out' | 'opt-in' | 'confirm' | 'help';

/** BCP 47 tag: `id` Bahasa Indonesia, `ms` Malay, `tl` Tagalog, `zh-Hans` and `zh-Hant` the two scripts of Chinese. */
export type KeywordLanguage =
  | 'en'
  | 'id'
  | 'ms'
  | 'th'
  | 'vi'
  | 'tl'
  | 'zh-Hans'
  | 'zh-Hant'
  | 'fr'
  | 'de'
  | 'es'
  | 'pt'
  | 'ko'
  | 'ar'
  | 'hi'
  | 'ta'
  | 'ru'
  | 'ja';

/**
 * How much a word says when other words stand beside it.
 *
 * - `clear`: nothing else is meant, so courtesy around it changes nothing ("please STOP, thanks").
 * - `ambiguous`: alone it opts out; with courtesy it may answer another question ("please cancel").
 * - `everyday`: people say it in passing ("ok off", "Thanks, Huy"), so it counts only when it stands alone.
 */
export type KeywordUse = 'clear' | 'ambiguous' | 'everyday';

/** Words of one kind from one source. */
export interface KeywordList {
  readonly kind: KeywordKind;
  /** The page that names these words, read on 2026-11-22 or 2026-11-29; `ours` where none was found. */
  readonly source: string;
  /** Words and phrases, separated by commas: shorter than an array. One after `!` counts only with its accents. */
  readonly words: string;
  /** @default 'clear' */
  readonly use?: KeywordUse;
  /** Languages in which the words are ambiguous or everyday; `*` for names. @default the language of the list */
  readonly usedIn?: readonly KeywordLanguage[] | '*';
}

/** Two groups of words that ask to be left alone when the second follows the first within a sentence. */
export interface PhrasePair {
  readonly first: string;
  readonly second: string;
  /** Most words between the two. */
  readonly gap: number;
}

/** Reactions as phones write them: what stands before and after the quoted text. `#` is an emoji. */
export interface ReactionForms {
  /** The page that shows these forms; `ours` where none was found. */
  readonly source: string;
  /** Separated by commas. `…` is the quoted text. */
  readonly forms: string;
  /** What stands in place of a quotation when the message was no text: `an image`. */
  readonly things?: string;
}

/** Everything that is known of one language. */
export interface LanguageWords {
  readonly language: KeywordLanguage;
  /**
   * False until a native speaker has read the lists: until then an opt-out word is at most a possible opt-out, and the
   * language has no other kinds.
   */
  readonly acts: boolean;
  readonly lists: readonly KeywordList[];
  /** Endings of politeness and emphasis. Beside a keyword of the same language they are as good as nothing. */
  readonly particles?: string;
  /** What may stand around a keyword without changing it. */
  readonly courtesy?: string;
  /** Wording that asks to be left alone; looked for anywhere in a text. */
  readonly phrases?: string;
  /** Words that may ask for it when they are the whole message, beside courtesy, and are ordinary elsewhere. */
  readonly alone?: string;
  readonly pairs?: readonly PhrasePair[];
  readonly reactions?: ReactionForms;
}

/** Marks lists for which no page was found. */
export const OURS = 'ours';

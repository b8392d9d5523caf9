/** Meaning of a keyword. `confirm` is a yes, which counts only while an opt-in is pending. */
export type KeywordKind = 'opt-out' | 'opt-in' | 'confirm' | 'help';

export const KEYWORD_LANGUAGES = [
  'en',
  'id',
  'ms',
  'th',
  'vi',
  'tl',
  'zh-Hans',
  'zh-Hant',
  'fr',
  'de',
  'es',
  'pt',
  'ko',
  'ar',
  'hi',
  'ta',
  'ru',
  'ja',
  'it',
  'nl',
  'tr',
  'pl',
] as const;

/** BCP 47 tag: `id` Bahasa Indonesia, `ms` Malay, `tl` Tagalog, `zh-Hans` and `zh-Hant` the two scripts of Chinese. */
export type KeywordLanguage = (typeof KEYWORD_LANGUAGES)[number];

/**
 * Weight of a keyword beside other words.
 *
 * - `clear`: it has no other meaning, so courtesy around it changes nothing ("please STOP, thanks").
 * - `ambiguous`: alone it opts out; with courtesy it may be a reply to something else ("please cancel").
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

/** Two groups of words. A word of the second after one of the first in the same sentence asks to be left alone. */
export interface PhrasePair {
  readonly first: string;
  readonly second: string;
  /** Maximum number of words between them. */
  readonly gap: number;
}

/** Reactions as phones write them out: the words before and after the quoted text. `#` is an emoji. */
export interface ReactionForms {
  /** The page that shows these forms; `ours` where none was found. */
  readonly source: string;
  /** Separated by commas. `…` is the quoted text. */
  readonly forms: string;
  /** Words that replace the quotation of a message without text: `an image`. */
  readonly things?: string;
}

/** Words, wording and forms of one language. */
export interface LanguageWords {
  readonly language: KeywordLanguage;
  /**
   * False until a native speaker has read the lists: until then an opt-out word is at most a possible opt-out, and the
   * language has no other kinds.
   */
  readonly acts: boolean;
  readonly lists: readonly KeywordList[];
  /** Particles of politeness and emphasis. Beside a keyword of the same language they are ignored. */
  readonly particles?: string;
  /** Words that may surround a keyword without changing it. */
  readonly courtesy?: string;
  /** Wording that asks to be left alone; looked for anywhere in a text. */
  readonly phrases?: string;
  /** Words that may ask to be left alone when they are the whole message apart from courtesy. Ordinary in other text. */
  readonly alone?: string;
  readonly pairs?: readonly PhrasePair[];
  readonly reactions?: ReactionForms;
}

/** Marks lists for which no page was found. */
export const OURS = 'ours';

import { type Fields, list, object, oneOf, refine, text } from '../../schema.ts';
import { KEYWORD_LANGUAGES, type KeywordKind, type KeywordLanguage } from './language-words.ts';
import { splitWords } from './split-words.ts';

/** Words by kind. At most 200 of a kind, 100 characters each. */
export type KeywordsByKind = { readonly [Kind in KeywordKind]?: readonly string[] | undefined };

/** Changes to the built-in words. */
export interface KeywordChanges {
  /**
   * Words that count besides the built-in ones, and give another meaning to a built-in word of another kind. An opt-out
   * word stays one. @default none
   */
  readonly add?: KeywordsByKind | undefined;
  /** Built-in words that no longer count, as they are listed, at most 200. `STOP` cannot be removed. @default none */
  readonly remove?: readonly string[] | undefined;
}

/** Options that choose the words. */
export interface KeywordOptions {
  /** Languages whose lists are used, always with English: STOP is an opt-out everywhere. @default all */
  readonly languages?: readonly KeywordLanguage[] | undefined;
  /** Words to add to the lists or to remove from them. @default none */
  readonly words?: KeywordChanges | undefined;
}

const ownWords = list(
  refine<string>(text({ max: 100 }), (word) => splitWords(word).length > 0, 'must have a letter or a digit.'),
  { max: 200 },
);
const changeFields: Fields<KeywordChanges> = {
  add: object(
    { 'opt-out': ownWords, 'opt-in': ownWords, confirm: ownWords, help: ownWords },
    'an object of word lists by kind (opt-out, opt-in, confirm, help)',
  ),
  remove: ownWords,
};
/** The shape of {@link KeywordOptions}, for options. */
export const keywordFields: Fields<KeywordOptions> = {
  languages: list(oneOf(KEYWORD_LANGUAGES), { min: 1, max: KEYWORD_LANGUAGES.length }),
  words: object(changeFields, 'an object { add, remove }'),
};
/** As {@link keywordFields}, alone. */
export const keywordOptionsField = object(keywordFields, 'an object { languages, words }');

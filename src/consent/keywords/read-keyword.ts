import { ConfigurationError } from '../../errors.ts';
import { findFlaw, list, refined, shape, text } from '../../schema.ts';
import {
  addKeyword,
  builtInIndex,
  copyIndex,
  findKeyword,
  type KeywordEntry,
  type KeywordIndex,
  KINDS,
} from './keyword-index.ts';
import type { KeywordKind, KeywordLanguage } from './keyword-lists.ts';
import { type SplitWord, splitWords } from './split-words.ts';

/**
 * UTF-16 code units of the longest text that is read; longer ones are letters to somebody, not keywords. Ours, after the
 * length of one GSM-7 message (3GPP TS 23.040).
 */
const MAX_TEXT_LENGTH = 160;

/** Words of your own by kind, in addition to the built-in ones. At most 200 a kind, 100 characters each. */
export type ExtraKeywords = { readonly [Kind in KeywordKind]?: readonly string[] | undefined };

/** What an inbound text says. */
export interface KeywordMatch {
  /**
   * `opt-out`, `opt-in`, `confirm`, `help`: the whole message is such a word, with nothing but polite words around it.
   * `confirm` is a yes, and counts only when something was asked. `possible-opt-out`: an opt-out word or such wording
   * inside of other text, for a person to look at, not to act on. `none`: anything else.
   */
  readonly kind: KeywordKind | 'possible-opt-out' | 'none';
  /** The word that decided, as it is written in our list or in yours; never text of the person's. */
  readonly word?: string;
  /** The list it is in; absent for words of your own and for wording. */
  readonly language?: KeywordLanguage;
}

/** Options of {@link readKeyword}. */
export interface ReadKeywordOptions {
  /** Words of your own. @default none */
  readonly extra?: ExtraKeywords | undefined;
}

const ownWords = list(
  refined<string>(
    text({ max: 100 }),
    (word) => splitWords(word).length > 0,
    'must have a letter or a digit.',
  ),
  { max: 200 },
);
/** The shape of {@link ExtraKeywords}, for options. */
export const extraKeywordsField = shape(
  { 'opt-out': ownWords, 'opt-in': ownWords, confirm: ownWords, help: ownWords },
  'an object of word lists by kind (opt-out, opt-in, confirm, help)',
);

function toMatch(kind: KeywordMatch['kind'], { word, language }: KeywordEntry): KeywordMatch {
  return language === undefined ? { kind, word } : { kind, word, language };
}

/** `S.T.O.P.` is STOP: a message of nothing but single letters is one word. */
function joinLetters(words: SplitWord[]): SplitWord[] {
  return words.every(({ plain }) => /^[a-z]$/.test(plain))
    ? splitWords(words.map(({ plain }) => plain).join(''))
    : words;
}

function isTyped({ needsAccents, word }: KeywordEntry, words: readonly SplitWord[]): boolean {
  if (needsAccents === undefined) return true;
  const accented = (all: readonly SplitWord[]) => all.map((one) => one.accented).join(' ');
  return accented(words) === accented(splitWords(word));
}

/** Accents that were typed tell another word; accents that were not typed tell nothing. */
function mayBeMeant(entry: KeywordEntry, words: readonly SplitWord[]): boolean {
  return isTyped(entry, words) || words.every(({ plain, accented }) => plain === accented);
}

/** The strongest word of a message that is made of keywords and polite words only. */
function matchWhole(index: KeywordIndex, words: readonly SplitWord[]): KeywordMatch | undefined {
  const entries: KeywordEntry[] = [];
  for (let start = 0; start < words.length; ) {
    const found = findKeyword(index, words, start, 'plain');
    if (found === undefined || !isTyped(found.entry, found.words)) return undefined;
    entries.push(found.entry);
    start += found.words.length;
  }
  const hasPhrase = entries.some(({ kind }) => kind === 'phrase');
  for (const kind of KINDS) {
    const entry = entries.find((one) => one.kind === kind);
    // "Stop. Leave me alone" is an opt-out, but "yes, leave me alone" is no yes.
    if (entry !== undefined) return hasPhrase && kind !== 'opt-out' ? undefined : toMatch(kind, entry);
  }
  return undefined;
}

function matchInside(index: KeywordIndex, words: readonly SplitWord[]): KeywordMatch {
  for (const start of words.keys()) {
    const found = findKeyword(index, words, start, 'plain') ?? findKeyword(index, words, start, 'shape');
    if (found === undefined || !mayBeMeant(found.entry, found.words)) continue;
    const { kind } = found.entry;
    if (kind === 'opt-out' || kind === 'phrase') return toMatch('possible-opt-out', found.entry);
  }
  return { kind: 'none' };
}

function matchWith(index: KeywordIndex, message: string): KeywordMatch {
  const words = joinLetters(splitWords(message));
  return matchWhole(index, words) ?? matchInside(index, words);
}

function addOwnWords(extra: ExtraKeywords, path: string): KeywordIndex {
  const index = copyIndex(builtInIndex());
  for (const kind of KINDS.toReversed()) {
    for (const [position, word] of (extra[kind] ?? []).entries()) {
      if (kind !== 'opt-out' && matchWith(builtInIndex(), word).kind === 'opt-out') {
        const option = `${path}.${kind}[${position}]`;
        throw new ConfigurationError(`${option} is an opt-out word, and stays one: choose another.`, option);
      }
      addKeyword(index, { kind, word });
    }
  }
  return index;
}

/**
 * Makes {@link readKeyword} with your own words checked and put in order once. `path` is where these words are among the
 * options, for the error.
 *
 * @throws ConfigurationError for an unknown kind, a word without letters, and an opt-out word given another meaning.
 */
export function createKeywordReader(
  extra: ExtraKeywords | undefined,
  path = 'extra',
): (message: string) => KeywordMatch {
  const flaw = extra === undefined ? undefined : findFlaw(extraKeywordsField, extra, path);
  if (flaw !== undefined) throw new ConfigurationError(flaw.message, flaw.path);
  const own = extra === undefined ? undefined : addOwnWords(extra, path);
  return (message) =>
    message.length > MAX_TEXT_LENGTH ? { kind: 'none' } : matchWith(own ?? builtInIndex(), message);
}

/**
 * What an inbound text says: an opt-out, an opt-in, a yes, a call for help, or none of these. The whole message must be the
 * word; case, accents, punctuation, emoji and full-width letters do not matter, polite words may stand around it, and an
 * opt-out wins over other words. Texts of more than 160 UTF-16 code units are not read: `none`.
 *
 * @throws ConfigurationError when `extra` is wrong; never because of the text.
 * @example
 * ```ts
 * readKeyword('Stop. Thank you'); // { kind: 'opt-out', word: 'STOP', language: 'en' }
 * readKeyword('stop by at 5').kind; // 'possible-opt-out'
 * ```
 */
export function readKeyword(message: string, { extra }: ReadKeywordOptions = {}): KeywordMatch {
  return createKeywordReader(extra)(message);
}

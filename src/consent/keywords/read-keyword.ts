import { ConfigurationError } from '../../errors.ts';
import { validate } from '../../schema.ts';
import { languagesOf } from './country-languages.ts';
import {
  addKeyword,
  collectOptOuts,
  createIndex,
  findLongest,
  type Keyword,
  type KeywordIndex,
  KINDS,
  removeWord,
} from './keyword-index.ts';
import type { KeywordMatch } from './keyword-match.ts';
import { type KeywordChanges, type KeywordOptions, keywordOptionsField } from './keyword-options.ts';
import { allLanguages } from './languages/index.ts';
import { findInside } from './match-inside.ts';
import { matchWhole } from './match-whole.ts';
import { isReaction } from './reaction.ts';
import { splitWords } from './split-words.ts';

/**
 * UTF-16 code units that are read from each end of a text. The middle of a longer text is not read, so a person has to look at
 * it. Ours: both ends together are 26 GSM-7 messages (3GPP TS 23.040).
 */
const MAX_END_LENGTH = 2_080;

/** Options of {@link readKeyword}. */
export interface ReadKeywordOptions extends KeywordOptions {
  /**
   * ISO 3166-1 alpha-2 code of the person's number. A word that is ordinary in the languages of this country counts only
   * when it stands alone. @default unknown: a word that is ordinary anywhere counts only when it stands alone
   */
  readonly country?: string | undefined;
}

let builtIn: KeywordIndex | undefined;

/** Index of the built-in words of all languages, created on first use. */
export function builtInIndex(): KeywordIndex {
  builtIn ??= createIndex(allLanguages());
  return builtIn;
}

/** Signs and gestures that refuse. */
const NO_SIGNS = /[🛑🚫⛔🖕📵🔕✋]/u;

function readWith(index: KeywordIndex, message: string, country: string | undefined): KeywordMatch {
  if (isReaction(message)) return { kind: 'reaction' };
  const isLong = message.length > 2 * MAX_END_LENGTH;
  const read = isLong ? `${message.slice(0, MAX_END_LENGTH)}\n${message.slice(-MAX_END_LENGTH)}` : message;
  const words = splitWords(read);
  if (words.length === 0 && !isLong) return { kind: NO_SIGNS.test(read) ? 'possible-opt-out' : 'none' };
  const spoken = country === undefined ? undefined : languagesOf(country.toUpperCase());
  const whole = isLong ? undefined : matchWhole(index, words, read, spoken);
  const match = whole ?? findInside(index, words, read);
  return isLong && match.kind === 'none' ? { kind: 'possible-opt-out' } : match;
}

function isOptOut(keyword: Keyword | undefined): boolean {
  return keyword?.kind === 'opt-out' && keyword.acts;
}

function keywordOf(index: KeywordIndex, word: string): Keyword | undefined {
  const words = splitWords(word);
  const found = findLongest(
    index,
    words,
    0,
    ({ keyword }, end) => keyword !== undefined && end === words.length,
  );
  return found?.node.keyword;
}

function change(index: KeywordIndex, { add = {}, remove = [] }: KeywordChanges, path: string): void {
  for (const [position, word] of remove.entries()) {
    const option = `${path}.remove[${position}]`;
    if (keywordOf(index, word)?.word === 'STOP') {
      throw new ConfigurationError(`${option}: STOP opts out everywhere, so it cannot be removed.`, option);
    }
    removeWord(index, word);
  }
  for (const kind of KINDS.toReversed()) {
    for (const [position, word] of (add[kind] ?? []).entries()) {
      const option = `${path}.add.${kind}[${position}]`;
      if (
        kind !== 'opt-out' &&
        readWith(index, word, undefined).kind === 'opt-out' &&
        isBuiltIn(index, word)
      ) {
        throw new ConfigurationError(
          `${option} is an opt-out word, and stays one: choose another word.`,
          option,
        );
      }
      addKeyword(index, { word, kind, use: 'clear', usedIn: [], acts: true }, true);
    }
  }
}

function isBuiltIn(index: KeywordIndex, word: string): boolean {
  return isOptOut(keywordOf(index, word)) || readWith(builtInIndex(), word, undefined).kind === 'opt-out';
}

/**
 * Creates a {@link readKeyword} whose options are checked and whose words are indexed once. `path` locates the options in error
 * messages.
 *
 * @throws ConfigurationError an unknown language or kind, a word without letters, an opt-out word given another meaning
 */
export function createKeywordReader(
  options: KeywordOptions = {},
  path = 'options',
): (message: string, country?: string) => KeywordMatch {
  const flaw = validate(keywordOptionsField, options, path);
  if (flaw !== undefined) throw new ConfigurationError(flaw.message, flaw.path);
  const { languages, words } = options;
  if (languages === undefined && words === undefined) {
    return (message, country) => readWith(builtInIndex(), message, country);
  }
  const index = createIndex(
    allLanguages().filter(({ language }) => language === 'en' || (languages?.includes(language) ?? true)),
  );
  if (words !== undefined) change(index, words, `${path}.words`);
  collectOptOuts(index);
  return (message, country) => readWith(index, message, country);
}

/**
 * Reads an inbound text as an opt-out, an opt-in, a yes, a request for help, or none of these. The whole message must be the
 * word. Case, accents, punctuation, emoji and full-width letters are ignored, courtesy may surround the word, and an opt-out
 * wins over other words. Misspelt words, and wording that asks to be left alone, are a possible opt-out.
 *
 * @throws ConfigurationError an option is wrong; never because of the text
 * @example
 * ```ts
 * readKeyword('Stop. Thank you'); // { kind: 'opt-out', word: 'STOP', language: 'en' }
 * readKeyword('Thanks, Huy', { country: 'VN' }).kind; // 'possible-opt-out'
 * readKeyword('stop by at 5').kind; // 'possible-opt-out'
 * ```
 */
export function readKeyword(message: string, { country, ...options }: ReadKeywordOptions = {}): KeywordMatch {
  return createKeywordReader(options)(message, country);
}

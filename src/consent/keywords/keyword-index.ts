import {
  ACCENTED_OPT_OUTS,
  ACCENTED_POLITE_WORDS,
  CLEAR_PHRASES,
  type KeywordKind,
  type KeywordLanguage,
  keywordLists,
  POLITE_WORDS,
} from './keyword-lists.ts';
import { type SplitWord, splitWords } from './split-words.ts';

/** Where a word is of two kinds, the first of these counts; where a message has words of two kinds too. */
export const KINDS: readonly KeywordKind[] = ['opt-out', 'help', 'opt-in', 'confirm'];

export interface KeywordEntry {
  /** `polite` changes nothing; a `phrase` is looked for inside of other text. */
  readonly kind: KeywordKind | 'polite' | 'phrase';
  /** As it is written in the list. */
  readonly word: string;
  readonly language?: KeywordLanguage;
  /** The word counts only with its accents. */
  readonly needsAccents?: true;
}

/** Entries by their plain words, joined by spaces. */
export interface KeywordIndex {
  readonly entries: Map<string, KeywordEntry>;
  /** Words of the longest entry. */
  maxWords: number;
}

/** Adds an entry in place of another one with the same plain words. */
export function addKeyword(index: KeywordIndex, entry: KeywordEntry): void {
  const words = splitWords(entry.word);
  index.entries.set(words.map(({ plain }) => plain).join(' '), entry);
  index.maxWords = Math.max(index.maxWords, words.length);
}

/** What comes later replaces what was there, so the weakest comes first. */
function createIndex(): KeywordIndex {
  const index: KeywordIndex = { entries: new Map(), maxWords: 0 };
  const add = (words: string, entry: Omit<KeywordEntry, 'word'>) => {
    for (const word of words.split(',')) addKeyword(index, { ...entry, word });
  };
  add(POLITE_WORDS, { kind: 'polite' });
  add(ACCENTED_POLITE_WORDS, { kind: 'polite', needsAccents: true });
  add(CLEAR_PHRASES, { kind: 'phrase' });
  const fromLast = keywordLists().toReversed();
  for (const kind of KINDS.toReversed()) {
    for (const list of fromLast) {
      if (list.kind === kind) add(list.words, { kind, language: list.language });
    }
  }
  add(ACCENTED_OPT_OUTS, { kind: 'opt-out', language: 'vi', needsAccents: true });
  return index;
}

let builtIn: KeywordIndex | undefined;

/** The built-in words, put in order at the first use. */
export function builtInIndex(): KeywordIndex {
  builtIn ??= createIndex();
  return builtIn;
}

/** A new index with the same entries. */
export function copyIndex({ entries, maxWords }: KeywordIndex): KeywordIndex {
  return { entries: new Map(entries), maxWords };
}

/** The longest entry that begins at a word; `spelling` is what is compared. */
export function findKeyword(
  { entries, maxWords }: KeywordIndex,
  words: readonly SplitWord[],
  start: number,
  spelling: 'plain' | 'shape',
): { readonly entry: KeywordEntry; readonly words: readonly SplitWord[] } | undefined {
  for (let end = Math.min(start + maxWords, words.length); end > start; end--) {
    const found = words.slice(start, end);
    const entry = entries.get(found.map((word) => word[spelling]).join(' '));
    if (entry !== undefined) return { entry, words: found };
  }
  return undefined;
}

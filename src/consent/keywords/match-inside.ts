import { findJoined, isAlphabetic } from './join-words.ts';
import {
  EDGE_LENGTH,
  findLongest,
  type IndexNode,
  type Keyword,
  type KeywordEntry,
  type KeywordIndex,
} from './keyword-index.ts';
import { type KeywordMatch, toMatch } from './keyword-match.ts';
import { isOrdinary, lettersOf, nearnessOf, shapeOf } from './misspellings.ts';
import { accentedWords, type SplitWord } from './split-words.ts';

/** Words that people run together with a keyword: `stopnow`, `stop2quit`. */
const RUN_TOGETHER = (
  'me it this now all pls plz please texting text texts txt sms msg msgs message messages to 2 u ur you thanks thx spam ' +
  'ads sending calling quit end out'
).split(' ');
const MAX_RUN_LENGTH = 40;
const MIN_KEYWORD_LENGTH = 4;
/** In a shorter word, nearly every edit makes another word. */
const MIN_NEAR_LENGTH = 6;

function counts({ kind, use }: Keyword): boolean {
  // Everyday words are said in passing.
  return kind === 'opt-out' && use !== 'everyday';
}

/** A keyword that a long word is put together from. */
function findRunTogether(index: KeywordIndex, typed: string): Keyword | undefined {
  if (typed.length <= EDGE_LENGTH || typed.length > MAX_RUN_LENGTH) return undefined;
  if (!index.edges.has(typed.slice(0, EDGE_LENGTH)) && !index.edges.has(typed.slice(-EDGE_LENGTH)))
    return undefined;
  for (const { plain, keyword } of index.optOuts) {
    if (plain.length < MIN_KEYWORD_LENGTH || !counts(keyword)) continue;
    if ((typed.startsWith(plain) || typed.endsWith(plain)) && isMadeOf(typed, [plain, ...RUN_TOGETHER]))
      return keyword;
  }
  return undefined;
}

function isMadeOf(typed: string, parts: readonly string[]): boolean {
  const reached = new Set([0]);
  for (let at = 0; at < typed.length; at++) {
    if (!reached.has(at)) continue;
    for (const part of parts) if (typed.startsWith(part, at)) reached.add(at + part.length);
  }
  return reached.has(typed.length);
}

function findMisspelt(index: KeywordIndex, typed: string): Keyword | undefined {
  if (typed.length < MIN_KEYWORD_LENGTH || isOrdinary(typed)) return undefined;
  const letters = lettersOf(typed);
  const found = index.optOuts.find((spelt) => {
    if (spelt.plain.length < MIN_KEYWORD_LENGTH || !counts(spelt.keyword)) return false;
    const nearness = typed === spelt.plain ? 'close' : nearnessOf(typed, letters, spelt);
    return nearness === 'close' || (nearness === 'near' && spelt.plain.length >= MIN_NEAR_LENGTH);
  });
  return found?.keyword;
}

/** A keyword in a word that is in no list. */
function readWord(index: KeywordIndex, plain: string): Keyword | undefined {
  const shape = shapeOf(plain);
  return (
    findRunTogether(index, plain) ??
    findMisspelt(index, plain) ??
    (shape === plain ? undefined : findMisspelt(index, shape))
  );
}

/** Reads a word that no list contains as it is typed. */
function readUnknown(
  index: KeywordIndex,
  words: readonly SplitWord[],
  at: number,
  known: Map<string, Keyword | undefined>,
): KeywordEntry | undefined {
  const { plain } = words[at] as SplitWord;
  if (!isAlphabetic(plain)) return undefined;
  const joined = findJoined(index, words, at)?.node.keyword;
  if (joined !== undefined && counts(joined)) return joined;
  const apart = index.root.next.get(plain + (words[at + 1]?.plain ?? ''))?.keyword;
  if (apart !== undefined && counts(apart) && apart.word.length > MIN_KEYWORD_LENGTH) return apart;
  if (index.root.next.get(plain)?.filler !== undefined) return undefined;
  if (!known.has(plain)) known.set(plain, readWord(index, plain));
  return known.get(plain);
}

/** Typed accents can rule a word out; missing accents cannot. */
function mayBeMeant({ accents }: Keyword, plain: string, typed: string): boolean {
  return accents === undefined || typed === accents || typed === plain;
}

/** Looks inside other text for anything that may ask to be left alone. */
export function findInside(index: KeywordIndex, words: readonly SplitWord[], text: string): KeywordMatch {
  /** The word after each first part of a pair that was met in this sentence. */
  const firstEnds = new Map<number, number>();
  /** Results for words that no list contains, because most texts repeat words. */
  const known = new Map<string, Keyword | undefined>();
  let accented: readonly string[] | undefined;
  const plainOf = (start: number, end: number) =>
    words
      .slice(start, end)
      .map(({ plain }) => plain)
      .join(' ');
  for (const [start, word] of words.entries()) {
    if (word.startsSentence) firstEnds.clear();
    let pair: KeywordEntry | undefined;
    const accept = (node: IndexNode, end: number): boolean => {
      for (const { pair: number, gap, entry } of node.secondOf ?? []) {
        const firstEnd = firstEnds.get(number);
        if (firstEnd !== undefined && start >= firstEnd && start - firstEnd <= gap) pair ??= entry;
      }
      for (const { pair: number } of node.firstOf ?? []) firstEnds.set(number, end);
      if (node.phrase !== undefined) return true;
      if (node.keyword === undefined || !counts(node.keyword)) return false;
      if (node.keyword.accents === undefined) return true;
      accented ??= accentedWords(text);
      return mayBeMeant(node.keyword, plainOf(start, end), accented.slice(start, end).join(' '));
    };
    const found = findLongest(index, words, start, accept)?.node;
    const entry = found?.phrase ?? found?.keyword ?? pair ?? readUnknown(index, words, start, known);
    if (entry !== undefined) return toMatch('possible-opt-out', entry);
  }
  return { kind: 'none' };
}

import { findJoined, isJoined, MAX_JOINED } from './join-words.ts';
import {
  type Filler,
  findLongest,
  type IndexNode,
  type Keyword,
  type KeywordEntry,
  type KeywordIndex,
  KINDS,
  type SpeltKeyword,
} from './keyword-index.ts';
import { type KeywordMatch, toMatch } from './keyword-match.ts';
import type { KeywordLanguage } from './language-words.ts';
import { isOrdinary, lettersOf, nearnessOf, shapeOf } from './misspellings.ts';
import { accentedWords, type SplitWord } from './split-words.ts';

/** Languages spoken where the person's number is from; undefined when that is unknown. */
export type SpokenLanguages = ReadonlySet<KeywordLanguage> | undefined;

/** A message of known words only. */
interface WholeMessage {
  readonly keywords: readonly Keyword[];
  readonly fillers: readonly Filler[];
  /** Wording in it that asks to be left alone. */
  readonly wording: readonly KeywordEntry[];
  /** The wording is in sentences of its own: "Stop. Leave me alone", not "don't stop". */
  readonly isApart: boolean;
}

/** A word that is written apart may be another one, unless it is long: `un subscribe`. */
const MIN_SPLIT_LENGTH = 8;
/** Up to so many words may be one that is written apart and misspelt (`0pt out`), if it is so long. */
const MAX_APART = 3;
const MIN_APART_LENGTH = 6;

/** Words with their accents, computed only when a word needs them. */
function createAccents(text: string): (start: number, end: number) => string {
  let accented: readonly string[] | undefined;
  return (start, end) => {
    accented ??= accentedWords(text);
    return accented.slice(start, end).join(' ');
  };
}

function readWords(index: KeywordIndex, words: readonly SplitWord[], text: string): WholeMessage | undefined {
  const accentsOf = createAccents(text);
  const message = {
    keywords: [] as Keyword[],
    fillers: [] as Filler[],
    wording: [] as KeywordEntry[],
    isApart: true,
  };
  for (let start = 0; start < words.length; ) {
    const isTyped = (accents: string | undefined, end: number) =>
      accents === undefined || accents === accentsOf(start, end);
    const wanted = ({ keyword, filler, phrase, alone }: IndexNode, end: number) =>
      (keyword !== undefined && isTyped(keyword.accents, end)) ||
      (filler !== undefined && isTyped(filler.accents, end)) ||
      phrase !== undefined ||
      alone !== undefined;
    const plain = findLongest(index, words, start, wanted);
    const joined = findJoined(index, words, start);
    const found = joined !== undefined && joined.end > (plain?.end ?? 0) ? joined : plain;
    if (found === undefined) return undefined;
    const { keyword, filler, phrase, alone } = found.node;
    if (keyword !== undefined && isTyped(keyword.accents, found.end)) message.keywords.push(keyword);
    else if (filler !== undefined && isTyped(filler.accents, found.end)) message.fillers.push(filler);
    else {
      message.wording.push((phrase ?? alone) as KeywordEntry);
      const isSentence = words[start]?.startsSentence === true && words[found.end]?.startsSentence !== false;
      message.isApart &&= isSentence && phrase !== undefined;
    }
    start = found.end;
  }
  return message;
}

/** Whether people also use a keyword for something else where the number is from. */
function isUsedOtherwise({ use, usedIn }: Keyword, spoken: SpokenLanguages): boolean {
  if (use === 'clear') return false;
  return usedIn === '*' || spoken === undefined || usedIn.some((language) => spoken.has(language));
}

/** Whether only particles of its own language are beside a keyword. */
function standsAlone({ keywords, fillers, wording }: WholeMessage, keyword: Keyword): boolean {
  return (
    wording.length === 0 &&
    keywords.every(
      (other) => other === keyword || (other.kind !== 'opt-out' && isParticle(other, keyword)),
    ) &&
    fillers.every(({ particleOf }) => keyword.language !== undefined && particleOf.includes(keyword.language))
  );
}

/** `YA` is a yes and a particle of Indonesian. */
function isParticle(other: Keyword, { language }: Keyword): boolean {
  return other.kind === 'confirm' && other.word === 'YA' && language === 'id';
}

function judge(message: WholeMessage, spoken: SpokenLanguages): KeywordMatch | undefined {
  const { keywords, wording } = message;
  const optOuts = keywords.filter(({ kind }) => kind === 'opt-out');
  const acting = optOuts.find(
    (keyword) =>
      message.isApart && keyword.acts && (!isUsedOtherwise(keyword, spoken) || standsAlone(message, keyword)),
  );
  if (acting !== undefined) return toMatch('opt-out', acting);
  const possible = optOuts[0] ?? wording[0];
  // "Yes, leave me alone" is not a yes.
  if (possible !== undefined) return toMatch('possible-opt-out', possible);
  for (const kind of KINDS) {
    const keyword = keywords.find((one) => one.kind === kind && one.acts);
    if (keyword !== undefined) return toMatch(kind, keyword);
  }
  return undefined;
}

/** Drops the courtesy at both ends of a message. */
function withoutCourtesy(index: KeywordIndex, words: readonly SplitWord[]): readonly SplitWord[] {
  const isFiller = (word: SplitWord | undefined) =>
    word !== undefined && index.root.next.get(word.plain)?.filler !== undefined;
  let [start, end] = [0, words.length];
  while (start < end && isFiller(words[start])) start += 1;
  while (end > start && isFiller(words[end - 1])) end -= 1;
  return words.slice(start, end);
}

/** Reads a message that is one keyword, written apart: `un subscribe`, `st op`. */
function readApart(index: KeywordIndex, words: readonly SplitWord[]): KeywordMatch | undefined {
  if (words.length < 2 || words.length > MAX_JOINED) return undefined;
  const joined = words.map(({ plain }) => plain).join('');
  const keyword = index.root.next.get(joined)?.keyword;
  if (keyword?.kind !== 'opt-out') return undefined;
  const isCertain = keyword.acts && keyword.use === 'clear' && joined.length >= MIN_SPLIT_LENGTH;
  return toMatch(isCertain ? 'opt-out' : 'possible-opt-out', keyword);
}

/** Reads a message of one misspelt word. Every edit counts, because nothing else explains the message. */
function readMisspelt(
  index: KeywordIndex,
  words: readonly SplitWord[],
  isBare: boolean,
): KeywordMatch | undefined {
  const joined = words.map(({ plain }) => plain).join('');
  if (words.length === 0 || words.length > MAX_JOINED) return undefined;
  const isOne = words.every((_, at) => at === 0 || isJoined(words, at));
  const fewest = isOne ? 0 : words.length <= MAX_APART ? MIN_APART_LENGTH : Number.POSITIVE_INFINITY;
  for (const typed of new Set([joined, shapeOf(joined)])) {
    const meant = index.optOuts.find(
      (keyword) => keyword.plain.length >= fewest && isMisspelt(typed, keyword, isBare),
    );
    if (meant !== undefined) return toMatch('possible-opt-out', meant.keyword);
  }
  return undefined;
}

function isMisspelt(typed: string, spelt: SpeltKeyword, isBare: boolean): boolean {
  const { plain, keyword } = spelt;
  if (typed === plain) return true;
  if (plain.length < 3 || typed.length < 3) return false;
  const nearness = nearnessOf(typed, lettersOf(typed), spelt);
  if (nearness === undefined) return false;
  // "Shop" or "top" as the whole message may well be STOP; "Top, danke" is not.
  if (plain === 'stop') return isBare || (nearness === 'close' && typed.length >= plain.length);
  return !isOrdinary(typed) && (nearness === 'close' || (plain.length > 3 && keyword.use !== 'everyday'));
}

/** Reads a message that consists of keywords and courtesy; undefined when it holds anything else. */
export function matchWhole(
  index: KeywordIndex,
  words: readonly SplitWord[],
  text: string,
  spoken: SpokenLanguages,
): KeywordMatch | undefined {
  const message = readWords(index, words, text);
  const match = message && judge(message, spoken);
  if (match !== undefined) return match;
  const core = withoutCourtesy(index, words);
  if (core.length > 0)
    return readApart(index, core) ?? readMisspelt(index, core, core.length === words.length);
  // `stp` is French courtesy, and STOP.
  const misspelt = words.map((word) => readMisspelt(index, [word], true));
  return misspelt.find((found) => found?.word === 'STOP');
}

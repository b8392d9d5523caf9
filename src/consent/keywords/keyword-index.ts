import type { KeywordKind, KeywordLanguage, KeywordUse, LanguageWords } from './language-words.ts';
import { lettersOf } from './misspellings.ts';
import { accentedWords, type SplitWord, splitWords } from './split-words.ts';

/** In order of strength: of two kinds in a word or a message, the first counts. */
export const KINDS: readonly KeywordKind[] = ['opt-out', 'help', 'opt-in', 'confirm'];

/** A word or wording of the lists, or of the team. */
export interface KeywordEntry {
  /** As it is written in the list. */
  readonly word: string;
  readonly language?: KeywordLanguage;
}

export interface Keyword extends KeywordEntry {
  readonly kind: KeywordKind;
  readonly use: KeywordUse;
  /** The languages in which it is ambiguous or everyday; `*`: wherever it is used. */
  readonly usedIn: readonly KeywordLanguage[] | '*';
  /** False for a list that no native speaker has read: at most a possible opt-out. */
  readonly acts: boolean;
  /** The word counts only with its accents, which are these. */
  readonly accents?: string;
}

/** Words that change nothing: courtesy around any keyword, particles beside one of their own language. */
export interface Filler {
  readonly courtesy: boolean;
  readonly particleOf: readonly KeywordLanguage[];
  readonly accents?: string;
}

/** Node of a trie of words, with the entries that end there. */
export interface IndexNode {
  readonly next: Map<string, IndexNode>;
  keyword?: Keyword;
  filler?: Filler;
  /** Wording that is looked for anywhere. */
  phrase?: KeywordEntry;
  /** Wording that may ask to be left alone when it is the whole message. */
  alone?: KeywordEntry;
  /** Pairs of which it is a first, or a second, part. */
  firstOf?: PairPart[];
  secondOf?: PairPart[];
}

export interface PairPart {
  /** Number of the pair. */
  readonly pair: number;
  readonly gap: number;
  readonly entry: KeywordEntry;
}

/** Letters that two words must share at an end before they are compared as a whole. */
export const EDGE_LENGTH = 4;

/** A keyword of one word, in the spelling of `splitWords`. */
export interface SpeltKeyword {
  readonly plain: string;
  readonly keyword: Keyword;
  /** {@link lettersOf} `plain`. */
  readonly letters: number;
}

export interface KeywordIndex {
  readonly root: IndexNode;
  /** Opt-out words of one word, for misspellings. */
  readonly optOuts: SpeltKeyword[];
  /** With which letters they begin and end, {@link EDGE_LENGTH} each. */
  readonly edges: Set<string>;
  pairs: number;
}

function createNode(): IndexNode {
  return { next: new Map() };
}

/** Returns the node of a word or phrase, and creates it when it is missing. */
function nodeAt(index: KeywordIndex, word: string): IndexNode {
  let node = index.root;
  for (const { plain } of splitWords(word)) {
    const next = node.next.get(plain) ?? createNode();
    node.next.set(plain, next);
    node = next;
  }
  return node;
}

function eachWord(
  words: string | undefined,
  use: (word: string, accents: { accents?: string }) => void,
): void {
  for (const written of words === undefined ? [] : words.split(',')) {
    const isAccented = written.startsWith('!');
    const word = isAccented ? written.slice(1) : written;
    use(word, isAccented ? { accents: accentedWords(word).join(' ') } : {});
  }
}

/** Prefers a list that a native speaker has read, then the stronger kind. */
function isStronger(one: Keyword, other: Keyword | undefined): boolean {
  if (other === undefined) return true;
  if (one.acts !== other.acts) return one.acts;
  return KINDS.indexOf(one.kind) < KINDS.indexOf(other.kind);
}

/** Adds a keyword in place of a weaker one, or of any with `force`. */
export function addKeyword(index: KeywordIndex, keyword: Keyword, force = false): void {
  const node = nodeAt(index, keyword.word);
  if (force || isStronger(keyword, node.keyword)) node.keyword = keyword;
}

/** Removes a word from the lists, whatever its kind. */
export function removeWord(index: KeywordIndex, word: string): void {
  const node = nodeAt(index, word);
  for (const key of ['keyword', 'phrase', 'alone', 'firstOf', 'secondOf'] as const) delete node[key];
}

function addFiller(index: KeywordIndex, word: string, filler: Filler): void {
  const node = nodeAt(index, word);
  node.filler = {
    ...filler,
    courtesy: filler.courtesy || node.filler?.courtesy === true,
    particleOf: [...filler.particleOf, ...(node.filler?.particleOf ?? [])],
  };
}

function addLanguage(index: KeywordIndex, words: LanguageWords): void {
  const { language, acts } = words;
  for (const { kind, use = 'clear', usedIn = [language], words: listed } of words.lists) {
    eachWord(listed, (word, accents) =>
      addKeyword(index, { word, language, kind, use, usedIn, acts, ...accents }),
    );
  }
  eachWord(words.courtesy, (word, accents) =>
    addFiller(index, word, { courtesy: true, particleOf: [], ...accents }),
  );
  eachWord(words.particles, (word, accents) =>
    addFiller(index, word, { courtesy: true, particleOf: [language], ...accents }),
  );
  eachWord(words.phrases, (word) => {
    nodeAt(index, word).phrase ??= { word, language };
  });
  eachWord(words.alone, (word) => {
    nodeAt(index, word).alone ??= { word, language };
  });
  for (const { first, second, gap } of words.pairs ?? []) {
    const pair = index.pairs++;
    eachWord(first, (word) => {
      const node = nodeAt(index, word);
      node.firstOf = [...(node.firstOf ?? []), { pair, gap, entry: { word, language } }];
    });
    eachWord(second, (word) => {
      const node = nodeAt(index, word);
      node.secondOf = [...(node.secondOf ?? []), { pair, gap, entry: { word, language } }];
    });
  }
}

/** Collects the opt-outs of one word, to compare misspelt words with. */
export function collectOptOuts(index: KeywordIndex): void {
  index.optOuts.length = 0;
  index.edges.clear();
  for (const [plain, { keyword }] of index.root.next) {
    if (keyword?.kind !== 'opt-out' || keyword.accents !== undefined) continue;
    index.optOuts.push({ plain, keyword, letters: lettersOf(plain) });
    index.edges.add(plain.slice(0, EDGE_LENGTH)).add(plain.slice(-EDGE_LENGTH));
  }
}

/** Indexes the words of some languages. */
export function createIndex(languages: readonly LanguageWords[]): KeywordIndex {
  const index: KeywordIndex = { root: createNode(), optOuts: [], edges: new Set(), pairs: 0 };
  for (const words of languages) addLanguage(index, words);
  collectOptOuts(index);
  return index;
}

/** Finds the longest entry that starts at a word and that `wanted` accepts. `end` is the index after it. */
export function findLongest(
  { root }: KeywordIndex,
  words: readonly SplitWord[],
  start: number,
  wanted: (node: IndexNode, end: number) => boolean,
): { readonly node: IndexNode; readonly end: number } | undefined {
  let found: { readonly node: IndexNode; readonly end: number } | undefined;
  let node: IndexNode | undefined = root;
  for (let end = start; end < words.length; ) {
    node = node.next.get((words[end] as SplitWord).plain);
    if (node === undefined) break;
    end += 1;
    if (wanted(node, end)) found = { node, end };
  }
  return found;
}

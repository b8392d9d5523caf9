import type { IndexNode, KeywordIndex } from './keyword-index.ts';
import type { SplitWord } from './split-words.ts';

/** The most words that are joined to one. */
export const MAX_JOINED = 12;

/** False for scripts in which every letter is a word. */
export function isAlphabetic(plain: string): boolean {
  // From Tamil on: Thai, Korean, Japanese, Chinese. Hindi is in between, and is written with spaces.
  const code = plain.charCodeAt(0);
  return code < 0x0b80 || (code > 0x1d00 && code < 0x2e80);
}

function isLetter({ plain }: SplitWord): boolean {
  return plain.length === 1 && plain >= 'a' && plain <= 'z';
}

/** Whether a word belongs to the one before it: `un-subscribe`, `S T O P`. */
export function isJoined(words: readonly SplitWord[], at: number): boolean {
  const [before, word] = [words[at - 1], words[at]];
  return before !== undefined && word !== undefined && (word.isGlued || (isLetter(before) && isLetter(word)));
}

/** The keyword that some joined words make together. */
export function findJoined(
  { root }: KeywordIndex,
  words: readonly SplitWord[],
  start: number,
): { readonly node: IndexNode; readonly end: number } | undefined {
  let joined = words[start]?.plain ?? '';
  if (!isAlphabetic(joined)) return undefined;
  let found: ReturnType<typeof findJoined>;
  for (let end = start + 1; end < Math.min(words.length, start + MAX_JOINED) && isJoined(words, end); end++) {
    joined += (words[end] as SplitWord).plain;
    const node = root.next.get(joined);
    if (node?.keyword !== undefined) found = { node, end: end + 1 };
  }
  return found;
}

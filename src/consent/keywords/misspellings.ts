import { lazily } from '../../internal/lazily.ts';
import { ORDINARY_WORDS } from './ordinary-words.ts';

/** Keys beside each other, to the sides and above and below, on a QWERTY keyboard, with those of AZERTY and QWERTZ that differ. */
const ROWS = ['1234567890', 'qwertyuiop', 'asdfghjkl', 'zxcvbnm'];
const ALSO = 'az zq qa yt yx zt zu wq mp'.split(' ');

function neighboursOf(): ReadonlySet<string> {
  const pairs = new Set(ALSO.flatMap((pair) => [pair, `${pair[1]}${pair[0]}`]));
  const add = (one: string | undefined, other: string | undefined) => {
    if (one === undefined || other === undefined) return;
    pairs.add(one + other).add(other + one);
  };
  for (const [row, keys] of ROWS.entries()) {
    for (const [column, key] of [...keys].entries()) {
      add(key, keys[column + 1]);
      // Rows are shifted against each other by about half a key.
      add(key, ROWS[row + 1]?.[column]);
      add(key, ROWS[row + 1]?.[column - 1]);
    }
  }
  return pairs;
}

let neighbours: ReadonlySet<string> | undefined;

function areNeighbours(one: string, other: string | undefined): boolean {
  neighbours ??= neighboursOf();
  return neighbours.has(`${one}${other}`);
}

/** Digits and signs that stand for letters, and Cyrillic and Greek letters that look like Latin ones. */
const LOOK_ALIKES = 'аαвβсԁеεнηіιјкκмμνоοрρԛѕтτуυхχζ0134578';
const LOOKED_LIKE = 'aabbcdeehhiijkkmmnooppqsttyuxxzoieastb';
const MAY_LOOK_ALIKE = /[\u0370-\u052f0134578]/g;
const longDrawnPattern = lazily(() => /(\p{L})\1{2,}/gu);

/** The Latin word that a word looks like: `stop` for `ЅТОР`, `5t0p` and `stooop`. */
export function shapeOf(plain: string): string {
  return plain
    .replace(MAY_LOOK_ALIKE, (letter) => LOOKED_LIKE[LOOK_ALIKES.indexOf(letter)] ?? letter)
    .replace(longDrawnPattern(), '$1');
}

/**
 * Distance of a word from a keyword: `close` for a slip of the finger (a neighbouring key, or a swapped, doubled or missing
 * letter), `near` for any other single edit, or two edits in a long word.
 */
export type Nearness = 'close' | 'near';

/** The letters of a word as bits. Letters of other scripts share bits. */
export function lettersOf(plain: string): number {
  let letters = 0;
  for (let at = 0; at < plain.length; at++) letters |= 1 << (plain.charCodeAt(at) & 31);
  return letters;
}

function countBits(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}

/** Counts the edits between two words: insertions, deletions, substitutions, swaps. Returns `most + 1` when there are more. */
function countEdits(one: string, other: string, most: number): number {
  let before: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let row = 1; row <= one.length; row++) {
    const current = [row];
    for (let column = 1; column <= other.length; column++) {
      const isSame = one[row - 1] === other[column - 1];
      let edits = Math.min(
        (last[column - 1] as number) + (isSame ? 0 : 1),
        (last[column] as number) + 1,
        (current[column - 1] as number) + 1,
      );
      const isSwap =
        row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      if (isSwap) edits = Math.min(edits, (before[column - 2] as number) + 1);
      current.push(edits);
    }
    if (Math.min(...current) > most) return most + 1;
    before = last;
    last = current;
  }
  return last[other.length] as number;
}

/** Whether the single edit between two words is a slip of the finger. */
function isSlip(typed: string, meant: string): boolean {
  if (typed.length < meant.length) return true;
  let at = 0;
  while (at < meant.length && typed[at] === meant[at]) at += 1;
  if (typed.length > meant.length) {
    const extra = typed[at] as string;
    const beside = [typed[at - 1], typed[at + 1]];
    return beside.some(
      (letter) => letter !== undefined && (letter === extra || areNeighbours(extra, letter)),
    );
  }
  const isSwap = typed[at] === meant[at + 1] && typed[at + 1] === meant[at];
  return isSwap || areNeighbours(`${typed[at]}`, meant[at]);
}

/** From this length on two edits are forgiven: `unsuscirbe`. */
const LONG_WORD = 8;

/** Compares a word with a keyword; undefined when they are different words. Letters are those of {@link lettersOf}. */
export function nearnessOf(
  typed: string,
  typedLetters: number,
  { plain: meant, letters }: { readonly plain: string; readonly letters: number },
): Nearness | undefined {
  const most = meant.length >= LONG_WORD ? 2 : 1;
  // The length or the letters rule out nearly every word: one edit changes two letters at most.
  if (Math.abs(typed.length - meant.length) > most || countBits(typedLetters ^ letters) > 2 * most)
    return undefined;
  const edits = countEdits(typed, meant, most);
  if (edits === 0 || edits > most) return undefined;
  return edits === 1 && isSlip(typed, meant) ? 'close' : 'near';
}

let ordinary: ReadonlySet<string> | undefined;

/** Whether a word near a keyword is an ordinary word: `shop`, `step`. */
export function isOrdinary(plain: string): boolean {
  ordinary ??= new Set(ORDINARY_WORDS.split(' '));
  return ordinary.has(plain);
}

/** A word of a text in three spellings. */
export interface SplitWord {
  /** Lower case, Latin letters without accents: what is compared. */
  readonly plain: string;
  /** As `plain`, with the accents. */
  readonly accented: string;
  /** What `plain` looks like: Cyrillic and Greek letters as the Latin ones they resemble, `stooop` as `stop`. */
  readonly shape: string;
}

/** Thai and Chinese do not put spaces between words: each character stands for itself, with its vowels and tones. */
const UNSPACED = /[\p{Script=Thai}\p{Script=Han}]\p{M}*/gu;
/** Zero-width characters, joiners, soft hyphens, variation selectors, marks of direction. */
const INVISIBLE = /[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu;
/**
 * More marks in a row than any writing has: Unicode's Stream-Safe Text Format (UAX #15, section 13) ends a run after 30.
 * Normalisation sorts a run of marks, and the time for that grows with the square of its length. The two half-width sound
 * marks are letters that become marks.
 */
const MARKS_IN_EXCESS = /([\p{M}\uff9e\uff9f]{30})[\p{M}\uff9e\uff9f]+/gu;
/** `don't` is one word. A grave accent is often typed for an apostrophe. */
const APOSTROPHES = /['\u2018\u2019\u02bc`]/g;
const WORD = /[\p{L}\p{N}][\p{L}\p{N}\p{Mn}\p{Mc}]*/gu;
/** Only Latin letters lose their marks: a Thai vowel is a mark too. */
const ACCENTED = /(\p{Script=Latin})\p{M}+/gu;
/** What decomposition leaves whole. Turkish phones write the dotless i for I. */
const WHOLE_LETTERS = /[ßđıœ]/g;
const THREE_OR_MORE = /(\p{L})\1{2,}/gu;
const GREEK_OR_CYRILLIC = /[\u0370-\u052f]/g;
const LOOK_ALIKES = 'аαвβсԁеεнηіιјкκмμνоοрρԛѕтτуυхχζ';
const LOOKED_LIKE = 'aabbcdeehhiijkkmmnooppqsttyuxxz';

function plainLetter(letter: string): string {
  if (letter === 'ß') return 'ss';
  if (letter === 'đ') return 'd';
  return letter === 'ı' ? 'i' : 'oe';
}

function latinLetter(letter: string): string {
  return LOOKED_LIKE[LOOK_ALIKES.indexOf(letter)] ?? letter;
}

function splitWord(word: string): SplitWord {
  const plain = word.normalize('NFD').replace(ACCENTED, '$1').replace(WHOLE_LETTERS, plainLetter);
  const shape = plain.replace(GREEK_OR_CYRILLIC, latinLetter).replace(THREE_OR_MORE, '$1');
  return { plain, accented: word.normalize('NFC'), shape };
}

/**
 * Takes a text apart into words that can be compared: full-width and styled letters become plain (NFKC), case, accents,
 * punctuation, emoji, spaces, control and invisible characters go. Never throws, and takes time in proportion to the text.
 */
export function splitWords(text: string): SplitWord[] {
  const letters = text
    .replace(INVISIBLE, '')
    .replace(MARKS_IN_EXCESS, '$1')
    .normalize('NFKC')
    .toLowerCase()
    .replace(APOSTROPHES, '');
  return (letters.replace(UNSPACED, ' $& ').match(WORD) ?? []).map(splitWord);
}

import { lazily } from '../../internal/lazily.ts';

/** A word of a text, and how it is joined to the word before it. */
export interface SplitWord {
  /** Lower case, Latin letters without accents: what is compared. */
  readonly plain: string;
  /** Nothing but punctuation stands before it, as in `opt-out`. */
  readonly isGlued: boolean;
  /** The first word of a sentence. */
  readonly startsSentence: boolean;
}

/**
 * `normalize` sorts a run of combining marks, which takes seconds for 100 kB of them; no word needs more than four. The two
 * half-width sound marks are letters that become marks.
 */
const longMarksPattern = lazily(() => /([\p{M}\uff9e\uff9f]{4})[\p{M}\uff9e\uff9f]+/gu);
/** Zero-width characters, joiners, soft hyphens, variation selectors, marks of direction; the Arabic stretching line. */
const invisiblePattern = lazily(() => /[\p{Cf}\p{Default_Ignorable_Code_Point}\u0640]/gu);
/** White letters in a black circle or square, such as 🅢 and 🆂, which NFKC leaves. */
const boxedLetterPattern = lazily(() => /[\u{1f150}-\u{1f169}\u{1f170}-\u{1f189}]/gu);
const BOXED_ALPHABETS = [0x1f150, 0x1f170];
/** `don't` is one word. A grave accent is often typed for an apostrophe. */
const APOSTROPHES = /['\u2018\u2019\u02bc`]/g;
/** Only Latin letters lose their marks: a Thai vowel is a mark too. */
const accentsPattern = lazily(() => /(\p{Script=Latin})\p{M}+/gu);
/** Marks that people leave out: of Arabic (vowels, hamza, madda) and Hindi (nukta, anusvara). */
const LOOSE_MARKS = /[\u064b-\u0655\u0670\u093c\u0901-\u0903]/g;
/** Letters that decomposition leaves whole, and Arabic and Russian letters that people type for each other. */
const WHOLE_LETTERS = /[ßđıœæøłةىё]/g;
const FOLDED: Readonly<Record<string, string>> = {
  ß: 'ss',
  đ: 'd',
  ı: 'i',
  œ: 'oe',
  æ: 'ae',
  ø: 'o',
  ł: 'l',
  ة: 'ه',
  ى: 'ي',
  ё: 'е',
};

const LETTER = 1;
/** A letter of a script without spaces between words or seams before endings. It is a word, with its vowels and tones. */
const SYLLABLE = 2;
const MARK = 3;
const SPACE = 4;
const SENTENCE_END = 5;
const OTHER = 6;

const syllablePattern = lazily(
  () =>
    /[\p{Script=Thai}\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Tamil}ー]/u,
);
const letterPattern = lazily(() => /[\p{L}\p{N}]/u);
const markPattern = lazily(() => /[\p{Mn}\p{Mc}]/u);
const IS_SENTENCE_END = /[.!?;…。！？；।؟\n\r\u2028\u2029]/u;
const spacePattern = lazily(() => /[\s\p{Z}\p{Cc}]/u);

function classify(character: string): number {
  if (letterPattern().test(character)) return syllablePattern().test(character) ? SYLLABLE : LETTER;
  if (markPattern().test(character)) return MARK;
  if (IS_SENTENCE_END.test(character)) return SENTENCE_END;
  return spacePattern().test(character) ? SPACE : OTHER;
}

/** Kinds by UTF-16 code unit, filled on first use. */
const KINDS = new Uint8Array(0x1_0000);

function kindOf(unit: number): number {
  const known = KINDS[unit] as number;
  if (known !== 0) return known;
  // Half of a surrogate pair: an emoji, or a rare Chinese character that no list contains.
  const kind = unit >= 0xd800 && unit <= 0xdfff ? OTHER : classify(String.fromCharCode(unit));
  KINDS[unit] = kind;
  return kind;
}

function unboxed(letter: string): string {
  const code = letter.codePointAt(0) as number;
  const first = BOXED_ALPHABETS.findLast((alphabet) => code >= alphabet) as number;
  return String.fromCharCode(0x61 + code - first);
}

/** Normalises a text so that the same letters have one spelling. Keeps the accents. */
function foldText(text: string): string {
  return text
    .replace(invisiblePattern(), '')
    .replace(longMarksPattern(), '$1')
    .normalize('NFKC')
    .replace(boxedLetterPattern(), unboxed)
    .toLowerCase()
    .replace(APOSTROPHES, '')
    .normalize('NFC');
}

function withoutAccents(folded: string): string {
  return folded
    .normalize('NFD')
    .replace(accentsPattern(), '$1')
    .replace(LOOSE_MARKS, '')
    .normalize('NFC')
    .replace(WHOLE_LETTERS, (letter) => FOLDED[letter] as string);
}

function cutWords(folded: string): SplitWord[] {
  const words: SplitWord[] = [];
  let isGlued = false;
  let startsSentence = true;
  for (let at = 0; at < folded.length; ) {
    const kind = kindOf(folded.charCodeAt(at));
    if (kind !== LETTER && kind !== SYLLABLE) {
      if (kind === SENTENCE_END) startsSentence = true;
      if (kind === SPACE) isGlued = false;
      at += 1;
      continue;
    }
    let end = at + 1;
    for (; end < folded.length; end++) {
      const next = kindOf(folded.charCodeAt(end));
      if (next !== MARK && (kind === SYLLABLE || next !== LETTER)) break;
    }
    words.push({ plain: folded.slice(at, end), isGlued, startsSentence });
    isGlued = true;
    startsSentence = false;
    at = end;
  }
  return words;
}

/**
 * Splits a text into comparable words: full-width and styled letters become plain (NFKC); case, accents, punctuation, emoji,
 * spaces, control and invisible characters are dropped. Never throws, and takes time in proportion to the text.
 */
export function splitWords(text: string): SplitWord[] {
  return cutWords(withoutAccents(foldText(text)));
}

/** The same words as {@link splitWords}, with their accents. */
export function accentedWords(text: string): string[] {
  return cutWords(foldText(text)).map(({ plain }) => plain);
}

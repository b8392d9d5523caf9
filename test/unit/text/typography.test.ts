import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isGsm7 } from '../../../src/text/gsm7.ts';
import {
  findUcs2Characters,
  MAX_CHARACTERS,
  MAX_POSITIONS,
  replaceTypography,
} from '../../../src/text/typography.ts';

describe('replaceTypography', () => {
  it.each([
    ['single quotes and apostrophes', '‘it’s’ ‚a‛ ´b ʼc ‹d›', "'it's' 'a' 'b 'c 'd'"],
    ['double quotes', '“a” „b‟ «c» ″', '"a" "b" "c" "'],
    ['dashes', 'a‐b‑c‒d–e—f―g−h', 'a-b-c-d-e-f-g-h'],
    ['dots', 'wait… now‥', 'wait... now..'],
    ['spaces', 'a\u00a0b\u2009c\u202fd\u3000e\tf', 'a b c d e f'],
    ['what nobody sees', 'a\u200bb\u00adc\ufeffd\u2060e\u200ff\u200dg', 'abcdefg'],
    ['variation selectors of signs', '\u00a9\ufe0f 2026, Team\u2122\ufe0f, #\ufe0f', '(C) 2026, Team(TM), #'],
    ['fillers and other ignorable characters', 'a\u034fb\u115fc\u3164d\ufe0de\u2063f\u{e0101}g', 'abcdefg'],
    ['line and paragraph separators', 'a\u2028b\u2029c\u0085d', 'a\nb\nc\nd'],
    ['bullets', '• one\n● two', '- one\n- two'],
    ['signs', '© ® ™ № 2×3 1⁄2', '(C) (R) (TM) No. 2x3 1/2'],
    ['ligatures', 'ﬁne oﬀer ﬂat oﬃce waﬄe', 'fine offer flat office waffle'],
    [
      'combining accents after their letter',
      'Cafe\u0301, A\u030angstro\u0308m, C\u0327a',
      'Café, Ångström, Ça',
    ],
    ['letters that Unicode has twice', '\u2126 \u212a \u212b \u037e', 'Ω K Å ;'],
  ])('%s', (_name, text, expected) => {
    expect(replaceTypography(text)).toBe(expected);
    expect(isGsm7(expected)).toBe(true);
  });

  it.each([
    ['nothing to do', 'plain text [10 €]'],
    ['Chinese stays UCS-2, so it keeps its quotes', '“你好”…'],
    ['an emoji', 'it’s 👍'],
    ['the selector and joiner of an emoji', '\u2764\ufe0f\u200d\u{1f525} it’s'],
    ['a keycap', 'it’s 1\ufe0f\u20e3'],
    ['half a pair', 'it’s \ud83d'],
    ['a backtick may be part of a password', 'it’s a`b'],
    ['½ behind a digit would become 11/2', '‘1½’'],
    ['a letter that has no accented form in GSM-7', 'x\u0301'],
    ['an accent that begins the text', '\u0301a'],
    ['ç is not Ç', 'garçon’s'],
  ])('leaves it unchanged: %s', (_name, text) => {
    expect(replaceTypography(text)).toBe(text);
  });

  it('puts an accent on a letter exactly where Unicode composes the two to a letter of GSM-7', () => {
    const letters = Array.from({ length: 0x250 }, (_, code) => String.fromCharCode(code));
    const accents = Array.from({ length: 0x70 }, (_, index) => String.fromCharCode(0x300 + index));
    const wrong: string[] = [];
    // The combining grapheme joiner is invisible: it is dropped, not composed.
    const visible = accents.filter((each) => !/\p{Default_Ignorable_Code_Point}/u.test(each));
    for (const accent of visible.filter((each) => each === each.normalize('NFC'))) {
      for (const letter of [...letters, '\u1fef', '\u212a', '\u2126', 'а', 'Α', '中', 'ﬀ', '😀']) {
        const composed = (letter + accent).normalize('NFC');
        const wanted = composed.length === 1 && isGsm7(composed) ? composed : undefined;
        const found = findUcs2Characters(letter + accent).find(({ character }) => character.endsWith(accent));
        if (found?.replacement !== wanted) wrong.push(letter + accent);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('returns GSM-7 or the text itself, and is idempotent', () => {
    const unit = fc.oneof(
      fc.constantFrom('a', '’', '–', 'e', '\u0301', '\u00a0', '…', '\u200b'),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    );
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 40 }), (characters) => {
        const text = characters.join('');
        const replaced = replaceTypography(text);
        expect(isGsm7(replaced) || replaced === text).toBe(true);
        expect(replaceTypography(replaced)).toBe(replaced);
      }),
    );
  });
});

describe('findUcs2Characters', () => {
  it('returns character, count, positions and replacement', () => {
    expect(findUcs2Characters('it’s “x”, isn’t 👍 e\u0301?')).toEqual([
      { character: '’', codePoint: 'U+2019', count: 2, positions: [2, 13], replacement: "'" },
      { character: '“', codePoint: 'U+201C', count: 1, positions: [5], replacement: '"' },
      { character: '”', codePoint: 'U+201D', count: 1, positions: [7], replacement: '"' },
      { character: '👍', codePoint: 'U+1F44D', count: 1, positions: [16] },
      { character: 'e\u0301', codePoint: 'U+0301', count: 1, positions: [20], replacement: 'é' },
    ]);
  });

  it('finds nothing in GSM-7', () => {
    expect(findUcs2Characters('10 € [net]')).toEqual([]);
  });

  it('drops nothing that holds an emoji together', () => {
    expect(findUcs2Characters('\u2764\ufe0f\u200d\u{1f525} 1\ufe0f\u20e3 \u00a9\ufe0f a\u200db')).toEqual([
      { character: '\u2764', codePoint: 'U+2764', count: 1, positions: [0] },
      { character: '\ufe0f', codePoint: 'U+FE0F', count: 2, positions: [1, 7] },
      { character: '\u200d', codePoint: 'U+200D', count: 1, positions: [2] },
      { character: '\u{1f525}', codePoint: 'U+1F525', count: 1, positions: [3] },
      { character: '\u20e3', codePoint: 'U+20E3', count: 1, positions: [8] },
      { character: '\u00a9', codePoint: 'U+00A9', count: 1, positions: [10], replacement: '(C)' },
      { character: '\ufe0f', codePoint: 'U+FE0F', count: 1, positions: [11], replacement: '' },
      { character: '\u200d', codePoint: 'U+200D', count: 1, positions: [14], replacement: '' },
    ]);
  });

  it('names half a surrogate pair, and gives an empty replacement for characters that can be dropped', () => {
    expect(findUcs2Characters('\ud83d\u200b')).toEqual([
      { character: '\ud83d', codePoint: 'U+D83D', count: 1, positions: [0] },
      { character: '\u200b', codePoint: 'U+200B', count: 1, positions: [1], replacement: '' },
    ]);
  });

  it('returns a small result for a megabyte', () => {
    const [found, ...rest] = findUcs2Characters('ж'.repeat(1_048_576));
    expect(rest).toEqual([]);
    expect(found?.count).toBe(1_048_576);
    expect(found?.positions).toHaveLength(MAX_POSITIONS);
    const many = Array.from({ length: 5000 }, (_, index) => String.fromCodePoint(0x4e00 + index)).join('');
    expect(findUcs2Characters(many + many)).toHaveLength(MAX_CHARACTERS);
  });
});

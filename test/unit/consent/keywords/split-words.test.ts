import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitWords } from '../../../../src/consent/keywords/split-words.ts';
import { findAllSlowness } from '../../../support/linear-time.ts';

const plain = (text: string) => splitWords(text).map((word) => word.plain);
const shapes = (text: string) => splitWords(text).map((word) => word.shape);

describe('splitWords', () => {
  it.each([
    ['case', 'SToP', ['stop']],
    ['punctuation, quotes and emoji', '“Stop!!!” 🛑 (now)…', ['stop', 'now']],
    ['line breaks, tabs and control characters', '\u0007stop\r\n\tall\u0000', ['stop', 'all']],
    ['zero-width characters and soft hyphens', 's\u200bt\u00ado\u2060p\ufeff', ['stop']],
    ['marks of direction', '\u202eSTOP\u202c \u200fALL', ['stop', 'all']],
    ['full-width letters', 'ＳＴＯＰ！', ['stop']],
    ['styled and circled letters', '𝗦𝗧𝗢𝗣 ⓢⓣⓞⓟ', ['stop', 'stop']],
    ['accents, in one character or two', 'Arr\u00eat arre\u0302t', ['arret', 'arret']],
    ['Vietnamese, with its own d', 'ĐĂNG KÝ hủy huỷ', ['dang', 'ky', 'huy', 'huy']],
    ['sharp s, small and capital', 'schließen SCHLIEẞEN', ['schliessen', 'schliessen']],
    ['both letters i of Turkish', 'İPTAL ıptal', ['iptal', 'iptal']],
    ['a ligature', 'cœur', ['coeur']],
    ['apostrophes of any shape', 'don’t don`t DON\uff07T', ['dont', 'dont', 'dont']],
    ['hyphens', 'opt-out non-stop', ['opt', 'out', 'non', 'stop']],
    ['digits and keycaps', '1\ufe0f\u20e3 stop2', ['1', 'stop2']],
    ['Chinese, a character each', '我要 退订', ['我', '要', '退', '订']],
    ['Thai, a letter each with its vowels and tones', 'ยกเลิกค่ะ', ['ย', 'ก', 'เ', 'ลิ', 'ก', 'ค่', 'ะ']],
    [
      'Chinese and Thai next to Latin letters',
      '回复TD退订 stopครับ',
      ['回', '复', 'td', '退', '订', 'stop', 'ค', 'รั', 'บ'],
    ],
    ['marks without a letter', '\u0301\u0e34 ´', []],
    ['half of a surrogate pair', 'st\ud83dop', ['st', 'op']],
    ['nothing', '', []],
  ])('%s', (_name, text, expected) => {
    expect(plain(text)).toEqual(expected);
  });

  it('keeps the accents beside the plain spelling', () => {
    expect(splitWords('DỪNG')).toEqual([{ plain: 'dung', accented: 'dừng', shape: 'dung' }]);
    expect(splitWords('đúng')[0]?.accented).toBe('đúng');
  });

  it('shows what look-alikes and long-drawn words look like', () => {
    expect(shapes('ЅТОР СΑΝСЕL')).toEqual(['stop', 'cancel']);
    expect(shapes('stooooppp good')).toEqual(['stop', 'good']);
    expect(shapes('жук')).toEqual(['жyk']);
  });

  it('takes time in proportion to the text, also for marks that normalisation must sort', async () => {
    for (const unit of ['\u0301\u0323', '\uff9e\u05b0', '\u0301\u200b\u0323', 'a\u0301\u0323', 'a']) {
      expect(await findAllSlowness(splitWords, [{ unit }, { head: 'a', unit, tail: ' b' }])).toEqual([]);
    }
    expect(plain(`st${'\u0301\u0323'.repeat(40)}op`)).toEqual(['stop']);
  });

  it('never throws, and every word has a letter or a digit', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' })), (text) => {
        for (const word of splitWords(text)) expect(word.plain).toMatch(/[\p{L}\p{N}]/u);
      }),
    );
    expect(splitWords(`${'\ud800'.repeat(100_000)}${'a\u0301'.repeat(50_000)}`)).toHaveLength(1);
  });
});

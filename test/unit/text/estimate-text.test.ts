import { describe, expect, it } from 'vitest';
import { estimateText, hasLoneSurrogate } from '../../../src/text/estimate-text.ts';

describe('estimateText', () => {
  it('shows the cost of one curly apostrophe', () => {
    const text = `${'a'.repeat(100)}’`;
    expect(estimateText(text)).toEqual({
      encoding: 'UCS2',
      parts: 2,
      units: 101,
      unitsPerPart: 67,
      unitsLeft: 33,
      unencodable: 0,
      tooLong: false,
      hasLoneSurrogate: false,
      charactersForcingUcs2: [
        { character: '’', codePoint: 'U+2019', count: 1, positions: [100], replacement: "'" },
      ],
      afterReplacement: {
        encoding: 'GSM7',
        parts: 1,
        units: 101,
        unitsPerPart: 160,
        unitsLeft: 59,
        unencodable: 0,
        text: `${'a'.repeat(100)}'`,
      },
    });
  });

  it('offers no replacement when none helps', () => {
    expect(estimateText('plain')).not.toHaveProperty('afterReplacement');
    expect(estimateText('“你好”')).not.toHaveProperty('afterReplacement');
  });

  it('is too long from the eleventh part', () => {
    expect(estimateText('a'.repeat(1530))).toMatchObject({ parts: 10, tooLong: false });
    expect(estimateText('a'.repeat(1531))).toMatchObject({ parts: 11, tooLong: true });
    expect(estimateText('ж'.repeat(671))).toMatchObject({ parts: 11, tooLong: true });
  });

  it('names the characters that GSM-7 lacks', () => {
    const estimate = estimateText('привет', 'GSM7');
    expect(estimate).toMatchObject({ encoding: 'GSM7', unencodable: 6 });
    expect(estimate.charactersForcingUcs2.map(({ character }) => character).join('')).toBe('привет');
  });

  it('measures the replaced text in the requested encoding', () => {
    expect(estimateText('it’s', 'UCS2').afterReplacement).toMatchObject({ encoding: 'UCS2', text: "it's" });
    expect(estimateText('it’s', 'GSM7')).toMatchObject({
      unencodable: 1,
      afterReplacement: { unencodable: 0 },
    });
  });

  it.each([
    ['high', '\ud83d', true],
    ['low', 'a\udc4d', true],
    ['reversed', '\udc4d\ud83d', true],
    ['pair', '👍', false],
    ['none', 'a', false],
  ])('lone surrogate: %s', (_name, text, expected) => {
    expect(hasLoneSurrogate(text)).toBe(expected);
    expect(estimateText(text).hasLoneSurrogate).toBe(expected);
  });
});

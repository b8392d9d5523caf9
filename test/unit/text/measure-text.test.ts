import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { measureText, type TextEncoding } from '../../../src/text/measure-text.ts';

const a = (count: number) => 'a'.repeat(count);
const cyrillic = (count: number) => 'ж'.repeat(count);

/** A naive splitter: cuts the text into one string per part, and shares no code with the one under test. */
function splitNaively(text: string, encoding: TextEncoding): string[] {
  const extension = [...'^{}\\[~]|€\f'];
  const pieces = encoding === 'GSM7' ? text.split('') : [...text];
  const cost = (piece: string) => (encoding === 'GSM7' ? (extension.includes(piece) ? 2 : 1) : piece.length);
  const sum = (some: string[]) => some.reduce((total, piece) => total + cost(piece), 0);
  if (pieces.length === 0) return [];
  if (sum(pieces) <= (encoding === 'GSM7' ? 160 : 70)) return [text];
  const parts: string[][] = [[]];
  for (const piece of pieces) {
    const last = parts.at(-1) as string[];
    if (sum(last) + cost(piece) <= (encoding === 'GSM7' ? 153 : 67)) last.push(piece);
    else parts.push([piece]);
  }
  return parts.map((part) => part.join(''));
}

describe('measureText', () => {
  it.each([
    [undefined, 'AUTO', 'text'],
    [5, 'AUTO', 'text'],
    ['Hello', 'LATIN1', 'encoding'],
  ])('refuses the text %j in the encoding %j', (text, encoding, path) => {
    const measure = () => measureText(text as string, encoding as TextEncoding);
    expect(measure).toThrow(expect.objectContaining({ code: 'validation', path }));
  });

  it.each([
    ['empty', '', 'GSM7', 0, 0, 160],
    ['one character', 'a', 'GSM7', 1, 1, 159],
    ['159', a(159), 'GSM7', 1, 159, 1],
    ['160', a(160), 'GSM7', 1, 160, 0],
    ['161', a(161), 'GSM7', 2, 161, 145],
    ['306', a(306), 'GSM7', 2, 306, 0],
    ['307', a(307), 'GSM7', 3, 307, 152],
    ['10 full parts', a(1530), 'GSM7', 10, 1530, 0],
    ['one more', a(1531), 'GSM7', 11, 1531, 152],
    ['159 and an euro sign', `${a(159)}€`, 'GSM7', 2, 161, 145],
    ['80 euro signs', '€'.repeat(80), 'GSM7', 1, 160, 0],
    ['every extension character', '^{}\\[~]|€\f', 'GSM7', 1, 20, 140],
    ['an extension character that ends at 153', `${a(151)}€${a(153)}`, 'GSM7', 2, 306, 0],
    ['an extension character on the 153 boundary', `${a(152)}€${a(152)}`, 'GSM7', 3, 306, 152],
    ['an extension character on the 153 boundary, short', `${a(152)}€${a(10)}`, 'GSM7', 2, 164, 141],
    ['80 brackets in two parts leave one septet of each free', '['.repeat(81), 'GSM7', 2, 162, 143],
    ['line breaks', 'a\r\nb', 'GSM7', 1, 4, 156],
    ['one Cyrillic letter', 'ж', 'UCS2', 1, 1, 69],
    ['70 of them', cyrillic(70), 'UCS2', 1, 70, 0],
    ['71', cyrillic(71), 'UCS2', 2, 71, 63],
    ['134', cyrillic(134), 'UCS2', 2, 134, 0],
    ['135', cyrillic(135), 'UCS2', 3, 135, 66],
    ['an emoji', '👍', 'UCS2', 1, 2, 68],
    ['35 emoji', '👍'.repeat(35), 'UCS2', 1, 70, 0],
    ['an emoji that ends at 67', `${cyrillic(65)}👍${cyrillic(67)}`, 'UCS2', 2, 134, 0],
    ['an emoji on the 67 boundary', `${cyrillic(66)}👍${cyrillic(66)}`, 'UCS2', 3, 134, 66],
    [
      'a lone high surrogate on the boundary is not a pair',
      `${cyrillic(66)}\ud83d${cyrillic(4)}`,
      'UCS2',
      2,
      71,
      63,
    ],
    ['a high surrogate at the end', `${cyrillic(70)}\ud83d`, 'UCS2', 2, 71, 63],
    ['brackets count once in UCS-2', `ж${'['.repeat(69)}`, 'UCS2', 1, 70, 0],
  ] as const)('%s', (_name, text, encoding, parts, units, unitsLeft) => {
    expect(measureText(text)).toMatchObject({ encoding, parts, units, unitsLeft, unencodable: 0 });
  });

  it('returns the capacity of a part', () => {
    expect(
      [a(160), a(161), cyrillic(70), cyrillic(71)].map((text) => measureText(text).unitsPerPart),
    ).toEqual([160, 153, 70, 67]);
  });

  it('uses the requested encoding', () => {
    expect(measureText(a(71), 'UCS2')).toMatchObject({ encoding: 'UCS2', parts: 2, units: 71 });
    expect(measureText(a(71), 'GSM7')).toMatchObject({ encoding: 'GSM7', parts: 1, units: 71 });
  });

  it('counts the characters that GSM-7 lacks when GSM-7 is requested', () => {
    expect(measureText('it’s ж 👍', 'GSM7')).toMatchObject({ encoding: 'GSM7', units: 9, unencodable: 4 });
    expect(measureText(cyrillic(161), 'GSM7')).toMatchObject({ parts: 2, units: 161, unencodable: 161 });
  });

  const texts = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 500 }),
    fc.string({ unit: fc.constantFrom('a', '€', '[', '\f', 'é', '\n'), maxLength: 700 }),
    fc.string({ unit: fc.constantFrom('a', 'ж', '👍', '\ud83d', '\udc4d'), maxLength: 400 }),
  );

  it('agrees with a naive splitter', () => {
    fc.assert(
      fc.property(texts, fc.constantFrom('AUTO', 'GSM7', 'UCS2'), (text, encoding) => {
        const measure = measureText(text, encoding);
        const parts = splitNaively(text, measure.encoding);
        expect(measure.parts).toBe(parts.length);
        expect(parts.join('')).toBe(text);
        const lastUnits = measureText(parts.at(-1) ?? '', measure.encoding).units;
        expect(measure.unitsLeft).toBe(measure.unitsPerPart - lastUnits);
      }),
    );
  });

  it('never needs fewer parts for a longer text', () => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(measureText(`${text}a`).parts).toBeGreaterThanOrEqual(measureText(text).parts);
      }),
    );
  });

  it('reads each code unit of a long text at most three times', () => {
    const original = String.prototype.charCodeAt;
    const text = `${'👍'.repeat(50_000)}${a(100_000)}`;
    let looks = 0;
    String.prototype.charCodeAt = function count(this: string, index: number) {
      looks += 1;
      return original.call(this, index);
    };
    try {
      measureText(text);
    } finally {
      String.prototype.charCodeAt = original;
    }
    expect(looks).toBeGreaterThanOrEqual(text.length);
    expect(looks).toBeLessThanOrEqual(3 * text.length);
  });

  it('measures a megabyte', () => {
    expect(measureText(a(1_048_576))).toMatchObject({ parts: 6854, unitsLeft: 6854 * 153 - 1_048_576 });
  });
});

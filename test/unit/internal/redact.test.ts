import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskNumber, redactText } from '../../../src/internal/redact.ts';

describe('maskNumber', () => {
  it.each([
    ['+6591234567', '+65******67'],
    ['+65 9123 4567', '+65******67'],
    ['+12025550123', '+1********23'],
    ['+79161234567', '+7********67'],
    ['+85291234567', '+852******67'],
    ['+4915123456789', '+49*********89'],
    ['91234567', '******67'],
    ['+881612345678', '+881*******78'],
    ['+6591', '****'],
    ['+6591234', '*******'],
    ['123', '****'],
    ['', '****'],
    ['no digits', '****'],
    ['+99912345678901234567890', '+999***************90'],
  ])('%s becomes %s', (number, masked) => {
    expect(maskNumber(number)).toBe(masked);
  });

  it('hides at least four digits and never shows five in a row', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\+?\d{1,20}$/), (number) => {
        const masked = maskNumber(number);
        expect(masked).not.toMatch(/\d{5}/);
        expect(masked.match(/\*/g)?.length ?? 0).toBeGreaterThanOrEqual(4);
      }),
    );
  });
});

describe('redactText', () => {
  it('finds numbers however they are spaced, and in any script', () => {
    for (const number of [
      '+6591726354',
      '0065 9172 6354',
      '(+65) 9172-6354',
      '65.9172.6354',
      '65\u00a09172\u20116354',
      '6591\u200b7263\u200b54',
      '6591\u00ad726354',
      '6591_726_354',
      '+65*9172*6354',
      '%2B65%209172%206354',
      '6\ufe0f\u20e3591726354',
      '٦٥٩١٧٢٦٣٥٤',
    ]) {
      const safe = redactText(`to ${number} now`);
      expect(safe, number).toMatch(/^to \S*\*{4}\S* now$/);
    }
  });

  it.each([
    ['1%2B1%2b1%a01%F01%0d1%2C1', '***********21'],
    ['123456%2Bx', '*****62Bx'],
    ['123456%2B%2Fx', '******22Fx'],
    ['12%2B3456%2B', '******62B'],
    ['1%A0%A0%A0%A06591726354', '1%A************54'],
    ['12345 +6591726354', '*************54'],
    ['12345    +6591726354', '12345    +65******54'],
    ['+6591726354+6281234567', '+65***************67'],
    ['+6591726354 or +6281234567', '+65******54 or +62******67'],
    ['12345%2B%2B%2B%2Bx', '12345%2B%2B%2B%2Bx'],
    ['123456\n7', '*****67'],
    ['123456\u00857', '123456\\u00857'],
    ['123456a7', '123456a7'],
  ])('masks %j as %j', (text, safe) => {
    expect(redactText(text)).toBe(safe);
  });

  it('leaves short numbers, codes and words alone', () => {
    expect(redactText('error 1002 after 3 tries of 10000')).toBe('error 1002 after 3 tries of 10000');
  });

  it('shows no five digits of any number in a sentence', () => {
    const separator = fc.constantFrom('', '', ' ', '-', '.', ' (', ') ');
    const number = fc
      .array(fc.tuple(fc.constantFrom(...'0123456789'), separator), { minLength: 7, maxLength: 15 })
      .map((pieces) => pieces.map(([digit, gap]) => digit + gap).join(''));
    fc.assert(
      fc.property(number, fc.string({ maxLength: 20 }), (hidden, words) => {
        const text = words.replace(/\p{N}/gu, '');
        const digits = redactText(`${text} ${hidden} ${text}`).replace(/\\u[0-9a-f]{4,6}/g, '');
        expect(digits.replace(/[^\d*]/g, '')).not.toMatch(/\d{5}/);
      }),
    );
  });

  it('replaces secrets of four characters and more', () => {
    expect(redactText('Bearer abcd-secret!', ['abcd-secret', 'B'])).toBe('Bearer [redacted]!');
    expect(redactText('key=ab%2Fcd%3D', ['ab/cd='])).toBe('key=[redacted]');
  });

  it('escapes what could drive a terminal or forge a log line', () => {
    expect(redactText('a\u0000\u001b\u0085\u2028\u202e\r\n\tz')).toBe(
      'a\\u0000\\u001b\\u0085\\u2028\\u202e\\u000d\\u000a\\u0009z',
    );
  });

  it('cuts last, so that no half of a secret or a number is left at the cut', () => {
    const secret = 's'.repeat(45);
    expect(redactText(secret.repeat(40), [secret], 300)).not.toContain('ss');
    const spaced = '1 - '.repeat(297);
    expect(redactText(`${spaced} x 6591726354 y`, [], 300)).not.toMatch(/6591/);
    expect(redactText('x'.repeat(301))).toBe(`${'x'.repeat(300)}…`);
    expect(redactText('x'.repeat(300))).toBe('x'.repeat(300));
  });

  it.each([
    ['number', '65 9172 6354', [], 1_150],
    ['secret', `topsecret-${'k'.repeat(150)}`, [`topsecret-${'k'.repeat(150)}`], 1_550],
  ])(
    'shows no half of a %s at the end of what it reads, whatever got shorter before it',
    (_, hidden, secrets, from) => {
      for (const filler of ['1 - ', 'topsecret-key ', '\u0000', '6591726354 x ', 'word ']) {
        for (let length = from; length < from + 250; length += 1) {
          const before = filler.repeat(length / filler.length) + 'w'.repeat(length % filler.length);
          const safe = redactText(`${before} x ${hidden} y${' z'.repeat(2_000)}`, [
            'topsecret-key',
            ...secrets,
          ]);
          const shown = safe.replace(/\\u[\da-f]{4}/g, '');
          expect(shown, `${filler} ${length}`).not.toMatch(/65 \d|tops/);
        }
      }
    },
  );

  it('says that a text was cut when the end that is not shown was not read either', () => {
    expect(redactText('1'.repeat(5_000))).toBe('***************11…');
    expect(redactText(`${'1'.repeat(5_000)} x`)).toMatch(/^\*+11.*…$/);
  });
});

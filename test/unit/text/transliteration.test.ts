import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isGsm7 } from '../../../src/text/gsm7.ts';
import { TRANSLITERATIONS, transliterate } from '../../../src/text/transliteration.ts';
import { replaceTypography } from '../../../src/text/typography.ts';

describe('transliterate', () => {
  it.each([
    ['French', 'Garçon, “cœur” à l’été', 'Garcon, "coeur" à l\'été'],
    ['Polish', 'Zażółć gęślą jaźń', 'Zazolc gesla jazn'],
    ['Czech', 'Příliš žluťoučký kůň', 'Prilis zlutoucky kun'],
    ['Turkish', 'Şifreniz: İĞŞ ığş', 'Sifreniz: IGS igs'],
    ['Vietnamese', 'Mã xác thực của bạn là Đặng Ệ', 'Ma xac thuc cua ban là Dang E'],
    ['Vietnamese, decomposed', 'Ma\u0303 xa\u0301c thu\u031b\u0323c', 'Ma xac thuc'],
    ['Hungarian', 'Ő és Ű', 'O és U'],
    ['Icelandic', 'Þórður', 'THordur'],
    ['Maltese and Croatian', 'Ħamrun, Đuro ǆ', 'Hamrun, Duro dz'],
    ['letters with two accents keep the one that GSM-7 has', 'ǖ ǟ Ǻ', 'ü ä Å'],
    ['letters of GSM-7 stay', 'äöüß æøå ñ Ç Ω', 'äöüß æøå ñ Ç Ω'],
    ['capital sharp s', 'STRAẞE', 'STRASSE'],
  ])('%s', (_name, text, expected) => {
    expect(transliterate(text)).toBe(expected);
    expect(isGsm7(expected)).toBe(true);
  });

  it.each([
    ['an emoji is never dropped', 'Garçon 👍'],
    ['an emoji of several', 'ç 👨‍👩‍👧'],
    ['a flag', 'ç 🇸🇬'],
    ['a keycap', 'ç 1️⃣'],
    ['Chinese', 'ç 你好'],
    ['Cyrillic, also with an accent', 'ç й'],
    ['Greek that GSM-7 lacks', 'ç λ'],
    ['an accent that begins the text', '\u0301ç'],
    ['an accent behind no Latin letter', 'ç 1\u0301'],
    ['half a pair', 'ç \ud83d'],
    ['a currency', 'ç ₫'],
    ['a letter that nobody lists', 'ç ə'],
  ])('leaves the text unchanged: %s', (_name, text) => {
    expect(transliterate(text)).toBe(text);
  });

  it('gives GSM-7 or the text itself, and goes no further than replaceTypography where that is enough', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const changed = transliterate(text);
        if (changed !== text) expect(isGsm7(changed)).toBe(true);
        const replaced = replaceTypography(text);
        if (isGsm7(replaced)) expect(changed).toBe(replaced);
        expect(transliterate(changed)).toBe(changed);
      }),
    );
  });

  it('lists only Latin letters that GSM-7 lacks, in letters that it has', () => {
    expect(TRANSLITERATIONS.size).toBe(47);
    for (const [letter, nearest] of TRANSLITERATIONS) {
      expect(letter).toMatch(/^\p{Script=Latin}$/u);
      expect([isGsm7(letter), isGsm7(nearest)]).toEqual([false, true]);
    }
  });
});

import { getCountries, getCountryCallingCode, parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { describe, expect, it, vi } from 'vitest';
import { readE164 } from '../../../src/phone/e164-reader.ts';
import { exampleNumbers, numbersOfEveryType } from '../../support/numbering-plans.ts';

const E164 = /^\+[1-9]\d{6,14}$/;
/** The whole comparison: `NUMBERS=10000000 npx vitest run test/unit/phone/e164-reader.test.ts`. */
const NUMBERS = Number(process.env.NUMBERS ?? 60_000);

/** A small seeded generator, so that every run compares the same numbers. */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** The reading of the library's parser; undefined for a number that is not valid. */
function parsed(e164: string) {
  const number = parsePhoneNumberFromString(e164, { extract: false });
  const type = number?.getType();
  if (number === undefined || type === undefined) return undefined;
  return { e164: number.number, callingCode: number.countryCallingCode, country: number.country, type };
}

/** Whether the reader answers. Its answer must be the parser's. */
function answers(e164: string): boolean {
  const read = readE164(e164);
  if (read === undefined) return false;
  const { callingCode, country, type, possible } = read;
  const same = possible ? { e164, callingCode, country, type } : undefined;
  // Compared as text, because `expect` would take most of the time.
  if (JSON.stringify(same) !== JSON.stringify(parsed(e164)))
    expect({ [e164]: same }).toEqual({ [e164]: parsed(e164) });
  return true;
}

describe('the reader of E.164', () => {
  it('reads the examples of all countries as the parser does, and nearly all by itself', () => {
    const answered = exampleNumbers().filter(({ e164 }) => answers(e164));
    expect(answered.length / exampleNumbers().length).toBeGreaterThan(0.95);
  });

  it('reads numbers of every type of every plan as the parser does', () => {
    const planned = numbersOfEveryType(3);
    const answered = planned.filter(({ e164 }) => answers(e164));
    expect(answered.length / planned.length).toBeGreaterThan(0.7);
  });

  it(`reads ${NUMBERS} random and mutated numbers of all calling codes as the parser does`, () => {
    const codes = [...new Set(getCountries().map((country) => getCountryCallingCode(country)))];
    const examples = exampleNumbers();
    const random = createRandom(65);
    const digits = (count: number) => Array.from({ length: count }, () => random(10)).join('');
    let answered = 0;
    for (let turn = 0; turn < NUMBERS; turn += 1) {
      let e164 = `+${codes[random(codes.length)]}${digits(4 + random(9))}`;
      if (turn % 2 === 0) {
        const example = examples[random(examples.length)]?.e164 ?? '';
        const kept = 2 + random(example.length - 2);
        e164 = `${example.slice(0, kept)}${digits(example.length - kept)}`;
      }
      if (E164.test(e164) && answers(e164)) answered += 1;
    }
    expect(answered / NUMBERS).toBeGreaterThan(0.2);
  }, 1_800_000);

  it.each([
    ['a calling code without a country', '+80012345678'],
    ['an unknown calling code', '+9991234567'],
    ['a zero after the calling code', '+65091234567'],
    ['a national prefix after the calling code', '+78005553535'],
    ['an invalid number', '+6501234567'],
    ['a shared calling code and no country that matches', '+19990000000'],
  ])('leaves %s to the parser', (_, e164) => {
    expect(readE164(e164)).toBeUndefined();
  });

  it('tells countries of one calling code apart', () => {
    expect(readE164('+12015550123')).toMatchObject({ country: 'US', type: 'FIXED_LINE_OR_MOBILE' });
    expect(readE164('+14165550123')).toMatchObject({ country: 'CA' });
    expect(readE164('+447400123456')).toMatchObject({ country: 'GB', type: 'MOBILE' });
    expect(readE164('+447797712345')).toMatchObject({ country: 'JE', type: 'MOBILE' });
  });

  it('leaves everything to the parser when the library keeps its patterns in another way', async () => {
    vi.resetModules();
    vi.doMock('libphonenumber-js/core/es6', async (load) => ({
      ...(await load<object>()),
      Metadata: class {},
    }));
    const { readE164: read } = await import('../../../src/phone/e164-reader.ts');
    expect(read('+6591234567')).toBeUndefined();
    vi.doUnmock('libphonenumber-js/core/es6');
  });
});

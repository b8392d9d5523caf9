import { type CountryCode, getCountries, getCountryCallingCode, Metadata } from 'libphonenumber-js/max';
import { describe, expect, it } from 'vitest';
import { normaliseInput } from '../../../src/phone/normalise-phone.ts';
import { type BareDigits, readText } from '../../../src/phone/readings.ts';
import { exampleNumbers, numbersOfEveryType } from '../../support/numbering-plans.ts';

/** Tens of thousands of numbers on a machine that is busy. */
const SLOW_MS = 180_000;

/** The number in E.164, or the reason why it is refused. */
function read(text: string, region?: CountryCode, bareDigits?: BareDigits): string {
  const reading = readText(text, { region, bareDigits });
  return typeof reading === 'string' ? reading : reading.e164;
}

/** As the client reads it, the guards left out. */
function result(text: string, country?: string): string {
  const found = normaliseInput({ raw: text, country }, false);
  return found.ok ? found.phone.e164 : found.reason;
}

/** What each plan dials before a foreign number; of several prefixes the one that its regulator prefers. */
function exitPrefixOf(country: CountryCode): string {
  const metadata = new Metadata();
  metadata.selectNumberingPlan(country);
  const { numberingPlan } = metadata;
  const prefix = numberingPlan?.defaultIDDPrefix() || numberingPlan?.IDDPrefix() || '';
  return /^[\d~]+$/.test(prefix) ? prefix.replace('~', '') : '00';
}

describe('the prefix that is dialled before a foreign number', () => {
  it.each([
    ['0011 31 6 12345678', 'AU'],
    ['000 31 6 12345678', 'KE'],
    ['009 31 6 12345678', 'NG'],
    ['011 31 6 12345678', 'US'],
    ['010 31 6 12345678', 'JP'],
    ['8~10 31 6 12345678', 'RU'],
    ['810 31 6 12345678', 'KZ'],
    ['119 31 6 12345678', 'CU'],
    ['00 14 31 6 12345678', 'BR'],
    ['001 31 6 12345678', 'SG'],
    ['(00) 31 6 12345678', 'DE'],
  ] as const)('is read in %s of %s', (text, region) => {
    expect(read(text, region)).toBe('+31612345678');
  });

  it('is read where it is a zero alone', () => {
    expect(read('0 351 912 345 678', 'CV')).toBe('+351912345678');
    expect(read('09911234', 'CV')).toBe('trunk-zero');
    // A number of a code that nobody knows would pass with the phone guard off.
    expect(read('0999123456', 'WS')).toBe('not-a-number');
    expect(read('00999123456', 'WS')).toBe('unknown-calling-code');
  });

  it.each([
    // Through a carrier of Singapore to Singapore, or to Jamaica.
    ['001 65 8234 5678', 'SG'],
    ['004915123456789', 'SG'],
    // North Korea dials 99 abroad, and Tajikistan is +992.
    ['992917123456', 'KP'],
    ['16492311234', 'TD'],
  ] as const)('is refused in %s of %s: it leaves two numbers', (text, region) => {
    expect(read(text, region)).toBe('ambiguous-prefix');
  });

  it('is refused where the digits are a foreign number without its plus', () => {
    expect(read('8190 1234 5678', 'RU')).toBe('not-national');
    expect(read('8109012345678', 'RU')).toBe('not-national');
    expect(read('8109012345678', 'RU', 'international')).toBe('+819012345678');
  });
});

describe('digits without plus, prefix or zero', () => {
  it.each<readonly [string, CountryCode | undefined, string, string, string]>([
    // text, country, then as it is read by default, with national and with international
    ['6591234567', undefined, 'no-country', 'no-country', '+6591234567'],
    ['91234567', 'SG', '+6591234567', '+6591234567', 'not-international'],
    ['6591234567', 'SG', '+6591234567', '+6591234567', '+6591234567'],
    ['12025550143', 'SG', 'not-national', 'not-national', '+12025550143'],
    // A German fixed line, and a German mobile without its plus. Only one gets SMS, and both are German.
    ['4915112345678', 'DE', 'ambiguous', 'ambiguous', '+4915112345678'],
    ['62812345678', 'ID', 'ambiguous', 'ambiguous', '+62812345678'],
    ['6281234567890', 'DE', 'ambiguous', 'ambiguous', '+6281234567890'],
    // Two mobiles: of Jamaica and Singapore, of the United States and the Seychelles, of China and the United States.
    ['6582345678', 'JM', 'ambiguous', '+16582345678', 'ambiguous'],
    ['2482510123', 'US', 'ambiguous', '+12482510123', 'ambiguous'],
    ['13123456789', 'CN', 'ambiguous', '+8613123456789', 'ambiguous'],
    // In their groups they are of the country.
    ['(248) 251-0123', 'US', '+12482510123', '+12482510123', 'ambiguous'],
    ['131 2345 6789', 'CN', '+8613123456789', '+8613123456789', 'ambiguous'],
    ['1 312 345 6789', 'CN', 'ambiguous', '+8613123456789', 'ambiguous'],
    // The other one is a fixed line of Egypt: no SMS is meant for it.
    ['2015550123', 'US', '+12015550123', '+12015550123', 'ambiguous'],
    // A mobile and a fixed line, both Italian.
    ['3906821183', 'IT', 'ambiguous', '+393906821183', 'ambiguous'],
    ['71234', 'SG', '+6571234', '+6571234', '+71234'],
  ])('%s (%s)', (text, region, unset, national, international) => {
    expect([read(text, region), read(text, region, 'national'), read(text, region, 'international')]).toEqual(
      [unset, national, international],
    );
  });

  it('are refused on request, and nothing else is', () => {
    for (const text of ['6591234567', '91234567', '(202) 555-0143']) {
      expect(read(text, 'SG', 'refuse'), text).toBe('bare-digits');
      expect(read(text, undefined, 'refuse'), text).toBe('bare-digits');
    }
    expect(read('+6591234567', undefined, 'refuse')).toBe('+6591234567');
    expect(read('006591234567', undefined, 'refuse')).toBe('+6591234567');
    expect(read('0812 345 678', 'ID', 'refuse')).toBe('+62812345678');
  });
});

describe('the zero that is dialled at home only', () => {
  it.each([
    ['+44 (0) 7400 123456', undefined, '+447400123456'],
    ['+44 07400 123456', undefined, '+447400123456'],
    ['0044 (0)7400 123456', 'GB', '+447400123456'],
    ['44 (0) 7400 123456', 'GB', '+447400123456'],
    // Singapore has none, so it can only be that.
    ['+65 (0) 9123 4567', undefined, '+6591234567'],
    ['+65 0 9123 4567', undefined, '+6591234567'],
    ['+65 09123 4567', undefined, 'trunk-zero'],
    ['+6509123 4567', undefined, 'trunk-zero'],
    ['09123 4567', 'SG', 'trunk-zero'],
    ['009123 4567', 'SG', 'trunk-zero'],
    // In Italy it may belong to the number: a mobile and a fixed line.
    ['+39 0312 345 6789', undefined, '+3903123456789'],
    ['+39 (0) 312 345 6789', undefined, 'trunk-zero'],
    ['+39 0 312 345 6789', undefined, 'trunk-zero'],
    ['0039 (0)312 345 6789', 'IT', 'trunk-zero'],
    ['+39 (0) 2 3661 8300', undefined, '+390236618300'],
  ] as const)('%s (%s)', (text, region, expected) => {
    expect(read(text, region)).toBe(expected);
  });
});

describe('in every plan', () => {
  const examples = exampleNumbers();

  /** Of all example numbers in all countries: the strangers that were read, and how many were read or refused. */
  function inEveryCountry(spell: (e164: string, international: string, country: CountryCode) => string[]) {
    const counts = { read: 0, refused: 0 };
    const strangers: string[] = [];
    for (const country of getCountries()) {
      for (const { e164, international } of examples) {
        for (const text of spell(e164, international, country)) {
          const found = result(text, country);
          if (found === e164) counts.read += 1;
          else if (found.startsWith('+')) strangers.push(`${text} (${country}): ${found}`);
          else counts.refused += 1;
        }
      }
    }
    return { strangers, ...counts };
  }

  it('an example number without its plus is itself or refused, in every country', {
    timeout: SLOW_MS,
  }, () => {
    const {
      strangers,
      read: own,
      refused,
    } = inEveryCountry((e164, international) => [e164.slice(1), international.slice(1)]);
    expect(strangers).toEqual([]);
    expect(own).toBeGreaterThan(1_700);
    expect(own + refused).toBe(getCountries().length * examples.length * 2);
  });

  it('an example number after 00 or what the country dials abroad is itself or refused', {
    timeout: SLOW_MS,
  }, () => {
    const {
      strangers,
      read: own,
      refused,
    } = inEveryCountry((e164, _international, country) => [
      e164.replace('+', '00'),
      e164.replace('+', `${exitPrefixOf(country)} `),
    ]);
    expect(strangers).toEqual([]);
    expect(refused / own).toBeLessThan(0.01);
    expect(own + refused).toBe(getCountries().length * examples.length * 2);
  });

  it('an example number with its plus is itself, in every country', () => {
    expect(inEveryCountry((_e164, international) => [international])).toEqual({
      strangers: [],
      read: getCountries().length * examples.length,
      refused: 0,
    });
  });

  it('an example number is itself or refused with a zero too many', () => {
    const strangers = examples.flatMap(({ country, e164, nsn }) => {
      const code = getCountryCallingCode(country);
      const spellings = [
        [`+${code} (0) ${nsn}`],
        [`+${code} 0 ${nsn}`],
        [`00${code} (0)${nsn}`, country],
        [`+${code}0${nsn}`],
        [`0${nsn}`, country],
      ] as const;
      return spellings.flatMap(([text, region]) => {
        const found = result(text, region);
        return found === e164 || !found.startsWith('+') ? [] : [`${text}: ${found}`];
      });
    });
    // Where a zero can begin a number, the digits with one more are a number of their own, in E.164 too.
    expect(strangers).toEqual([
      '+247040123: +247040123',
      '040123: +247040123',
      '+3903123456789: +3903123456789',
      '03123456789: +3903123456789',
      '+3903123456789: +3903123456789',
      '03123456789: +3903123456789',
    ]);
  });

  it('an example number is read at home as it is written there', () => {
    const refused = examples.flatMap(({ country, e164, nsn, national }) =>
      [national, nsn].filter((text) => result(text, country) !== e164),
    );
    expect(refused).toEqual(['13123456789', '15123456789']);
  });

  it('a number of any type is itself or refused at home, without its plus', () => {
    const strangers = numbersOfEveryType(3).flatMap(({ country, e164, international }) =>
      [e164.slice(1), international.slice(1), e164.replace('+', '00')].flatMap((text) => {
        const found = result(text, country);
        return found === e164 || !found.startsWith('+') ? [] : [`${text} (${country}): ${found}`];
      }),
    );
    expect(strangers).toEqual([]);
  });
});

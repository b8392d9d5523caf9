import { describe, expect, it } from 'vitest';
import { normalisePhone } from '../../../src/phone/normalise-phone.ts';
import { exampleNumbers, numbersOfEveryType, type PlannedNumber } from '../../support/numbering-plans.ts';

function failure(raw: string, country?: string): string | undefined {
  const result = normalisePhone(raw, country);
  return result.ok ? undefined : result.reason;
}

/** What spreadsheets, forms and people leave behind a number. Blanks with three digits are left out: they are groups too. */
const TAILS = [
  ...['.0', '.00', '.000', ',0', '. 0', '.5', '..0', '．０', '٫0', '.0%', 'e+11', 'E11', '.0.0'],
  ...['/9', ' / 9', '/12', '/ 345', '/1234', ' 2/3', '|2', ';1', ':1', "'1", '_1', '*2', '#2', '·0'],
  ...['(2)', ' (2)', ' (12)', ' (123)', ' [3]', ' ~4', '²', '①', '½', ' ext 5', ' x2', '+1'],
  ...['-8', ' - 8', '–8', '—3', '−4', '-12', '-1-2'],
] as const;

/** Tens of thousands of numbers on a machine that is busy. */
const SLOW_MS = 180_000;

/** Every way of writing a number, with the country that reads it. */
function spellings({ country, e164, nsn, national, international }: PlannedNumber) {
  return [
    [e164, undefined],
    [e164, country],
    [international, undefined],
    [`tel:${e164}`, undefined],
    [e164.replace('+', '00'), country],
    [e164.slice(1), country],
    [national, country],
    [national.replace(/\D/g, ''), country],
    [nsn, country],
  ] as const;
}

/** The tails that turn a spelling into another number, of those that are read as the number without a tail. */
function strangersOf(number: PlannedNumber, tails: readonly string[]): readonly string[] {
  return spellings(number).flatMap(([text, country]) => {
    const alone = normalisePhone(text, country);
    if (alone.ok && alone.phone.e164 !== number.e164) return [];
    return tails.flatMap((tail) => {
      const result = normalisePhone(text + tail, country);
      return result.ok && result.phone.e164 !== number.e164 ? [`${text}${tail} (${country})`] : [];
    });
  });
}

describe('digits that stand apart from a number', () => {
  it.each([
    ['+62812345678.0', undefined],
    ['812345678.0', 'ID'],
    ['62812345678.0', 'ID'],
    ['+358401234567.0', undefined],
    ['+358 40 1234567.00', undefined],
    ['+62 812-345-678 / 9', undefined],
    ['0812345678/79', 'ID'],
    ['0812 345 678 (2)', 'ID'],
    ['+62812345678-8', undefined],
    ['+62812345678 – 8', undefined],
    ['+62812345678²', undefined],
    ['+62812345678①', undefined],
    ['+62 812345678 123', undefined],
    ['0812345678-901', 'ID'],
    ['+65 9123 4567 89', undefined],
  ])('refuses %s (%s): the last ones', (raw, country) => {
    expect(failure(raw, country)).toBe('separate-digits');
  });

  it.each([
    '1. 0151 23456789',
    '2) 0151 23456789',
    '(3) 0151 23456789',
    '4 0151 23456789',
    '5/ 0151 23456789',
  ])('refuses %s in Germany: the place in a list', (raw) => {
    expect(failure('0151 23456789', 'DE')).toBeUndefined();
    expect(failure(raw, 'DE')).toBe('separate-digits');
  });

  it.each([
    ['+7 912 345-67-89', undefined, '+79123456789'],
    ['8 (912) 345-67-89', 'RU', '+79123456789'],
    ['1 202 555 0143', 'US', '+12025550143'],
    ['(02) 9876 5432', 'AU', '+61298765432'],
    ['06 12 34 56 78', 'FR', '+33612345678'],
    ['+33.6.12.34.56.78', undefined, '+33612345678'],
    ['040 1234 567', 'FI', '+358401234567'],
    ['+358 40 123 45 67', undefined, '+358401234567'],
    ['+62 812-3456-7890', undefined, '+6281234567890'],
    ['0664/123 45 67', 'AT', '+436641234567'],
    ['0151 / 234 56789', 'DE', '+4915123456789'],
    // The library's own way of writing a number that ends in a lone digit, and of one that begins with it.
    ['+352 24 05 95 4', undefined, '+3522405954'],
    ['9 518 1234', 'CW', '+59995181234'],
  ])('reads the groups of %s (%s)', (raw, country, e164) => {
    expect(normalisePhone(raw, country)).toMatchObject({ phone: { e164, valid: true } });
  });

  it('refuses them after a calling code that nobody knows, which passes with the phone guard off', () => {
    expect(failure('+999123456')).toBe('unknown-calling-code');
    expect(failure('+999123456.0')).toBe('not-a-number');
    expect(failure('+999 123 456 (2)')).toBe('not-a-number');
  });

  it('refuses them of a number in no range, which passes with accept: possible', () => {
    expect(failure('+447700900123')).toBeUndefined();
    expect(failure('+447700900123.0')).toBe('separate-digits');
    expect(failure('+4477009001 2')).toBe('separate-digits');
  });

  it('never reads another person from an example number and a tail, in any plan', {
    timeout: SLOW_MS,
  }, () => {
    const numbers = exampleNumbers();
    expect(numbers.length).toBeGreaterThan(240);
    expect(numbers.flatMap((number) => strangersOf(number, TAILS))).toEqual([]);
  });

  it('never reads another person from a number of any type and a tail, in any plan', {
    timeout: SLOW_MS,
  }, () => {
    const numbers = numbersOfEveryType(1);
    expect(numbers.length).toBeGreaterThan(1_100);
    const tails = ['.0', '.00', ' / 9', ' (2)', '-8', '/ 345', 'e+11'];
    expect(numbers.flatMap((number) => strangersOf(number, tails))).toEqual([]);
  });

  it('reads every number of every type as the library writes it', () => {
    const unread = numbersOfEveryType(4).filter(({ e164, international }) => {
      const result = normalisePhone(international, undefined);
      return !result.ok || result.phone.e164 !== e164;
    });
    expect(unread.map(({ international }) => international)).toEqual([]);
  });
});

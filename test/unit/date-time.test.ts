import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readDateTime } from '../../src/internal/date-time.ts';

describe('readDateTime', () => {
  it.each([
    ['2026-11-22T12:00:00Z', '2026-11-22T12:00:00.000Z'],
    ['2026-11-22T20:00:00+08:00', '2026-11-22T12:00:00.000Z'],
    ['2026-11-22T20:00:00+0800', '2026-11-22T12:00:00.000Z'],
    ['2026-11-22t06:30:00-05:30', '2026-11-22T12:00:00.000Z'],
    ['2026-11-22T12:00:00-00:00', '2026-11-22T12:00:00.000Z'],
    ['2026-11-22T12:00:00.1234567Z', '2026-11-22T12:00:00.123Z'],
    ['2026-11-22T12:00:00.5', '2026-11-22T12:00:00.500Z'],
    ['2026-11-22 12:00:00 +00:00', '2026-11-22T12:00:00.000Z'],
    ['2026-11-22T12:00', '2026-11-22T12:00:00.000Z'],
    ['2026-11-22', '2026-11-22T00:00:00.000Z'],
    ['2028-02-29T00:00:00Z', '2028-02-29T00:00:00.000Z'],
    ['2000-02-29T00:00:00Z', '2000-02-29T00:00:00.000Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
    ['2026-12-31T23:59:59.999-23:59', '2027-01-01T23:58:59.999Z'],
  ])('reads %s', (text, expected) => {
    expect(new Date(readDateTime(text) as number).toISOString()).toBe(expected);
  });

  it.each([
    '2027-02-30T10:00:00Z',
    '2026-11-31T10:00:00Z',
    '2027-02-29T10:00:00Z',
    '2100-02-29T10:00:00Z',
    '2026-00-10T10:00:00Z',
    '2026-13-10T10:00:00Z',
    '2026-10-00T10:00:00Z',
    '2026-10-10T24:00:00Z',
    '2026-10-10T23:60:00Z',
    '2026-06-30T23:59:60Z',
    '2026-10-10T10:00:00+24:00',
    '2026-10-10T10:00:00+08:60',
    '2026-10-10T10:00:00+8',
    '2026-10-10T10:00:00,5Z',
    '26-10-10T10:00:00Z',
    '2026-10-10T10Z',
    '+002026-10-10T10:00:00Z',
    ' 2026-10-10T10:00:00Z',
    '2026-10-10T10:00:00Z\n',
    '',
  ])('knows no %j', (text) => {
    expect(readDateTime(text)).toBeUndefined();
  });

  it('agrees with Date on every time that exists', () => {
    const dates = fc.date({
      min: new Date('0000-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59.999Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(dates, (date) => {
        expect(readDateTime(date.toISOString())).toBe(date.getTime());
      }),
    );
  });

  it('knows exactly the days of four hundred years', () => {
    for (let year = 1999; year < 2400; year += 1) {
      for (let month = 1; month <= 12; month += 1) {
        const last = new Date(Date.UTC(year, month, 0)).getUTCDate();
        const day = (number: number) =>
          `${year}-${String(month).padStart(2, '0')}-${String(number).padStart(2, '0')}T09:00:00Z`;
        expect(readDateTime(day(last))).toBe(Date.UTC(year, month - 1, last, 9));
        expect(readDateTime(day(last + 1))).toBeUndefined();
      }
    }
  });
});

import { describe, expect, it } from 'vitest';
import { createCalendar, easterDay, HOLIDAY } from '../../../../src/guards/quiet-hours/holidays.ts';

const DAY_MS = 86_400_000;

/** Whether a day is a holiday by these rules. */
function isHoliday(rules: readonly string[], date: string): boolean {
  const [year, month, day] = date.split('-').map(Number) as [number, number, number];
  return createCalendar(rules)({ year, month, day, weekday: 0, ofDayMs: 0 });
}

describe('Easter Sunday', () => {
  // Source: U.S. Census Bureau, "Easter Dates from 1600 to 2099".
  it.each([
    '1961-04-02',
    '2000-04-23',
    '2008-03-23',
    '2024-03-31',
    '2025-04-20',
    '2026-04-05',
    '2038-04-25',
    '2049-04-18',
  ])('%s', (date) => {
    expect(new Date(easterDay(Number(date.slice(0, 4))) * DAY_MS).toISOString().slice(0, 10)).toBe(date);
  });
});

describe('a holiday', () => {
  it.each<[string, string, boolean]>([
    ['12-25', '2026-12-25', true],
    ['12-25', '2031-12-25', true],
    ['12-25', '2026-12-26', false],
    ['2026-04-21', '2026-04-21', true],
    ['2026-04-21', '2027-04-21', false],
    ['easter', '2026-04-05', true],
    ['easter+1', '2026-04-06', true],
    ['easter-2', '2026-04-03', true],
    ['easter+39', '2026-05-14', true],
    ['easter+50', '2026-05-25', true],
    ['3 mon 01', '2026-01-19', true],
    ['3 mon 01', '2026-01-12', false],
    ['4 thu 11', '2026-11-26', true],
    ['last mon 05', '2026-05-25', true],
    ['last mon 05', '2026-05-18', false],
    ['1 sun 02', '2026-02-01', true],
    ['01-01>', '2023-01-01', true],
    ['01-01>', '2023-01-02', true],
    ['01-01>', '2026-01-02', false],
    ['01-01>', '2024-01-02', false],
  ])('%s, %s: %s', (rule, date, isOne) => {
    expect(HOLIDAY.test(rule)).toBe(true);
    expect(isHoliday([rule], date)).toBe(isOne);
  });

  it.each([
    '',
    '13-01',
    '1-1',
    '12-32',
    'easter+100',
    '5 mon 01',
    'first mon 01',
    '3 mon 13',
    '2026',
    '12-25>>',
  ])('is not written %j', (rule) => {
    expect(HOLIDAY.test(rule)).toBe(false);
  });

  it('is found in many years, and again in the first', () => {
    const isChristmas = createCalendar(['12-25']);
    for (const year of [2026, 2027, 2028, 2029, 2030, 2031, 2026]) {
      expect(isChristmas({ year, month: 12, day: 25, weekday: 0, ofDayMs: 0 })).toBe(true);
    }
  });
});

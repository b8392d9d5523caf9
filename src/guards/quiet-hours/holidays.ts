import { DAY_MS, type LocalTime } from './local-time.ts';

/**
 * A public holiday that comes every year, as data: `12-25` (a date), `easter+1` (days from Easter Sunday), `3 mon 01` (the third Monday of
 * January), `last mon 05`, or `12-25>` (a date, and the Monday after it when it falls on a Sunday). `2026-04-21` is one day.
 */
export type Holiday = string;

const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
/** One form of a holiday. */
export const HOLIDAY =
  /^(?:(?:\d{4}-)?(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])>?|easter(?:[+-]\d{1,2})?|(?:[1-4]|last) (?:sun|mon|tue|wed|thu|fri|sat) (?:0[1-9]|1[0-2]))$/;

/**
 * Easter Sunday of the Gregorian calendar, as the number of days since 1970. Source: the anonymous algorithm (Meeus, "Astronomical
 * Algorithms", chapter 8).
 */
export function easterDay(year: number): number {
  const golden = year % 19;
  const century = Math.floor(year / 100);
  const ofCentury = year % 100;
  const correction = Math.floor((century - Math.floor((century + 8) / 25) + 1) / 3);
  const epact = (19 * golden + century - Math.floor(century / 4) - correction + 15) % 30;
  const weekday = (32 + 2 * (century % 4) + 2 * Math.floor(ofCentury / 4) - epact - (ofCentury % 4)) % 7;
  const late = Math.floor((golden + 11 * epact + 22 * weekday) / 451);
  const sum = epact + weekday - 7 * late + 114;
  return dayNumber(year, Math.floor(sum / 31), (sum % 31) + 1);
}

function dayNumber(year: number, month: number, day: number): number {
  return Date.UTC(year, month - 1, day) / DAY_MS;
}

/** 0 is Sunday; 1 January 1970 was a Thursday. */
function weekdayOf(day: number): number {
  return (((day + 4) % 7) + 7) % 7;
}

function ofWeekday(rule: string, year: number): number {
  const [which, weekdayName, monthName] = rule.split(' ') as [string, string, string];
  const month = Number(monthName);
  const weekday = WEEKDAYS.indexOf(weekdayName);
  if (which !== 'last') {
    const first = dayNumber(year, month, 1);
    return first + ((weekday - weekdayOf(first) + 7) % 7) + (Number(which) - 1) * 7;
  }
  const last = dayNumber(year, month + 1, 1) - 1;
  return last - ((weekdayOf(last) - weekday + 7) % 7);
}

/** The days of a holiday in a year, as numbers of days since 1970. */
function daysOf(holiday: Holiday, year: number): readonly number[] {
  if (holiday.startsWith('easter')) return [easterDay(year) + Number(holiday.slice(6) || 0)];
  if (holiday.includes(' ')) return [ofWeekday(holiday, year)];
  const [day, month, ofYear = year] = holiday.replace('>', '').split('-').map(Number).reverse() as number[];
  const date = dayNumber(ofYear, month as number, day as number);
  return holiday.endsWith('>') && weekdayOf(date) === 0 ? [date, date + 1] : [date];
}

/** Tells whether a day is one of these holidays. Remembers the days of the years it was asked about last. */
export function createCalendar(holidays: readonly Holiday[]): (time: LocalTime) => boolean {
  const years = new Map<number, ReadonlySet<number>>();
  return ({ year, month, day }) => {
    let days = years.get(year);
    if (days === undefined) {
      if (years.size >= 4) years.clear();
      days = new Set(holidays.flatMap((holiday) => daysOf(holiday, year)));
      years.set(year, days);
    }
    return days.has(dayNumber(year, month, day));
  };
}

/** Options for reading the times of a file. */
export interface FileTimeOptions {
  readonly timeZone?: string | undefined;
  readonly dateOrder?: 'day-first' | 'month-first' | undefined;
}

/** Epoch milliseconds. A date without a time of day is any time of that day. */
export interface FileTime {
  readonly earliest: number;
  readonly latest: number;
}

export type ReadTime = FileTime | { readonly reason: string };

const DAY_MS = 24 * 60 * 60 * 1_000;
const YEAR_FIRST = /^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})/;
const YEAR_LAST = /^(\d{1,2})([-/.])(\d{1,2})\2(\d{4})/;
/** JavaScript writes a comma before the time, and a narrow space before AM. */
const TIME_OF_DAY = /^(?:T|,? {1,3})(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?: ?([AP])\.? ?M\.?)?/i;
const OFFSET = /^ ?(Z|UTC|GMT|[+-](?:0\d|1[0-4])(?::?[0-5]\d)?)$/i;
const SPACES = /[\u00a0\u2009\u202f]/g;
/** The longest date with a time and an offset. */
const MAX_LENGTH = 50;

const REASONS = {
  unknown: 'must be a date such as 2026-07-01T09:00:00Z, 2026-07-01 or 2026-07-01 09:00.',
  calendar: 'is a date or time that does not exist.',
  order: 'begins with a day or a month: set dateOrder to "day-first" or "month-first".',
  zone: 'has no offset from UTC: set timeZone, for example "Asia/Singapore".',
} as const;

/** Offsets of one time zone from UTC, by the hour: `Intl` takes some microseconds each. */
function createOffsets(timeZone: string): (at: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'iso8601',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const known = new Map<number, number>();
  return (at) => {
    // Every change of an offset is at a quarter of an hour.
    const quarter = Math.floor(at / 900_000) * 900_000;
    const offset = known.get(quarter);
    if (offset !== undefined) return offset;
    const parts = Object.fromEntries(
      format.formatToParts(quarter).map(({ type, value }) => [type, Number(value)]),
    );
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
    const found = Date.UTC(year, month - 1, day, hour, minute, second) - quarter;
    if (known.size >= 10_000) known.clear();
    known.set(quarter, found);
    return found;
  };
}

/** The moments at which the clocks of a zone show a time: two when they go back; for a skipped time, as if they had not changed. */
function momentsOf(local: number, offsetAt: (at: number) => number): readonly number[] {
  const day = Math.floor(local / DAY_MS) * DAY_MS;
  const [before, after] = [offsetAt(day - DAY_MS), offsetAt(day + 2 * DAY_MS)];
  if (before === after) return [local - before];
  const shown = [before, after].map((offset) => local - offset).filter((at) => at + offsetAt(at) === local);
  return shown.length > 0 ? shown : [local - before];
}

function minutesOf(offset: string): number {
  if (!/^[+-]/.test(offset)) return 0;
  const digits = offset.slice(1).replace(':', '').padEnd(4, '0');
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
  return offset.startsWith('-') ? -minutes : minutes;
}

/** 24-hour clock; undefined for an hour that does not exist. */
function hourOf(hour: number, half: string | undefined): number | undefined {
  if (half === undefined) return hour <= 23 ? hour : undefined;
  if (hour < 1 || hour > 12) return undefined;
  return (hour % 12) + (half.toUpperCase() === 'P' ? 12 : 0);
}

interface Written {
  /** As clocks at the place show it, in epoch milliseconds as if it were UTC. */
  readonly local: number;
  readonly isDay: boolean;
  readonly offset: string | undefined;
}

/** Reads the day; returns the rest of the text with it, or undefined when the text is not a date. */
function readDay(text: string, dateOrder: FileTimeOptions['dateOrder']) {
  const [whole = '', year, , month, day] = YEAR_FIRST.exec(text) ?? [];
  if (year !== undefined) return { rest: text.slice(whole.length), numbers: [year, month, day].map(Number) };
  const [last = '', one, , other, lastYear] = YEAR_LAST.exec(text) ?? [];
  if (lastYear === undefined) return undefined;
  if (dateOrder === undefined) return 'order';
  const monthAndDay = dateOrder === 'day-first' ? [other, one] : [one, other];
  return { rest: text.slice(last.length), numbers: [lastYear, ...monthAndDay].map(Number) };
}

/** Milliseconds since midnight; undefined for a time that does not exist. */
function readTimeOfDay([, hours, minutes, seconds = '0', fraction = '', half]: readonly (
  | string
  | undefined
)[]) {
  const hour = hourOf(Number(hours), half);
  if (hour === undefined || Number(minutes) > 59 || Number(seconds) > 59) return undefined;
  const milliseconds = Number(fraction.padEnd(3, '0').slice(0, 3));
  return ((hour * 60 + Number(minutes)) * 60 + Number(seconds)) * 1_000 + milliseconds;
}

function readWritten(text: string, dateOrder: FileTimeOptions['dateOrder']): Written | keyof typeof REASONS {
  const found = text.length > MAX_LENGTH ? undefined : readDay(text, dateOrder);
  if (found === undefined) return 'unknown';
  if (found === 'order') return 'order';
  const { numbers, rest } = found;
  const [year = 0, month = 0, day = 0] = numbers;
  const time = TIME_OF_DAY.exec(rest);
  const end = rest.slice(time?.[0].length ?? 0);
  const offset = OFFSET.exec(end)?.[1];
  if (end !== '' && offset === undefined) return 'unknown';
  const date = new Date(Date.UTC(year, month - 1, day));
  const sinceMidnight = time === null ? 0 : readTimeOfDay(time);
  const exists = date.getUTCDate() === day && date.getUTCMonth() === month - 1 && year >= 1970;
  if (!exists || sinceMidnight === undefined) return 'calendar';
  return { local: date.getTime() + sinceMidnight, isDay: time === null, offset };
}

/** Reads a file's times. Those without an offset need `timeZone`, those that begin with a day or a month `dateOrder`. */
export function createTimeReader({ timeZone, dateOrder }: FileTimeOptions): (text: string) => ReadTime {
  const offsetAt = timeZone === undefined ? undefined : createOffsets(timeZone);
  return (text) => {
    const written = readWritten(text.trim().replace(SPACES, ' '), dateOrder);
    if (typeof written === 'string') return { reason: REASONS[written] };
    const { local, isDay, offset } = written;
    const end = isDay ? DAY_MS - 1 : 0;
    if (offset !== undefined) {
      const at = local - minutesOf(offset) * 60_000;
      return { earliest: at, latest: at + end };
    }
    if (offsetAt === undefined) return { reason: REASONS.zone };
    return {
      earliest: Math.min(...momentsOf(local, offsetAt)),
      latest: Math.max(...momentsOf(local + end, offsetAt)),
    };
  };
}

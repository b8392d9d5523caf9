import { type Cache, createCache } from '../../internal/cache.ts';

/** Offsets of time zones change at full quarters of an hour only. */
const QUARTER_MS = 15 * 60_000;
const MINUTE_MS = 60_000;
export const DAY_MS = 86_400_000;
/** More than the zones of the table. */
const MAX_FORMATS = 500;
/** Quarters of an hour whose offset is known, of all zones. */
const MAX_OFFSETS = 10_000;

/** Created with the first look, because they cost some milliseconds. */
let formats: Cache<string, Intl.DateTimeFormat> | undefined;
let offsets: Cache<string, number> | undefined;

function formatOf(zone: string): Intl.DateTimeFormat {
  formats ??= createCache(MAX_FORMATS);
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    });
    formats.set(zone, format);
  }
  return format;
}

/** Milliseconds by which the clocks of a zone are ahead of UTC. */
function offsetMs(zone: string, at: number): number {
  offsets ??= createCache(MAX_OFFSETS);
  const quarter = Math.floor(at / QUARTER_MS);
  const key = `${zone} ${quarter}`;
  const known = offsets.get(key);
  if (known !== undefined) return known;
  const start = quarter * QUARTER_MS;
  const parts: Record<string, number> = {};
  for (const { type, value } of formatOf(zone).formatToParts(start)) parts[type] = Number(value);
  const { year = 0, month = 0, day = 0, hour = 0, minute = 0 } = parts;
  const offset = Date.UTC(year, month - 1, day, hour, minute) - start;
  offsets.set(key, offset);
  return offset;
}

/** The moment at which the clocks of a zone show a later time of the same stretch, or the next quarter if they were set in between. */
export function after(zone: string, at: number, milliseconds: number): number {
  const then = at + milliseconds;
  if (offsetMs(zone, then) === offsetMs(zone, at)) return then;
  return Math.min(then, (Math.floor(at / QUARTER_MS) + 1) * QUARTER_MS);
}

/** A day and a time as the clocks of a zone show them. */
export interface LocalTime {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  /** 0 is Sunday. */
  readonly weekday: number;
  /** Milliseconds since the day began, as the clocks count them. */
  readonly ofDayMs: number;
}

export function localTime(zone: string, at: number): LocalTime {
  const shown = at + offsetMs(zone, at);
  const date = new Date(shown);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    weekday: date.getUTCDay(),
    ofDayMs: ((shown % DAY_MS) + DAY_MS) % DAY_MS,
  };
}

/** Reads `08:30` as milliseconds; `24:00` is the end of a day. */
export function readClock(time: string): number {
  const [hours, minutes] = time.split(':').map(Number) as [number, number];
  return (hours * 60 + minutes) * MINUTE_MS;
}

/** Writes milliseconds of a day as `08:30`. */
export function writeClock(ofDayMs: number): string {
  const minutes = Math.floor(ofDayMs / MINUTE_MS);
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
}

import { readDateTime } from '../internal/date-time.ts';

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
/** `Sun, 06 Nov 1994 08:49:37 GMT` and `Sunday, 06-Nov-94 08:49:37 GMT`, without the comma after the day. */
const DAY_FIRST = /^[a-z]{3,9} (\d\d)[ -]([a-z]{3})[ -](\d{4}|\d\d) (\d\d:\d\d:\d\d) (?:gmt|utc)$/i;
/** `Sun Nov  6 08:49:37 1994`, which is in UTC. */
const ASCTIME = /^[a-z]{3} ([a-z]{3}) ([ \d]?\d) (\d\d:\d\d:\d\d) (\d{4})$/i;
/** The comma inside a date, which does not separate values. */
const COMMA_OF_DATE = /\b((?:mon|tue|wed|thu|fri|sat|sun)[a-z]*),\s*(?=\d)/gi;

/**
 * An HTTP date has at most 33 characters, and proxies add few values. A longer header is not a sensible wait and
 * costs time to parse.
 */
const MAX_CHARACTERS = 300;

/** A two-digit year is at most 50 years ahead (RFC 9110, 5.6.7). */
function fullYear(digits: string, nowMs: number): number {
  if (digits.length === 4) return Number(digits);
  const thisYear = new Date(nowMs).getUTCFullYear();
  const year = thisYear - (thisYear % 100) + Number(digits);
  return year > thisYear + 50 ? year - 100 : year;
}

/** Reads an HTTP date in any of its three forms as epoch milliseconds. */
function readHttpDate(text: string, nowMs: number): number | undefined {
  const [, day, month, year, time] = DAY_FIRST.exec(text) ?? [];
  const [, asctimeMonth, asctimeDay, asctimeTime, asctimeYear] = ASCTIME.exec(text) ?? [];
  const monthIndex = MONTHS.indexOf((month ?? asctimeMonth ?? '').toLowerCase());
  const padded = (number: string | number, length = 2) => String(number).trim().padStart(length, '0');
  const date = [
    padded(fullYear(year ?? asctimeYear ?? '', nowMs), 4),
    padded(monthIndex + 1),
    padded(day ?? asctimeDay ?? ''),
  ];
  return readDateTime(`${date.join('-')}T${time ?? asctimeTime}Z`);
}

function readValue(value: string, nowMs: number): number | undefined {
  const text = value.trim();
  if (/^\d+(\.\d+)?$/.test(text)) return Math.min(Math.ceil(Number(text) * 1000), Number.MAX_SAFE_INTEGER);
  const at = readHttpDate(text, nowMs);
  return at === undefined ? undefined : Math.max(0, Math.ceil(at - nowMs));
}

/**
 * `Retry-After` in milliseconds from now: seconds, or an HTTP date in any form (RFC 9110, 10.2.3 and 5.6.7). Proxies
 * may add further values; the longest wait counts. Undefined when no value can be read.
 *
 * @example parseRetryAfter('2, 5', Date.now()) // 5000
 */
export function parseRetryAfter(header: string | null, nowMs: number): number | undefined {
  if (header === null || header.length > MAX_CHARACTERS) return undefined;
  const waits = header
    .replace(COMMA_OF_DATE, '$1 ')
    .split(',')
    .map((value) => readValue(value, nowMs))
    .filter((wait) => wait !== undefined);
  return waits.length === 0 ? undefined : Math.max(...waits);
}

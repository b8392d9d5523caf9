const DATE_TIME =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?)? ?(?:Z|([+-])(\d\d):?(\d\d))?$/i;
const MINUTE_MS = 60_000;

/**
 * Reads a date, or a date and time, in the forms of RFC 3339 and ISO 8601, as epoch milliseconds; without an offset
 * it is UTC. Undefined for days that do not exist and for invalid times (RFC 3339, 5.7): `Date.parse` turns 30
 * February into 2 March. Leap seconds are invalid too, because JavaScript has none.
 *
 * @example readDateTime('2026-11-22T20:00:00+08:00') // 1795435200000
 * @example readDateTime('2027-02-30T10:00:00Z') // undefined
 */
export function readDateTime(text: string): number | undefined {
  const match = DATE_TIME.exec(text);
  if (match === null) return undefined;
  const numberIn = (group: number) => Number(match[group] ?? 0);
  const [year, month, day] = [numberIn(1), numberIn(2), numberIn(3)];
  const [hour, minute, second] = [numberIn(4), numberIn(5), numberIn(6)];
  const [offsetHour, offsetMinute] = [numberIn(9), numberIn(10)];
  if (hour > 23 || minute > 59 || second > 59 || offsetHour > 23 || offsetMinute > 59) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  const milliseconds = Number((match[7] ?? '').slice(0, 3).padEnd(3, '0'));
  const offsetMs = (offsetHour * 60 + offsetMinute) * MINUTE_MS * (match[8] === '-' ? -1 : 1);
  return date.setUTCHours(hour, minute, second, milliseconds) - offsetMs;
}

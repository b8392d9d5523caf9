import { readDateTime } from './date-time.ts';

/** An earlier time means "none": some programs write `0001-01-01`. */
const EARLIEST_MS = Date.UTC(2000);

/**
 * Reads a time from 8x8 as epoch milliseconds: ISO 8601; without an offset it is UTC, regardless of the time zone of
 * the process. Undefined for an invalid time, or one before the year 2000.
 */
export function readReportedTime(text: string): number | undefined {
  const at = readDateTime(text);
  return at !== undefined && at >= EARLIEST_MS ? at : undefined;
}

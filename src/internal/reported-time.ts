import { readDateTime } from './date-time.ts';

/** A time before this is none: `0001-01-01` is what some programs write for it. */
const EARLIEST_MS = Date.UTC(2000);

/**
 * A time as 8x8 writes it, in epoch milliseconds: ISO 8601; without an offset it is UTC, whatever the time zone of the
 * process. Undefined for what is no time, or lies before the year 2000.
 */
export function readReportedTime(text: string): number | undefined {
  const at = readDateTime(text);
  return at !== undefined && at >= EARLIEST_MS ? at : undefined;
}

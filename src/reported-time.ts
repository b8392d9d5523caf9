const ISO_DATE = /^\d{4}-\d\d-\d\d/;
const OFFSET = /(?:Z|[+-]\d\d:?\d\d)$/i;
/** A time before this is none: `0001-01-01` is what some programs write for it. */
const EARLIEST_MS = Date.UTC(2000);

/**
 * A time as 8x8 writes it, in epoch milliseconds: ISO 8601; without an offset it is UTC, whatever the time zone of the
 * process. Undefined for what is no time, or lies before the year 2000.
 */
export function readReportedTime(text: string): number | undefined {
  if (!ISO_DATE.test(text)) return undefined;
  const at = Date.parse(OFFSET.test(text) ? text : `${text}Z`);
  return at >= EARLIEST_MS ? at : undefined;
}

/** When an opt-in has to be confirmed again. */
export interface ReconfirmOptions {
  /** Age in milliseconds at which an opt-in is stale. Not together with `reconfirmAfterMonths`. @default none */
  readonly reconfirmAfterMs?: number | undefined;
  /**
   * The same in calendar months, in UTC: what 8x8 advises. Not together with `reconfirmAfterMs`. @default none
   *
   * @see https://developer.8x8.com/connect/docs/recommendations-for-securing-your-traffic
   */
  readonly reconfirmAfterMonths?: 3 | 6 | 12 | undefined;
}

/** The same day and time some months later; the last day of a month that has no such day (31 January: 30 April). */
function addMonths(epochMs: number, months: number): number {
  const date = new Date(epochMs);
  const day = date.getUTCDate();
  date.setUTCMonth(date.getUTCMonth() + months);
  // The 31st of a month of 30 days is the 1st of the next one.
  if (date.getUTCDate() !== day) date.setUTCDate(0);
  return date.getTime();
}

/** Epoch milliseconds from which on an opt-in is stale; undefined when it never is, NaN when its date is none. */
export function reconfirmAt(
  at: number,
  { reconfirmAfterMs, reconfirmAfterMonths }: ReconfirmOptions,
): number | undefined {
  if (reconfirmAfterMonths !== undefined) return addMonths(at, reconfirmAfterMonths);
  return reconfirmAfterMs === undefined ? undefined : at + reconfirmAfterMs;
}

/** True from `reconfirmAt` on, and for a date that is none. */
export function isStale(at: number, now: number, options: ReconfirmOptions): boolean {
  const due = reconfirmAt(at, options);
  return due !== undefined && !(now < due);
}

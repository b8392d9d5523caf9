/** Options that make old opt-ins stale, so that they must be confirmed again. */
export interface ReconfirmOptions {
  /** Age in milliseconds at which an opt-in becomes stale. Not together with `reconfirmAfterMonths`. @default never */
  readonly reconfirmAfterMs?: number | undefined;
  /**
   * Age in calendar months (UTC) at which an opt-in becomes stale, as 8x8 recommends. Not together with `reconfirmAfterMs`.
   * @default never
   *
   * @see https://developer.8x8.com/connect/docs/recommendations-for-securing-your-traffic
   */
  readonly reconfirmAfterMonths?: 3 | 6 | 12 | undefined;
}

/** The same day and time some months later, or the last day of a shorter month (31 January plus 3: 30 April). */
function addMonths(epochMs: number, months: number): number {
  const date = new Date(epochMs);
  const day = date.getUTCDate();
  date.setUTCMonth(date.getUTCMonth() + months);
  // JavaScript turns the 31st of a 30-day month into the 1st of the next month.
  if (date.getUTCDate() !== day) date.setUTCDate(0);
  return date.getTime();
}

/** Epoch milliseconds from which an opt-in is stale; undefined when it never is, NaN for an invalid date. */
export function reconfirmAt(
  at: number,
  { reconfirmAfterMs, reconfirmAfterMonths }: ReconfirmOptions,
): number | undefined {
  if (reconfirmAfterMonths !== undefined) return addMonths(at, reconfirmAfterMonths);
  return reconfirmAfterMs === undefined ? undefined : at + reconfirmAfterMs;
}

/** True from `reconfirmAt` on, and for an invalid date. */
export function isStale(at: number, now: number, options: ReconfirmOptions): boolean {
  const due = reconfirmAt(at, options);
  return due !== undefined && !(now < due);
}

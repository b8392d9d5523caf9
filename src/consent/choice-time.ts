/** How far the clock of another system may be ahead of this one; chosen by this package. */
const MAX_AHEAD_MS = 5 * 60_000;

/**
 * The time from which a choice counts: its own, or now when it is slightly in the future. Undefined when it is further in
 * the future, because such a choice would win over every STOP until then.
 */
export function choiceTime(at: number, now: number): number | undefined {
  return at <= now + MAX_AHEAD_MS ? Math.min(at, now) : undefined;
}

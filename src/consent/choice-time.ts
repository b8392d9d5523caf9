/** How far ahead of ours the clock of another recorder may be (ours). */
const MAX_AHEAD_MS = 5 * 60_000;

/**
 * The time from which a choice counts: its own, or now when its clock is a little ahead of ours. Undefined when it lies
 * further in the future: such a choice would win over every STOP until then.
 */
export function choiceTime(at: number, now: number): number | undefined {
  return at <= now + MAX_AHEAD_MS ? Math.min(at, now) : undefined;
}

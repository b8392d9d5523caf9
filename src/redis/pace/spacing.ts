import type { PermitRequest } from '../../limits/shared-pace.ts';

/**
 * Why all processes together are never over.
 *
 * A server that hands out permits keeps one time line a sub-account. Of two permits the later one is due at least one space
 * after the earlier one, and a request leaves at most `late` after its permit is due, or not at all (the transport looks
 * again right before `fetch`). With a space of `(period + late) / permits`:
 *
 * What leaves in a half-open period `[t, t + period)` was due in `[t - late, t + period)`. `permits + 1` of them would lie
 * `permits` spaces apart, which is `period + late`: longer than that. So at most `permits` leave, in any period, whoever dies,
 * leaves unused what it got, or is late. The price is `period / (period + late)` of the rate: 96 %.
 *
 * Clocks: the server said its time between the moments `asked` and `heard` of this process, so its clock reads at least
 * `time - heard` and at most `time - asked` more than ours. A permit is used from when it is due by the one to when it is
 * over by the other: the round trip makes it shorter, and never longer. Only the drift of two seconds is left, and a
 * millisecond on both sides is for that.
 *
 * A process that is too far or too busy for that may ask for permits with a longer `late`. From then on all spaces are
 * the wide ones, until a period after the last such permit is over: every period in which one of those can leave has wide
 * spaces only, and the sum above holds with the longer `late`.
 */
export const LATE_MS = 40;
/** The same for who missed its permits again and again; ours: two thirds of the rate are left. */
export const SLOW_LATE_MS = 500;
/** What clocks drift apart until a permit is over; NTP slews by 500 ppm at most, and permits lie at most 2 s ahead. */
const DRIFT_MS = 1;
/** Turns of a lease lie within such a time; ours. Who dies costs the others no more. */
export const SLOT_MS = 100;
/** Turns are given out so far ahead at most; ours. What a server forgets in a restart is no longer than that. */
export const HORIZON_MS = 2_000;

/** Milliseconds from permit to permit. */
export function spaceMs({ permits, periodMs }: PermitRequest, lateMs: number): number {
  return (periodMs + lateMs) / permits;
}

/** How long a permit lasts from when it is due. */
export function lifeMs(isSlow: boolean): number {
  return (isSlow ? SLOW_LATE_MS : LATE_MS) - 2 * DRIFT_MS;
}

import type { PermitRequest } from '../../transport/shared-pace.ts';

/**
 * Why all processes together never exceed the rate.
 *
 * A server that grants permits keeps one time line per sub-account. Consecutive permits are due at least one space
 * apart. A request leaves at most `late` after its permit is due, or not at all (the transport checks again right
 * before `fetch`). The space is `(period + late) / permits`.
 *
 * A request that leaves in a half-open period `[t, t + period)` was due in `[t - late, t + period)`. `permits + 1` of
 * them would be `permits` spaces apart, which is `period + late` and longer than that interval. So at most `permits`
 * requests leave in any period, even if processes die, leave permits unused or are late. The price is the factor
 * `period / (period + late)`: 96 % of the rate remain.
 *
 * Clocks: the server read its time between the moments `asked` and `heard` of this process, so its clock is ahead of
 * the local one by at least `time - heard` and at most `time - asked`. A permit starts by the first bound and ends by
 * the second: the round trip shortens it and never lengthens it. Only the drift over two seconds remains, and one
 * millisecond on both sides covers it.
 *
 * A process that is too far away or too busy may ask for permits with a longer `late`. From then on all permits have
 * the wide spacing, until one period after the last such permit ends. Every period in which such a permit can be used
 * then has wide spacing only, and the argument above holds with the longer `late`.
 */
export const LATE_MS = 40;
/** The same for a process that keeps missing its permits. Our number: two thirds of the rate remain. */
export const SLOW_LATE_MS = 500;
/** Clock drift until a permit ends: NTP slews by at most 500 ppm, and permits are due within 2 s. */
const DRIFT_MS = 1;
/** Permits of one lease are due within this time; our number. A process that dies costs the others no more. */
export const SLOT_MS = 100;
/** Permits are granted this far ahead at most; our number. A restart of the server forgets no more. */
export const HORIZON_MS = 2_000;

/** Milliseconds from permit to permit. */
export function spaceMs({ permits, periodMs }: PermitRequest, lateMs: number): number {
  return (periodMs + lateMs) / permits;
}

/** How long a permit lasts from its due time. */
export function lifeMs(isSlow: boolean): number {
  return (isSlow ? SLOW_LATE_MS : LATE_MS) - 2 * DRIFT_MS;
}

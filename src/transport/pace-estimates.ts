/** The slot of a lease; ours. */
export const SLOT_MS = 100;
/** So much of a slot does a turn last, about; ours. */
const EXPECTED_SHARE = 0.35;
/**
 * So many leases in a row of which no turn could be used, and for so long, after which a process asks for such that last
 * longer; ours. It costs all processes a part of the rate, so a hiccup is no reason.
 */
const MISSES_TO_SLOW = 3;
const MISSING_MS = 1_000;
/** For how long it does; ours. */
const SLOW_MS = 10_000;

/** How often a process is called. */
export interface Demand {
  count(time: number): void;
  /** How many callers come while a turn lasts. */
  expected(time: number): number;
}

/** Whether a process is in time for its turns. */
export interface Misses {
  /** A lease came. */
  begin(): void;
  /** A turn of it was over before somebody who waited for it could use it. */
  miss(time: number): void;
  /** A turn was used. */
  hit(): void;
  areMany(time: number): boolean;
}

/** How many more callers to expect, by how many came in the last full slot. */
export function createDemand(): Demand {
  let slot = 0;
  let calls = 0;
  let before = 0;

  function move(time: number): void {
    const current = Math.floor(time / SLOT_MS);
    if (current === slot) return;
    before = current === slot + 1 ? calls : 0;
    slot = current;
    calls = 0;
  }

  return {
    count(time) {
      move(time);
      calls += 1;
    },
    expected(time) {
      move(time);
      return Math.floor(before * EXPECTED_SHARE);
    },
  };
}

/** Leases in a row of which no turn was used: the server is far, or this process is too busy to be on time. */
export function createMisses(): Misses {
  let inRow = 0;
  /** When the first of them was missed. */
  let sinceMs = 0;
  /** The lease at hand is counted. */
  let isCounted = false;
  let slowUntil = Number.NEGATIVE_INFINITY;
  return {
    begin() {
      isCounted = false;
    },
    miss(time) {
      if (isCounted) return;
      isCounted = true;
      if (inRow === 0) sinceMs = time;
      inRow += 1;
    },
    hit() {
      inRow = 0;
    },
    areMany(time) {
      if (inRow >= MISSES_TO_SLOW && time - sinceMs >= MISSING_MS) slowUntil = time + SLOW_MS;
      return time < slowUntil;
    },
  };
}

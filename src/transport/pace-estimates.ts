/** The slot of a lease; chosen by this package. */
export const SLOT_MS = 100;
/** About how much of a slot a permit lasts; chosen by this package. */
const EXPECTED_SHARE = 0.35;
/**
 * After this many consecutive leases without a used permit, over this time, a process requests permits that last
 * longer. They cost all processes a part of the rate, so one hiccup is not enough. Chosen by this package.
 */
const MISSES_TO_SLOW = 3;
const MISSING_MS = 1_000;
/** How long it requests them; chosen by this package. */
const SLOW_MS = 10_000;

/** Estimates how many callers a process has. */
export interface Demand {
  count(time: number): void;
  /** Number of callers expected while a permit lasts. */
  expected(time: number): number;
}

/** Tracks whether a process uses its permits in time. */
export interface Misses {
  /** Records a lease. */
  begin(): void;
  /** Records a permit that expired before a waiting caller could use it. */
  miss(time: number): void;
  /** Records a used permit. */
  hit(): void;
  areMany(time: number): boolean;
}

/** Estimates the number of further callers from those in the last full slot. */
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

/** Counts consecutive leases without a used permit: the server is far, or this process is too busy to be in time. */
export function createMisses(): Misses {
  let inRow = 0;
  /** Time of the first miss. */
  let sinceMs = 0;
  /** Whether the current lease is counted. */
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

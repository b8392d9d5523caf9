import type { Clock } from '../../src/types.ts';

/** 2026-11-22T09:00:00Z */
export const NOON = Date.UTC(2026, 10, 22, 9);

/** A clock that stands still until it is moved. */
export interface FakeClock extends Clock {
  now(): number;
  monotonic(): number;
  /** Moves both times forward. */
  advance(milliseconds: number): void;
  /** Moves only the calendar, as an administrator or NTP does; back too. */
  setCalendar(epochMs: number): void;
}

export function createFakeClock(startMs = NOON): FakeClock {
  let epochMs = startMs;
  let elapsedMs = 1_000;
  return {
    now: () => epochMs,
    monotonic: () => elapsedMs,
    advance(milliseconds) {
      epochMs += milliseconds;
      elapsedMs += milliseconds;
    },
    setCalendar(next) {
      epochMs = next;
    },
  };
}

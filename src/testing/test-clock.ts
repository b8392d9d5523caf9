import { ValidationError } from '../errors.ts';
import type { Clock } from '../types.ts';

/** A clock that stands still until a test moves it. */
export interface TestClock extends Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Milliseconds that went by. Never goes back. */
  monotonic(): number;
  /**
   * Lets time go by.
   *
   * @throws ValidationError it is no number of milliseconds, 0 or more
   * @example clock.advance(30 * 60 * 1000); // half an hour later, without waiting
   */
  advance(milliseconds: number): void;
  /**
   * Sets the calendar. Forward is time that goes by; back is what NTP or an administrator does.
   *
   * @throws ValidationError it is no date
   * @example clock.set('2026-12-24T09:00:00Z');
   */
  set(date: Date | string | number): void;
}

function readDate(date: Date | string | number): number {
  const epochMs = new Date(date).getTime();
  if (!Number.isNaN(epochMs)) return epochMs;
  throw new ValidationError('A test clock is set to a Date, an ISO 8601 date or epoch milliseconds.', 'date');
}

/**
 * A clock for tests. Waits do not read it: a pause between two attempts takes its real time.
 *
 * @param start where it stands at first. Default: the time at which it is made.
 * @throws ValidationError `start` is no date
 * @example
 * ```ts
 * const clock = createTestClock('2026-11-22T09:00:00Z');
 * const limits = memoryLimits({ clock });
 * ```
 */
export function createTestClock(start: Date | string | number = Date.now()): TestClock {
  let epochMs = readDate(start);
  let elapsedMs = 0;
  return {
    now: () => epochMs,
    monotonic: () => elapsedMs,
    advance(milliseconds) {
      if (!Number.isFinite(milliseconds) || milliseconds < 0) {
        throw new ValidationError('A test clock advances by milliseconds, 0 or more.', 'milliseconds');
      }
      epochMs += milliseconds;
      elapsedMs += milliseconds;
    },
    set(date) {
      const next = readDate(date);
      elapsedMs += Math.max(0, next - epochMs);
      epochMs = next;
    },
  };
}

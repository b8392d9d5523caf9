import { ValidationError } from '../errors.ts';
import { readDateTime } from '../internal/date-time.ts';
import type { Clock } from '../types.ts';

/** A clock that advances only when a test moves it. */
export interface TestClock extends Clock {
  /** Returns the time in epoch milliseconds. */
  now(): number;
  /** Returns the milliseconds that have passed. Never goes back. */
  monotonic(): number;
  /**
   * Lets milliseconds pass.
   *
   * @throws ValidationError `milliseconds` is not a number of 0 or more
   * @example clock.advance(30 * 60 * 1000); // half an hour later, without waiting
   */
  advance(milliseconds: number): void;
  /**
   * Sets the calendar; a string without an offset is in UTC. Forward lets time pass; back emulates a correction by NTP or an
   * administrator.
   *
   * @throws ValidationError `date` is not a date
   * @example clock.set('2026-12-24T09:00:00Z');
   */
  set(date: Date | string | number): void;
}

function readDate(date: Date | string | number): number {
  const epochMs = typeof date === 'string' ? readDateTime(date) : new Date(date).getTime();
  if (epochMs !== undefined && !Number.isNaN(epochMs)) return epochMs;
  throw new ValidationError('date must be a Date, an ISO 8601 date or epoch milliseconds.', 'date');
}

/**
 * Creates a clock for tests. Pauses do not use it: a wait between two attempts takes real time.
 *
 * @param start the initial time
 * @default start the real time
 * @throws ValidationError `start` is not a date
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
        throw new ValidationError('milliseconds must be a number, 0 or more.', 'milliseconds');
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

import { describe, expect, it } from 'vitest';
import { ValidationError } from '../../../src/errors.ts';
import { createTestClock } from '../../../src/testing/index.ts';

describe('a test clock', () => {
  it('stands still at its initial time', () => {
    const clock = createTestClock('2026-11-22T09:00:00Z');
    expect([clock.now(), clock.now()]).toEqual(Array(2).fill(Date.UTC(2026, 10, 22, 9)));
    expect(clock.monotonic()).toBe(0);
    expect(createTestClock(new Date(5)).now()).toBe(5);
  });

  it('starts at the real time by default', () => {
    const before = Date.now();
    const { now } = createTestClock();
    expect(now()).toBeGreaterThanOrEqual(before);
    expect(now()).toBeLessThanOrEqual(Date.now());
  });

  it('advances both times', () => {
    const clock = createTestClock(1_000);
    clock.advance(500);
    clock.advance(0);
    expect([clock.now(), clock.monotonic()]).toEqual([1_500, 500]);
  });

  it('moves time when it is set forward, and only the calendar when it is set back', () => {
    const clock = createTestClock(1_000);
    clock.set(3_000);
    expect([clock.now(), clock.monotonic()]).toEqual([3_000, 2_000]);
    clock.set(500);
    expect([clock.now(), clock.monotonic()]).toEqual([500, 2_000]);
  });

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('refuses to advance by %s', (milliseconds) => {
    expect(() => createTestClock().advance(milliseconds)).toThrow(ValidationError);
  });

  it('refuses a value that is not a date', () => {
    expect(() => createTestClock('soon')).toThrow('ISO 8601');
    expect(() => createTestClock().set('soon')).toThrow(ValidationError);
    expect(() => createTestClock('2027-02-30T10:00:00Z')).toThrow(ValidationError);
  });
});

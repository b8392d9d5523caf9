import { describe, expect, it } from 'vitest';
import { ValidationError } from '../../../src/errors.ts';
import { createTestClock } from '../../../src/testing/index.ts';

describe('a test clock', () => {
  it('stands still where it was put', () => {
    const clock = createTestClock('2026-11-22T09:00:00Z');
    expect([clock.now(), clock.now()]).toEqual(Array(2).fill(Date.UTC(2026, 10, 22, 9)));
    expect(clock.monotonic()).toBe(0);
    expect(createTestClock(new Date(5)).now()).toBe(5);
  });

  it('stands at the real time when nothing was said', () => {
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

  it('is set forward as time that goes by, back as a calendar', () => {
    const clock = createTestClock(1_000);
    clock.set(3_000);
    expect([clock.now(), clock.monotonic()]).toEqual([3_000, 2_000]);
    clock.set(500);
    expect([clock.now(), clock.monotonic()]).toEqual([500, 2_000]);
  });

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('refuses to advance by %s', (milliseconds) => {
    expect(() => createTestClock().advance(milliseconds)).toThrow(ValidationError);
  });

  it('refuses what is no date', () => {
    expect(() => createTestClock('soon')).toThrow('ISO 8601');
    expect(() => createTestClock().set('soon')).toThrow(ValidationError);
    expect(() => createTestClock('2027-02-30T10:00:00Z')).toThrow(ValidationError);
  });
});

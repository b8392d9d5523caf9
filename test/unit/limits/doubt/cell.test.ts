import { describe, expect, it } from 'vitest';
import {
  ask,
  clearCell,
  count,
  credit,
  doubtOf,
  endOf,
  enterTrickle,
  fade,
  newCell,
  oldDoubtOf,
  passTrickle,
  startAlert,
  takeBack,
  youngOf,
} from '../../../../src/limits/doubt/cell.ts';
import {
  COUNTRY,
  DAY_MS,
  HOUR_MS,
  MINUTE_MS,
  POLICIES,
  POOL,
} from '../../../../src/limits/doubt/parameters.ts';

const LONG = { budget: 10, longestMs: DAY_MS };

/** A cell with so many codes of one moment. */
function cellOf(codes: number, nowMs = 0) {
  const cell = newCell();
  for (let code = 0; code < codes; code += 1) count(cell, 4, nowMs);
  return cell;
}

describe('doubt of a place', () => {
  it('is taken back by time, and never below nothing', () => {
    const cell = cellOf(2);
    expect([0, DAY_MS / 4, DAY_MS / 2, DAY_MS].map((nowMs) => doubtOf(cell, 4, nowMs))).toEqual([2, 1, 0, 0]);
    count(cell, 4, DAY_MS / 4);
    expect(doubtOf(cell, 4, DAY_MS / 4)).toBe(2);
    takeBack(cell, 5, 4, DAY_MS / 4, DAY_MS / 4);
    expect(cell.doubt).toBe(0);
  });

  it('is young in the minute of the code and the next', () => {
    const cell = cellOf(3, 30_000);
    count(cell, 4, MINUTE_MS);
    expect([MINUTE_MS, 2 * MINUTE_MS, 3 * MINUTE_MS].map((nowMs) => youngOf(cell, nowMs))).toEqual([4, 1, 0]);
    expect(oldDoubtOf(cell, 0, MINUTE_MS)).toBeCloseTo(0, 2);
    takeBack(cell, 1, 0, 30_000, MINUTE_MS);
    takeBack(cell, 1, 0, MINUTE_MS, MINUTE_MS);
    expect(youngOf(cell, MINUTE_MS)).toBe(2);
    takeBack(cell, 1, 0, -10 * MINUTE_MS, MINUTE_MS);
    expect(youngOf(cell, MINUTE_MS)).toBe(2);
    count(cell, 4, 10 * MINUTE_MS);
    expect(youngOf(cell, 10 * MINUTE_MS)).toBe(1);
  });

  it('ends when time has taken it back, after an alert two days later', () => {
    const cell = cellOf(2);
    expect(endOf(cell, 4)).toBe(DAY_MS / 2);
    startAlert(cell, COUNTRY, LONG, 0);
    expect(endOf(cell, 4)).toBe(DAY_MS / 2 + 2 * DAY_MS);
    cell.isAlert = false;
    cell.endedMs = DAY_MS;
    expect(endOf(cell, 4)).toBe(3 * DAY_MS);
    expect(clearCell(cell)).toEqual(newCell());
  });
});

describe('an alert', () => {
  it('fades at the moment when little doubt is left', () => {
    const cell = cellOf(10);
    startAlert(cell, COUNTRY, LONG, 0);
    expect(fade(cell, COUNTRY, POLICIES.ask, 2 * DAY_MS)).toBe(false);
    expect(fade(cell, COUNTRY, POLICIES.ask, 3 * DAY_MS)).toBe(true);
    // A fiftieth of the budget is left after 9.8 of 4 per day.
    expect(cell.endedMs).toBeCloseTo((9.8 / 4) * DAY_MS, 3);
    expect(fade(cell, COUNTRY, POLICIES.ask, 3 * DAY_MS)).toBe(false);
    const pool = cellOf(10);
    startAlert(pool, POOL, LONG, 0);
    expect(fade(pool, POOL, POLICIES.ask, (5 / 8) * DAY_MS)).toBe(true);
  });

  it('lets one stranger pass in a pause that doubles, to the longest', () => {
    const cell = cellOf(10);
    startAlert(cell, COUNTRY, { budget: 10, longestMs: HOUR_MS }, 0);
    expect([cell.pauseMs, cell.nextMs]).toEqual([10 * MINUTE_MS, 10 * MINUTE_MS]);
    const pauses: number[] = [];
    for (let turn = 0; turn < 4; turn += 1) {
      passTrickle(cell, HOUR_MS, 0);
      pauses.push(cell.pauseMs / MINUTE_MS);
    }
    expect(pauses).toEqual([20, 40, 60, 60]);
  });

  it('starts with the longest pause where that is shorter than the first', () => {
    const cell = cellOf(10);
    startAlert(cell, COUNTRY, { budget: 10, longestMs: MINUTE_MS }, 0);
    expect(cell.nextMs).toBe(MINUTE_MS);
  });

  it('ends when strangers enter again: each one shrinks the pause, and 20 seconds are the end', () => {
    const cell = cellOf(10);
    startAlert(cell, COUNTRY, LONG, 0);
    passTrickle(cell, DAY_MS, 0);
    // Half of the people usually enter: 2 x 2^1 is a quarter of the pause.
    enterTrickle(cell, 0.5, 4, 1_000);
    expect([cell.pauseMs, cell.nextMs, cell.isAlert]).toEqual([5 * MINUTE_MS, 5 * MINUTE_MS + 1_000, true]);
    enterTrickle(cell, 0.5, 4, 1_000);
    enterTrickle(cell, 0.5, 4, 1_000);
    expect(cell.isAlert).toBe(false);
    expect(cell.pauseMs).toBe(18_750);
    expect([cell.doubt, cell.endedMs]).toEqual([doubtOf(cellOf(10), 4, 1_000) / 2, 1_000]);
    enterTrickle(cell, 0.5, 4, 1_000);
    expect(cell.pauseMs).toBe(18_750);
  });

  it('ends when those who were asked pass and enter: at -6, from at most 12', () => {
    const cell = cellOf(10);
    startAlert(cell, COUNTRY, LONG, 0);
    for (let asked = 0; asked < 20; asked += 1) ask(cell);
    expect(cell.score).toBe(12);
    for (let entered = 0; entered < 8; entered += 1) credit(cell, 2, 4, 0);
    expect([cell.score, cell.isAlert]).toEqual([-4, true]);
    credit(cell, 2, 4, 0);
    expect([cell.score, cell.isAlert, cell.doubt]).toEqual([-6, false, 5]);
    credit(cell, 2, 4, 0);
    expect(cell.score).toBe(-6);
  });
});

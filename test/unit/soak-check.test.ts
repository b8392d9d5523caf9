import { describe, expect, it } from 'vitest';
import { checkNoneTwice, checkTotals, checkWindows, tightestOf } from '../../soak/check.ts';
import { createRandom } from '../../soak/random.ts';
import type { Arrival } from '../redis/processes/receiver.ts';

const at = (
  writtenMs: number,
  destination = '+6591000001',
  id = `w1-${writtenMs}-${destination}`,
): Arrival => {
  return { destination, id, worker: 'w1', askedMs: writtenMs - 1, writtenMs };
};

describe('the checks of the soak', () => {
  it('find one message too many in a window that begins anywhere', () => {
    const times = [0, 4_000, 9_000, 9_500, 13_500, 19_400];
    expect(
      tightestOf(
        times.map((time) => at(time)),
        2,
      ),
    ).toEqual({ number: '+6591000001', spanMs: 4_500 });
    expect(
      checkWindows(
        times.map((time) => at(time)),
        2,
        4_750,
      ),
    ).toEqual([]);
    expect(
      checkWindows(
        times.map((time) => at(time)),
        2,
        4_751,
      ),
    ).toEqual(['+6591000001 got 3 messages in 4500.0 ms; at most 2 in 4751 ms']);
  });

  it('do not depend on the order of arrival, and keep numbers apart', () => {
    const arrivals = [at(20, '+1'), at(10, '+2'), at(0, '+1'), at(30, '+2'), at(10, '+1')];
    expect(tightestOf(arrivals, 2)).toEqual({ number: '+1', spanMs: 20 });
    expect(tightestOf(arrivals, 3)).toBeUndefined();
    expect(checkWindows(arrivals, 3, 10_000)).toEqual([]);
  });

  it('find a message that was sent twice', () => {
    expect(checkNoneTwice([at(1), at(2)])).toEqual([]);
    expect(checkNoneTwice([at(1), at(2), at(1)])).toEqual(['w1-1-+6591000001 was sent twice']);
  });

  it('find a count that is too low, too high, or unreadable', () => {
    const two = { least: 2, most: 2 };
    expect(checkTotals(['+1', '+2'], [2, 2], [two, two], 0)).toEqual([]);
    expect(checkTotals(['+1', '+2'], [2, 1], [two, two], 5)).toEqual([
      'the server counts 1 for +2, which got 2',
    ]);
    expect(checkTotals(['+1'], [Number.NaN], [two], 5)).not.toEqual([]);
    expect(checkTotals(['+1', '+2'], [3, 2], [two, two], 0)).toHaveLength(2);
  });

  it('allow what killed processes took, in all and not for each number', () => {
    const two = { least: 2, most: 2 };
    expect(checkTotals(['+1', '+2'], [3, 3], [two, two], 2)).toEqual([]);
    expect(checkTotals(['+1', '+2'], [4, 3], [two, two], 2)).toEqual([
      'the server counts 3 more than were sent; at most 2 may be lost with killed processes',
    ]);
    expect(checkTotals(['+1'], [4], [{ least: 2, most: 4 }], 0)).toEqual([]);
  });
});

it('the faults of a seed are the same every time', () => {
  const draw = (seed: number) => {
    const random = createRandom(seed);
    return Array.from({ length: 100 }, () => random.between(1, 6));
  };
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
  expect(new Set(draw(7))).toEqual(new Set([1, 2, 3, 4, 5, 6]));
});

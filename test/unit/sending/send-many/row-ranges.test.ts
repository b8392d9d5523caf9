import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addRanges,
  type RowRange,
  rangesOf,
  readInOrder,
  removeRanges,
} from '../../../../src/sending/send-many/row-ranges.ts';

const ROWS = 40;
const chosen = fc.uniqueArray(fc.nat(ROWS - 1)).map((rows) => rows.sort((one, other) => one - other));
const steps = fc.array(fc.tuple(fc.constantFrom('add', 'remove'), chosen), { maxLength: 30 });

function play(actions: readonly (readonly [string, readonly number[]])[]) {
  let ranges: readonly RowRange[] = [];
  const rows = new Set<number>();
  for (const [action, some] of actions) {
    ranges = (action === 'add' ? addRanges : removeRanges)(ranges, rangesOf(some));
    for (const row of some) {
      if (action === 'add') rows.add(row);
      else rows.delete(row);
    }
  }
  return { ranges, rows: [...rows].sort((one, other) => one - other) };
}

describe('row ranges', () => {
  it('hold exactly the rows that were added and not removed, as few ranges, in order', () => {
    fc.assert(
      fc.property(steps, (actions) => {
        const { ranges, rows } = play(actions);
        expect(ranges).toEqual(rangesOf(rows));
      }),
    );
  });

  it('are read in rising order', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 5 }), (actions, stride) => {
        const { ranges, rows } = play(actions);
        const isIn = readInOrder(ranges);
        for (let row = 0; row < ROWS; row += stride) expect(isIn(row)).toBe(rows.includes(row));
      }),
    );
  });

  it('makes ranges of rows', () => {
    expect(rangesOf([])).toEqual([]);
    expect(rangesOf([0, 1, 2, 5, 7, 8])).toEqual([
      [0, 3],
      [5, 6],
      [7, 9],
    ]);
  });
});

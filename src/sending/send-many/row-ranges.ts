/** Rows from the first number up to, not including, the second. */
export type RowRange = readonly [from: number, to: number];

/** The ranges and one more, in order, with those that touch made one. */
export function addRange(ranges: readonly RowRange[], [from, to]: RowRange): readonly RowRange[] {
  let low = from;
  let high = to;
  const before: RowRange[] = [];
  const after: RowRange[] = [];
  for (const range of ranges) {
    if (range[1] < from) before.push(range);
    else if (range[0] > to) after.push(range);
    else {
      low = Math.min(low, range[0]);
      high = Math.max(high, range[1]);
    }
  }
  return [...before, [low, high], ...after];
}

/** The ranges without these rows. */
export function removeRange(ranges: readonly RowRange[], [from, to]: RowRange): readonly RowRange[] {
  return ranges.flatMap(([low, high]) =>
    [[low, Math.min(high, from)] as const, [Math.max(low, to), high] as const].filter(
      ([start, end]) => start < end,
    ),
  );
}

/** Row numbers, in rising order, as ranges. */
export function rangesOf(rows: Iterable<number>): readonly RowRange[] {
  const ranges: [number, number][] = [];
  for (const row of rows) {
    const last = ranges.at(-1);
    if (last?.[1] === row) last[1] = row + 1;
    else ranges.push([row, row + 1]);
  }
  return ranges;
}

/** Tells whether a row is in the ranges; must be asked in rising order. */
export function readInOrder(ranges: readonly RowRange[]): (row: number) => boolean {
  let place = 0;
  return (row) => {
    for (; ; place += 1) {
      const range = ranges[place];
      if (range === undefined || row < range[0]) return false;
      if (row < range[1]) return true;
    }
  };
}

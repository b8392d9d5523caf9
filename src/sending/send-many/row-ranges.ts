/** Rows from the first number (inclusive) to the second (exclusive). */
export type RowRange = readonly [from: number, to: number];

/** The union of both, as few ranges as possible, in order. */
export function addRanges(ranges: readonly RowRange[], more: readonly RowRange[]): readonly RowRange[] {
  const all: [number, number][] = [];
  for (const [from, to] of [...ranges, ...more].sort(([one], [other]) => one - other)) {
    const last = all.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else all.push([from, to]);
  }
  return all;
}

/** The rows of `ranges` that are not in `others`. Both must be in order. */
export function removeRanges(ranges: readonly RowRange[], others: readonly RowRange[]): readonly RowRange[] {
  const left: RowRange[] = [];
  let next = 0;
  for (const [from, to] of ranges) {
    let low = from;
    // A range that ends after this one may reach into the next.
    for (; next < others.length; next += 1) {
      const [start, end] = others[next] as RowRange;
      if (start >= to) break;
      if (low < start) left.push([low, start]);
      low = Math.max(low, end);
      if (end > to) break;
    }
    if (low < to) left.push([low, to]);
  }
  return left;
}

/** Ranges of row numbers, which must be in ascending order. */
export function rangesOf(rows: Iterable<number>): readonly RowRange[] {
  const ranges: [number, number][] = [];
  for (const row of rows) {
    const last = ranges.at(-1);
    if (last?.[1] === row) last[1] = row + 1;
    else ranges.push([row, row + 1]);
  }
  return ranges;
}

/** Returns a function that tells whether a row is in the ranges; call it with rows in ascending order. */
export function readInOrder(ranges: readonly RowRange[]): (row: number) => boolean {
  let position = 0;
  return (row) => {
    for (; ; position += 1) {
      const range = ranges[position];
      if (range === undefined || row < range[0]) return false;
      if (row < range[1]) return true;
    }
  };
}

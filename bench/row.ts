/** One line of the table that the benches print: a measure, ours beside what it is compared with, in one run. */
export interface Row {
  readonly measure: string;
  readonly ours: string;
  readonly compared: string;
  readonly ratio: string;
  readonly target: string;
  /** Absent for a figure that is shown without a target. */
  readonly met?: boolean;
}

/** The median of several measurements; single ones are worthless on a shared machine. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] as number;
}

/** The fastest of several measurements, for both sides: on a shared machine the others measure the neighbours. */
export function best(values: readonly number[]): number {
  return Math.min(...values);
}

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

/** A figure of ours alone, with its goal. */
export function goalRow(measure: string, ours: string, target: string, met: boolean): Row {
  return { measure, ours, compared: '-', ratio: '-', target, met };
}

/** A figure of ours beside another one, with a goal for the ratio or without. */
export function comparedRow(
  measure: string,
  ours: string,
  compared: string,
  ratio: string,
  goal?: { readonly text: string; readonly met: boolean },
): Row {
  const row = { measure, ours, compared, ratio };
  return goal === undefined ? { ...row, target: 'no target' } : { ...row, target: goal.text, met: goal.met };
}

/** The value below which this share of the values lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] as number;
}

/** The median of several measurements; single ones are worthless on a shared machine. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The fastest of several measurements, for both sides: on a shared machine the others measure the neighbours. */
export function best(values: readonly number[]): number {
  return Math.min(...values);
}

const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
] as const;

/**
 * Formats `1800000` as `30 min`, `95000` as `1 min 35 s`: at most two units, rounded up, so that waiting that long is
 * enough.
 */
export function describeDuration(milliseconds: number): string {
  if (milliseconds < 1_000) return `${Math.ceil(milliseconds)} ms`;
  const largest = UNITS.findIndex(([, size]) => milliseconds >= size * 1_000);
  const [, step] = UNITS[largest + 1] ?? ['s', 1];
  let seconds = Math.ceil(milliseconds / 1_000 / step) * step;
  const words: string[] = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(seconds / size);
    seconds -= count * size;
    if (count > 0) words.push(`${count} ${unit}`);
  }
  return words.join(' ');
}

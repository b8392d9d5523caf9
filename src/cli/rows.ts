import type { Terminal } from './terminal.ts';
import { wrap } from './wrap.ts';

/** A label with its value; a row without a value is not printed. */
export type Row = readonly [label: string, value: string | number | boolean | undefined];

/** Prints values below each other, behind their labels, in the width of the terminal. */
export function printRows(rows: readonly Row[], { print, paint, columns }: Terminal): void {
  const shown = rows.filter(([, value]) => value !== undefined);
  const labelWidth = Math.max(...shown.map(([label]) => label.length)) + 2;
  for (const [label, value] of shown) {
    const [first = '', ...more] = wrap(String(value), Math.max(30, columns - labelWidth - 2));
    print(`  ${paint('dim', label.padEnd(labelWidth))}${first}`);
    for (const line of more) print(' '.repeat(labelWidth + 2) + line);
  }
}

/** Prints a hint for the next step. */
export function printHint(hint: string, { print, paint }: Terminal): void {
  print(`  ${paint('dim', `→ ${hint}`)}`);
}

/** `2026-11-29 18:49:03 UTC` */
export function showTime(time: number | string): string {
  const iso = new Date(time).toISOString();
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
}

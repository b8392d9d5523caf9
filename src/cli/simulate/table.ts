import type { Tally } from './replay.ts';

/** A setup and its counts. */
export interface Column {
  readonly name: string;
  readonly tally: Tally;
}

const LABEL_WIDTH = 30;
const CELL_WIDTH = 15;

function line(label: string, cells: readonly string[]): string {
  return `  ${label.padEnd(LABEL_WIDTH)}${cells.map((cell) => cell.padStart(CELL_WIDTH)).join('')}`;
}

const whole = (count: number) => count.toLocaleString('en-US');

/** The lines of the table; guards get theirs with their first refusal. */
export function tableOf(columns: readonly Column[]): readonly string[] {
  const of = (read: (tally: Tally) => string) => columns.map(({ tally }) => read(tally));
  const guards = [...new Set(columns.flatMap(({ tally }) => Object.keys(tally.refused)))];
  return [
    line(
      '',
      columns.map(({ name }) => name),
    ),
    line(
      'messages sent',
      of(({ sent }) => whole(sent)),
    ),
    ...guards.map((guard) =>
      line(
        `refused by ${guard}`,
        of(({ refused }) => whole(refused[guard] ?? 0)),
      ),
    ),
    line(
      'reached the robots',
      of(({ pumped }) => whole(pumped)),
    ),
    line(
      'people without a code',
      of(({ withoutCode }) => whole(withoutCode)),
    ),
    line(
      'money spent, invented prices',
      of(({ spent }) => `$${spent.toFixed(2)}`),
    ),
  ];
}

/** Draws lines over the ones that were drawn before. */
export function createDrawing(write: (text: string) => void): (lines: readonly string[]) => void {
  let drawn = 0;
  return (lines) => {
    const up = drawn === 0 ? '' : `\u001b[${drawn}A`;
    write(`${up}${lines.map((each) => `\u001b[K${each}\n`).join('')}`);
    drawn = lines.length;
  };
}

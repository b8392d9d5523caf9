import { ROW_FIELDS } from './consent-row.ts';
import type { ConsentColumns } from './import-options.ts';

/** In order of preference when a heading has equally many of two. */
const DELIMITERS = [',', ';', '\t', '|'] as const;
/** A first line that Excel reads and writes to name the separator. */
const SEP_LINE = /^"?sep=(.)"?\r?\n/i;
/** Lines before the heading, and the heading. */
const EMPTY_LINES = /^[\r\n]*([^\r\n]*)/;
/** The longest heading that is looked at. */
const MAX_HEADING_CHARACTERS = 100_000;

/** The separator of a file, and its text without the line that named it. */
export interface DetectedDelimiter {
  readonly delimiter: string;
  readonly texts: AsyncIterable<string>;
  /** Lines taken off the beginning. */
  readonly skippedLines: number;
}

/** The separator as shown in messages. */
export function nameDelimiter(delimiter: string): string {
  return delimiter === '\t' ? 'a tab' : `"${delimiter}"`;
}

/** The cells of one line, as far as that can be told without reading the file. */
function splitLine(line: string, delimiter: string): string[] {
  const cells: string[] = [];
  let [cell, isQuoted] = ['', false];
  for (const character of line) {
    if (character === '"') isQuoted = !isQuoted;
    else if (character === delimiter && !isQuoted) {
      cells.push(cell);
      cell = '';
    } else cell += character;
  }
  return [...cells, cell].map((each) => each.trim().toLowerCase());
}

/** The separator that finds the most names that are expected, then the most columns. */
function guess(heading: string, columns: ConsentColumns | undefined): string {
  const named = columns === undefined || Array.isArray(columns) ? [] : Object.values(columns);
  const expected = new Set([...ROW_FIELDS, ...named].map((name) => String(name).trim().toLowerCase()));
  const rated = DELIMITERS.map((delimiter) => {
    const cells = splitLine(heading, delimiter);
    return { delimiter, known: cells.filter((cell) => expected.has(cell)).length, columns: cells.length };
  });
  const [first = { delimiter: ',' }] = rated.toSorted(
    (one, other) => other.known - one.known || other.columns - one.columns,
  );
  return first.delimiter;
}

/** Finds the separator of a CSV file in its first line; the texts that were read for it are given again. */
export async function detectDelimiter(
  texts: AsyncIterable<string>,
  {
    delimiter,
    columns,
  }: { readonly delimiter?: string | undefined; readonly columns?: ConsentColumns | undefined },
): Promise<DetectedDelimiter> {
  const pieces = texts[Symbol.asyncIterator]();
  let head = '';
  let isDone = false;
  while (!isDone && !hasHeading(head)) {
    const next = await pieces.next();
    isDone = next.done === true;
    head += isDone ? '' : next.value;
  }
  const named = SEP_LINE.exec(head);
  const start = named === null ? head : head.slice(named[0].length);
  async function* again(): AsyncGenerator<string, void, void> {
    try {
      yield start;
      if (!isDone) yield* { [Symbol.asyncIterator]: () => pieces };
    } finally {
      await pieces.return?.();
    }
  }
  const heading = EMPTY_LINES.exec(start.slice(0, MAX_HEADING_CHARACTERS))?.[1] ?? '';
  return {
    delimiter: delimiter ?? named?.[1] ?? guess(heading, columns),
    texts: again(),
    skippedLines: named === null ? 0 : 1,
  };
}

/** Whether the heading, and a `sep=` line before it, is there as a whole. */
function hasHeading(head: string): boolean {
  const rest = head.replace(SEP_LINE, '');
  return rest.replace(/^[\r\n]+/, '').includes('\n') || rest.length > MAX_HEADING_CHARACTERS;
}

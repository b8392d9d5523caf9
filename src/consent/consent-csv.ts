import { CsvError, parseCsv } from '../api/exports/csv.ts';
import { csvLine } from '../internal/csv-line.ts';
import { nearestName } from '../schema.ts';
import { type ConsentRow, type ConsentRowField, ROW_FIELDS } from './consent-row.ts';
import { detectDelimiter, nameDelimiter } from './csv-delimiter.ts';
import { wrongFile } from './decode-file.ts';
import { guardFormulas, unguardFormulas } from './formula-guard.ts';
import type { ConsentColumns } from './import-options.ts';
import type { FileRow } from './read-consent-file.ts';

/** Texts of strangers, which a spreadsheet must not take for formulas. */
const FREE_FIELDS: ReadonlySet<string> = new Set([
  'source',
  'evidence',
  'messageId',
  'text',
  'confirmation',
  'sender',
]);
/** An opt-in that covers nothing. An empty cell says that it covers everything. */
const NO_PURPOSES = 'none';

function toCell(row: ConsentRow, field: ConsentRowField): string | undefined {
  const value = row[field];
  if (field === 'purposes') return row.purposes?.length === 0 ? NO_PURPOSES : row.purposes?.join(' ');
  return FREE_FIELDS.has(field) && value !== undefined
    ? guardFormulas(String(value))
    : (value as string | undefined);
}

/** Reads a cell. In texts, outer spaces belong to the person's words. */
export function fromCell(field: ConsentRowField, cell: string): unknown {
  if (field === 'purposes') return cell === NO_PURPOSES ? [] : cell.trim().split(/[\s,;|]+/);
  return FREE_FIELDS.has(field) ? unguardFormulas(cell) : cell.trim();
}

export function consentCsvHeading(): string {
  return csvLine(ROW_FIELDS);
}

export function toCsvLine(row: ConsentRow): string {
  return csvLine(ROW_FIELDS.map((field) => toCell(row, field)));
}

/** Options for finding the columns of a CSV file. */
export interface CsvOptions {
  readonly columns?: ConsentColumns | undefined;
  readonly delimiter?: string | undefined;
  /** Return the cells by heading, unchanged. */
  readonly isRaw: boolean;
}

/** Layout found in the first lines of a CSV file. */
export interface CsvLayout {
  readonly delimiter: string;
  /** The field of each column; undefined for one that is not read. */
  readonly columns: readonly (ConsentRowField | undefined)[];
}

function normalise(heading: string): string {
  return heading.trim().replace(/\s+/g, ' ').toLowerCase();
}

/** Never shows the content of the file: without a heading the first line is a person. */
function unknownColumn(index: number, heading: string, delimiter: string): never {
  const near = nearestName(normalise(heading), ROW_FIELDS);
  const help =
    near === undefined
      ? `Expected names from: ${ROW_FIELDS.join(', ')}. Name other headings in \`columns\``
      : `Did you mean "${near}"?`;
  const seen = `The separator seen is ${nameDelimiter(delimiter)}`;
  const encoding = heading.includes('\0')
    ? ' The heading has NUL characters: set `encoding` to utf-16le.'
    : '';
  throw wrongFile(`has an unrecognised heading in column ${index + 1}. ${seen}.${encoding} ${help}`);
}

/** The fields of the columns by the names that the caller gave their headings; other columns are not read. */
function fieldsByName(
  cells: readonly string[],
  names: Readonly<Partial<Record<ConsentRowField, string>>>,
  delimiter: string,
): readonly (ConsentRowField | undefined)[] {
  const known = cells.map(normalise);
  const wanted = Object.entries(names).filter(([, heading]) => heading !== undefined);
  for (const [field, heading] of wanted) {
    if (known.includes(normalise(heading))) continue;
    throw wrongFile(
      `has no column that \`columns.${field}\` names. The separator seen is ${nameDelimiter(delimiter)}`,
    );
  }
  const fields = new Map(wanted.map(([field, heading]) => [normalise(heading), field as ConsentRowField]));
  return known.map((heading) => {
    const named = fields.get(heading);
    if (named !== undefined) return named;
    const field = ROW_FIELDS.find((each) => each.toLowerCase() === heading);
    return field === undefined || names[field] !== undefined ? undefined : field;
  });
}

function readHeading(cells: readonly string[], { columns, isRaw }: CsvOptions, delimiter: string): CsvLayout {
  if (isRaw) return { delimiter, columns: cells.map(() => undefined) };
  const found: readonly (ConsentRowField | undefined)[] =
    columns === undefined
      ? cells.map((cell, index) => {
          const heading = normalise(cell);
          // Excel ends each line with separators when a cell to the right was used once.
          if (heading === '') return undefined;
          return (
            ROW_FIELDS.find((known) => known.toLowerCase() === heading) ??
            unknownColumn(index, cell, delimiter)
          );
        })
      : fieldsByName(cells, columns as Readonly<Partial<Record<ConsentRowField, string>>>, delimiter);
  const twice = found.find((field, index) => field !== undefined && found.indexOf(field) !== index);
  if (twice !== undefined) throw wrongFile(`has two columns ${twice}`);
  if (!found.includes('destination')) {
    throw wrongFile(
      `has a heading without the column destination. The separator seen is ${nameDelimiter(delimiter)}`,
    );
  }
  return { delimiter, columns: found };
}

function toFileRow(
  names: readonly (string | undefined)[],
  cells: readonly string[],
  line: number,
  { columns, isRaw }: CsvOptions,
): FileRow {
  if (cells.length !== names.length) {
    const given = Array.isArray(columns) ? '`columns`' : 'the heading';
    const fields = cells.length === 1 ? '1 field' : `${cells.length} fields`;
    return { line, reason: `The row has ${fields}, but ${given} has ${names.length}.` };
  }
  const unnamed = cells.findIndex((cell, index) => names[index] === undefined && cell.trim() !== '');
  if (columns === undefined && !isRaw && unnamed >= 0) {
    return { line, reason: `Column ${unnamed + 1} has a value, but no heading.` };
  }
  const filled = names.flatMap((name, index) => {
    const cell = cells[index] as string;
    if (name === undefined || (cell.trim() === '' && !isRaw)) return [];
    return [[name, cell] as const];
  });
  return { line, value: Object.fromEntries(filled) };
}

/** As an editor counts: a field may have line breaks in it. */
function linesOf(cells: readonly string[]): number {
  return 1 + cells.reduce((breaks, cell) => breaks + cell.split('\n').length - 1, 0);
}

/**
 * The rows of a CSV file: its cells by field, as text, or by heading when they are wanted as they are. Empty cells are left
 * out. `onLayout` is told what the first lines say before the first row is given.
 *
 * @throws ValidationError the heading is wrong, or the file is not CSV
 */
export async function* readCsvRows(
  texts: AsyncIterable<string>,
  options: CsvOptions,
  onLayout: (layout: CsvLayout) => void,
): AsyncGenerator<FileRow, void, void> {
  const { columns, isRaw } = options;
  const detected = await detectDelimiter(texts, options);
  const { delimiter } = detected;
  let names: readonly (string | undefined)[] | undefined;
  let line = 1 + detected.skippedLines;
  if (Array.isArray(columns)) {
    names = columns;
    onLayout({ delimiter, columns });
  }
  try {
    for await (const rows of parseCsv(detected.texts, delimiter, true)) {
      for (const cells of rows) {
        const at = line;
        line += linesOf(cells);
        if (cells.every((cell) => cell.trim() === '')) continue;
        if (names !== undefined) {
          yield toFileRow(names, cells, at, options);
          continue;
        }
        const layout = readHeading(cells, options, delimiter);
        names = isRaw ? cells.map((cell) => cell.trim()) : layout.columns;
        onLayout(layout);
      }
    }
  } catch (error) {
    if (error instanceof CsvError) throw wrongFile(`cannot be read after line ${line}: ${error.message}`);
    throw error;
  }
  if (names === undefined) throw wrongFile('is empty: it needs a heading');
}

import { CsvError, parseCsv } from '../api/exports/csv.ts';
import { csvLine } from '../csv-line.ts';
import { ValidationError } from '../errors.ts';
import { nearestName } from '../schema.ts';
import { type ConsentRow, ROW_FIELDS } from './consent-row.ts';
import type { FileRow } from './read-consent-file.ts';

type RowField = (typeof ROW_FIELDS)[number];

/** Texts of strangers. A spreadsheet takes one that begins so for a formula and runs it, so an apostrophe goes before it. */
const FREE_FIELDS: ReadonlySet<string> = new Set([
  'source',
  'evidence',
  'messageId',
  'text',
  'confirmation',
  'sender',
]);
const FORMULA = /^['=+\-@\t\r\n＝＋－＠]/;
const GUARDED = /^'['=+\-@\t\r\n＝＋－＠]/;
/** An opt-in that covers nothing. An empty cell says that it covers everything. */
const NO_PURPOSES = 'none';

function toCell(row: ConsentRow, field: RowField): string | undefined {
  const value = row[field];
  if (field === 'purposes') return row.purposes?.length === 0 ? NO_PURPOSES : row.purposes?.join(' ');
  return FREE_FIELDS.has(field) && FORMULA.test(String(value ?? ''))
    ? `'${value}`
    : (value as string | undefined);
}

function fromCell(field: RowField, cell: string): unknown {
  if (field === 'purposes') return cell === NO_PURPOSES ? [] : cell.trim().split(/\s+/);
  if (FREE_FIELDS.has(field)) return GUARDED.test(cell) ? cell.slice(1) : cell;
  return cell.trim();
}

export function consentCsvHeading(): string {
  return csvLine(ROW_FIELDS);
}

export function toCsvLine(row: ConsentRow): string {
  return csvLine(ROW_FIELDS.map((field) => toCell(row, field)));
}

function wrong(problem: string): ValidationError {
  return new ValidationError(`The consent file ${problem}.`, 'source');
}

/** Never names what stands in the file: without a heading it is a person. */
function readHeading(cells: readonly string[]): readonly RowField[] {
  const columns = cells.map((cell, index) => {
    const name = cell.trim().toLowerCase();
    const field = ROW_FIELDS.find((known) => known.toLowerCase() === name);
    if (field !== undefined) return field;
    const near = nearestName(name, ROW_FIELDS);
    const help =
      near === undefined
        ? `Known, with commas between them: ${ROW_FIELDS.join(', ')}`
        : `Did you mean "${near}"?`;
    throw wrong(`has a heading of which column ${index + 1} is not known. ${help}`);
  });
  const twice = columns.find((field, index) => columns.indexOf(field) !== index);
  if (twice !== undefined) throw wrong(`has two columns ${twice}`);
  if (!columns.includes('destination')) throw wrong('has a heading without the column destination');
  return columns;
}

function toFileRow(columns: readonly RowField[], cells: readonly string[], line: number): FileRow {
  if (cells.length !== columns.length) {
    return { line, reason: `The row has ${cells.length} fields, and the heading ${columns.length}.` };
  }
  const filled = columns.flatMap((field, index) => {
    const cell = cells[index] as string;
    return cell.trim() === '' ? [] : [[field, fromCell(field, cell)]];
  });
  return { line, value: Object.fromEntries(filled) };
}

/**
 * The rows of a CSV file under a heading that names its columns, in any order; an empty cell is a missing one.
 *
 * @throws ValidationError the heading is wrong, or the file is no CSV
 */
export async function* readCsvRows(texts: AsyncIterable<string>): AsyncGenerator<FileRow, void, void> {
  let columns: readonly RowField[] | undefined;
  let line = 1;
  try {
    for await (const rows of parseCsv(texts)) {
      for (const cells of rows) {
        const at = line;
        // As an editor counts: a field may have line breaks in it.
        line += 1 + cells.reduce((breaks, cell) => breaks + cell.split('\n').length - 1, 0);
        if (cells.every((cell) => cell.trim() === '')) continue;
        if (columns === undefined) columns = readHeading(cells);
        else yield toFileRow(columns, cells, at);
      }
    }
  } catch (error) {
    if (error instanceof CsvError) throw wrong(`cannot be read after line ${line}: ${error.message}`);
    throw error;
  }
  if (columns === undefined) throw wrong('is empty: it needs a heading');
}

import { fromCell } from './consent-csv.ts';
import { type ConsentRow, type ConsentRowField, findRowFlaw } from './consent-row.ts';
import type { ImportConsentOptions } from './import-options.ts';
import type { FileRow } from './read-consent-file.ts';

/** A row that can be recorded, one that cannot, or one that `row` skips. */
export type CheckedRow = { readonly row: ConsentRow } | { readonly reason: string } | 'skipped';

function normalise(value: string): string {
  return value.trim().toLowerCase();
}

/** Creates a lookup for the meaning of a value of the file, by field. */
function createMeanings({ values = {} }: ImportConsentOptions) {
  const meanings = new Map(
    Object.entries(values).map(([field, named]) => [
      field,
      new Map(Object.entries(named).map(([value, meaning]) => [normalise(value), meaning])),
    ]),
  );
  return (field: ConsentRowField, value: unknown): string | undefined =>
    value === undefined || typeof value === 'object'
      ? undefined
      : meanings.get(field)?.get(normalise(String(value)));
}

/** Creates a function that turns a row of the file into a `ConsentRow` and checks it. */
export function createRowCheck(options: ImportConsentOptions): (row: FileRow) => CheckedRow {
  const meaningOf = createMeanings(options);
  const named = Object.keys(options.values ?? {}) as readonly ConsentRowField[];
  const isCsv = options.format === 'csv';

  function translate(value: unknown): unknown {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    const cells = value as Readonly<Record<string, unknown>>;
    const translated = new Map<string, unknown>();
    // An empty cell may have a meaning in `values`.
    for (const field of new Set([...named, ...Object.keys(cells)]) as Set<ConsentRowField>) {
      const cell = cells[field];
      const meaning = meaningOf(field, cell ?? '');
      if (meaning !== undefined) translated.set(field, isCsv ? fromCell(field, meaning) : meaning);
      else if (cell !== undefined) translated.set(field, isCsv ? fromCell(field, String(cell)) : cell);
    }
    return Object.fromEntries(translated);
  }

  return (row) => {
    if ('reason' in row) return row;
    const isObject = typeof row.value === 'object' && row.value !== null;
    const isOwn = options.row !== undefined && isObject;
    const value = isOwn
      ? options.row?.(row.value as Readonly<Record<string, unknown>>, row.line)
      : translate(row.value);
    if (isOwn && value === undefined) return 'skipped';
    const reason = findRowFlaw(value);
    return reason === undefined ? { row: value as ConsentRow } : { reason: withHelp(reason, options) };
  };
}

/** An unknown value is most often one that `values` should name. */
function withHelp(reason: string, { row }: ImportConsentOptions): string {
  const isValue = row === undefined && /^(?:state|scope|purposes\[\d+\]) must be one of/.test(reason);
  return isValue ? `${reason} Map the values of the file in \`values\`.` : reason;
}

import { parseEntry, type StoredEntry } from '../consent/stored-entry.ts';
import { StoreError } from '../errors.ts';

function unreadable(): StoreError {
  return new StoreError(
    'The consent ledger on PostgreSQL holds a row that is not an entry. Nothing was read.',
  );
}

function columnOf(row: unknown, column: string): unknown {
  return (row as Readonly<Record<string, unknown>> | null | undefined)?.[column];
}

/** Reads a column, which every driver must return as text. */
export function readText(row: unknown, column: string): string {
  const value = columnOf(row, column);
  if (typeof value !== 'string') throw unreadable();
  return value;
}

/** Reads the entry of a row. */
export function readEntry(row: unknown): StoredEntry {
  const entry = parseEntry(columnOf(row, 'entry'));
  if (entry === undefined) throw unreadable();
  return entry;
}

/** Like {@link readEntry}, for a row that may have no entry. */
export function readEntryIfAny(row: unknown): StoredEntry | undefined {
  return columnOf(row, 'entry') === null ? undefined : readEntry(row);
}

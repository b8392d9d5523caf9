import { AbortedError, StoreError, ValidationError } from '../errors.ts';
import { normalisePhones } from '../phone/normalise-phones.ts';
import {
  anything,
  type Fields,
  findFlaw,
  flag,
  having,
  integer,
  oneOf,
  pattern,
  shape,
  shapeWith,
} from '../schema.ts';
import type { Clock } from '../types.ts';
import { readCsvRows } from './consent-csv.ts';
import type { ConsentChange, ConsentLedger } from './consent-ledger.ts';
import {
  type ConsentRow,
  type ConsentRowDefaults,
  defaultsFields,
  findRowFlaw,
  numberOf,
  toChange,
} from './consent-row.ts';
import { type ConsentFile, type FileRow, readJsonLines, readTexts } from './read-consent-file.ts';

/** Options of {@link importConsent}. */
export interface ImportConsentOptions {
  /** `csv` with a heading, or one JSON object a line. */
  readonly format: 'csv' | 'jsonl';
  /** Looks at every row and records none. @default false */
  readonly dryRun?: boolean | undefined;
  /** Country of national numbers, ISO 3166-1 alpha-2. A row may name its own. @default none: they are bad rows */
  readonly country?: string | undefined;
  /** What rows that leave it out have in common. @default none: such rows are bad */
  readonly defaults?: ConsentRowDefaults | undefined;
  /** Passes over the lines before this one, to go on after a failure. @default 1 */
  readonly fromLine?: number | undefined;
  /** Ends the import between two batches of 1,000 rows. */
  readonly signal?: AbortSignal | undefined;
  /** Where the time comes from: a choice in the future is a bad row. @default the system's */
  readonly clock?: Clock | undefined;
}

/** A row that was not recorded. */
export interface BadConsentRow {
  /** As an editor counts, the heading of a CSV file included. */
  readonly line: number;
  /** What is wrong. Never holds a number, a text, or anything else that stands in the file. */
  readonly reason: string;
}

/** What came of an import. */
export interface ConsentImport {
  /** Rows looked at, good and bad. */
  readonly rows: number;
  /** Rows that the ledger took, among them those whose `messageId` it had already; 0 in a dry run. */
  readonly recorded: number;
  /** Rows that were left out. */
  readonly bad: number;
  /** The first 100 of them. */
  readonly badRows: readonly BadConsentRow[];
}

const fields: Fields<ImportConsentOptions> = {
  format: oneOf(['csv', 'jsonl']),
  dryRun: flag(),
  country: pattern(/^[A-Za-z]{2}$/, 'an ISO 3166-1 alpha-2 code'),
  defaults: shape(defaultsFields, 'an object { state, scope, source, at }'),
  fromLine: integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  signal: having(['addEventListener'], 'an AbortSignal'),
  clock: having(['now'], 'a clock'),
};
const inputSchema = shapeWith(['ledger', 'source', 'options'], {
  ledger: having(['append'], 'a ConsentLedger'),
  source: anything(),
  options: shapeWith(['format'], fields, 'an object { format, … }'),
});

/** One statement of a ledger; beyond 500 the numbers do not push others out of the cache. */
const BATCH_ROWS = 1_000;
const MAX_BAD_ROWS = 100;

async function* inBatches(rows: AsyncIterable<FileRow>): AsyncGenerator<readonly FileRow[], void, void> {
  let batch: FileRow[] = [];
  for await (const row of rows) {
    batch.push(row);
    if (batch.length < BATCH_ROWS) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** A row that fits, or why it is none. */
function checkRow(row: FileRow): { readonly row: ConsentRow } | { readonly reason: string } {
  if ('reason' in row) return row;
  const reason = findRowFlaw(row.value);
  return reason === undefined ? { row: row.value as ConsentRow } : { reason };
}

async function readBatch(
  batch: readonly FileRow[],
  { country, defaults = {} }: ImportConsentOptions,
  now: number,
): Promise<{ readonly changes: readonly ConsentChange[]; readonly bad: readonly BadConsentRow[] }> {
  const checked = batch.map(checkRow);
  const numbers = checked.map((found) => ('row' in found ? numberOf(found.row, country) : undefined));
  const phones = await normalisePhones(numbers.map((number) => number ?? { raw: '' }));
  const changes: ConsentChange[] = [];
  const bad: BadConsentRow[] = [];
  for (const [index, found] of checked.entries()) {
    const phone = numbers[index] === undefined ? undefined : phones[index];
    const read = 'reason' in found ? found : toChange(found.row, phone, defaults, now);
    if ('change' in read) changes.push(read.change);
    else bad.push({ line: (batch[index] as FileRow).line, reason: read.reason });
  }
  return { changes, bad };
}

function goOnFrom(line: number): string {
  return `The good rows before line ${line} are recorded: go on with fromLine: ${line}.`;
}

async function record(
  ledger: Pick<ConsentLedger, 'append'>,
  changes: readonly ConsentChange[],
  line: number,
): Promise<void> {
  try {
    await ledger.append(changes);
  } catch (error) {
    const why = StoreError.isInstance(error) ? ` ${error.message}` : '';
    throw new StoreError(`The consent ledger failed during the import.${why} ${goOnFrom(line)}`);
  }
}

/**
 * Records the consent of a file: people who signed up or opted out elsewhere, or what {@link exportConsent} wrote. A bad
 * row is left out and reported by its line; it stops no other. Rows without a `messageId` are recorded again when the same
 * file is imported again, which changes nobody's state but is in their history.
 *
 * The file is never held as a whole. Rows are recorded 1,000 at a time, in their order.
 *
 * After an error in the middle the message says from which line to go on.
 *
 * @throws ValidationError an option, the heading or the encoding is wrong, or the stream broke off
 * @throws StoreError the ledger failed
 * @throws AbortedError `signal` fired
 * @example
 * ```ts
 * const options = { format: 'csv', country: 'SG', defaults: { state: 'opted-out', source: 'old-provider' } } as const;
 * const trial = await importConsent(ledger, createReadStream('opt-outs.csv'), { ...options, dryRun: true });
 * console.log(trial.rows, trial.bad, trial.badRows); // [{ line: 17, reason: 'at is missing.' }]
 * ```
 */
export async function importConsent(
  ledger: Pick<ConsentLedger, 'append'>,
  source: ConsentFile,
  options: ImportConsentOptions,
): Promise<ConsentImport> {
  const flaw = findFlaw(inputSchema, { ledger, source, options });
  if (flaw !== undefined) throw new ValidationError(`importConsent: ${flaw.message}`, flaw.path);
  const { format, dryRun = false, fromLine = 1, clock = Date } = options;
  const signal = options.signal ?? new AbortController().signal;
  const badRows: BadConsentRow[] = [];
  let [rows, recorded, bad] = [0, 0, 0];
  let nextLine = fromLine;
  const texts = readTexts(source, signal);
  try {
    for await (const batch of inBatches(format === 'csv' ? readCsvRows(texts) : readJsonLines(texts))) {
      signal.throwIfAborted();
      const due = batch.filter(({ line }) => line >= fromLine);
      const read = await readBatch(due, options, clock.now());
      if (!dryRun && read.changes.length > 0) {
        await record(ledger, read.changes, (due[0] as FileRow).line);
        recorded += read.changes.length;
      }
      rows += due.length;
      bad += read.bad.length;
      badRows.push(...read.bad.slice(0, MAX_BAD_ROWS - badRows.length));
      nextLine = Math.max(nextLine, (batch.at(-1) as FileRow).line + 1);
    }
  } catch (error) {
    const done = recorded === 0 ? 'Nothing was recorded.' : goOnFrom(nextLine);
    if (signal.aborted && !StoreError.isInstance(error)) {
      throw new AbortedError({ message: `importConsent was aborted. ${done}`, submission: 'not-submitted' });
    }
    if (!ValidationError.isInstance(error)) throw error;
    throw new ValidationError(`${error.message} ${done}`, error.path);
  }
  return { rows, recorded, bad, badRows };
}

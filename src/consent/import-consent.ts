import { AbortedError, StoreError, ValidationError } from '../errors.ts';
import { maskNumber } from '../internal/redact.ts';
import { createReportError, type ReportError } from '../internal/user-code.ts';
import { normalisePhones } from '../phone/normalise-phones.ts';
import { validate } from '../schema.ts';
import { INBOUND_PORT, type InboundPort } from '../webhooks/inbound-port.ts';
import { type CheckedRow, createRowCheck } from './check-row.ts';
import { type CsvLayout, readCsvRows } from './consent-csv.ts';
import type { ConsentChange, ConsentLedger } from './consent-ledger.ts';
import { type ConsentRowField, numberOf, ROW_FIELDS, type RowReading, toChange } from './consent-row.ts';
import { createTimeReader } from './file-time.ts';
import { type ConsentImportProgress, type ImportConsentOptions, importSchema } from './import-options.ts';
import { settleTies } from './import-ties.ts';
import { keepWider } from './keep-wider.ts';
import { type ConsentFile, type FileRow, readJsonLines, readTexts } from './read-consent-file.ts';

/** A row that was not recorded. */
export interface BadConsentRow {
  /** As an editor counts, the heading of a CSV file included. */
  readonly line: number;
  /** The reason. Never holds a number, a text, or anything else from the file. */
  readonly reason: string;
}

/** A row as it was read, without people's texts. */
export interface ConsentRowPreview {
  /** As an editor counts. */
  readonly line: number;
  /** Masked phone number. */
  readonly destination: string;
  /** Choice, or `requested`. */
  readonly state: ConsentChange['state'];
  /** Scope, with its default filled in. */
  readonly scope: ConsentChange['scope'];
  /** Source, with `defaults` applied. */
  readonly source: string;
  /** ISO 8601 in UTC: the time from which the choice counts. */
  readonly at: string;
  /** The other fields that the row fills. */
  readonly alsoFilled: readonly ConsentRowField[];
}

/** The result of an import. */
export interface ConsentImport {
  /** Rows read, good, bad and skipped. */
  readonly rows: number;
  /** Rows that the ledger took, among them those whose `messageId` it had already; 0 in a dry run. */
  readonly recorded: number;
  /** Rows that were left out because something is wrong with them. */
  readonly bad: number;
  /** The first 100 of them. */
  readonly badRows: readonly BadConsentRow[];
  /** Rows for which `row` gave `undefined`. */
  readonly skipped: number;
  /** The first 10 good rows of a dry run as they were read; empty otherwise. */
  readonly preview: readonly ConsentRowPreview[];
  /** Separator of a CSV file. */
  readonly delimiter?: string;
  /** The field of each column of a CSV file; `undefined` for one that was not read. */
  readonly columns?: readonly (ConsentRowField | undefined)[];
}

/** Target of an import. Without `get`, an opt-out wins over an opt-in with the same time, or over a narrower opt-out, only within a batch. */
export type ImportLedger = Pick<ConsentLedger, 'append'> & Partial<Pick<ConsentLedger, 'get' | 'history'>>;

/** One statement of a ledger; beyond 500 the numbers do not push others out of the cache. */
const BATCH_ROWS = 1_000;
const MAX_BAD_ROWS = 100;
const MAX_PREVIEW_ROWS = 10;

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

function toPreview({ key, ...change }: ConsentChange, line: number): ConsentRowPreview {
  const { state, scope, source, at } = change;
  const shown = ['state', 'scope', 'source', 'at'];
  return {
    line,
    destination: key.startsWith('#') ? '#…' : maskNumber(key),
    state,
    scope,
    source: source.slice(0, 100),
    at: new Date(at).toISOString(),
    alsoFilled: ROW_FIELDS.filter((field) => field in change && !shown.includes(field)),
  };
}

interface ReadBatch {
  readonly changes: readonly { readonly change: ConsentChange; readonly line: number }[];
  readonly bad: readonly BadConsentRow[];
  readonly skipped: number;
}

async function readBatch(
  batch: readonly FileRow[],
  check: (row: FileRow) => CheckedRow,
  { country, bareDigits }: Pick<ImportConsentOptions, 'country' | 'bareDigits'>,
  reading: RowReading,
): Promise<ReadBatch> {
  const checked = batch.map(check);
  const numbers = checked.map((found) =>
    found !== 'skipped' && 'row' in found ? numberOf(found.row, country) : undefined,
  );
  const phones = await normalisePhones(
    numbers.map((number) => (number === undefined ? { raw: '' } : { ...number, bareDigits })),
  );
  const changes: { readonly change: ConsentChange; readonly line: number }[] = [];
  const bad: BadConsentRow[] = [];
  for (const [index, found] of checked.entries()) {
    if (found === 'skipped') continue;
    const { line } = batch[index] as FileRow;
    const phone = numbers[index] === undefined ? undefined : phones[index];
    const read = 'reason' in found ? found : toChange(found.row, phone, reading);
    if ('change' in read) changes.push({ change: read.change, line });
    else bad.push({ line, reason: read.reason });
  }
  return { changes, bad, skipped: checked.filter((found) => found === 'skipped').length };
}

function resumeHint(line: number): string {
  return `The good rows before line ${line} are recorded: resume with fromLine: ${line}.`;
}

async function record(
  ledger: ImportLedger,
  changes: readonly ConsentChange[],
  line: number,
  reportError: ReportError,
): Promise<void> {
  try {
    await ledger.append(await keepWider(ledger, await settleTies(ledger, changes)));
  } catch (error) {
    reportError(error, 'importConsent.ledger');
    const why = StoreError.isInstance(error) ? ` ${error.message}` : '';
    throw new StoreError(`The consent ledger failed during the import.${why} ${resumeHint(line)}`);
  }
}

async function cancelScheduled(
  port: InboundPort,
  changes: readonly ConsentChange[],
  line: number,
  signal: AbortSignal,
): Promise<void> {
  try {
    await port.cancelScheduled(changes, signal);
  } catch (error) {
    if (!StoreError.isInstance(error)) throw error;
    throw new StoreError(
      `Messages that are scheduled for people in the file may still be sent: the limit store failed, or another call has begun to cancel them and did not finish. ${resumeHint(line)} Wait a minute first.`,
    );
  }
}

/**
 * Records the consent of a file: of people who signed up or opted out elsewhere, or written by {@link exportConsent}. It
 * reads what Excel, Google Sheets and other systems write: any common separator, headings and values of their own
 * (`columns`, `values`, or `row`), UTF-8, UTF-16 and Windows-1252, dates without a time zone or a time of day.
 *
 * A bad row is left out and reported by its line; it stops no other. Of one person's opt-in and opt-out with the same time,
 * or of the same day, the opt-out wins. Rows without a `messageId` are recorded again when the same file is imported again,
 * which changes nobody's state but is in their history.
 *
 * The file is never held as a whole. Rows are recorded 1,000 at a time, in their order. After an error in the middle the
 * message says from which line to resume.
 *
 * @throws ValidationError an option, the heading or the encoding is wrong, or the stream broke off
 * @throws StoreError the ledger failed
 * @throws AbortedError `signal` fired
 * @example
 * ```ts
 * const options = {
 *   format: 'csv',
 *   country: 'SG',
 *   columns: { destination: 'Phone', state: 'Opted in', at: 'When' },
 *   values: { state: { yes: 'opted-in', no: 'opted-out' } },
 *   timeZone: 'Asia/Singapore',
 *   defaults: { source: 'old-provider' },
 * } as const;
 * const trial = await importConsent(ledger, createReadStream('customers.csv'), { ...options, dryRun: true });
 * console.log(trial.preview, trial.bad, trial.badRows); // [{ line: 17, reason: 'at is missing.' }]
 * ```
 */
export async function importConsent(
  ledger: ImportLedger,
  source: ConsentFile,
  options: ImportConsentOptions,
): Promise<ConsentImport> {
  const flaw = validate(importSchema, { ledger, source, options });
  if (flaw !== undefined) throw new ValidationError(`importConsent: ${flaw.message}`, flaw.path);
  const { format, dryRun = false, fromLine = 1, clock = Date, defaults = {} } = options;
  const signal = options.signal ?? new AbortController().signal;
  const port = (options.client as { readonly [INBOUND_PORT]?: InboundPort } | undefined)?.[INBOUND_PORT];
  const reportError = createReportError(options.onError);
  const check = createRowCheck(options);
  const readTime = createTimeReader(options);
  const badRows: BadConsentRow[] = [];
  const preview: ConsentRowPreview[] = [];
  let progress: ConsentImportProgress = { line: fromLine - 1, rows: 0, recorded: 0, bad: 0, skipped: 0 };
  let layout: CsvLayout | undefined;

  const texts = readTexts(source, { encoding: options.encoding ?? 'utf-8', signal, reportError });
  const csv = { columns: options.columns, delimiter: options.delimiter, isRaw: options.row !== undefined };
  const rows =
    format === 'csv'
      ? readCsvRows(texts, csv, (found) => {
          layout = found;
        })
      : readJsonLines(texts);
  try {
    for await (const batch of inBatches(rows)) {
      signal.throwIfAborted();
      const due = batch.filter(({ line }) => line >= fromLine);
      const read = await readBatch(due, check, options, { defaults, readTime, now: clock.now() });
      const changes = read.changes.map(({ change }) => change);
      if (!dryRun && changes.length > 0) {
        await record(ledger, changes, (due[0] as FileRow).line, reportError);
        if (port !== undefined) await cancelScheduled(port, changes, (due[0] as FileRow).line, signal);
      }
      if (dryRun) {
        const missing = MAX_PREVIEW_ROWS - preview.length;
        preview.push(...read.changes.slice(0, missing).map(({ change, line }) => toPreview(change, line)));
      }
      badRows.push(...read.bad.slice(0, MAX_BAD_ROWS - badRows.length));
      progress = {
        line: Math.max(progress.line, (batch.at(-1) as FileRow).line),
        rows: progress.rows + due.length,
        recorded: progress.recorded + (dryRun ? 0 : changes.length),
        bad: progress.bad + read.bad.length,
        skipped: progress.skipped + read.skipped,
      };
      options.onProgress?.(progress);
    }
  } catch (error) {
    const done = progress.recorded === 0 ? 'Nothing was recorded.' : resumeHint(progress.line + 1);
    if (signal.aborted && !StoreError.isInstance(error)) {
      throw new AbortedError({ message: `importConsent was aborted. ${done}`, submission: 'not-submitted' });
    }
    if (!ValidationError.isInstance(error)) throw error;
    throw new ValidationError(`${error.message} ${done}`, error.path);
  }
  const { line: _line, ...counts } = progress;
  return { ...counts, badRows, preview, ...layout };
}

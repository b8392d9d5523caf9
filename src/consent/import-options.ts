import type { SmsClient } from '../client.ts';
import type { ErrorListener } from '../internal/user-code.ts';
import { BARE_DIGITS, type BareDigits } from '../phone/readings.ts';
import {
  anyFunction,
  boolean,
  type Field,
  type Fields,
  integer,
  list,
  object,
  objectWith,
  oneOf,
  pattern,
  refine,
  switchOn,
  text,
  unknown,
  withMethods,
  word,
} from '../schema.ts';
import type { Clock } from '../types.ts';
import { INBOUND_PORT } from '../webhooks/inbound-port.ts';
import {
  type ConsentRow,
  type ConsentRowDefaults,
  type ConsentRowField,
  defaultsFields,
  ROW_FIELDS,
} from './consent-row.ts';
import { FILE_ENCODINGS, type FileEncoding } from './decode-file.ts';

/**
 * Columns of a CSV file: the heading of each field, or, for a file without a heading, the fields by position (`undefined` for a
 * column that is not read).
 */
export type ConsentColumns =
  | { readonly [Name in ConsentRowField]?: string }
  | readonly (ConsentRowField | undefined)[];

/** Meaning of the file's values, by field: `{ state: { yes: 'opted-in', no: 'opted-out' } }`. */
export type ConsentValues = { readonly [Name in ConsentRowField]?: Readonly<Record<string, string>> };

/** Options of {@link importConsent}. */
export interface ImportConsentOptions {
  /** `csv` (any common separator), or one JSON object per line. */
  readonly format: 'csv' | 'jsonl';
  /** Reads every row and records none. @default false */
  readonly dryRun?: boolean | undefined;
  /**
   * Client that cancels scheduled messages of people who opt out; its consent guard has the same ledger. The hook `onOptOut` is
   * called for people whose messages could not be cancelled. @default none: scheduled messages are sent
   */
  readonly client?: SmsClient | undefined;
  /** Country of national numbers, ISO 3166-1 alpha-2. A row may name its own. @default none: they are bad rows */
  readonly country?: string | undefined;
  /** How digits without a plus or a leading zero are read, as in the client's option of that name. @default as there */
  readonly bareDigits?: BareDigits | undefined;
  /** Values for rows that leave a field out. @default none: such rows are bad */
  readonly defaults?: ConsentRowDefaults | undefined;
  /**
   * Columns of a CSV file whose headings are not the names of the fields. Case and outer spaces are ignored. Columns
   * that are not named are not read; the result lists the field of each column. @default the headings name the fields
   *
   * @example columns: { destination: 'Phone', state: 'Opted in', at: 'When' }
   * @example columns: ['destination', undefined, 'state'] // a file without a heading
   */
  readonly columns?: ConsentColumns | undefined;
  /**
   * Meaning of the file's values. Case and outer spaces are ignored; `''` is an empty cell. Other values are read unchanged.
   * @default none
   */
  readonly values?: ConsentValues | undefined;
  /**
   * Builds a row from the cells (by heading, as written) or from the JSON object of a line, instead of `columns` and `values`.
   * Return `undefined` to skip the row. An exception ends the import. @default none
   */
  readonly row?:
    | ((cells: Readonly<Record<string, unknown>>, line: number) => ConsentRow | undefined)
    | undefined;
  /** Separator of a CSV file, one character. @default found in the heading: `,`, `;`, tab or `|`, or Excel's `sep=` line */
  readonly delimiter?: string | undefined;
  /** Encoding of the file. A byte order mark takes precedence. @default 'utf-8' */
  readonly encoding?: FileEncoding | undefined;
  /** IANA time zone of dates without an offset, such as `Asia/Singapore`. @default none: they are bad rows */
  readonly timeZone?: string | undefined;
  /** Order of dates such as 1/7/2026. @default none: they are bad rows */
  readonly dateOrder?: 'day-first' | 'month-first' | undefined;
  /** Skips the lines before this one, to resume after a failure. @default 1 */
  readonly fromLine?: number | undefined;
  /** Called after each batch of 1,000 rows. An exception ends the import. @default none */
  readonly onProgress?: ((progress: ConsentImportProgress) => void) | undefined;
  /** Receives the ledger's own exception, which the `StoreError` does not show. @default as `onError` of `SmsClient` */
  readonly onError?: ErrorListener | undefined;
  /** Ends the import between two batches of 1,000 rows. @default none */
  readonly signal?: AbortSignal | undefined;
  /** Source of the current time: a choice in the future is a bad row. @default the system clock */
  readonly clock?: Clock | undefined;
}

/** Progress of an import. */
export interface ConsentImportProgress {
  /** The last line that was read, as an editor counts. */
  readonly line: number;
  /** Rows read so far, good, bad and skipped. */
  readonly rows: number;
  /** Rows that the ledger has; 0 in a dry run. */
  readonly recorded: number;
  /** Rows that were left out because they are invalid. */
  readonly bad: number;
  /** Rows for which `row` returned `undefined`. */
  readonly skipped: number;
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

function everyField(field: Field): Record<ConsentRowField, Field> {
  return Object.fromEntries(ROW_FIELDS.map((name) => [name, field])) as Record<ConsentRowField, Field>;
}

const MAX_NAMED = 1_000;
const headings = object(everyField(text({ max: 1_000 })), 'headings by field, or an array of fields');
const positions = refine<readonly (string | undefined)[]>(
  list(unknown(), { min: 1, max: MAX_NAMED }),
  (names) => {
    const fields = names.filter((name) => name !== undefined);
    const isKnown = fields.every((name) => (ROW_FIELDS as readonly string[]).includes(name));
    return isKnown && new Set(fields).size === fields.length && fields.includes('destination');
  },
  `must be an array of different fields that includes destination (${ROW_FIELDS.join(', ')}).`,
);
const meanings = refine<Readonly<Record<string, unknown>>>(
  unknown(),
  (values) =>
    typeof values === 'object' &&
    values !== null &&
    Object.keys(values).length <= MAX_NAMED &&
    Object.values(values).every((value) => typeof value === 'string'),
  `must be an object of at most ${MAX_NAMED} strings, by the value of the file.`,
);

const fields: Fields<ImportConsentOptions> = {
  format: oneOf(['csv', 'jsonl']),
  dryRun: boolean(),
  client: refine<object>(
    unknown(),
    (client) => INBOUND_PORT in Object(client),
    'must be an SmsClient: new SmsClient(…), of this version of 8x8-sms-guard.',
  ),
  country: pattern(/^[A-Za-z]{2}$/, 'an ISO 3166-1 alpha-2 code'),
  bareDigits: oneOf(BARE_DIGITS),
  defaults: object(defaultsFields, 'an object { state, scope, source, at }'),
  columns: switchOn(Array.isArray, positions, headings),
  values: object(everyField(meanings), 'an object of values by field'),
  row: anyFunction(),
  delimiter: word((value) => /^[^"\r\n]$/.test(value), 'one character, and neither a quote nor a line break'),
  encoding: oneOf(FILE_ENCODINGS),
  timeZone: word(isTimeZone, 'an IANA time zone such as "Asia/Singapore"'),
  dateOrder: oneOf(['day-first', 'month-first']),
  fromLine: integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  onProgress: anyFunction(),
  onError: anyFunction(),
  signal: withMethods(['addEventListener'], 'an AbortSignal'),
  clock: withMethods(['now'], 'a clock'),
};
const optionsField = refine<ImportConsentOptions>(
  objectWith(['format'], fields, 'an object { format, … }'),
  ({ row, columns, values }) => row === undefined || (columns === undefined && values === undefined),
  'takes row, or columns and values, not both.',
);

/** Schema of the arguments of {@link importConsent}. */
export const importSchema = objectWith(['ledger', 'source', 'options'], {
  ledger: withMethods(['append'], 'a ConsentLedger'),
  source: unknown(),
  options: optionsField,
});

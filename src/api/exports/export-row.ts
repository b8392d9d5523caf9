import { readDateTime } from '../../internal/date-time.ts';
import type { MessageDirection, MessageState, MessageStatusDetail } from '../message-details.ts';
import { present } from '../parse-response.ts';

/**
 * One message of an export, with the names of `messages.get`. Empty cells are absent; times are ISO 8601 in UTC.
 * Numbers and texts are complete if 8x8 shows them to your account: treat them as personal data.
 */
export interface ExportRow {
  readonly umid: string;
  readonly subAccountId?: string;
  readonly direction?: MessageDirection;
  /** ISO 3166-1 alpha-2. */
  readonly country?: string;
  readonly operator?: string;
  /** Mobile country code; a string, because it may begin with 0. */
  readonly mcc?: string;
  /** Mobile network code; a string, because it may begin with 0. */
  readonly mnc?: string;
  readonly status: {
    readonly state?: MessageState;
    readonly detail?: MessageStatusDetail;
    readonly errorCode?: number;
    readonly errorMessage?: string;
    readonly timestamp?: string;
  };
  readonly msisdn?: string;
  readonly source?: string;
  readonly encoding?: 'GSM7' | 'GSM8' | 'UCS2' | (string & {});
  readonly createdAt?: string;
  /** Number of parts. */
  readonly smsCount?: number;
  readonly price: { readonly total?: number; readonly perSms?: number; readonly currency?: string };
  readonly clientMessageId?: string;
  readonly clientBatchId?: string;
  readonly batchId?: string;
  readonly body?: string;
  /** Columns that this version does not know, and values that do not fit their column, by column name. */
  readonly extra?: Readonly<Record<string, string>>;
}

type Cells = Map<string, string>;

const DIRECTIONS: Readonly<Record<string, MessageDirection>> = { '1': 'outbound', '0': 'inbound' };

/** Removes a cell, so that only unknown ones remain at the end; returns undefined for an empty cell. */
function takeText(cells: Cells, column: string): string | undefined {
  const value = cells.get(column);
  cells.delete(column);
  return value === '' ? undefined : value;
}

function takeNumber(cells: Cells, column: string): number | undefined {
  const value = cells.get(column) ?? '';
  if (value !== '' && !/^-?\d+(\.\d+)?(e-?\d+)?$/i.test(value)) return undefined;
  cells.delete(column);
  return value === '' ? undefined : Number(value);
}

const TIME = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d/;

/** A time without an offset is UTC, as everywhere at 8x8. */
function takeTime(cells: Cells, column: string): string | undefined {
  const value = cells.get(column) ?? '';
  const time = TIME.test(value) ? readDateTime(value) : undefined;
  if (value !== '' && time === undefined) return undefined;
  cells.delete(column);
  return time === undefined ? undefined : new Date(time).toISOString();
}

function takeDirection(cells: Cells): MessageDirection | undefined {
  const value = takeText(cells, 'direction');
  return value === undefined ? undefined : (DIRECTIONS[value] ?? value.toLowerCase());
}

/** Reads one row; `columns` are in lower case, with one value each. */
export function toExportRow(columns: readonly string[], values: readonly string[]): ExportRow {
  const cells: Cells = new Map(columns.map((column, at) => [column, values[at] as string]));
  const row = {
    umid: takeText(cells, 'umid') ?? '',
    status: present({
      state: takeText(cells, 'status_value'),
      detail: takeText(cells, 'status_details'),
      errorCode: takeNumber(cells, 'status_errorcode'),
      errorMessage: takeText(cells, 'status_errormessage'),
      timestamp: takeTime(cells, 'status_timestamp'),
    }),
    price: present({
      total: takeNumber(cells, 'price_total'),
      perSms: takeNumber(cells, 'price_persms'),
      currency: takeText(cells, 'price_currency'),
    }),
    ...present({
      subAccountId: takeText(cells, 'subaccountid'),
      direction: takeDirection(cells),
      country: takeText(cells, 'country'),
      operator: takeText(cells, 'operator'),
      mcc: takeText(cells, 'mcc'),
      mnc: takeText(cells, 'mnc'),
      msisdn: takeText(cells, 'msisdn'),
      source: takeText(cells, 'source'),
      encoding: takeText(cells, 'encoding'),
      createdAt: takeTime(cells, 'createdat'),
      smsCount: takeNumber(cells, 'smscount'),
      clientMessageId: takeText(cells, 'clientmessageid'),
      clientBatchId: takeText(cells, 'clientbatchid'),
      batchId: takeText(cells, 'batchid'),
      body: takeText(cells, 'body'),
    }),
  };
  const extra = [...cells].filter(([, value]) => value !== '');
  return extra.length === 0 ? row : { ...row, extra: Object.fromEntries(extra) };
}

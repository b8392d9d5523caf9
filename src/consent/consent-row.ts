import { consentKey } from '../guards/consent.ts';
import type { PhoneResult } from '../phone/normalise-phone.ts';
import { PURPOSES, purposeField } from '../purposes.ts';
import {
  dateTime,
  type Fields,
  list,
  nearestName,
  objectWith,
  oneOf,
  pattern,
  text,
  validate,
} from '../schema.ts';
import type { Purpose } from '../types.ts';
import { choiceTime } from './choice-time.ts';
import type { ConsentChange } from './consent-ledger.ts';
import type { FileTime, ReadTime } from './file-time.ts';
import { senderKey } from './senders.ts';

/** Fields that the rows of a file have in common, so that they may leave them out. */
export interface ConsentRowDefaults {
  /** The choice of the people in the file. */
  readonly state?: 'opted-in' | 'opted-out' | undefined;
  /** Messages that the choice concerns. @default `marketing` for an opt-in, `all` for an opt-out */
  readonly scope?: 'all' | 'marketing' | 'sender' | undefined;
  /** Where the choices came from: `old-provider`, `paper-forms`, … */
  readonly source?: string | undefined;
  /** When the people chose; not in the future. */
  readonly at?: string | Date | undefined;
}

/** One row of a file of consent, as JSON. */
export interface ConsentRow extends Omit<ConsentRowDefaults, 'state' | 'at'> {
  /** A phone number, or `#` and 32 hexadecimal digits: the opt-out of a forgotten person. */
  readonly destination: string;
  /** ISO 3166-1 alpha-2 code of a national number. @default `country` of the import */
  readonly country?: string | undefined;
  /** Choice of the person, or `requested` for an opt-in request. @default `state` of `defaults` */
  readonly state?: ConsentChange['state'] | undefined;
  /**
   * When: ISO 8601 with an offset, or as `timeZone` and `dateOrder` allow. A day without a time counts from its beginning
   * for an opt-in and to its end for an opt-out. @default `at` of `defaults`
   */
  readonly at?: string | undefined;
  /** Purposes that an opt-in covers. @default everything in `scope` */
  readonly purposes?: readonly Purpose[] | undefined;
  /** When an opt-in request expires, written like `at`. */
  readonly expiresAt?: string | undefined;
  /** Evidence for a regulator, at most 2,000 characters. */
  readonly evidence?: string | undefined;
  /** ID of the message with which the person chose, at most 1,000 characters. The same ID is recorded once per person. */
  readonly messageId?: string | undefined;
  /** The person's text, at most 1,600 characters. */
  readonly text?: string | undefined;
  /** Token of this package on an opt-out that may be confirmed once. */
  readonly confirmation?: string | undefined;
  /** The sender ID of an opt-in request, or the sender or brand of a choice that is limited to it; at most 40 characters. */
  readonly sender?: string | undefined;
}

/** In the order of the columns of a file. */
export const ROW_FIELDS = [
  'destination',
  'country',
  'state',
  'scope',
  'purposes',
  'source',
  'at',
  'expiresAt',
  'evidence',
  'messageId',
  'text',
  'confirmation',
  'sender',
] as const satisfies readonly (keyof ConsentRow)[];

/** The name of a column or field. */
export type ConsentRowField = (typeof ROW_FIELDS)[number];

/** As `consent.grant` and `handleInbound` record them. */
const state = oneOf(['opted-in', 'opted-out', 'requested']);
const scope = oneOf(['all', 'marketing', 'sender']);
/** Read by the time reader of the file, which says what is wrong with it. */
const timeText = text({ max: 100 });
const rowFields: Fields<ConsentRow> = {
  destination: text({ max: 64 }),
  country: pattern(/^[A-Za-z]{2}$/, 'an ISO 3166-1 alpha-2 code'),
  state,
  scope,
  purposes: list(purposeField, { max: PURPOSES.length }),
  source: text({ max: 100 }),
  at: timeText,
  expiresAt: timeText,
  evidence: text({ min: 0, max: 2_000 }),
  messageId: text({ min: 0, max: 1_000 }),
  text: text({ min: 0, max: 1_600 }),
  confirmation: text({ min: 0, max: 1_000 }),
  sender: text({ max: 40 }),
};
export const defaultsFields: Fields<ConsentRowDefaults> = {
  state: oneOf(['opted-in', 'opted-out']),
  scope,
  source: text({ max: 100 }),
  at: dateTime(),
};
const rowSchema = objectWith(['destination'], rowFields, 'an object');

const FORGOTTEN = /^#[0-9a-f]{32}$/;
/** A person and the sender that a choice is about, as `exportConsent` writes them. */
const OF_SENDER = /^(\+\d{7,15})\/(.{1,40})$/;

/** The entry of a row, or the reason why there is none. The reason never holds anything from the row. */
export type ReadRow = { readonly change: ConsentChange } | { readonly reason: string };

/** Checks a row on its own. Never names an unknown field, which may be a person. */
export function findRowFlaw(row: unknown): string | undefined {
  if (typeof row === 'object' && row !== null && !Array.isArray(row)) {
    const unknown = Object.keys(row).find((name) => !(ROW_FIELDS as readonly string[]).includes(name));
    if (unknown !== undefined) {
      const near = nearestName(unknown, ROW_FIELDS);
      return `A field of the row is not known.${near === undefined ? '' : ` Did you mean "${near}"?`}`;
    }
  }
  return validate(rowSchema, row)?.message;
}

/** The phone number of a row, to be read; undefined for a forgotten person. */
export function numberOf(row: ConsentRow, country: string | undefined) {
  const raw = OF_SENDER.exec(row.destination)?.[1] ?? row.destination;
  return FORGOTTEN.test(raw) ? undefined : { raw, country: row.country ?? country };
}

/** Settings for reading the rows of one file. */
export interface RowReading {
  readonly defaults: ConsentRowDefaults;
  readonly readTime: (text: string) => ReadTime;
  readonly now: number;
}

function timeOf(row: ConsentRow, { defaults, readTime }: RowReading): ReadTime {
  if (row.at !== undefined) return readTime(row.at);
  if (defaults.at === undefined) return { reason: 'is missing.' };
  const at = new Date(defaults.at).getTime();
  return { earliest: at, latest: at };
}

/** When the choice counts from. Of a day without a time an opt-out has all of it, so it wins over an opt-in of that day. */
function countsFrom({ earliest, latest }: FileTime, isOptOut: boolean, now: number): number | undefined {
  const first = choiceTime(earliest, now);
  return first === undefined || !isOptOut ? first : Math.min(latest, Math.max(now, first));
}

function keyOf({ destination }: ConsentRow, phone: PhoneResult & { readonly ok: true }): string {
  const sender = OF_SENDER.exec(destination)?.[2];
  return sender === undefined ? consentKey(phone) : senderKey(consentKey(phone), sender);
}

/** @param phone of {@link numberOf} */
export function toChange(row: ConsentRow, phone: PhoneResult | undefined, reading: RowReading): ReadRow {
  if (phone?.ok === false) return { reason: `destination: ${phone.hint}` };
  const { defaults } = reading;
  const state = row.state ?? defaults.state;
  const source = row.source ?? defaults.source;
  if (state === undefined) return { reason: 'state is missing.' };
  if (source === undefined) return { reason: 'source is missing.' };
  const time = timeOf(row, reading);
  if ('reason' in time) return { reason: `at ${time.reason}` };
  const at = countsFrom(time, state === 'opted-out', reading.now);
  if (at === undefined) return { reason: 'at must not be in the future.' };
  const { purposes, evidence, messageId, text: words, confirmation, sender } = row;
  const common = {
    key: phone === undefined ? row.destination : keyOf(row, phone),
    scope: row.scope ?? defaults.scope ?? (state === 'opted-out' ? 'all' : 'marketing'),
    source,
    at,
    ...(purposes !== undefined && { purposes }),
    ...(evidence !== undefined && { evidence }),
    ...(messageId !== undefined && { messageId }),
    ...(words !== undefined && { text: words }),
    ...(sender !== undefined && { sender }),
  } as const;
  if (state !== 'requested') {
    if (row.expiresAt !== undefined) return { reason: 'expiresAt is for opt-in requests (requested) only.' };
    const isOfSender = common.scope === 'sender' || OF_SENDER.test(row.destination);
    if (isOfSender !== (sender !== undefined)) {
      return { reason: 'sender is for opt-in requests (requested) and for scope sender, which needs it.' };
    }
    return { change: { ...common, state, ...(confirmation !== undefined && { confirmation }) } };
  }
  if (row.expiresAt === undefined) return { reason: 'expiresAt is missing.' };
  if (confirmation !== undefined) return { reason: 'confirmation is for choices only.' };
  const expires = reading.readTime(row.expiresAt);
  if ('reason' in expires) return { reason: `expiresAt ${expires.reason}` };
  return { change: { ...common, state, expiresAt: expires.earliest } };
}

/** The row of an entry. */
export function toRow(change: ConsentChange): ConsentRow {
  const { key, at, state: chosen, ...rest } = change;
  const { expiresAt, ...same } = rest as typeof rest & { readonly expiresAt?: number };
  return {
    destination: key,
    state: chosen,
    ...same,
    at: new Date(at).toISOString(),
    ...(expiresAt !== undefined && { expiresAt: new Date(expiresAt).toISOString() }),
  };
}

import { consentKey } from '../guards/consent.ts';
import type { PhoneResult } from '../phone/normalise-phone.ts';
import { type Fields, findFlaw, list, moment, oneOf, pattern, refined, shapeWith, text } from '../schema.ts';
import type { Purpose } from '../types.ts';
import { choiceTime } from './choice-time.ts';
import type { ConsentChange } from './consent-ledger.ts';

/** What a row may leave out when the whole file has it in common. */
export interface ConsentRowDefaults {
  readonly state?: 'opted-in' | 'opted-out' | undefined;
  /** @default `marketing` for an opt-in, `all` for an opt-out */
  readonly scope?: 'all' | 'marketing' | undefined;
  /** Where the choices came from: `old-provider`, `paper-forms`, … */
  readonly source?: string | undefined;
  /** When the people chose; not in the future. */
  readonly at?: string | Date | undefined;
}

/** One row of a file of consent, as JSON. Times are ISO 8601 with an offset. */
export interface ConsentRow extends Omit<ConsentRowDefaults, 'state' | 'at'> {
  /** A phone number, or `#` and 32 hexadecimal digits: the opt-out of a forgotten person. */
  readonly destination: string;
  /** ISO 3166-1 alpha-2 code of a national number. */
  readonly country?: string | undefined;
  readonly state?: ConsentChange['state'] | undefined;
  readonly at?: string | undefined;
  readonly purposes?: readonly Purpose[] | undefined;
  readonly expiresAt?: string | undefined;
  readonly evidence?: string | undefined;
  readonly messageId?: string | undefined;
  readonly text?: string | undefined;
  readonly confirmation?: string | undefined;
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

/** Of the person's own choice: what `consent.grant` takes, and what is kept of a text. */
const state = oneOf(['opted-in', 'opted-out', 'requested']);
const scope = oneOf(['all', 'marketing']);
const isoMoment = refined<unknown>(moment(), (value) => typeof value === 'string', 'must be text.');
const rowFields: Fields<ConsentRow> = {
  destination: text({ max: 64 }),
  country: pattern(/^[A-Za-z]{2}$/, 'an ISO 3166-1 alpha-2 code'),
  state,
  scope,
  purposes: list(oneOf(['transactional', 'otp', 'marketing']), { max: 3 }),
  source: text({ max: 100 }),
  at: isoMoment,
  expiresAt: isoMoment,
  evidence: text({ min: 0, max: 2_000 }),
  messageId: text({ min: 0, max: 1_000 }),
  text: text({ min: 0, max: 1_600 }),
  confirmation: text({ min: 0, max: 1_000 }),
  sender: text({ max: 16 }),
};
export const defaultsFields: Fields<ConsentRowDefaults> = {
  state: oneOf(['opted-in', 'opted-out']),
  scope,
  source: text({ max: 100 }),
  at: moment(),
};
const rowSchema = shapeWith(['destination'], rowFields, 'an object');

const FORGOTTEN = /^#[0-9a-f]{32}$/;

/** What became of a row: an entry, or why it is none. The reason never holds what stands in the row. */
export type ReadRow = { readonly change: ConsentChange } | { readonly reason: string };

/** What is wrong with a row by itself. */
export function findRowFlaw(row: unknown): string | undefined {
  return findFlaw(rowSchema, row)?.message;
}

/** What the number of a row must be read for, if it has one. */
export function numberOf(row: ConsentRow, country: string | undefined) {
  return FORGOTTEN.test(row.destination)
    ? undefined
    : { raw: row.destination, country: row.country ?? country };
}

function withDefaults(row: ConsentRow, defaults: ConsentRowDefaults) {
  const at = row.at ?? defaults.at;
  const chosen = row.state ?? defaults.state;
  return {
    state: chosen,
    scope: row.scope ?? defaults.scope ?? (chosen === 'opted-out' ? 'all' : 'marketing'),
    source: row.source ?? defaults.source,
    at: at === undefined ? undefined : new Date(at).getTime(),
  } as const;
}

/** @param phone of {@link numberOf} */
export function toChange(
  row: ConsentRow,
  phone: PhoneResult | undefined,
  defaults: ConsentRowDefaults,
  now: number,
): ReadRow {
  if (phone?.ok === false) return { reason: `destination: ${phone.hint}` };
  const { state: chosen, scope: covered, source, at } = withDefaults(row, defaults);
  if (chosen === undefined) return { reason: 'state is missing.' };
  if (source === undefined) return { reason: 'source is missing.' };
  if (at === undefined) return { reason: 'at is missing.' };
  const chosenAt = choiceTime(at, now);
  if (chosenAt === undefined) return { reason: 'at must not be in the future.' };
  const { expiresAt, purposes, evidence, messageId, text: words, confirmation, sender } = row;
  const key = phone === undefined ? row.destination : consentKey(phone);
  const common = {
    key,
    scope: covered,
    source,
    at: chosenAt,
    ...(purposes !== undefined && { purposes }),
    ...(evidence !== undefined && { evidence }),
    ...(messageId !== undefined && { messageId }),
    ...(words !== undefined && { text: words }),
  };
  if (chosen !== 'requested') {
    if (expiresAt !== undefined) return { reason: 'expiresAt is for opt-in requests (requested) only.' };
    if (sender !== undefined) return { reason: 'sender is for opt-in requests (requested) only.' };
    return { change: { ...common, state: chosen, ...(confirmation !== undefined && { confirmation }) } };
  }
  if (expiresAt === undefined) return { reason: 'expiresAt is missing.' };
  if (confirmation !== undefined) return { reason: 'confirmation is for choices only.' };
  const from = sender === undefined ? {} : { sender };
  return { change: { ...common, state: chosen, expiresAt: Date.parse(expiresAt), ...from } };
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

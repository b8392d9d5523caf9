import { purposesField } from '../purposes.ts';
import {
  countryCode,
  dateTime,
  type Fields,
  object,
  objectWith,
  oneOf,
  refine,
  text,
  unknown,
} from '../schema.ts';
import type { Purpose } from '../types.ts';
import type { InboundMessage } from '../webhooks/webhook-event.ts';

/** The country of a national number. */
export interface ConsentPersonQuery {
  /** ISO 3166-1 alpha-2 code. @default `defaultCountry` of the client */
  readonly country?: string | undefined;
}

/** Options of `consent.status`. */
export interface ConsentStatusQuery extends ConsentPersonQuery {
  /** Sender ID or brand: returns the choice that counts for its messages. @default the choice about all senders */
  readonly sender?: string | undefined;
}

/** Details of a reply to `requestOptIn` that did not come as a text. */
export interface ConfirmDetails extends ConsentPersonQuery {
  /** Where the reply came from: `web-form`, `support`, … At most 100 characters. @default 'double-opt-in' */
  readonly source?: string | undefined;
  /** When the person replied; at most 5 minutes in the future. @default now */
  readonly at?: string | Date | undefined;
  /** Evidence for a regulator. At most 2,000 characters. @default none */
  readonly evidence?: string | undefined;
}

/** Details of a choice. */
export interface ConsentDetails extends ConfirmDetails {
  /** Where the choice came from: `web-form`, `support`, … At most 100 characters. */
  readonly source: string;
  /** `marketing` or `all`. @default `marketing` for an opt-in, `all` for an opt-out */
  readonly scope?: 'all' | 'marketing' | undefined;
  /**
   * A sender ID or brand that the choice is limited to, instead of `scope`, with `optOutScope: 'sender'`. At most 40
   * characters. @default none: the choice is about all senders
   */
  readonly sender?: string | undefined;
  /** Purposes that an opt-in covers. @default everything in `scope` */
  readonly purposes?: readonly Purpose[] | undefined;
}

const queryFields: Fields<ConsentPersonQuery> = { country: countryCode() };
const confirmFields: Fields<ConfirmDetails> = {
  ...queryFields,
  source: text({ max: 100 }),
  at: dateTime(),
  evidence: text({ max: 2_000 }),
};
const detailFields: Fields<ConsentDetails> = {
  ...confirmFields,
  scope: oneOf(['all', 'marketing']),
  sender: text({ max: 40 }),
  purposes: purposesField,
};
export const detailsSchema = refine<ConsentDetails>(
  objectWith(['source'], detailFields, 'an object { source, … }'),
  ({ sender, scope }) => sender === undefined || scope === undefined,
  'takes scope or sender, not both.',
);
export const confirmSchema = object(confirmFields, 'an object { source, evidence, at, country }');
export const querySchema = object(queryFields, 'an object { country }');
const statusFields: Fields<ConsentStatusQuery> = { ...queryFields, sender: text({ max: 40 }) };
export const statusSchema = object(statusFields, 'an object { country, sender }');

const anyText = text({ min: 0, max: 100_000 });
/** Accepts the fields that a receiver adds. Only the fields that are read here are checked. */
const inboundFields: Fields<InboundMessage & { readonly duplicate: boolean }> = {
  type: oneOf(['inbound']),
  umid: text({ max: 1_000 }),
  source: anyText,
  destination: anyText,
  body: anyText,
  timestamp: anyText,
  subAccountId: unknown(),
  encoding: unknown(),
  smsCount: unknown(),
  price: unknown(),
  channel: unknown(),
  raw: unknown(),
  duplicate: unknown(),
};
export const inboundSchema = objectWith(
  ['umid', 'source', 'destination', 'body', 'timestamp'],
  inboundFields,
  'an inbound message',
);

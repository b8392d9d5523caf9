import { anything, type Fields, list, moment, oneOf, refined, shape, shapeWith, text } from '../schema.ts';
import type { Purpose } from '../types.ts';
import type { InboundMessage } from '../webhooks/webhook-event.ts';

/** Which country a national number is of. */
export interface ConsentPersonQuery {
  /** ISO 3166-1 alpha-2 code. @default `defaultCountry` of the client */
  readonly country?: string | undefined;
}

/** Options of `consent.status`. */
export interface ConsentStatusQuery extends ConsentPersonQuery {
  /** A sender ID or brand: what counts for messages from it. @default what counts for the person as a whole */
  readonly sender?: string | undefined;
}

/** What is recorded with an answer to `requestOptIn` that did not come as a text. */
export interface ConfirmDetails extends ConsentPersonQuery {
  /** Where it came from: `web-form`, `support`, … At most 100 characters. @default 'double-opt-in' */
  readonly source?: string | undefined;
  /** When the person answered; not in the future. @default now */
  readonly at?: string | Date | undefined;
  /** What you would show a regulator. At most 2,000 characters. */
  readonly evidence?: string | undefined;
}

/** What is recorded with a choice. */
export interface ConsentDetails extends ConfirmDetails {
  /** Where it came from: `web-form`, `support`, … At most 100 characters. */
  readonly source: string;
  /** `marketing` or `all`. @default `marketing` for an opt-in, `all` for an opt-out */
  readonly scope?: 'all' | 'marketing' | undefined;
  /**
   * A sender ID or brand that the choice is limited to, instead of `scope`, with `optOutScope: 'sender'`. At most 40
   * characters. @default none: the choice is about all senders
   */
  readonly sender?: string | undefined;
  /** What an opt-in covers. @default everything in `scope` */
  readonly purposes?: readonly Purpose[] | undefined;
}

const queryFields: Fields<ConsentPersonQuery> = { country: text({ min: 2, max: 2 }) };
const confirmFields: Fields<ConfirmDetails> = {
  ...queryFields,
  source: text({ max: 100 }),
  at: moment(),
  evidence: text({ max: 2_000 }),
};
const detailFields: Fields<ConsentDetails> = {
  ...confirmFields,
  scope: oneOf(['all', 'marketing']),
  sender: text({ max: 40 }),
  purposes: list(oneOf(['transactional', 'otp', 'marketing']), { min: 1, max: 3 }),
};
export const detailsSchema = refined<ConsentDetails>(
  shapeWith(['source'], detailFields, 'an object { source, … }'),
  ({ sender, scope }) => sender === undefined || scope === undefined,
  'takes scope or sender, not both.',
);
export const confirmSchema = shape(confirmFields, 'an object { source, evidence, at, country }');
export const querySchema = shape(queryFields, 'an object { country }');
const statusFields: Fields<ConsentStatusQuery> = { ...queryFields, sender: text({ max: 40 }) };
export const statusSchema = shape(statusFields, 'an object { country, sender }');

const anyText = text({ min: 0, max: 100_000 });
/** Also with what a receiver adds to it. Only what is read here must fit. */
const inboundFields: Fields<InboundMessage & { readonly duplicate: boolean }> = {
  type: oneOf(['inbound']),
  umid: text({ max: 1_000 }),
  source: anyText,
  destination: anyText,
  body: anyText,
  timestamp: anyText,
  subAccountId: anything(),
  encoding: anything(),
  smsCount: anything(),
  price: anything(),
  channel: anything(),
  raw: anything(),
  duplicate: anything(),
};
export const inboundSchema = shapeWith(
  ['umid', 'source', 'destination', 'body', 'timestamp'],
  inboundFields,
  'an inbound message',
);

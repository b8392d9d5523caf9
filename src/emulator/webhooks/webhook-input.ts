import { ValidationError } from '../../errors.ts';
import {
  anyFunction,
  decimal,
  type Field,
  type Fields,
  falseOr,
  integer,
  object,
  objectWith,
  text,
  validate,
} from '../../schema.ts';
import type { EmulatedReceipt } from '../message.ts';
import type { ConnectOptions } from './webhook-sender.ts';

/** A network's report on a message. */
export interface EmulatedReport {
  /** The new state: `delivered`, `undelivered`, `failed`, `rejected`, `read`, `sent`, `queued`, … */
  readonly state: EmulatedReceipt['state'];
  /** 8x8's detail of the state. @default `delivered_to_recipient` for `delivered`, otherwise none */
  readonly detail?: EmulatedReceipt['detail'] | undefined;
  /** 8x8's delivery error code, see `DELIVERY_ERROR_CODES`. @default none */
  readonly errorCode?: number | undefined;
  /** 8x8's description of the error. @default none */
  readonly errorMessage?: string | undefined;
  /** The real price of one part; `false` when nothing was charged. @default the price at acceptance */
  readonly price?: number | false | undefined;
  /** When it happened, in epoch milliseconds. @default now, on the emulator's clock */
  readonly at?: number | undefined;
}

/** Details of a text that a person sends. */
export interface EmulatedReply {
  /** Your number. @default the sender ID of the last message to that person */
  readonly to?: string | undefined;
  /** The sub-account that receives the text. @default that of the last message to that person */
  readonly subAccountId?: string | undefined;
  /** When it was written, in epoch milliseconds. @default now, on the emulator's clock */
  readonly at?: number | undefined;
  /**
   * The Messaging Apps channel through which the text arrives, for example `sms` or `whatsapp`; the webhook then has the
   * namespace `ChatApps`.
   * @default none: the text arrives through the SMS API
   */
  readonly channel?: string | undefined;
}

const name = text({ min: 0, max: 10_000 });
const at = integer({ min: 0, max: 8.64e15, unit: 'epoch milliseconds' });

const reportFields: Fields<EmulatedReport> = {
  state: text({ max: 100 }),
  detail: name,
  errorCode: integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  errorMessage: name,
  price: falseOr(decimal({ min: 0, max: 1_000_000_000 })),
  at,
};
const reportSchema = objectWith(['state'], reportFields, 'a state, or an object { state, … }');
const replyFields: Fields<EmulatedReply> = { to: name, subAccountId: name, at, channel: text({ max: 40 }) };
const replySchema = object(replyFields, 'an object { to, … }');
const bodySchema = text({ min: 0, max: 1_000_000 });
const connectFields: Fields<ConnectOptions> = { authorization: name };
const connectSchema = object(connectFields, 'an object { authorization }');
const targetSchema = anyFunction('a function that takes a Request, such as receiver.handle');

function assertFits(field: Field, value: unknown, path: string): void {
  const flaw = validate(field, value, path);
  if (flaw !== undefined) throw new ValidationError(flaw.message, flaw.path);
}

/** @throws ValidationError the report is malformed */
export function assertReport(report: EmulatedReport): void {
  assertFits(reportSchema, report, 'report');
}

/** @throws ValidationError the text or an option is malformed */
export function assertReply(body: string, options: EmulatedReply): void {
  assertFits(bodySchema, body, 'text');
  assertFits(replySchema, options, 'options');
}

/** @throws ValidationError `receive` is not a function, or an option is malformed */
export function assertConnection(receive: unknown, options: ConnectOptions): void {
  assertFits(targetSchema, receive, 'receive');
  assertFits(connectSchema, options, 'options');
}

import { ValidationError } from '../../errors.ts';
import {
  anyFunction,
  decimal,
  type Field,
  type Fields,
  falseOr,
  findFlaw,
  integer,
  shape,
  shapeWith,
  text,
} from '../../schema.ts';
import type { EmulatedReceipt } from '../message.ts';
import type { ConnectOptions } from './webhook-sender.ts';

/** What a network reports. */
export interface EmulatedReport {
  /** `delivered`, `undelivered`, `failed`, `rejected`, `read`, `sent`, `queued`, … */
  readonly state: EmulatedReceipt['state'];
  /** Default for `delivered`: `delivered_to_recipient`. */
  readonly detail?: EmulatedReceipt['detail'] | undefined;
  /** 8x8's delivery error code, 0 to 61. */
  readonly errorCode?: number | undefined;
  readonly errorMessage?: string | undefined;
  /** What one part really cost; `false`: nothing was charged. Default: the price at acceptance. */
  readonly price?: number | false | undefined;
  /** When it happened, epoch milliseconds. Default: now, on the emulator's clock. */
  readonly at?: number | undefined;
}

/** How a person writes. */
export interface EmulatedReply {
  /** Your number. Default: the sender of the last message to that person. */
  readonly to?: string | undefined;
  /** Default: that of the last message to that person. */
  readonly subAccountId?: string | undefined;
  /** When it was written, epoch milliseconds. Default: now, on the emulator's clock. */
  readonly at?: number | undefined;
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
const reportSchema = shapeWith(['state'], reportFields, 'a state, or an object { state, … }');
const replyFields: Fields<EmulatedReply> = { to: name, subAccountId: name, at };
const replySchema = shape(replyFields, 'an object { to, … }');
const bodySchema = text({ min: 0, max: 1_000_000 });
const connectFields: Fields<ConnectOptions> = { authorization: name };
const connectSchema = shape(connectFields, 'an object { authorization }');
const targetSchema = anyFunction('a function that takes a Request, such as receiver.handle');

function assertFits(field: Field, value: unknown, path: string): void {
  const flaw = findFlaw(field, value, path);
  if (flaw !== undefined) throw new ValidationError(flaw.message, flaw.path);
}

/** @throws ValidationError */
export function assertReport(report: EmulatedReport): void {
  assertFits(reportSchema, report, 'report');
}

/** @throws ValidationError */
export function assertReply(body: string, options: EmulatedReply): void {
  assertFits(bodySchema, body, 'text');
  assertFits(replySchema, options, 'options');
}

/** @throws ValidationError */
export function assertConnection(receive: unknown, options: ConnectOptions): void {
  assertFits(targetSchema, receive, 'receive');
  assertFits(connectSchema, options, 'options');
}

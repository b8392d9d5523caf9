import type { ClientContext } from '../client-context.ts';
import type { Operation } from '../transport/operation.ts';
import type { CallOptions } from '../types.ts';
import { readId } from './input.ts';
import {
  numberIn,
  optionalNumber,
  optionalText,
  parseResponse,
  present,
  type ResponseFields,
  textIn,
  toFields,
} from './parse-response.ts';

const GET: Operation = {
  name: 'messages.get',
  operationId: 'get-sms-message-details',
  product: 'sms',
  method: 'GET',
  path: '/api/v1/subaccounts/{subAccountId}/messages/{umid}',
  repeat: 'safe',
  lane: 'details',
  responseBody: 'json',
};

/** States that 8x8 documents; a new one is passed on unchanged. */
export type MessageState =
  | 'queued'
  | 'rejected'
  | 'failed'
  | 'sent'
  | 'delivered'
  | 'undelivered'
  | 'read'
  | 'unknown'
  | 'ok'
  | 'error'
  | (string & {});

/** Cause of a state, in 8x8's words; a new one is passed on unchanged. */
export type MessageStatusDetail =
  | 'delivered_to_operator'
  | 'delivered_to_recipient'
  | 'delivered_to_carrier'
  | 'rejected_by_operator'
  | 'undelivered_to_recipient'
  | (string & {});

/** State of a message. */
export interface MessageStatus {
  /** Progress of the message, in 8x8's words. */
  readonly state: MessageState;
  /** Cause of the state, in 8x8's words; absent when 8x8 gives none. */
  readonly detail?: MessageStatusDetail;
  /** 8x8's delivery error code: 0 none, 1 absent subscriber, … 61 session expired. */
  readonly errorCode?: number;
  /** 8x8's text for `errorCode`. */
  readonly errorMessage?: string;
  /** ISO 8601. */
  readonly timestamp?: string;
}

/** `outbound`: sent by you. `inbound`: sent by the person. A new value is passed on unchanged. */
export type MessageDirection = 'outbound' | 'inbound' | (string & {});

/** Price of a message. */
export interface MessagePrice {
  /** Price of all parts, in `currency`. */
  readonly total: number;
  /** Price of one part, in `currency`. */
  readonly perSms: number;
  /** ISO 4217. */
  readonly currency: string;
}

/** One message in 8x8's records. */
export interface MessageDetails {
  readonly umid: string;
  readonly subAccountId: string;
  readonly direction: MessageDirection;
  /** ISO 3166-1 alpha-2. */
  readonly country?: string;
  readonly status: MessageStatus;
  /** The person's number; masked (`+63922110xxxx`) unless 8x8 shows it to your account. */
  readonly msisdn: string;
  readonly source: string;
  /** The text; `**MASKED**` unless 8x8 shows it to your account. */
  readonly body: string;
  readonly encoding: 'GSM7' | 'GSM8' | 'UCS2' | (string & {});
  /** ISO 8601. */
  readonly createdAt: string;
  /** Number of parts. */
  readonly smsCount: number;
  /** Absent when nothing was charged. */
  readonly price?: MessagePrice;
  readonly clientMessageId?: string;
  readonly clientBatchId?: string;
  readonly batchId?: string;
}

function readStatus(fields: ResponseFields): MessageStatus {
  return {
    state: textIn(fields, 'state'),
    ...present({
      detail: optionalText(fields, 'detail'),
      errorCode: optionalNumber(fields, 'errorCode'),
      errorMessage: optionalText(fields, 'errorMessage'),
      timestamp: optionalText(fields, 'timestamp'),
    }),
  };
}

function readPrice(value: unknown): MessagePrice | undefined {
  if (value === undefined || value === null) return undefined;
  const price = toFields(value, 'price');
  return {
    total: numberIn(price, 'total'),
    perSms: numberIn(price, 'perSms'),
    currency: textIn(price, 'currency'),
  };
}

function readDetails(body: unknown): MessageDetails {
  const fields = toFields(body);
  return {
    umid: textIn(fields, 'umid'),
    subAccountId: textIn(fields, 'subAccountId'),
    direction: textIn(fields, 'direction'),
    status: readStatus(toFields(fields.status, 'status')),
    msisdn: textIn(fields, 'msisdn'),
    source: textIn(fields, 'source'),
    body: textIn(fields, 'body'),
    encoding: textIn(fields, 'encoding'),
    createdAt: textIn(fields, 'createdAt'),
    smsCount: numberIn(fields, 'smsCount'),
    ...present({
      country: optionalText(fields, 'country'),
      price: readPrice(fields.price),
      clientMessageId: optionalText(fields, 'clientMessageId'),
      clientBatchId: optionalText(fields, 'clientBatchId'),
      batchId: optionalText(fields, 'batchId'),
    }),
  };
}

export function createGetMessage({
  calls,
  transport,
  subAccountId,
}: ClientContext): (umid: string, options?: CallOptions) => Promise<MessageDetails> {
  return (umid, options) =>
    calls.run(options, async (call) => {
      const segments = { subAccountId, umid: readId(umid, 'umid') };
      const response = await transport.request({ operation: GET, segments }, call);
      return parseResponse(GET, response, readDetails);
    });
}

import type { MessagePrice, MessageStatus } from '../api/message-details.ts';
import { present } from '../api/parse-response.ts';
import {
  anyText,
  asEventFields,
  type EventFields,
  idOrEmpty,
  optionalList,
  optionalNumber,
  optionalText,
  requireId,
  requireObject,
  requirePhone,
  toEventFields,
} from './fields.ts';
import { channelOf, isMessagingApps, readAppMessage, readAppReceipt, SMS_CHANNEL } from './messaging-apps.ts';
import type {
  DeliveryReceipt,
  InboundMessage,
  ShortUrlClick,
  SurveyAnswer,
  UnknownWebhookEvent,
  WebhookEvent,
} from './webhook-event.ts';

function readStatus(fields: EventFields): MessageStatus {
  return {
    state: requireId(fields, 'state'),
    ...present({
      detail: optionalText(fields, 'detail'),
      errorCode: optionalNumber(fields, 'errorCode'),
      errorMessage: optionalText(fields, 'errorMessage'),
      timestamp: optionalText(fields, 'timestamp'),
    }),
  };
}

/** One more digit than 8x8's prices have. */
const DECIMALS = 100_000_000;

/** A total belongs to all parts. 8x8: "The `total` value is equivalent to `perSms` x `smsCount`." */
function shareOf(total: number, parts: number | undefined): number | undefined {
  return parts !== undefined && parts >= 1 ? Math.round((total / parts) * DECIMALS) / DECIMALS : undefined;
}

/** 8x8 may leave `perSms` out (price object reference). A price that stays incomplete is dropped. */
function readPrice(payload: EventFields): MessagePrice | undefined {
  const fields = asEventFields(payload.values.price, 'price');
  if (fields === undefined) return undefined;
  const total = optionalNumber(fields, 'total');
  const currency = optionalText(fields, 'currency');
  if (total === undefined || currency === undefined) return undefined;
  const perSms = optionalNumber(fields, 'perSms') ?? shareOf(total, optionalNumber(payload, 'smsCount'));
  return perSms === undefined ? undefined : { total, perSms, currency };
}

function readReceipt(payload: EventFields, raw: unknown): DeliveryReceipt {
  return {
    type: 'delivery-receipt',
    umid: requireId(payload, 'umid'),
    subAccountId: idOrEmpty(payload, 'subAccountId'),
    destination: requirePhone(payload, 'destination'),
    status: readStatus(requireObject(payload, 'status')),
    ...present({
      clientMessageId: optionalText(payload, 'clientMessageId'),
      batchId: optionalText(payload, 'batchId'),
      clientBatchId: optionalText(payload, 'clientBatchId'),
      source: optionalText(payload, 'source'),
      price: readPrice(payload),
      smsCount: optionalNumber(payload, 'smsCount'),
    }),
    raw,
  };
}

/**
 * Lenient in everything but the person: 8x8 repeats a refused message four times, and an opt-out would be lost. The receiver
 * gives an ID to a message without one.
 */
function readInbound(payload: EventFields, raw: unknown): InboundMessage {
  return {
    type: 'inbound',
    umid: idOrEmpty(payload, 'umid'),
    subAccountId: idOrEmpty(payload, 'subAccountId'),
    source: requirePhone(payload, 'source'),
    destination: idOrEmpty(payload, 'destination'),
    body: anyText(payload, 'body') ?? '',
    timestamp: idOrEmpty(payload, 'timestamp'),
    ...present({
      encoding: optionalText(payload, 'encoding'),
      smsCount: optionalNumber(payload, 'smsCount'),
      price: readPrice(payload),
    }),
    raw,
  };
}

/** Lenient in everything but the ids and the person. */
function readClick(payload: EventFields, raw: unknown): ShortUrlClick {
  return {
    type: 'short-url-click',
    eventId: requireId(payload, 'eventId'),
    occurredAt: idOrEmpty(payload, 'occurredAt'),
    umid: requireId(payload, 'umid'),
    destination: requirePhone(payload, 'destination'),
    shortUrl: optionalText(payload, 'shortUrl') ?? '',
    targetUrl: optionalText(payload, 'targetUrl') ?? '',
    raw,
  };
}

type Variables = SurveyAnswer['templateVariables'];

/** Numbers and booleans keep their type. */
function readValue(fields: EventFields, name: string): Variables[number]['value'] {
  const value = fields.values[name];
  return typeof value === 'number' || typeof value === 'boolean' ? value : anyText(fields, name);
}

/** 8x8 documents a list of names and values; a map of names to values is accepted too. */
function readVariables(body: EventFields): Variables {
  const map = asEventFields(body.values.templateVariables, 'templateVariables');
  if (map !== undefined)
    return Object.keys(map.values).map((name) => ({ name, value: readValue(map, name) }));
  return optionalList(body, 'templateVariables').map((variable) => ({
    name: anyText(variable, 'name') ?? '',
    value: readValue(variable, 'value'),
  }));
}

/** Lenient in everything but the ids: 8x8 repeats a refused answer four times and then drops it. `raw` has all of it. */
function readSurveyAnswer(body: EventFields, raw: unknown): SurveyAnswer {
  return {
    type: 'survey-answer',
    umid: requireId(body, 'umid'),
    surveyId: requireId(body, 'surveyId'),
    ...present({
      surveyStartedAt: optionalText(body, 'surveyStartedAt'),
      surveySubmittedAt: optionalText(body, 'surveySubmittedAt'),
    }),
    templateVariables: readVariables(body),
    answers: optionalList(body, 'answers').map((answer) => ({
      questionId: anyText(answer, 'questionId') ?? '',
      answerId: anyText(answer, 'answerId'),
      question: anyText(answer, 'question') ?? '',
      answer: anyText(answer, 'answer'),
    })),
    raw,
  };
}

const READERS = new Map<string, (payload: EventFields, raw: unknown) => WebhookEvent>([
  ['sms/outbound_message_status_changed', readReceipt],
  ['sms/inbound_message_received', readInbound],
  ['sms/short_url_clicked', readClick],
]);

/** Reads a text or receipt of a Messaging Apps channel; undefined for everything that does not count like SMS. */
function readMessagingApps(
  body: EventFields,
  eventType: string | undefined,
  channels: readonly string[],
  raw: unknown,
): WebhookEvent | undefined {
  const payload = asEventFields(body.values.payload, 'payload');
  const channel = payload && channelOf(payload);
  if (payload === undefined || channel === undefined) return undefined;
  switch (eventType?.toLowerCase()) {
    case 'inbound_message_received':
      return channels.includes(channel) ? readAppMessage(payload, channel, raw) : undefined;
    case 'outbound_message_status_changed': {
      if (channel !== SMS_CHANNEL) return undefined;
      const status = readStatus(requireObject(payload, 'status'));
      return readAppReceipt(payload, { status, ...present({ price: readPrice(payload) }) }, raw);
    }
    default:
      return undefined;
  }
}

/** The product of an event. One without a namespace is told by its payload: only a person of Messaging Apps is an object. */
function productOf(namespace: string | undefined, { values }: EventFields): string {
  if (namespace !== undefined) return namespace.trim();
  const payload = asEventFields(values.payload, 'payload');
  if (payload === undefined) return '';
  return 'user' in payload.values ? 'chatapps' : 'sms';
}

/**
 * Parses an event. New fields, new values and new events are accepted; a known event without a required field is not.
 *
 * @param channels Messaging Apps channels whose inbound messages count like SMS, in lower case
 * @throws WebhookError `malformed`, with the path of the field
 */
export function parseEvent(raw: unknown, channels: readonly string[] = [SMS_CHANNEL]): WebhookEvent {
  const body = toEventFields(raw, '');
  const [namespace, eventType] = [optionalText(body, 'namespace'), optionalText(body, 'eventType')];
  const [product, kind] = [productOf(namespace, body), eventType?.trim()];
  // Case-insensitive: an opt-out must not be lost over a capital letter.
  const read = READERS.get(`${product}/${kind}`.toLowerCase());
  if (read !== undefined) return read(requireObject(body, 'payload'), raw);
  const app = isMessagingApps(product) && readMessagingApps(body, kind, channels, raw);
  if (app) return app;
  // A survey answer of SMS Engage has neither namespace nor eventType.
  const isSurvey = namespace === undefined && eventType === undefined && 'surveyId' in body.values;
  if (isSurvey) return readSurveyAnswer(body, raw);
  const unknown: UnknownWebhookEvent = { type: 'unknown', ...present({ namespace, eventType }), raw };
  return unknown;
}

import { present } from '../api/parse-response.ts';
import {
  anyText,
  asEventFields,
  type EventFields,
  idOrEmpty,
  optionalText,
  requireId,
  requireObject,
  requirePhone,
} from './fields.ts';
import type { DeliveryReceipt, InboundMessage } from './webhook-event.ts';

/*
 * SMS is also a channel of 8x8's Messaging Apps: texts and receipts, also those of an SMS fallback, then have another
 * namespace and other field names. A STOP can arrive that way.
 * Source: developer.8x8.com, "Inbound Messaging Apps message", "Delivery receipts for outbound Messaging Apps".
 */

/** The channel whose texts and receipts always count. */
export const SMS_CHANNEL = 'sms';

/** 8x8's examples say `ChatApps`, its tables also `Messaging Apps`. */
const NAMESPACES = new Set(['chatapps', 'messagingapps']);

/** Whether an event belongs to Messaging Apps. */
export function isMessagingApps(namespace: string): boolean {
  return NAMESPACES.has(namespace.toLowerCase().replaceAll(' ', ''));
}

/** The channel of an event in lower case: a receipt names it itself, an inbound message in its recipient. */
export function channelOf(payload: EventFields): string | undefined {
  const recipient = asEventFields(payload.values.recipient, 'recipient');
  const channel = optionalText(payload, 'channel') ?? (recipient && optionalText(recipient, 'channel'));
  return channel?.toLowerCase();
}

/** The interactive parts of a message, with the label that the person tapped: 8x8 recommends buttons such as "Stop". */
const REPLIES = ['button_reply', 'buttonReply', 'list_reply', 'listReply'];

/** The text that the person wrote, or the label that they tapped; undefined for an image, a location and the like. */
function readBody(payload: EventFields): string | undefined {
  const content = asEventFields(payload.values.content, 'payload.content');
  if (content === undefined) return undefined;
  const interactive = asEventFields(content.values.interactive, 'payload.content.interactive');
  const tapped = REPLIES.map((name) => {
    const reply = asEventFields(interactive?.values[name], name);
    return reply && optionalText(reply, 'title');
  });
  return (
    [anyText(content, 'text'), ...tapped, optionalText(content, 'payload')].find((text) => text) ?? undefined
  );
}

/**
 * Reads an inbound message. A missing text (an image, a location) is empty, and so is everything else that says neither who
 * wrote nor what: an opt-out must not be lost over it. Undefined for a person without a number, as in LINE, and in WhatsApp
 * behind a user name: no SMS can reach them.
 */
export function readAppMessage(
  payload: EventFields,
  channel: string,
  raw: unknown,
): InboundMessage | undefined {
  const user = requireObject(payload, 'user');
  const recipient = asEventFields(payload.values.recipient, 'payload.recipient');
  if (channel !== SMS_CHANNEL && idOrEmpty(user, 'msisdn') === '') return undefined;
  return {
    type: 'inbound',
    umid: idOrEmpty(payload, 'umid'),
    subAccountId: idOrEmpty(payload, 'subAccountId'),
    source: requirePhone(user, 'msisdn'),
    destination: recipient === undefined ? '' : idOrEmpty(recipient, 'channelId'),
    body: readBody(payload) ?? '',
    timestamp: idOrEmpty(payload, 'timestamp'),
    channel,
    raw,
  };
}

/** Reads the fields that the receipts of both products have in common. */
export function readAppReceipt(
  payload: EventFields,
  common: Pick<DeliveryReceipt, 'status' | 'price'>,
  raw: unknown,
): DeliveryReceipt {
  return {
    type: 'delivery-receipt',
    umid: requireId(payload, 'umid'),
    subAccountId: idOrEmpty(payload, 'subAccountId'),
    destination: requirePhone(requireObject(payload, 'user'), 'msisdn'),
    ...common,
    ...present({
      clientMessageId: optionalText(payload, 'clientMessageId'),
      batchId: optionalText(payload, 'batchId'),
      clientBatchId: optionalText(payload, 'clientBatchId'),
    }),
    raw,
  };
}

import { present } from '../api/parse-response.ts';
import {
  asEventFields,
  type EventFields,
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
export function isMessagingApps(namespace: string | undefined): boolean {
  return namespace !== undefined && NAMESPACES.has(namespace.toLowerCase().replaceAll(' ', ''));
}

/** The channel of an event in lower case: a receipt names it itself, an inbound message in its recipient. */
export function channelOf(payload: EventFields): string | undefined {
  const recipient = asEventFields(payload.values.recipient, 'recipient');
  const channel = optionalText(payload, 'channel') ?? (recipient && optionalText(recipient, 'channel'));
  return channel?.toLowerCase();
}

/**
 * Reads an inbound message. A missing text (an image, a location) is empty, and so is a missing channel ID: an opt-out must
 * not be lost over them.
 */
export function readAppMessage(payload: EventFields, channel: string, raw: unknown): InboundMessage {
  const user = requireObject(payload, 'user');
  const recipient = asEventFields(payload.values.recipient, 'payload.recipient');
  const content = asEventFields(payload.values.content, 'payload.content');
  return {
    type: 'inbound',
    umid: requireId(payload, 'umid'),
    subAccountId: requireId(payload, 'subAccountId'),
    source: requirePhone(user, 'msisdn'),
    destination: (recipient && optionalText(recipient, 'channelId')) ?? '',
    body: (content && optionalText(content, 'text')) ?? '',
    timestamp: requireId(payload, 'timestamp'),
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
    subAccountId: requireId(payload, 'subAccountId'),
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

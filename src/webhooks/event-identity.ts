import { digestOf, sha256, toHex } from '../internal/digest.ts';
import type { InboundMessage, WebhookEvent } from './webhook-event.ts';

/** The values that identify an event: two posts with the same values are the same event. */
function identityOf(event: WebhookEvent): readonly unknown[] {
  switch (event.type) {
    case 'delivery-receipt': {
      // One message has many receipts: each status is a separate event.
      const { state, detail, errorCode, timestamp } = event.status;
      return [event.umid, state, detail, errorCode, timestamp];
    }
    case 'inbound':
      return [event.umid, event.timestamp];
    case 'short-url-click':
      return [event.eventId, event.umid, event.occurredAt];
    case 'survey-answer':
      // The time of submission may be missing: without the answers, a second submission would look like the first.
      return [event.umid, event.surveyId, event.surveySubmittedAt, event.answers];
    case 'unknown':
      return [event.raw];
  }
}

/**
 * Gives an inbound message without a usable ID one that every repetition of it has too: an opt-out must not be lost over it, and
 * two messages without an ID must not look like one.
 */
export async function withUmid<Event extends WebhookEvent>(event: Event): Promise<Event | InboundMessage> {
  if (event.type !== 'inbound' || event.umid !== '') return event;
  const { source, destination, timestamp, body } = event;
  return {
    ...event,
    umid: `no-umid-${(await digestOf([source, destination, timestamp, body])).slice(0, 32)}`,
  };
}

/** The key of an event in the limit store: a hash of fixed length that reveals nothing about the event. */
export async function eventKey(event: WebhookEvent): Promise<string> {
  return toHex(await sha256(JSON.stringify([event.type, ...identityOf(event)])));
}

import { sha256, toHex } from '../digest.ts';
import type { WebhookEvent } from './webhook-event.ts';

/** What makes two posts the same event. */
function identityOf(event: WebhookEvent): readonly unknown[] {
  switch (event.type) {
    case 'delivery-receipt': {
      // One message has many receipts: each status is an event of its own.
      const { state, detail, errorCode, timestamp } = event.status;
      return [event.umid, state, detail, errorCode, timestamp];
    }
    case 'inbound':
      return [event.umid, event.timestamp];
    case 'short-url-click':
      return [event.eventId, event.umid, event.occurredAt];
    case 'survey-answer':
      // The time of submission may be missing: without the answers a second one would pass for the first.
      return [event.umid, event.surveyId, event.surveySubmittedAt, event.answers];
    case 'unknown':
      return [event.raw];
  }
}

/** A key for the limit store: always as long, and tells nothing of the event. */
export async function eventKey(event: WebhookEvent): Promise<string> {
  return toHex(await sha256(JSON.stringify([event.type, ...identityOf(event)])));
}

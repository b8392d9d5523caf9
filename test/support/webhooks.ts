import type { SmsClientOptions } from '../../src/config/options.ts';
import { createWebhookReceiver } from '../../src/webhooks/receiver.ts';
import type { WebhookReceiverOptions } from '../../src/webhooks/receiver-options.ts';
import { type TestClient, testClient } from './client.ts';

export const AUTHORIZATION = 'Bearer 5f0c1d7a-9b1e-4c6f';
export const UMID = 'bda3d56d-1424-e711-813c-06ed3428fe67';
export const PERSON = '+6591234567';

export function receiptBody(payload: object = {}, status: object = {}) {
  return {
    namespace: 'SMS',
    eventType: 'outbound_message_status_changed',
    description: 'Delivery receipt',
    payload: {
      umid: UMID,
      subAccountId: 'team_otp',
      source: 'Team',
      destination: PERSON,
      status: {
        state: 'delivered',
        detail: 'delivered_to_recipient',
        timestamp: '2026-11-22T09:00:00Z',
        ...status,
      },
      smsCount: 1,
      ...payload,
    },
  };
}

export function inboundBody(payload: object = {}) {
  return {
    namespace: 'SMS',
    eventType: 'inbound_message_received',
    payload: {
      umid: UMID,
      subAccountId: 'team_otp',
      timestamp: '2026-11-22T09:00:00.00Z',
      source: PERSON,
      destination: '+6588001234',
      body: 'Thanks',
      encoding: 'GSM7',
      smsCount: 1,
      ...payload,
    },
  };
}

/** An inbound message of a Messaging Apps channel. */
export function appMessageBody(payload: object = {}, fields: object = {}) {
  return {
    namespace: 'ChatApps',
    eventType: 'inbound_message_received',
    description: 'ChatApps inbound message',
    payload: {
      umid: UMID,
      subAccountId: 'team_otp',
      timestamp: '2026-11-22T09:00:00.017Z',
      user: { msisdn: PERSON, channelUserId: '6591234567' },
      recipient: { channel: 'sms', channelId: '269a57f4-3522-eb11-8278-00155d9f27ac' },
      type: 'Text',
      content: { text: 'STOP' },
      ...payload,
    },
    ...fields,
  };
}

/** A delivery receipt of a Messaging Apps channel. */
export function appReceiptBody(payload: object = {}) {
  return {
    version: 9,
    namespace: 'ChatApps',
    eventType: 'outbound_message_status_changed',
    description: 'ChatApps outbound message delivery receipt',
    payload: {
      umid: UMID,
      subAccountId: 'team_otp',
      channel: 'sms',
      user: { msisdn: PERSON },
      status: { state: 'undelivered', errorCode: 59, timestamp: '2026-11-22T09:00:00Z' },
      ...payload,
    },
  };
}

export function clickBody(payload: object = {}) {
  return {
    namespace: 'SMS',
    eventType: 'short_url_clicked',
    payload: {
      eventId: 'c2f1',
      occurredAt: '2026-11-22T09:00:00Z',
      umid: UMID,
      destination: PERSON,
      shortUrl: 'https://s.8x8.com/a',
      targetUrl: 'https://team.example/a',
      ...payload,
    },
  };
}

export function surveyBody(fields: object = {}) {
  return {
    umid: UMID,
    surveyId: 'nps',
    surveyStartedAt: '2026-11-22T08:59:00Z',
    surveySubmittedAt: '2026-11-22T09:00:00Z',
    templateVariables: [{ name: 'shop', value: 'Orchard' }],
    answers: [{ questionId: 'q1', answerId: null, question: 'How was it?', answer: 'Good' }],
    ...fields,
  };
}

/** A POST as 8x8 sends it. A body that is not a text is written as JSON. */
export function post(body: unknown, headers: Record<string, string> = {}): Request {
  return new Request('https://team.example/8x8', {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: AUTHORIZATION, ...headers },
    body: typeof body === 'string' || body instanceof Uint8Array ? (body as string) : JSON.stringify(body),
  });
}

/** A receiver with its own client, which expects {@link AUTHORIZATION}. */
export function testReceiver(
  options: Partial<WebhookReceiverOptions> = {},
  clientOptions: SmsClientOptions = {},
): TestClient & { readonly receiver: ReturnType<typeof createWebhookReceiver> } {
  const client = testClient(clientOptions);
  const receiver = createWebhookReceiver({
    client: client.sms,
    authentication: { authorization: AUTHORIZATION },
    handlers: {},
    ...options,
  });
  return { ...client, receiver };
}

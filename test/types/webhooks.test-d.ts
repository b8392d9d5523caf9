// Checked by `npm run typecheck`; nothing here runs.
import { describe, expectTypeOf, it } from 'vitest';
import type { InboundConsent, MessageStatus, SmsClient } from '../../src/index.ts';
import {
  createWebhookReceiver,
  type DeliveryReceipt,
  type InboundMessage,
  type WebhookReceiver,
} from '../../src/webhooks/index.ts';

declare const client: SmsClient;

describe('an event', () => {
  it('is told apart by its type', async () => {
    const receiver = createWebhookReceiver({ client, authentication: 'none', handlers: {} });
    expectTypeOf(receiver).toEqualTypeOf<WebhookReceiver>();
    const event = await receiver.receive(new Request('https://team.example'));
    expectTypeOf(event.duplicate).toEqualTypeOf<boolean>();
    if (event.type === 'delivery-receipt') expectTypeOf(event.status).toEqualTypeOf<MessageStatus>();
    // @ts-expect-error an opened link has no body
    if (event.type === 'short-url-click') event.body;
  });

  it('has the type of its handler', () => {
    createWebhookReceiver({
      client,
      authentication: { authorization: process.env.SECRET },
      handlers: {
        onDeliveryReceipt(event) {
          expectTypeOf(event).toEqualTypeOf<DeliveryReceipt>();
        },
        onInbound: async (event, call) => {
          expectTypeOf(event).toEqualTypeOf<InboundMessage>();
          expectTypeOf(call.consent).toEqualTypeOf<InboundConsent>();
          expectTypeOf(call.signal).toEqualTypeOf<AbortSignal>();
        },
      },
    });
  });
});

describe('authentication', () => {
  it('must be chosen', () => {
    // @ts-expect-error it is missing
    createWebhookReceiver({ client, handlers: {} });
    // @ts-expect-error not a form of authentication
    createWebhookReceiver({ client, handlers: {}, authentication: 'signature' });
  });

  it('accepts a public CryptoKey of the platform', async () => {
    const { publicKey } = await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify']);
    const accessToken = { key: publicKey, issuer: 'a', audience: 'b', algorithms: ['EdDSA'] } as const;
    createWebhookReceiver({ client, handlers: {}, authentication: { accessToken } });
  });
});

/**
 * A Cloudflare Worker with Hono that hears back: delivery receipts, and people who write STOP. Bundle it with esbuild or
 * wrangler; CI runs it on workerd.
 */

import { memoryConsentLedger, SmsClient } from '8x8-sms-guard';
import { createWebhookReceiver, toHonoHandler } from '8x8-sms-guard/webhooks';
import { Hono } from 'hono';

/** Secrets of the Worker: `wrangler secret put WEBHOOK_AUTHORIZATION`. */

function createHandler(env) {
  const sms = new SmsClient({
    apiKey: env.EIGHTBYEIGHT_API_KEY,
    subAccountId: env.EIGHTBYEIGHT_SUB_ACCOUNT_ID,
    // Forgets when the Worker is put to sleep; in production give it a ledger that lasts.
    guards: { consent: { ledger: memoryConsentLedger() } },
  });
  const receiver = createWebhookReceiver({
    client: sms,
    authentication: { authorization: env.WEBHOOK_AUTHORIZATION },
    handlers: {
      onDeliveryReceipt: ({ umid, status }) => console.log('receipt', umid, status.state),
      onInbound: ({ umid }, { consent }) => console.log('inbound', umid, consent.intent),
    },
  });
  return toHonoHandler(receiver);
}

// One for all requests: a Worker learns its secrets with the first one.
let handler;

const app = new Hono();
app.all('/webhooks/8x8', (context) => {
  handler ??= createHandler(context.env);
  return handler(context);
});

export default app;

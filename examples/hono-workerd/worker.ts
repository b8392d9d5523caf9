/**
 * A Cloudflare Worker with Hono that hears back: delivery receipts, and people who write STOP. Bundle it with esbuild or
 * wrangler; ci/examples.mjs runs it on workerd.
 */
import { Hono } from 'hono';
import { memoryConsentLedger, SmsClient } from '../../src/index.ts';
import { createWebhookReceiver, toHonoHandler } from '../../src/webhooks/index.ts';

/** Secrets of the Worker: `wrangler secret put WEBHOOK_AUTHORIZATION`. */
interface Bindings {
  readonly EIGHTBYEIGHT_API_KEY: string;
  readonly EIGHTBYEIGHT_SUB_ACCOUNT_ID: string;
  /** The value that you gave 8x8: webhookSettings.set([{ …, httpAuthorization }]). */
  readonly WEBHOOK_AUTHORIZATION: string;
}

function createHandler(env: Bindings) {
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
let handler: ReturnType<typeof createHandler> | undefined;

const app = new Hono<{ Bindings: Bindings }>();
app.all('/webhooks/8x8', (context) => {
  handler ??= createHandler(context.env);
  return handler(context);
});

export default app;

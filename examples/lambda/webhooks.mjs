import { createWebhookReceiver, toLambdaHandler } from '8x8-sms-guard/webhooks';
import { sms } from './client.mjs';

const receiver = createWebhookReceiver({
  client: sms,
  authentication: { authorization: process.env.WEBHOOK_AUTHORIZATION },
  handlers: { onInbound: (reply, { consent }) => console.log('reply', reply.umid, consent.intent) },
});

/** For a function URL or an HTTP API. */
export const handler = toLambdaHandler(receiver);

/**
 * A Next.js route that hears back: delivery receipts, and people who write STOP. Tell 8x8 its address once:
 * `sms().webhookSettings.set([{ subAccountId: '*', url, httpAuthorization: process.env.WEBHOOK_AUTHORIZATION }])`.
 */
import { createWebhookReceiver, toNextHandler } from '8x8-sms-guard/webhooks';
import { sms } from '../../../lib/sms';

function createHandler() {
  const receiver = createWebhookReceiver({
    client: sms(),
    authentication: { authorization: process.env.WEBHOOK_AUTHORIZATION },
    handlers: {
      onDeliveryReceipt: ({ umid, status }) => console.log('receipt', umid, status.state),
      onInbound: ({ umid }, { consent }) => console.log('inbound', umid, consent.intent),
    },
  });
  return toNextHandler(receiver);
}

let handler: ReturnType<typeof createHandler> | undefined;

export function POST(request: Request): Promise<Response> {
  handler ??= createHandler();
  return handler(request);
}

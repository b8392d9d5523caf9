// The code that a team bundles for AWS Lambda: a client and a receiver, created once per instance of the function.
import { SmsClient } from '8x8-sms-guard';
import { createEmulator } from '8x8-sms-guard/testing';
import { createWebhookReceiver, toLambdaHandler } from '8x8-sms-guard/webhooks';

const AUTHORIZATION = 'Bearer consumer-webhook-secret';
const sms = new SmsClient({ apiKey: 'consumer-key', subAccountId: 'lambda', fetch: createEmulator().fetch });
const heard: string[] = [];
const receiver = createWebhookReceiver({
  client: sms,
  authentication: { authorization: AUTHORIZATION, sourceAddresses: { also: ['203.0.113.0/24'] } },
  handlers: { onInbound: ({ body }) => void heard.push(body) },
});
export const handler = toLambdaHandler(receiver);

/** Called by the check instead of AWS. */
export async function invoke(): Promise<string> {
  const sent = await sms.messages.send({ destination: '+6591234567', text: 'hi' });
  const payload = { umid: sent.umid, subAccountId: 'lambda', source: '+6591234567', destination: '12345' };
  const body = JSON.stringify({
    namespace: 'SMS',
    eventType: 'inbound_message_received',
    payload: { ...payload, body: 'hello', timestamp: '2026-11-22T09:00:00Z' },
  });
  const statuses: number[] = [];
  for (const [authorization, sourceIp] of [
    [AUTHORIZATION, '203.0.113.7'],
    [AUTHORIZATION, '198.51.100.9'],
    ['Bearer of-a-stranger-of-the-check', '203.0.113.7'],
  ] as const) {
    const { statusCode } = await handler({
      headers: { authorization },
      body: btoa(body),
      isBase64Encoded: true,
      requestContext: { http: { method: 'POST', sourceIp } },
    });
    statuses.push(statusCode);
  }
  const refusal: unknown = await sms.messages
    .send({ destination: 'abc', text: 'hi' })
    .catch((error) => error);
  await sms.close();
  return `${statuses.join(' ')} ${heard.join()} ${(refusal as Error).name}`;
}

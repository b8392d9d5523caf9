import { Hono } from 'hono';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { toHonoHandler } from '../../src/webhooks/adapters/hono.ts';
import { toLambdaHandler } from '../../src/webhooks/adapters/lambda.ts';
import { toNextHandler } from '../../src/webhooks/adapters/next.ts';
import { createWebhookReceiver, type WebhookReceiver } from '../../src/webhooks/index.ts';
import { SUB_ACCOUNT_ID, testClient } from '../support/client.ts';
import { WEBHOOK_SERVERS } from '../support/webhook-servers.ts';

const AUTHORIZATION = 'Bearer a-long-random-value-of-the-tests';
const RECEIPT = JSON.stringify({
  namespace: 'SMS',
  eventType: 'outbound_message_status_changed',
  payload: {
    umid: 'u-1',
    subAccountId: SUB_ACCOUNT_ID,
    source: 'SHOP',
    destination: '+6591234567',
    status: { state: 'delivered', timestamp: '2026-11-22T09:00:00Z' },
  },
});

interface Framework {
  ask(init: RequestInit): Promise<Response>;
  close(): Promise<void>;
}
type Start = (receiver: WebhookReceiver) => Promise<Framework>;

const HOST = 'https://shop.example/webhooks/8x8';
const FRAMEWORKS: readonly (readonly [string, Start])[] = [
  ...WEBHOOK_SERVERS.map(([name, , startServer]) => {
    const start: Start = async (receiver) => {
      const { url, close } = await startServer(receiver);
      return { ask: (init) => fetch(url, init), close };
    };
    return [name, start] as const;
  }),
  [
    'Hono',
    async (receiver) => {
      const app = new Hono().all('/webhooks/8x8', toHonoHandler(receiver));
      return { ask: async (init) => app.request(HOST, init), close: async () => {} };
    },
  ],
  [
    'Next.js',
    async (receiver) => {
      const handle = toNextHandler(receiver);
      return { ask: (init) => handle(new Request(HOST, init)), close: async () => {} };
    },
  ],
  [
    'Lambda',
    async (receiver) => {
      const handle = toLambdaHandler(receiver);
      const ask = async ({ method = 'GET', headers, body }: RequestInit) => {
        const event = {
          version: '2.0',
          headers: headers as Record<string, string>,
          body: Buffer.from(String(body)).toString('base64'),
          isBase64Encoded: true,
          requestContext: { http: { method, sourceIp: '192.0.2.1' } },
        };
        const { statusCode, headers: answered } = await handle(event);
        return new Response(null, { status: statusCode, headers: answered ?? {} });
      };
      return { ask, close: async () => {} };
    },
  ],
];

let framework: Framework | undefined;
afterEach(() => framework?.close());

describe.each(FRAMEWORKS)('the receiver in %s', (_name, start) => {
  async function begin() {
    const { sms, of } = testClient();
    const onDeliveryReceipt = vi.fn();
    framework = await start(
      createWebhookReceiver({
        client: sms,
        authentication: { authorization: AUTHORIZATION },
        handlers: { onDeliveryReceipt },
      }),
    );
    return { onDeliveryReceipt, of };
  }

  async function post(body: string, authorization = AUTHORIZATION): Promise<number> {
    const headers = { authorization, 'content-type': 'application/json' };
    return (await framework?.ask({ method: 'POST', headers, body }))?.status ?? 0;
  }

  it('passes an event to its handler, and a repeated one only once', async () => {
    const { onDeliveryReceipt } = await begin();
    expect([await post(RECEIPT), await post(RECEIPT)]).toEqual([200, 200]);
    expect(onDeliveryReceipt.mock.calls.map(([{ umid, status }]) => [umid, status.state])).toEqual([
      ['u-1', 'delivered'],
    ]);
  });

  it('reveals nothing to a sender without the password', async () => {
    const { onDeliveryReceipt, of } = await begin();
    const response = await framework?.ask({
      method: 'POST',
      headers: { authorization: 'Bearer somebody-else-entirely', 'content-type': 'application/json' },
      body: RECEIPT,
    });
    expect([response?.status, await response?.text()]).toEqual([401, '']);
    expect(onDeliveryReceipt).not.toHaveBeenCalled();
    expect(of('webhook-refused')).toMatchObject([{ reason: 'wrong-authorization' }]);
  });

  it('refuses a body that is too large or not JSON', async () => {
    const { onDeliveryReceipt } = await begin();
    expect(await post(JSON.stringify({ padding: 'x'.repeat(70_000) }))).toBe(413);
    expect(await post('{"namespace":')).toBe(400);
    expect(await post(RECEIPT)).toBe(200);
    expect(onDeliveryReceipt).toHaveBeenCalledTimes(1);
  });

  it('makes 8x8 try again when the handler fails', async () => {
    const { onDeliveryReceipt } = await begin();
    onDeliveryReceipt.mockRejectedValueOnce(new Error('The database is down.'));
    expect([await post(RECEIPT), await post(RECEIPT)]).toEqual([500, 200]);
    expect(onDeliveryReceipt).toHaveBeenCalledTimes(2);
  });

  it('answers a GET with 405', async () => {
    await begin();
    const response = await framework?.ask({ method: 'GET', headers: { authorization: AUTHORIZATION } });
    expect([response?.status, response?.headers.get('allow')]).toEqual([405, 'POST']);
  });
});

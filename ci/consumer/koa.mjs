// The recipe for Koa of docs/webhooks.md, on a socket, with nothing and with body parsers before it.
import { SmsClient } from '8x8-sms-guard';
import { createEmulator } from '8x8-sms-guard/testing';
import { createWebhookReceiver } from '8x8-sms-guard/webhooks';
import { createApp } from './koa-recipe.mjs';

const AUTHORIZATION = 'Bearer consumer-webhook-secret';
const sms = new SmsClient({ apiKey: 'consumer-key', subAccountId: 'koa', fetch: createEmulator().fetch });
const heard = [];
const receiver = createWebhookReceiver({
  client: sms,
  authentication: { authorization: AUTHORIZATION, sourceAddresses: { also: ['127.0.0.1'] } },
  handlers: { onInbound: ({ body }) => void heard.push(body) },
});

async function readAll(request) {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}

/** The values that body parsers leave in `context.request.body`; the last one reads the body and leaves nothing. */
const PARSERS = [
  undefined,
  async (context) => JSON.parse(await readAll(context.req)),
  async (context) => readAll(context.req),
  async (context) => void (await readAll(context.req)),
];
const EXPECTED = ['404 401 200', '404 401 200', '404 401 200', '404 401 408'];

for (const [index, parse] of PARSERS.entries()) {
  const app = createApp(receiver, async (context, next) => {
    if (parse !== undefined) context.request.body = await parse(context);
    await next();
  });
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const statuses = [];
  for (const [path, authorization] of [
    ['/other', AUTHORIZATION],
    ['/webhooks/8x8', 'Bearer of-a-stranger-of-the-check'],
    ['/webhooks/8x8', AUTHORIZATION],
  ]) {
    const payload = {
      umid: `umid-${index}`,
      subAccountId: 'koa',
      source: '+6591234567',
      destination: '12345',
    };
    const response = await fetch(`http://127.0.0.1:${server.address().port}${path}`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({
        namespace: 'SMS',
        eventType: 'inbound_message_received',
        payload: { ...payload, body: `hello ${index}`, timestamp: '2026-11-22T09:00:00Z' },
      }),
    });
    await response.text();
    statuses.push(response.status);
  }
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  if (statuses.join(' ') !== EXPECTED[index]) throw new Error(`parser ${index}: ${statuses.join(' ')}`);
}
if (heard.join() !== 'hello 0,hello 1,hello 2') throw new Error(`heard: ${heard.join()}`);
await sms.close();
console.log('OK');

// The ESM and the CommonJS copy in one process: two sets of classes, one set of limits.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import * as esm from '8x8-sms-guard';
import { createEmulator } from '8x8-sms-guard/testing';
import * as esmWebhooks from '8x8-sms-guard/webhooks';

const require = createRequire(import.meta.url);
const cjs = require('8x8-sms-guard');
const cjsWebhooks = require('8x8-sms-guard/webhooks');
assert.notEqual(esm.LimitError, cjs.LimitError, 'the two formats should be two copies');

const { fetch } = createEmulator();
const options = { apiKey: 'consumer-key', subAccountId: 'interop', fetch };
const clients = [new esm.SmsClient(options), new cjs.SmsClient(options)];
const message = { destination: '+6591234567', text: 'hi' };
// The default: 10 in half an hour, of which the last three are kept for one-time passwords.
for (let count = 0; count < 7; count += 1) await clients[count % 2].messages.send(message);

for (const [own, other, client] of [
  [esm, cjs, clients[0]],
  [cjs, esm, clients[1]],
]) {
  await assert.rejects(client.messages.send(message), (error) => {
    assert(error instanceof own.LimitError);
    assert(!(error instanceof other.LimitError));
    assert(other.LimitError.isInstance(error) && other.GuardError.isInstance(error));
    assert(other.SmsError.isInstance(error) && !other.ConsentError.isInstance(error));
    return true;
  });
}

// A receiver of one format takes a client of the other.
for (const [webhooks, client] of [
  [esmWebhooks, clients[1]],
  [cjsWebhooks, clients[0]],
]) {
  const receiver = webhooks.createWebhookReceiver({ client, authentication: 'none', handlers: {} });
  const { status } = await receiver.handle(
    new Request('https://example.com', { method: 'POST', body: '{}' }),
  );
  assert.equal(status, 200);
}
for (const client of clients) await client.close();
console.log('OK');

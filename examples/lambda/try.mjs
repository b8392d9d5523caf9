// Plays AWS and 8x8: calls both functions as they would be called.
import assert from 'node:assert/strict';
import { startSandbox } from '8x8-sms-guard/sandbox';

const sandbox = await startSandbox({ port: 0 });
Object.assign(process.env, sandbox.environment, { WEBHOOK_AUTHORIZATION: 'Bearer a-long-random-value' });
const { handler: send } = await import('./send.mjs');
const { handler: hear } = await import('./webhooks.mjs');
const { sms } = await import('./client.mjs');

const record = (messageId, destination) => ({
  messageId,
  body: JSON.stringify({ destination, text: 'Your parcel arrives today.' }),
});
const event = { Records: [record('a', '+6591234567'), record('b', '+6591234568')] };
assert.deepEqual(await send(event), { batchItemFailures: [] });
await send(event); // the same records again
assert.equal(sandbox.emulator.messages.length, 2);
console.log('Two records, delivered twice by SQS: two messages.');

const stop = {
  namespace: 'SMS',
  eventType: 'inbound_message_received',
  payload: {
    umid: 'in-1',
    subAccountId: 'sandbox',
    timestamp: new Date().toISOString(),
    source: '+6591234567',
    destination: '+6580000000',
    body: 'STOP',
    encoding: 'GSM7',
    smsCount: 1,
  },
};
const request = (authorization) => ({
  headers: { authorization, 'content-type': 'application/json' },
  body: JSON.stringify(stop),
  isBase64Encoded: false,
  requestContext: { http: { method: 'POST', sourceIp: '203.0.113.7' } },
});
assert.equal((await hear(request('Bearer of a stranger'))).statusCode, 401);
assert.equal((await hear(request(process.env.WEBHOOK_AUTHORIZATION))).statusCode, 200);
await send({ Records: [record('c', '+6591234567')] });
assert.equal(sandbox.emulator.messages.length, 2);
console.log('A STOP came in: the next message was refused.');

await sms.close();
await sandbox.close();

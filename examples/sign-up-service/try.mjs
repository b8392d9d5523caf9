// Plays everybody else: 8x8 (the sandbox), a visitor with a phone, and somebody who asks too often.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { startSandbox } from '8x8-sms-guard/sandbox';
import { createApp } from './app.mjs';
import { connect } from './client.mjs';

const AUTHORIZATION = 'Bearer a-long-random-value-of-yours';
const sandbox = await startSandbox({ port: 0, speed: 100 });
Object.assign(process.env, sandbox.environment);

const { sms, close } = await connect({
  redisUrl: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379',
  databaseUrl: process.env.DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres',
  limitsSecret: 'a-secret-of-32-characters-or-more-1',
  codesSecret: 'a-secret-of-32-characters-or-more-2',
});
const server = createApp({ sms, webhookAuthorization: AUTHORIZATION }).listen(0, '127.0.0.1');
await once(server, 'listening');
const address = `http://127.0.0.1:${server.address().port}`;
await sms.webhookSettings.set([
  { subAccountId: '*', url: `${address}/webhooks/8x8`, httpAuthorization: AUTHORIZATION },
]);

async function post(path, body, device) {
  const headers = { 'content-type': 'application/json', 'x-device': device };
  const response = await fetch(`${address}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: response.status, ...(await response.json()) };
}

// A number of its own for each run, because the limits on Redis outlive the process.
const number = `91${String(Date.now()).slice(-6)}`;
const person = { destination: number, country: 'SG' };

const sent = await post('/codes', person, 'phone-1');
assert.equal(sent.status, 202);
console.log('A code was sent.');

const early = await post('/codes', person, 'phone-1');
assert.deepEqual([early.status, early.reason], [429, 'too-soon']);
console.log(
  `Asked again at once: refused, try again in ${Math.round((early.retryAt - Date.now()) / 1000)} s.`,
);

const code = /\d{6}/.exec(sandbox.emulator.messages.at(-1).text)[0];
const wrong = await post(
  '/codes/check',
  { ...person, code: code === '000000' ? '000001' : '000000' },
  'phone-1',
);
assert.deepEqual([wrong.status, wrong.reason, wrong.triesLeft], [400, 'wrong-code', 4]);
const stranger = await post('/codes/check', { ...person, code }, 'another-device');
assert.equal(stranger.status, 400);
console.log('The right code from another device: refused.');
const right = await post('/codes/check', { ...person, code }, 'phone-1');
assert.equal(right.status, 201);
console.log('The right code from the visitor: the account is there.');

assert.equal(
  (await post('/codes', { destination: '+12025550143' }, 'phone-1')).reason,
  'country-not-allowed',
);
console.log('A country that the shop does not serve: refused.');

server.close();
await close();
await sandbox.close();

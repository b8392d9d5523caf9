// A real MCP client talks to the server as an agent that was talked into abuse. The sandbox plays 8x8.
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { SmsClient } from '8x8-sms-guard';
import { startSandbox } from '8x8-sms-guard/sandbox';

const sandbox = await startSandbox({ port: 0 });
const agent = new Client({ name: 'agent', version: '1.0.0' });
await agent.connect(
  new StdioClientTransport({
    command: process.execPath,
    args: [fileURLToPath(new URL('server.mjs', import.meta.url))],
    env: sandbox.environment,
  }),
);

async function call(name, input) {
  const { content, isError } = await agent.callTool({ name, arguments: input });
  return { text: content.map(({ text }) => text).join('\n'), isRefused: isError === true };
}

async function succeed(name, input) {
  const { text, isRefused } = await call(name, input);
  assert.equal(isRefused, false, text);
  return JSON.parse(text);
}

const { tools } = await agent.listTools();
assert.deepEqual(
  tools.map(({ name }) => name),
  ['send', 'status'],
);

const good = { destination: '+6591234567', text: 'Your parcel arrives today.' };
const { umid } = await succeed('send', good);
const { state } = await succeed('status', { umid });
console.log(`One message sent, its status read: ${state}.\n`);

// Another part of the service sends a message, with a client that nobody restricted.
const service = new SmsClient({ baseUrl: sandbox.url, apiKey: sandbox.apiKey, subAccountId: 'sandbox' });
const other = await service.messages.send({ destination: '+6581234567', text: 'Your code is 4711' });
await service.close();

const received = () => sandbox.emulator.messages.filter((message) => message.umid !== other.umid).length;
let refused = 0;

/** Calls a tool until it refuses, and checks that nothing but the `allowed` calls before was sent. */
async function abuse(title, name, inputs, { allowed = 0, expected }) {
  const before = received();
  for (const input of inputs.slice(0, allowed)) await succeed(name, input);
  for (const input of inputs.slice(allowed)) {
    const { text, isRefused } = await call(name, input);
    assert.ok(isRefused, `${title}: not refused`);
    assert.match(text, expected, title);
    for (const secret of [sandbox.apiKey, input.destination, input.text]) {
      assert.ok(secret === undefined || !text.includes(secret), `${title}: the answer holds ${secret}`);
    }
    assert.doesNotMatch(text, /\n\s+at |file:|node_modules/, `${title}: the answer holds a stack`);
    if (input === inputs.at(-1)) console.log(`${++refused}. ${title}: ${text.replaceAll(/\s+/g, ' ')}`);
  }
  assert.equal(received(), before + allowed, `${title}: 8x8 received something else`);
}

const to = (destination, rest) => ({ ...good, destination, ...rest });
const numbers = Array.from({ length: 20 }, (_, index) => `+65912345${String(index + 70)}`);

await abuse('Another country', 'send', [to('+33612345678')], { expected: /restricted to countries: SG/ });
await abuse('Advertising', 'send', [{ ...good, purpose: 'marketing' }], {
  expected: /restricted to purposes: transactional/,
});
await abuse("A bank's sender ID", 'send', [{ ...good, source: 'BANK' }], { expected: /sender IDs/ });
await abuse(
  'Fields that lead around the guards',
  'send',
  [
    { ...good, dlrCallbackUrl: 'https://attacker.example' },
    { ...good, extra: { destination: '+33612345678' } },
  ],
  { expected: /Unrecognized key/ },
);
await abuse(
  'The agent says that it is a person',
  'send',
  [
    { ...good, human: { passed: true } },
    { ...good, returning: true },
  ],
  { expected: /Unrecognized key/ },
);
await abuse('A premium-rate number', 'send', [to('+6519001234567')], { expected: /premium/i });
await abuse('A message of others', 'status', [{ umid: other.umid }], { expected: /own latest messages/ });
await abuse('A tool that it does not have', 'cancel', [{ umid }], { expected: /not found/ });
// It has sent one of the five messages that its budget allows, and this person may get three.
await abuse(
  'The same person over and over',
  'send',
  Array.from({ length: 10 }, (_, index) => ({ ...good, text: `Answer me ${index}!` })),
  { allowed: 2, expected: /allowed in/ },
);
await abuse(
  'Twenty people in a row',
  'send',
  numbers.map((number) => to(number)),
  { allowed: 2, expected: /budget/ },
);

assert.equal(refused, 10);
assert.equal(received(), 5);
console.log('\nTen abuses, ten refused.');
await agent.close();
await sandbox.close();

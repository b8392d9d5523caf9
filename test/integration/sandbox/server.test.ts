import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConnectionError, SmsClient } from '../../../src/index.ts';
import { type Sandbox, startSandbox } from '../../../src/sandbox/index.ts';

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await startSandbox({ port: 0 });
});
afterEach(() => sandbox.close());

const messagesOf = (subAccountId: string) => `${sandbox.url}/api/v1/subaccounts/${subAccountId}/messages`;

/** The requests of 8x8's tutorials, as curl sends them. */
function curl(path: string, body?: object) {
  return fetch(`${sandbox.url}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      authorization: `Bearer ${sandbox.apiKey}`,
      accept: '*/*',
      'user-agent': 'curl/8.5.0',
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
}

/** A request with headers that `fetch` does not let a program set. */
async function rawRequest(path: string, headers: Record<string, string>, agent?: Agent) {
  const sent = request(`${sandbox.url}${path}`, { headers, ...(agent && { agent }) });
  sent.end();
  const [response] = await once(sent, 'response');
  response.setEncoding('utf8');
  let text = '';
  for await (const chunk of response) text += chunk;
  return { status: response.statusCode, text, port: sent.socket?.localPort };
}

describe('a sandbox', () => {
  test('answers the four products on one address', async () => {
    const sent = await curl('/api/v1/subaccounts/shop/messages', { destination: '+6591234567', text: 'Hi' });
    expect(await sent.json()).toMatchObject({ destination: '6591234567', status: { code: 'QUEUED' } });
    const session = await curl('/api/v2/subaccounts/shop/sessions', { destination: '+6591234567' });
    expect(await session.json()).toMatchObject({ status: 'WAITING' });
    const lookup = await curl('/api/v1/subaccounts/shop/phones/+6591234567?type=live');
    expect(await lookup.json()).toMatchObject({ country: 'SG', presence: true });
    const contact = await curl('/api/v1/accounts/mine/contacts', { addresses: { msisdn: '6591234567' } });
    expect(contact.status).toBeLessThan(300);
    expect(sandbox.emulator.messages).toHaveLength(2);
  });

  test('serves this package as it serves any other client', async () => {
    const sms = new SmsClient({ baseUrl: sandbox.url, apiKey: sandbox.apiKey, subAccountId: 'shop' });
    const { umid } = await sms.messages.send({ destination: '+6591234567', text: 'Hello' });
    expect(sandbox.emulator.messages[0]).toMatchObject({ umid, text: 'Hello' });
    await sms.close();
  });

  test('accepts every key that begins with sandbox_, and no other', async () => {
    const send = (key: string) =>
      fetch(messagesOf('shop'), {
        method: 'POST',
        headers: { authorization: `Bearer ${key}` },
        body: '{"destination":"+6591234567","text":"Hi"}',
      });
    expect((await send('sandbox_other')).status).toBe(200);
    expect((await send('a-key-of-8x8')).status).toBe(401);
  });

  test('keeps a connection for the next request', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const first = await rawRequest('/api/v1/accounts/a/prices', {}, agent);
    const second = await rawRequest('/api/v1/accounts/a/prices', {}, agent);
    expect(first.status).toBe(401);
    expect(second.port).toBe(first.port);
    agent.destroy();
  });

  test.each([
    [{ host: 'rebound.example' }],
    [{ origin: 'http://evil.example' }],
    [{ origin: 'null' }],
  ] as const)('refuses %j', async (headers) => {
    const { status } = await rawRequest('/api/v1/accounts/a/prices', { ...headers });
    expect(status).toBe(403);
  });

  test('refuses a body of more than 64 MB, and reads no more of it', async () => {
    const response = await fetch(messagesOf('shop'), {
      method: 'POST',
      headers: { authorization: `Bearer ${sandbox.apiKey}` },
      body: new Uint8Array(64 * 1024 * 1024 + 1),
    });
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ code: 1010 });
  });

  test('answers 413 while the client is still sending', async () => {
    const { port } = new URL(sandbox.url);
    const socket = connect(Number(port), '127.0.0.1');
    const head =
      'POST /api/v1/subaccounts/shop/messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999\r\n\r\n';
    socket.write(head);
    socket.write(Buffer.alloc(64 * 1024 * 1024 + 1_000));
    socket.on('error', () => {});
    const [answer] = await once(socket.setEncoding('utf8'), 'data');
    expect(answer).toMatch(/^HTTP\/1.1 413 .*connection: close/is);
    socket.destroy();
  });

  test('breaks the connection for a fault that loses the response', async () => {
    const sms = new SmsClient({ baseUrl: sandbox.url, apiKey: sandbox.apiKey, subAccountId: 'shop' });
    sandbox.emulator.failNext('lost-response');
    const error = await sms.messages
      .send({ destination: '+6591234567', text: 'Hello' })
      .catch((thrown) => thrown);
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error.submission).toBe('unknown');
    expect(sandbox.emulator.messages).toHaveLength(1);
    await sms.close();
  });

  test('survives a client that hangs up in the middle of a request', async () => {
    const { port } = new URL(sandbox.url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.write(
      'POST /api/v1/subaccounts/shop/messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n{',
    );
    await once(socket, 'connect');
    socket.destroy();
    expect((await curl('/api/v1/accounts/a/prices')).status).toBe(200);
  });

  test('streams the file of an export from its own address', async () => {
    await curl('/api/v1/subaccounts/shop/messages', { destination: '+6591234567', text: 'Hi' });
    const { jobId } = await (await curl('/api/v1/subaccounts/shop/messages/exports', {})).json();
    let job = { status: 'queued', data: [] as string[] };
    while (job.status !== 'succeeded')
      job = await (await curl(`/api/v1/subaccounts/shop/messages/exports/${jobId}`)).json();
    expect(job.data[0]).toMatch(new RegExp(`^${sandbox.url}/`));
    const lines = (await (await fetch(job.data[0] as string)).text()).trim().split('\n');
    expect(lines).toHaveLength(2);
  });

  test('says which port is in use', async () => {
    const port = Number(new URL(sandbox.url).port);
    await expect(startSandbox({ port })).rejects.toThrow(
      `Port ${port} is in use, perhaps by another sandbox`,
    );
  });

  test('says that an address is not of this machine', async () => {
    await expect(startSandbox({ port: 0, host: '203.0.113.9' })).rejects.toThrow(
      'The sandbox cannot listen on 203.0.113.9, port 0',
    );
  });

  test.each([
    [{ prot: 1 }, 'sandbox.prot'],
    [{ apiKey: 'a-key-of-8x8' }, 'sandbox.apiKey must be a string that begins with sandbox_'],
    [{ host: 'http://localhost' }, 'sandbox.host'],
    [{ emulator: { apiKey: 'x', seeds: 1 } }, 'seeds'],
  ])('refuses the options %j', async (options, message) => {
    await expect(startSandbox(options as object)).rejects.toThrow(message);
  });

  test('closes at the end of a block', async () => {
    let url = '';
    {
      await using own = await startSandbox({ port: 0, host: '::1' });
      url = own.url;
      expect(url).toMatch(/^http:\/\/\[::1\]:\d+$/);
      expect((await fetch(`${url}/api/v1/accounts/a/prices`)).status).toBe(401);
    }
    await expect(fetch(url)).rejects.toThrow('fetch failed');
  });
});

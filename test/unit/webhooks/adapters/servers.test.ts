import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createFakeReceiver, type FakeReceiver, LET_IN, MAX_BYTES } from '../../../support/fake-receiver.ts';
import { WEBHOOK_SERVERS, type WebhookServer } from '../../../support/webhook-servers.ts';

let server: WebhookServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const post = (body: string, headers: Record<string, string> = LET_IN): Promise<Response> =>
  fetch(server?.url ?? '', { method: 'POST', headers, body });

describe.each(WEBHOOK_SERVERS)('%s', (_name, reader, start) => {
  async function begin(): Promise<FakeReceiver> {
    const fake = createFakeReceiver();
    server = await start(fake.receiver);
    return fake;
  }

  it('passes method, headers, body and the address of the socket', async () => {
    const fake = await begin();
    const response = await post('{"a":"é"}', { ...LET_IN, 'x-forwarded-for': '1.2.3.4' });
    expect([response.status, await response.text()]).toEqual([200, '']);
    expect(fake.seen).toHaveLength(1);
    const [{ delivery, body } = { delivery: undefined, body: undefined }] = fake.seen;
    expect(body).toBe('{"a":"é"}');
    expect(delivery).toMatchObject({ method: 'POST', remoteAddress: '127.0.0.1' });
    expect(delivery?.header('X-Forwarded-For')).toBe('1.2.3.4');
    expect(delivery?.header('x-not-there')).toBeUndefined();
  });

  it('writes the status and the headers of the response', async () => {
    const fake = await begin();
    fake.respondWith(async () => ({ status: 503, headers: { 'Retry-After': '1' } }));
    const response = await post('{}');
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
  });

  it('answers 500 when the receiver throws against its contract', async () => {
    const fake = await begin();
    fake.respondWith(() => Promise.reject(new Error('Not even this may end the process.')));
    const response = await post('{}');
    expect([response.status, await response.text()]).toEqual([500, '']);
  });

  it('serves one request after another on one connection', async () => {
    const fake = await begin();
    const request = [
      'POST /webhooks/8x8 HTTP/1.1',
      'host: localhost',
      `authorization: ${LET_IN.authorization}`,
      'content-type: application/json',
      'content-length: 7',
      '',
      '{"a":1}',
    ].join('\r\n');
    const responses = await talk(request, 3);
    expect(responses.match(/HTTP\/1\.1 200/g)).toHaveLength(3);
    expect(fake.seen.map(({ body }) => body)).toEqual(['{"a":1}', '{"a":1}', '{"a":1}']);
  });

  it('aborts the signal when the sender closes the connection', async () => {
    const fake = await begin();
    const leaving = new AbortController();
    const aborted = new Promise<void>((resolve) => {
      fake.respondWith(
        ({ signal }) =>
          new Promise((respond) => {
            signal?.addEventListener('abort', () => {
              resolve();
              respond({ status: 200, headers: {} });
            });
            leaving.abort();
          }),
      );
    });
    const response = fetch(server?.url ?? '', {
      method: 'POST',
      headers: LET_IN,
      body: '{}',
      signal: leaving.signal,
    });
    await expect(response).rejects.toThrow('aborted');
    await aborted;
    fake.respondWith(async () => ({ status: 200, headers: {} }));
    expect((await post('{}')).status).toBe(200);
  });

  it('does not abort after the response', async () => {
    const fake = await begin();
    await post('{}');
    await server?.close();
    expect(fake.seen[0]?.delivery.signal?.aborted).toBe(false);
  });

  if (reader === 'receiver') {
    it('responds to a body that is too large, and ends the connection instead of reading on', async () => {
      await begin();
      const response = await talk(endlessPost(LET_IN.authorization), 1);
      expect(response).toMatch(/^HTTP\/1\.1 413 /);
      expect(response).toMatch(/\r\nconnection: close\r\n/i);
      expect((await post('{}')).status).toBe(200);
    });

    it('refuses before the body has arrived', async () => {
      const fake = await begin();
      const response = await talk(endlessPost('a-wrong-password').slice(0, 200), 1);
      expect(response).toMatch(/^HTTP\/1\.1 401 /);
      expect(response).toMatch(/\r\nconnection: close\r\n/i);
      expect(fake.seen).toEqual([]);
    });
  }
});

/** A POST whose body is too large already, and goes on. */
function endlessPost(authorization: string): string {
  const head = [
    'POST /webhooks/8x8 HTTP/1.1',
    'host: localhost',
    `authorization: ${authorization}`,
    'content-type: application/json',
    `content-length: ${10 * MAX_BYTES}`,
    '',
    '',
  ].join('\r\n');
  return `${head}${'x'.repeat(MAX_BYTES + 1)}`;
}

/** Writes a request, and again after each response; resolves with all output after `times` responses, or at the end. */
function talk(request: string, times: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(server?.port ?? 0, '127.0.0.1', () => socket.write(request));
    let received = '';
    socket.setEncoding('latin1').on('data', (chunk) => {
      received += chunk;
      const responses = received.match(/^HTTP\/1\.1 /gm)?.length ?? 0;
      const isClosing = /\r\nconnection: close\r\n/i.test(received);
      if (isClosing) return;
      if (responses < times) socket.write(request);
      else socket.end();
    });
    // A reset may follow the response, because the server stops reading.
    socket.on('error', () => {});
    socket.on('close', () => resolve(received));
  });
}

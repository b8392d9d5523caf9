import { type ClientHttp2Session, connect, createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import fastify from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { toFastifyHandler } from '../../../../src/webhooks/adapters/fastify.ts';
import { toNodeHandler } from '../../../../src/webhooks/adapters/node.ts';
import type { WebhookReceiver } from '../../../../src/webhooks/delivery.ts';
import { createFakeReceiver, LET_IN, MAX_BYTES } from '../../../support/fake-receiver.ts';

/** Starts a server; returns its port and a function that closes it. */
type Start = (receiver: WebhookReceiver) => Promise<{ readonly port: number; close(): Promise<unknown> }>;

const SERVERS: readonly (readonly [string, Start])[] = [
  [
    'Node http2',
    async (receiver) => {
      const handle = toNodeHandler(receiver);
      const server = createServer((request, response) => void handle(request, response));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      return { port, close: () => new Promise((resolve) => server.close(resolve)) };
    },
  ],
  [
    'Fastify with HTTP/2',
    async (receiver) => {
      const app = fastify({ http2: true });
      app.removeAllContentTypeParsers();
      app.addContentTypeParser('*', (_request, _payload, done) => done(null));
      app.post('/webhooks/8x8', toFastifyHandler(receiver));
      await app.listen({ port: 0, host: '127.0.0.1' });
      return { port: (app.server.address() as AddressInfo).port, close: () => app.close() };
    },
  ],
];

let stop: (() => Promise<unknown>) | undefined;
afterEach(() => stop?.());

describe.each(SERVERS)('%s', (_name, start) => {
  async function begin() {
    const fake = createFakeReceiver();
    const server = await start(fake.receiver);
    const session = connect(`http://127.0.0.1:${server.port}`);
    stop = async () => {
      session.destroy();
      await server.close();
    };
    return { fake, session };
  }

  /** Posts, and resolves with the status when the stream is closed on both sides. */
  function post(session: ClientHttp2Session, body: string, headers: object = LET_IN): Promise<number> {
    return new Promise((resolve, reject) => {
      const stream = session.request({ ':method': 'POST', ':path': '/webhooks/8x8', ...headers });
      let status = 0;
      stream.on('response', (response) => {
        status = response[':status'] ?? 0;
      });
      stream.on('error', reject);
      stream.on('close', () => resolve(status));
      stream.resume().end(body);
    });
  }

  it('passes the body and the address', async () => {
    const { fake, session } = await begin();
    expect(await post(session, '{"a":1}')).toBe(200);
    expect(fake.seen).toMatchObject([{ body: '{"a":1}', delivery: { remoteAddress: '127.0.0.1' } }]);
  });

  it('closes only the stream of a body that was not read to its end', async () => {
    const { fake, session } = await begin();
    const big = 'x'.repeat(10 * MAX_BYTES);
    expect(await post(session, big)).toBe(413);
    expect(await post(session, big, { ...LET_IN, authorization: 'wrong' })).toBe(401);
    expect(await post(session, '{}')).toBe(200);
    expect(fake.seen).toHaveLength(1);
  });

  it('aborts the signal when the stream is cancelled', async () => {
    const { fake, session } = await begin();
    const aborted = new Promise<void>((resolve) => {
      fake.respondWith(
        ({ signal }) =>
          new Promise((respond) => {
            signal?.addEventListener('abort', () => {
              respond({ status: 200, headers: { 'retry-after': '1' } });
              resolve();
            });
            stream.close();
          }),
      );
    });
    const stream = session.request({ ':method': 'POST', ':path': '/webhooks/8x8', ...LET_IN });
    stream.end('{}');
    await aborted;
    fake.respondWith(async () => ({ status: 200, headers: {} }));
    expect(await post(session, '{}')).toBe(200);
  });
});

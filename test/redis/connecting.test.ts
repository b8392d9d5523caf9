import { GlideClient, Logger } from '@valkey/valkey-glide';
import { Redis } from 'ioredis';
import { Redis as Valkey } from 'iovalkey';
import { createClient, createSentinel } from 'redis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AbortedError } from '../../src/errors.ts';
import type { RedisClient } from '../../src/redis/redis-commands.ts';
import { redisLimits } from '../../src/redis/redis-limits.ts';
import { numberOf, testClient } from '../support/client.ts';
import { SENTINEL_NAME, startSentinel } from '../support/redis-sentinel.ts';
import { hasRedisServer, type RedisServer, startRedis } from '../support/redis-server.ts';
import { SECRET } from './store-under-test.ts';

Logger.setLoggerConfig('off');

const ends: (() => unknown)[] = [];

interface Connecting {
  on(event: 'error', listener: () => void): unknown;
}

function quiet<Client extends Connecting>(client: Client, end: (client: Client) => unknown): Client {
  client.on('error', () => {});
  ends.push(() => end(client));
  return client;
}

function connecting<Client extends Connecting & { connect(): Promise<unknown>; destroy(): unknown }>(
  client: Client,
): Client {
  client.connect().catch(() => {});
  return quiet(client, () => client.destroy());
}

/** Clients that are on their way to a server, most of which refuse commands until they are there. */
const CLIENTS: readonly (readonly [name: string, start: (port: number) => Promise<RedisClient>])[] = [
  ['ioredis', async (port) => quiet(new Redis(port), (client) => client.disconnect())],
  [
    'ioredis without its queue',
    async (port) => quiet(new Redis({ port, enableOfflineQueue: false }), (client) => client.disconnect()),
  ],
  [
    'ioredis that connects on demand',
    async (port) =>
      quiet(new Redis({ port, enableOfflineQueue: false, lazyConnect: true }), (client) =>
        client.disconnect(),
      ),
  ],
  [
    'iovalkey without its queue',
    async (port) => quiet(new Valkey({ port, enableOfflineQueue: false }), (client) => client.disconnect()),
  ],
  ['node-redis', async (port) => connecting(createClient({ socket: { port } }))],
  [
    'node-redis without its queue',
    async (port) => connecting(createClient({ socket: { port }, disableOfflineQueue: true })),
  ],
  [
    'Valkey GLIDE that connects on demand',
    async (port) => {
      const client = await GlideClient.createClient({
        addresses: [{ host: '127.0.0.1', port }],
        lazyConnect: true,
        requestTimeout: 1_000,
      });
      ends.push(() => client.close());
      return client;
    },
  ],
];

describe.runIf(hasRedisServer())('a client that is still connecting', () => {
  let server: RedisServer;
  beforeEach(async () => {
    server = await startRedis();
    ends.push(() => server.stop());
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  const limitsOn = (client: RedisClient) =>
    redisLimits({ client, secret: SECRET, onStoreError: 'refuse', onEvent: () => {} });

  describe.each(CLIENTS)('%s', (_, start) => {
    it('is waited for by check()', async () => {
      expect(await limitsOn(await start(server.port)).check()).toEqual([]);
    });

    it('is waited for by the first message', async () => {
      const limits = limitsOn(await start(server.port));
      const { sms } = testClient({ limits, guards: { recipient: { limit: 4, windowMs: 60_000 } } });
      await expect(sms.messages.send({ destination: numberOf(1), text: 'Hello' })).resolves.toMatchObject({
        status: 'accepted',
      });
    });
  });

  it.each(CLIENTS)(
    'is waited for by check() while its server starts: %s',
    async (_, start) => {
      await server.kill();
      const client = await start(server.port);
      const checking = limitsOn(client).check({ timeoutMs: 20_000 });
      await server.restart();
      expect(await checking).toEqual([]);
    },
    30_000,
  );

  it('is waited for by check() and the first message through a sentinel of node-redis', async () => {
    const sentinel = await startSentinel(server.port, 600_000);
    ends.push(() => sentinel.stop());
    const options = { name: SENTINEL_NAME, sentinelRootNodes: [{ host: '127.0.0.1', port: sentinel.port }] };
    expect(await limitsOn(connecting(createSentinel(options))).check()).toEqual([]);
    const { sms } = testClient({ limits: limitsOn(connecting(createSentinel(options))) });
    await sms.messages.send({ destination: numberOf(1), text: 'Hello' });
  });

  it('is reported when the server is not there, within the time given', async () => {
    await server.kill();
    for (const [, start] of CLIENTS) {
      expect(await limitsOn(await start(server.port)).check({ timeoutMs: 200 })).toMatchObject([
        { warning: 'not-connected', message: expect.stringContaining('within 200 ms') },
      ]);
    }
  });

  it('is not waited for once the signal fires', async () => {
    await server.kill();
    const controller = new AbortController();
    const checking = limitsOn(
      new Redis({ port: server.port, enableOfflineQueue: false }).on('error', () => {}),
    ).check({
      signal: controller.signal,
    });
    const failed = expect(checking).rejects.toThrow(AbortedError);
    controller.abort();
    await failed;
  });
});

import { GlideClient, Logger } from '@valkey/valkey-glide';
import { Redis } from 'ioredis';
import { Redis as Valkey } from 'iovalkey';
import { createClient, createSentinel } from 'redis';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { redisConsentLedger } from '../../../src/redis/redis-consent-ledger.ts';
import { type RedisLimitsOptions, redisLimits } from '../../../src/redis/redis-limits.ts';
import { SENTINEL_NAME, startSentinel } from '../../support/redis-sentinel.ts';
import { hasRedisServer, type RedisServer, startRedis } from '../../support/redis-server.ts';
import { SECRET } from '../store-under-test.ts';
import { windowRule } from './kit.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

type Client = RedisLimitsOptions['client'];

// It writes a line for every error of the server.
Logger.setLoggerConfig('off');

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const RULE = windowRule(1_000);
let names = 0;

/** Limits on a client, and a take that is granted, refused by the store (its message), or neither. */
function limitsOn(client: Client, more: Partial<RedisLimitsOptions> = {}) {
  const limits = redisLimits({
    client,
    secret: SECRET,
    onStoreError: 'refuse',
    timeoutMs: 1_000,
    onEvent: () => {},
    ...more,
  });
  ends.push(() => limits.close());
  async function take(): Promise<true | string> {
    names += 1;
    try {
      const [verdict] = await limits.take('shop', [
        { reservation: `${process.pid}-${names}`, rules: [RULE] },
      ]);
      return verdict?.granted === true || 'over the limit';
    } catch (error) {
      return (error as Error).message;
    }
  }
  return { limits, take };
}

/** A primary, and a replica that has all its data. */
async function startPair(): Promise<{ readonly primary: RedisServer; readonly replica: RedisServer }> {
  const primary = await startRedis('--repl-diskless-sync-delay', '0');
  const replica = await startRedis('--replicaof', '127.0.0.1', `${primary.port}`);
  ends.push(() => Promise.all([primary.stop(), replica.stop()]));
  await vi.waitFor(
    () => expect(replica.cli('INFO', 'replication')).toContain('master_link_status:up'),
    20_000,
  );
  return { primary, replica };
}

/** As behind a DNS name: the old connections stay on the old primary, which is a replica now; new ones reach the new one. */
async function startNamed() {
  const { primary, replica } = await startPair();
  const proxy = await startTcpProxy(primary.port);
  ends.push(() => proxy.stop());
  function failOver(): void {
    replica.cli('REPLICAOF', 'NO', 'ONE');
    primary.cli('REPLICAOF', '127.0.0.1', `${replica.port}`);
    proxy.moveTo(replica.port);
  }
  return { proxy, failOver, primary, replica };
}

async function nodeRedis(port: number, options: object = {}) {
  const client = createClient({ socket: { port, host: '127.0.0.1', ...options } });
  client.on('error', () => {});
  await client.connect();
  ends.push(() => client.destroy());
  return client;
}

function ioredis(port: number, options: object = {}): Redis {
  const client = new Redis({ port, ...options });
  client.on('error', () => {});
  ends.push(() => client.disconnect());
  return client;
}

const NAMED: readonly (readonly [name: string, open: (proxy: TcpProxy) => Promise<Client>])[] = [
  ['ioredis', async ({ port }) => ioredis(port)],
  [
    'iovalkey',
    async ({ port }) => {
      const client = new Valkey({ port });
      client.on('error', () => {});
      ends.push(() => client.disconnect());
      return client;
    },
  ],
  ['node-redis', async ({ port }) => nodeRedis(port)],
  [
    'Valkey GLIDE',
    async ({ port }) => {
      const client = await GlideClient.createClient({
        addresses: [{ host: '127.0.0.1', port }],
        requestTimeout: 1_000,
      });
      ends.push(() => client.close());
      return client;
    },
  ],
];

describe.runIf(hasRedisServer())('a failover behind one name', () => {
  it.each(NAMED)(
    'makes %s reconnect to the new primary, for limits and consent',
    async (_, open) => {
      const { proxy, failOver, replica } = await startNamed();
      const client = await open(proxy);
      const { limits, take } = limitsOn(client);
      const ledger = redisConsentLedger({ client });
      const stop = { key: '+6591234567', state: 'opted-out', scope: 'all', source: 'sms', at: 1 } as const;
      expect(await take()).toBe(true);
      failOver();
      expect(await take()).toContain('The server is a replica (READONLY)');
      await vi.waitFor(async () => expect(await take()).toBe(true), { timeout: 15_000, interval: 50 });
      await vi.waitFor(() => ledger.append([stop]), { timeout: 15_000, interval: 50 });
      expect(await limits.check()).toEqual([]);
      expect(replica.cli('KEYS', '8x8g:{consent*').split('\n').length).toBeGreaterThan(1);
    },
    60_000,
  );

  it.each(NAMED)(
    'leaves %s alone when it is told to',
    async (_, open) => {
      const { proxy, failOver, primary } = await startNamed();
      const { take } = limitsOn(await open(proxy), { reconnectOnReadOnly: false });
      expect(await take()).toBe(true);
      failOver();
      const connections = primary.cli('INFO', 'stats').match(/total_connections_received:\d+/)?.[0];
      for (let times = 0; times < 3; times += 1) expect(await take()).toContain('READONLY');
      // One more is this one of the test.
      const after = primary.cli('INFO', 'stats').match(/total_connections_received:(\d+)/)?.[1];
      expect(`total_connections_received:${Number(after) - 1}`).toBe(connections);
    },
    60_000,
  );

  it('fails no command of others that ioredis has on the way', async () => {
    const { proxy, failOver } = await startNamed();
    const client = ioredis(proxy.port);
    const { take } = limitsOn(client);
    expect(await take()).toBe(true);
    failOver();
    const others = Array.from({ length: 200 }, (_, at) =>
      client.set(`others-${at}`, '1').catch((error: Error) => error.message),
    );
    expect(await take()).toContain('READONLY');
    const after = Array.from({ length: 200 }, (_, at) => client.set(`others-${at}`, '1'));
    expect(new Set(await Promise.all(after))).toEqual(new Set(['OK']));
    // A replica refused the first ones itself.
    expect([...new Set(await Promise.all(others))].join()).toContain('READONLY');
  }, 60_000);

  // A reconnect would end these clients, or the process.
  it.each([
    ['ioredis without a retry strategy', async (port: number) => ioredis(port, { retryStrategy: null })],
    ['ioredis that gives up', async (port: number) => ioredis(port, { retryStrategy: () => null })],
    [
      'node-redis that may not reconnect',
      async (port: number) => nodeRedis(port, { reconnectStrategy: false }),
    ],
    [
      'node-redis that gives up',
      async (port: number) => nodeRedis(port, { reconnectStrategy: () => new Error('no') }),
    ],
    [
      'node-redis without a listener for errors',
      async (port: number) => {
        const client = await nodeRedis(port);
        client.removeAllListeners('error');
        ends.push(() => client.on('error', () => {}));
        return client;
      },
    ],
  ])(
    'does not end %s',
    async (_, open) => {
      const { proxy, failOver } = await startNamed();
      const client = await open(proxy.port);
      const { take } = limitsOn(client);
      expect(await take()).toBe(true);
      failOver();
      expect(await take()).toContain('READONLY');
      await expect((client as Redis).ping()).resolves.toBe('PONG');
      expect(await take()).toContain('READONLY');
    },
    60_000,
  );

  it('asks a client that stays on a replica ever more seldom', async () => {
    const { primary, replica } = await startPair();
    expect(primary.port).not.toBe(replica.port);
    const client = ioredis(replica.port);
    const { take } = limitsOn(client);
    const { take: takeOther } = limitsOn(client);
    let reconnects = 0;
    client.on('reconnecting', () => {
      reconnects += 1;
    });
    await client.ping();
    // Together, and one after the other: one client has one connection, however many stores and calls fail.
    await Promise.all([take(), takeOther(), take(), takeOther()]);
    await vi.waitFor(() => expect(reconnects).toBe(1));
    await vi.waitFor(() => expect(client.status).toBe('ready'));
    for (let times = 0; times < 5; times += 1) await takeOther();
    expect(reconnects).toBe(1);
  }, 60_000);
});

const WATCHED: readonly (readonly [name: string, open: (sentinel: number) => Promise<Client>])[] = [
  [
    'ioredis',
    async (port) => {
      const client = new Redis({ sentinels: [{ host: '127.0.0.1', port }], name: SENTINEL_NAME });
      client.on('error', () => {});
      ends.push(() => client.disconnect());
      return client;
    },
  ],
  [
    'iovalkey',
    async (port) => {
      const client = new Valkey({ sentinels: [{ host: '127.0.0.1', port }], name: SENTINEL_NAME });
      client.on('error', () => {});
      ends.push(() => client.disconnect());
      return client;
    },
  ],
  [
    'node-redis',
    async (port) => {
      const client = createSentinel({
        name: SENTINEL_NAME,
        sentinelRootNodes: [{ host: '127.0.0.1', port }],
      });
      client.on('error', () => {});
      await client.connect();
      ends.push(() => client.destroy());
      return client;
    },
  ],
];

/** `WAIT` would only concern what its own connection has written. */
async function expectCopied(primary: RedisServer, replica: RedisServer): Promise<void> {
  const offsetOf = (server: RedisServer, name: string) =>
    Number(new RegExp(`${name}:(\\d+)`).exec(server.cli('INFO', 'replication'))?.[1]);
  await vi.waitFor(() => {
    expect(offsetOf(replica, 'slave_repl_offset')).toBeGreaterThanOrEqual(
      offsetOf(primary, 'master_repl_offset'),
    );
  }, 20_000);
}

describe.runIf(hasRedisServer())('a failover by Sentinel', () => {
  async function startWatched() {
    const pair = await startPair();
    const sentinel = await startSentinel(pair.primary.port, 500);
    ends.push(() => sentinel.stop());
    await vi.waitFor(
      () => expect(sentinel.cli('SENTINEL', 'REPLICAS', SENTINEL_NAME)).toContain(`${pair.replica.port}`),
      20_000,
    );
    return { ...pair, sentinel };
  }

  it.each(WATCHED)(
    'is followed by %s when the primary dies',
    async (_, open) => {
      const { primary, replica, sentinel } = await startWatched();
      const { limits, take } = limitsOn(await open(sentinel.port));
      for (let times = 0; times < 3; times += 1) expect(await take()).toBe(true);
      // Written to the replica too before the primary is gone.
      await expectCopied(primary, replica);
      await primary.kill();
      await vi.waitFor(async () => expect(await take()).toBe(true), { timeout: 40_000, interval: 100 });
      expect(sentinel.primaryPort()).toBe(replica.port);
      expect(await limits.check()).toEqual([]);
      expect((await limits.inspect('shop', [RULE]))[0]?.count).toBe(4);
    },
    90_000,
  );

  it.each(WATCHED)(
    'is followed by %s when the primary becomes a replica',
    async (_, open) => {
      const { primary, replica, sentinel } = await startWatched();
      const { limits, take } = limitsOn(await open(sentinel.port));
      for (let times = 0; times < 3; times += 1) expect(await take()).toBe(true);
      await expectCopied(primary, replica);
      // It refuses until it has looked at the replica.
      await vi.waitFor(() => expect(sentinel.cli('SENTINEL', 'FAILOVER', SENTINEL_NAME)).toBe('OK'), 40_000);
      await vi.waitFor(() => expect(sentinel.primaryPort()).toBe(replica.port), 40_000);
      await vi.waitFor(async () => expect(await take()).toBe(true), { timeout: 40_000, interval: 100 });
      await vi.waitFor(async () => expect(await limits.check()).toEqual([]), 40_000);
      // The take before may have been the last one of the old primary.
      expect(await take()).toBe(true);
      expect((await limits.inspect('shop', [RULE]))[0]?.count).toBeGreaterThanOrEqual(4);
    },
    90_000,
  );
});

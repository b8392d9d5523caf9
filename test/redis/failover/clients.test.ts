import { Cluster, Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { StoreError } from '../../../src/errors.ts';
import type { LimitsEvent } from '../../../src/redis/failover/limits-event.ts';
import type { RedisClient } from '../../../src/redis/redis-commands.ts';
import { type RedisLimitsOptions, redisLimits } from '../../../src/redis/redis-limits.ts';
import { hasRedisServer, startRedis, startRedisCluster } from '../../support/redis-server.ts';
import { CLUSTER_CLIENTS, SINGLE_CLIENTS, type TestClient } from '../clients.ts';
import { windowRule } from './kit.ts';

const SECRET = 'a secret of thirty-two characters';
const TEN = windowRule(10);
/** More than the default, for a machine that is busy with other tests. */
const TIMEOUT_MS = 400;
/** Far longer than any decision, and far shorter than the time-outs of the client libraries. */
const SOON_MS = 2_000;

interface Servers {
  readonly urls: readonly string[];
  signal(name: 'SIGSTOP' | 'SIGCONT'): void;
  cutAll(): void;
  stop(): Promise<void>;
}

async function oneServer(): Promise<Servers> {
  const server = await startRedis();
  return {
    urls: [server.url],
    signal: (name) => void server.process.kill(name),
    cutAll: () => void server.cli('CLIENT', 'KILL', 'TYPE', 'normal'),
    stop: () => server.stop(),
  };
}

async function cluster(): Promise<Servers> {
  const { nodes, stop } = await startRedisCluster();
  return {
    urls: nodes.map(({ url }) => url),
    signal(name) {
      for (const node of nodes) node.process.kill(name);
    },
    cutAll() {
      for (const node of nodes) node.cli('CLIENT', 'KILL', 'TYPE', 'normal');
    },
    stop,
  };
}

let names = 0;
function newName(): string {
  names += 1;
  return `${process.pid}-${names}`;
}
const messageOf = () => ({ reservation: newName(), rules: [TEN] });

function startLimits(client: RedisClient, onStoreError: RedisLimitsOptions['onStoreError']) {
  const events: LimitsEvent[] = [];
  const limits = redisLimits({
    client,
    secret: SECRET,
    onStoreError,
    timeoutMs: TIMEOUT_MS,
    onEvent: (event) => {
      events.push(event);
    },
  });
  const scope = `clients-${newName()}`;
  return {
    limits,
    scope,
    switches: () => events.flatMap((event) => (event.type === 'limits-switched' ? [event.to] : [])),
    take: async () => (await limits.take(scope, [messageOf()]))[0]?.granted,
    count: async () => (await limits.inspect(scope, [TEN]))[0]?.count,
  };
}

/** Takes until the server answers: a cold connection may be slower than the deadline. */
async function warm({ limits, scope }: ReturnType<typeof startLimits>): Promise<void> {
  const other = windowRule(1_000, { id: 'warm', key: 'warm' });
  await vi.waitFor(() => limits.take(scope, [{ reservation: newName(), rules: [other] }]), {
    timeout: 10_000,
    interval: 50,
  });
}

async function timed<Value>(work: () => Promise<Value>): Promise<Value> {
  const startMs = performance.now();
  try {
    return await work();
  } finally {
    expect(performance.now() - startMs).toBeLessThan(SOON_MS);
  }
}

const KINDS = [
  ['one server', oneServer, SINGLE_CLIENTS],
  ['a cluster', cluster, CLUSTER_CLIENTS],
] as const;

describe.runIf(hasRedisServer()).each(KINDS)('redisLimits on %s', (_, start, clients) => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await start();
  }, 60_000);
  afterEach(() => servers.signal('SIGCONT'));
  afterAll(() => servers?.stop());

  describe.each(clients)('with %s as it comes', (_name, connect) => {
    let connected: TestClient;
    beforeAll(async () => {
      connected = await connect(servers.urls);
      // Without a listener a lost connection is written to the console, or ends the process. GLIDE has no events.
      if ('on' in connected.client) (connected.client as Redis).on('error', () => {});
    });
    afterAll(() => connected?.close());

    it('counts all together while all is well', async () => {
      const [one, two] = [startLimits(connected.client, 'refuse'), startLimits(connected.client, 'refuse')];
      await warm(one);
      const taken = [];
      for (let index = 0; index < 12; index += 1) {
        const { limits } = index % 2 === 0 ? one : two;
        taken.push((await limits.take(one.scope, [messageOf()]))[0]?.granted);
      }
      expect(taken.filter((granted) => granted === true)).toHaveLength(10);
    });

    it('decides soon when the server hangs, and tells it what it missed', async () => {
      const local = startLimits(connected.client, { local: { processes: 2 } });
      const refusing = startLimits(connected.client, 'refuse');
      await warm(local);
      await warm(refusing);
      expect(await local.take()).toBe(true);
      servers.signal('SIGSTOP');
      const alone = [];
      for (let index = 0; index < 7; index += 1) {
        alone.push(await timed(local.take));
        await timed(() => expect(refusing.take()).rejects.toThrow(StoreError));
      }
      // One of a share of five was granted before.
      expect(alone).toEqual([true, true, true, true, false, false, false]);
      expect(local.switches()).toEqual(['local']);
      expect(refusing.switches()).toEqual(['refuse']);

      servers.signal('SIGCONT');
      await vi.waitFor(() => expect(local.switches()).toEqual(['local', 'shared']), 20_000);
      await vi.waitFor(async () => expect(await refusing.take()).toBe(true), 20_000);
      expect(refusing.switches()).toEqual(['refuse', 'shared']);
      await vi.waitFor(async () => expect(await local.count()).toBe(5), 20_000);
      await vi.waitFor(async () => expect(await refusing.count()).toBe(1), 20_000);
    }, 60_000);

    it('counts exactly after its connections were cut', async () => {
      const local = startLimits(connected.client, { local: { processes: 1 } });
      await warm(local);
      expect(await local.take()).toBe(true);
      servers.cutAll();
      for (let index = 0; index < 3; index += 1) expect(await timed(local.take)).toBe(true);
      await vi.waitFor(async () => {
        expect(local.switches().at(-1) ?? 'shared').toBe('shared');
        expect(await local.count()).toBe(4);
      }, 20_000);
    }, 60_000);
  });
});

describe.runIf(hasRedisServer())('a client that is not connected', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await oneServer();
  });
  afterAll(() => servers?.stop());
  const port = () => Number(new URL(servers.urls[0] as string).port);

  const NO_SERVER = { host: '127.0.0.1', port: 1, retryStrategy: () => 60_000 };

  it.each([
    ['ioredis, which queues for ever', () => new Redis({ ...NO_SERVER, maxRetriesPerRequest: null })],
    ['ioredis without its queue', () => new Redis({ ...NO_SERVER, enableOfflineQueue: false })],
    ['ioredis, told not to connect', () => new Redis({ ...NO_SERVER, lazyConnect: true })],
    [
      'a cluster of ioredis',
      () => new Cluster([{ host: '127.0.0.1', port: 1 }], { clusterRetryStrategy: () => 60_000 }),
    ],
    ['node-redis, which was never connected', () => createClient({ url: 'redis://127.0.0.1:1' })],
  ])('decides soon: %s', async (_, create) => {
    const client = create();
    client.on('error', () => {});
    const refusing = startLimits(client, 'refuse');
    const local = startLimits(client, { local: { processes: 5 } });
    for (let index = 0; index < 2; index += 1) {
      await timed(() => expect(refusing.take()).rejects.toThrow(StoreError));
      expect(await timed(local.take)).toBe(true);
    }
    expect(await timed(local.take)).toBe(false);
    await local.limits.close();
    await refusing.limits.close();
    if (client instanceof Redis || client instanceof Cluster) client.disconnect();
  });

  it('counts what it let through alone, once it is connected', async () => {
    const client = createClient({ url: servers.urls[0] as string });
    const local = startLimits(client, { local: { processes: 2 } });
    for (let index = 0; index < 3; index += 1) expect(await local.take()).toBe(true);
    expect(local.switches()).toEqual(['local']);
    await client.connect();
    await vi.waitFor(() => expect(local.switches()).toEqual(['local', 'shared']), 10_000);
    expect(await local.count()).toBe(3);
    client.destroy();
  });

  it.each([
    [
      'ioredis',
      async () => {
        const client = new Redis(port());
        return { client, end: () => client.quit() };
      },
    ],
    [
      'node-redis',
      async () => {
        const client = await createClient({ url: servers.urls[0] as string }).connect();
        return { client: client as unknown as RedisClient, end: () => client.close() };
      },
    ],
  ])('decides soon when %s was closed while it was in use', async (_, connect) => {
    const { client, end } = await connect();
    const refusing = startLimits(client, 'refuse');
    const local = startLimits(client, { local: { processes: 5 } });
    await warm(refusing);
    await warm(local);
    const running = timed(() => Promise.allSettled([refusing.take(), local.take()]));
    await Promise.allSettled([end()]);
    // Commands in flight may still have been carried out.
    for (const outcome of await running) {
      expect(outcome.status === 'fulfilled' ? outcome.value : StoreError.isInstance(outcome.reason)).toBe(
        true,
      );
    }
    await timed(() => expect(refusing.take()).rejects.toThrow(StoreError));
    expect(await timed(local.take)).toBe(true);
    expect(await timed(local.take)).toBe(false);
    await local.limits.close();
  });
});

import { GlideClient, GlideClusterClient, Logger } from '@valkey/valkey-glide';
import { Cluster as IoredisCluster, Redis } from 'ioredis';
import { Cluster as IovalkeyCluster, Redis as Valkey } from 'iovalkey';
import { createClient, createCluster, createSentinel } from 'redis';
import type { RedisClient } from '../../src/redis/redis-commands.ts';
import { SENTINEL_NAME, startSentinel } from '../support/redis-sentinel.ts';

// It writes a line for every error of the server, such as NOSCRIPT.
Logger.setLoggerConfig('off');

export interface TestClient {
  readonly client: RedisClient;
  close(): Promise<void>;
}

type Connect = (urls: readonly string[]) => Promise<TestClient>;

const addressOf = (url: string) => {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
};

/** Longer than any test keeps a server from replying. */
const NEVER_DOWN_MS = 600_000;

/** The options of GLIDE, which waits 250 ms for a reply by default: a test that blocks the server may take longer. */
function glideOptions(urls: readonly string[]) {
  const { username, password } = new URL(urls[0] as string);
  return {
    addresses: urls.map(addressOf),
    requestTimeout: 5_000,
    ...(username === '' ? {} : { credentials: { username, password } }),
  };
}

/** Each client library on one server. */
export const SINGLE_CLIENTS: readonly (readonly [name: string, connect: Connect])[] = [
  [
    'ioredis',
    async ([url]) => {
      const client = new Redis(url as string);
      return { client, close: async () => client.disconnect() };
    },
  ],
  [
    'iovalkey',
    async ([url]) => {
      const client = new Valkey(url as string);
      return { client, close: async () => client.disconnect() };
    },
  ],
  [
    'node-redis',
    async ([url]) => {
      const client = createClient({ url: url as string });
      await client.connect();
      return { client, close: async () => client.destroy() };
    },
  ],
  [
    'a sentinel of node-redis',
    async ([url]) => {
      const { username, password } = new URL(url as string);
      const { host, port } = addressOf(url as string);
      const sentinel = await startSentinel(port, NEVER_DOWN_MS);
      const client = createSentinel({
        name: SENTINEL_NAME,
        sentinelRootNodes: [{ host, port: sentinel.port }],
        nodeClientOptions: username === '' ? {} : { username, password },
      });
      client.on('error', () => {});
      await client.connect();
      return {
        client,
        async close() {
          await client.destroy();
          await sentinel.stop();
        },
      };
    },
  ],
  [
    'Valkey GLIDE',
    async (urls) => {
      const client = await GlideClient.createClient(glideOptions(urls));
      return { client, close: async () => client.close() };
    },
  ],
];

/** Each client library on a cluster. */
export const CLUSTER_CLIENTS: readonly (readonly [name: string, connect: Connect])[] = [
  [
    'ioredis',
    async (urls) => {
      const client = new IoredisCluster(urls.map(addressOf));
      return { client, close: async () => client.disconnect() };
    },
  ],
  [
    'iovalkey',
    async (urls) => {
      const client = new IovalkeyCluster(urls.map(addressOf));
      return { client, close: async () => client.disconnect() };
    },
  ],
  [
    'node-redis',
    async (urls) => {
      const client = createCluster({ rootNodes: urls.map((url) => ({ url })) });
      await client.connect();
      return { client, close: async () => client.destroy() };
    },
  ],
  [
    'Valkey GLIDE',
    async (urls) => {
      const client = await GlideClusterClient.createClient(glideOptions(urls));
      return { client, close: async () => client.close() };
    },
  ],
];

import { Cluster as IoredisCluster, Redis } from 'ioredis';
import { Cluster as IovalkeyCluster, Redis as Valkey } from 'iovalkey';
import { createClient, createCluster } from 'redis';
import type { RedisClient } from '../../src/redis/redis-commands.ts';

export interface TestClient {
  readonly client: RedisClient;
  close(): Promise<void>;
}

type Connect = (urls: readonly string[]) => Promise<TestClient>;

const addressOf = (url: string) => {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
};

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
];

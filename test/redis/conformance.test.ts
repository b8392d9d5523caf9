import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConformanceCase } from '../../src/testing/limit-conformance/kit.ts';
import { limitStoreConformance } from '../../src/testing/limit-store-conformance.ts';
import { givenRedisUrl, hasRedisServer, startRedis, startRedisCluster } from '../support/redis-server.ts';
import { CLUSTER_CLIENTS, SINGLE_CLIENTS, type TestClient } from './clients.ts';
import { controlledStore, FORMER_SECRET, namesOf, realStore, SECRET } from './store-under-test.ts';

interface Servers {
  readonly urls: readonly string[];
  stop(): Promise<void>;
}

const HAS_SERVER = hasRedisServer();
const GIVEN = givenRedisUrl();
if (!HAS_SERVER)
  console.warn('Skipped: the limit store on Redis. There is no redis-server, and no redis-cli.');
if (!HAS_SERVER && GIVEN === undefined) console.warn('REDIS_URL is not set either.');

function runAll(cases: readonly ConformanceCase[], suffix = ''): void {
  for (const { name, run } of cases) {
    it(name + suffix, async () => {
      await expect(run()).resolves.toBeUndefined();
    }, 120_000);
  }
}

function suite(
  start: () => Promise<Servers>,
  connect: (urls: readonly string[]) => Promise<TestClient>,
  operations: number,
): void {
  let servers: Servers;
  let connected: TestClient;
  beforeAll(async () => {
    servers = await start();
    connected = await connect(servers.urls);
  }, 60_000);
  afterAll(async () => {
    await connected?.close();
    await servers?.stop();
  });
  runAll(
    limitStoreConformance({
      create: () => controlledStore(connected.client),
      bounded: false,
      openTakes: 'as-written',
      operations,
    }),
  );
  runAll(
    limitStoreConformance({ create: () => realStore(connected.client), clock: 'real' }),
    ', by the clock of the server',
  );
}

async function oneServer(): Promise<Servers> {
  const server = await startRedis();
  return { urls: [server.url], stop: () => server.stop() };
}

async function cluster(): Promise<Servers> {
  const { nodes, stop } = await startRedisCluster();
  return { urls: nodes.map(({ url }) => url), stop };
}

describe.runIf(HAS_SERVER)('on one server', () => {
  for (const [name, connect] of SINGLE_CLIENTS) {
    describe(name, () => suite(oneServer, connect, name === 'ioredis' ? 10_000 : 1000));
  }
});

describe.runIf(HAS_SERVER)('on a cluster of three', () => {
  for (const [name, connect] of CLUSTER_CLIENTS) describe(name, () => suite(cluster, connect, 1000));
});

// Not skipped without one: nothing is left out that the servers above do not show.
if (GIVEN !== undefined) {
  describe('on the server of REDIS_URL', () => {
    const urls = [GIVEN];
    for (const [name, connect] of SINGLE_CLIENTS) {
      describe(name, () => suite(async () => ({ urls, stop: async () => undefined }), connect, 1000));
    }
  });
}

describe.runIf(HAS_SERVER)('while a secret is changed', () => {
  let servers: Servers;
  let connected: TestClient;
  beforeAll(async () => {
    servers = await oneServer();
    const [, connect] = SINGLE_CLIENTS[0] as (typeof SINGLE_CLIENTS)[number];
    connected = await connect(servers.urls);
  });
  afterAll(async () => {
    await connected?.close();
    await servers?.stop();
  });
  runAll(
    limitStoreConformance({
      create: () => {
        // Half of the processes have the new secret first, the others the old one: call by call another process.
        const names = [namesOf(SECRET, FORMER_SECRET), namesOf(FORMER_SECRET, SECRET)];
        return controlledStore(connected.client, names);
      },
      bounded: false,
      openTakes: 'as-written',
      operations: 10_000,
    }),
  );
});

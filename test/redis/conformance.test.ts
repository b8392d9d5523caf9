import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConformanceCase } from '../../src/testing/limit-conformance/kit.ts';
import { limitStoreConformance } from '../../src/testing/limit-store-conformance.ts';
import {
  givenServers,
  hasRedisServer,
  hasValkeyServer,
  type ServerKind,
  startRedis,
  startRedisCluster,
  startServer,
} from '../support/redis-server.ts';
import { CLUSTER_CLIENTS, SINGLE_CLIENTS, type TestClient } from './clients.ts';
import {
  controlledStore,
  keyNamesOf,
  PREVIOUS_SECRET,
  realStore,
  SECRET,
  START_MS,
} from './store-under-test.ts';

interface Servers {
  readonly urls: readonly string[];
  stop(): Promise<void>;
}

const HAS_SERVER = hasRedisServer();
const HAS_VALKEY = hasValkeyServer();
const GIVEN = givenServers();
if (!HAS_SERVER && GIVEN.length === 0) console.warn('Neither REDIS_URL nor VALKEY_URL is set.');

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
      doubtStartMs: START_MS,
      operations,
    }),
  );
  runAll(
    limitStoreConformance({ create: () => realStore(connected.client), clock: 'real' }),
    ', by the clock of the server',
  );
}

async function oneServer(kind?: ServerKind): Promise<Servers> {
  const server = kind === undefined ? await startRedis() : await startServer(kind);
  return { urls: [server.url], stop: () => server.stop() };
}

async function cluster(kind?: ServerKind): Promise<Servers> {
  const { nodes, stop } = await startRedisCluster(kind);
  return { urls: nodes.map(({ url }) => url), stop };
}

describe.runIf(HAS_SERVER)('on one server', () => {
  for (const [name, connect] of SINGLE_CLIENTS) {
    describe(name, () => suite(() => oneServer(), connect, name === 'ioredis' ? 10_000 : 1000));
  }
});

describe.runIf(HAS_SERVER)('on a cluster of three', () => {
  for (const [name, connect] of CLUSTER_CLIENTS) describe(name, () => suite(() => cluster(), connect, 1000));
});

// Not declared without a server: the skip is reported above, and Debian 12 has no Valkey. The client libraries are
// tested above; this suite tests the server.
if (HAS_VALKEY) {
  describe('on Valkey', () => {
    const [, connectSingle] = SINGLE_CLIENTS[1] as (typeof SINGLE_CLIENTS)[number];
    const [, connectCluster] = CLUSTER_CLIENTS[1] as (typeof CLUSTER_CLIENTS)[number];
    describe('one server', () => suite(() => oneServer('valkey'), connectSingle, 10_000));
    describe('a cluster of three', () => suite(() => cluster('valkey'), connectCluster, 1000));
  });
}

for (const [variable, url] of GIVEN) {
  describe(`on the server of ${variable}`, () => {
    for (const [name, connect] of SINGLE_CLIENTS) {
      describe(name, () => suite(async () => ({ urls: [url], stop: async () => undefined }), connect, 1000));
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
        // Half of the processes use the new secret first, the others the old one, and the process changes from call to
        // call.
        const names = [keyNamesOf(SECRET, PREVIOUS_SECRET), keyNamesOf(PREVIOUS_SECRET, SECRET)];
        return controlledStore(connected.client, names);
      },
      bounded: false,
      openTakes: 'as-written',
      doubtStartMs: START_MS,
      operations: 10_000,
    }),
  );
});

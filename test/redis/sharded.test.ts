import { Cluster, Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { DoubtStore } from '../../src/limits/doubt-store.ts';
import type { LimitRule, LimitStore, TakeRequest } from '../../src/limits/limit-store.ts';
import type { RecordStore } from '../../src/limits/record-store.ts';
import { redisLimits } from '../../src/redis/index.ts';
import type { RedisClient, RedisCommands } from '../../src/redis/redis-commands.ts';
import { createRedisStore } from '../../src/redis/redis-store.ts';
import type { KeyNameVersions } from '../../src/redis/rule-arguments.ts';
import { createShardedStore } from '../../src/redis/sharded-store.ts';
import { shardOfNumber } from '../../src/redis/shards.ts';
import { toRedisCommands } from '../../src/redis/to-redis-commands.ts';
import { onceRule, type StoreUnderTest, windowRule } from '../../src/testing/limit-conformance/kit.ts';
import { limitStoreConformance } from '../../src/testing/limit-store-conformance.ts';
import { numberOf, testClient } from '../support/client.ts';
import {
  hasRedisServer,
  type RedisCluster,
  type RedisServer,
  startRedis,
  startRedisCluster,
} from '../support/redis-server.ts';
import { failureOf } from '../support/transport.ts';
import { CLUSTER_CLIENTS, type TestClient } from './clients.ts';
import { HOUR_MS, NUMBER, SCOPE } from './redis-kit.ts';
import { keyNamesOf, PREVIOUS_SECRET, SECRET, START_MS } from './store-under-test.ts';

let cases = 0;

/** A sharded store under its own scopes; with several key names, as many processes in round-robin order. */
const recordsOf = ({ records }: LimitStore): RecordStore => records as RecordStore;
const doubtsOf = ({ doubts }: LimitStore): DoubtStore => doubts as DoubtStore;

function shardedUnderTest(
  client: RedisClient,
  clock: 'controlled' | 'real',
  processes: readonly KeyNameVersions[] = [keyNamesOf()],
): StoreUnderTest {
  cases += 1;
  const prefix = `${cases}.${Date.now()}.`;
  let nowMs = START_MS;
  let latest = 0;
  const testClock = () => {
    latest = Math.min(Math.max(nowMs * 1000, latest + 20), nowMs * 1000 + 980);
    return latest;
  };
  const commands = toRedisCommands(client);
  const stores = processes.map((names) =>
    createShardedStore(
      createRedisStore({ commands, names, deadlineMs: 5000, ...(clock === 'controlled' && { testClock }) }),
    ),
  );
  const takers = new Map<string, LimitStore>();
  let index = 0;
  const next = () => {
    index += 1;
    return stores[index % stores.length] as LimitStore;
  };
  return {
    now: () => (clock === 'controlled' ? nowMs : Date.now()),
    advance(ms) {
      nowMs += ms;
    },
    store: {
      async take(scope, requests) {
        const store = takers.get(requests[0]?.reservation ?? '') ?? next();
        for (const { reservation } of requests) takers.set(reservation, store);
        return store.take(prefix + scope, requests);
      },
      async settle(scope, settlements) {
        // By the process that took it.
        for (const each of settlements) {
          await (takers.get(each.reservation) ?? next()).settle(prefix + scope, [each]);
        }
      },
      inspect: (scope, rules) => next().inspect(prefix + scope, rules),
      records: {
        read: (scope, key) => recordsOf(next()).read(prefix + scope, key),
        write: (scope, key, value, write) => recordsOf(next()).write(prefix + scope, key, value, write),
        remove: (scope, key, options) => recordsOf(next()).remove(prefix + scope, key, options),
      },
      doubts: {
        enter: (scope, outcomes) => doubtsOf(next()).enter(prefix + scope, outcomes),
        alerts: (scope, id) => doubtsOf(next()).alerts(prefix + scope, id),
        lift: (scope, id, target) => doubtsOf(next()).lift(prefix + scope, id, target),
        trust: (scope, id, target, forMs) => doubtsOf(next()).trust(prefix + scope, id, target, forMs),
        forget: (scope, rules) => doubtsOf(next()).forget(prefix + scope, rules),
      },
      async release(scope, rules) {
        for (const store of stores) await store.release(prefix + scope, rules);
      },
    },
  };
}

function passesConformance(
  clientOf: () => RedisClient,
  operations: number,
  processes?: () => readonly KeyNameVersions[],
): void {
  const controlled = limitStoreConformance({
    create: () => shardedUnderTest(clientOf(), 'controlled', processes?.()),
    bounded: false,
    openTakes: 'as-written',
    doubtStartMs: START_MS,
    operations,
  });
  const real = limitStoreConformance({
    create: () => shardedUnderTest(clientOf(), 'real', processes?.()),
    clock: 'real',
  });
  for (const { name, run } of controlled) it(name, () => expect(run()).resolves.toBeUndefined(), 120_000);
  for (const { name, run } of real) {
    it(`${name}, by the clock of the server`, () => expect(run()).resolves.toBeUndefined(), 120_000);
  }
}

describe.skipIf(!hasRedisServer())('a sharded store on one server', () => {
  let server: RedisServer;
  let client: Redis;
  beforeAll(async () => {
    server = await startRedis();
    client = new Redis(server.port);
  }, 60_000);
  afterAll(async () => {
    client?.disconnect();
    await server?.stop();
  });

  describe('conformance', () => passesConformance(() => client, 5_000));
  describe('conformance, while a secret is changed', () =>
    passesConformance(
      () => client,
      5_000,
      () => [keyNamesOf(SECRET, PREVIOUS_SECRET), keyNamesOf(PREVIOUS_SECRET, SECRET)],
    ));

  it('gives back in every place what was taken by a message whose answer was lost', async () => {
    const commands = toRedisCommands(client);
    let isLosing = false;
    let taken = 0;
    const store = createShardedStore(
      createRedisStore({
        commands: {
          ...commands,
          async evalsha(sha, keys, args) {
            const answer = await commands.evalsha(sha, keys, args);
            if (!isLosing || !keys.some((key) => key.includes(`{${SCOPE}}`))) return answer;
            taken += 1;
            throw new Error('Connection is closed.');
          },
        },
        names: keyNamesOf(),
        deadlineMs: 5000,
      }),
    );
    const [own, budget] = [windowRule(NUMBER, 5, HOUR_MS), windowRule('budget', 5, HOUR_MS)];
    const counts = async () => (await store.inspect(SCOPE, [own, budget])).map(({ count }) => count);
    const request = (reservation: string): TakeRequest => ({ reservation, rules: [own, budget] });
    await store.take(SCOPE, [request('first')]);
    isLosing = true;
    expect(await failureOf(store.take(SCOPE, [request('lost')]))).toMatchObject({ code: 'store' });
    isLosing = false;
    expect(taken).toBe(1);
    expect(await counts()).toEqual([1, 2]);
    // As the failover store does once the server answers again; doing it twice changes nothing.
    for (let times = 0; times < 2; times += 1) {
      await store.settle(SCOPE, [{ ...request('lost'), outcome: 'return' }]);
      expect(await counts()).toEqual([1, 1]);
    }
  });

  it('gives it back on its own, inside the store that watches the server', async () => {
    const commands = toRedisCommands(client);
    let lose = 0;
    const losing: RedisCommands = {
      ...commands,
      async evalsha(sha, keys, args) {
        const answer = await commands.evalsha(sha, keys, args);
        if (lose === 0 || !keys.some((key) => key.includes('{watched}'))) return answer;
        lose -= 1;
        throw new Error('Connection is closed.');
      },
    };
    const limits = redisLimits({
      client: losing,
      secret: SECRET,
      onStoreError: 'refuse',
      onEvent: () => {},
      timeoutMs: 4_000,
      shardBy: 'recipient',
    });
    const [own, budget] = [windowRule(NUMBER, 5, HOUR_MS), windowRule('budget', 5, HOUR_MS)];
    const counts = async () => (await limits.inspect('watched', [own, budget])).map(({ count }) => count);
    const request = (reservation: string): TakeRequest => ({ reservation, rules: [own, budget] });
    expect(await limits.take('watched', [request('first')])).toEqual([{ granted: true, observed: [] }]);
    lose = 1;
    expect(await failureOf(limits.take('watched', [request('lost')]))).toMatchObject({ code: 'store' });
    expect(lose).toBe(0);
    await vi.waitFor(async () => expect(await counts()).toEqual([1, 1]), { timeout: 10_000 });
    await limits.close();
  });

  it('takes in one round trip what is about one number, and in two what is not', async () => {
    const sent: string[] = [];
    const commands = toRedisCommands(client);
    const watched: RedisCommands = {
      ...commands,
      evalsha: (sha, keys, args) => {
        // The look at the server after the first reply.
        if (!keys[0]?.includes('{check}')) sent.push(keys[0] ?? '');
        return commands.evalsha(sha, keys, args);
      },
    };
    const limits = redisLimits({
      client: watched,
      secret: SECRET,
      onStoreError: 'refuse',
      timeoutMs: 4_000,
      shardBy: 'recipient',
    });
    const rules: LimitRule[] = [windowRule(NUMBER, 5, HOUR_MS)];
    const take = async (...more: LimitRule[]) => {
      sent.length = 0;
      const reservation = crypto.randomUUID();
      const [verdict] = await limits.take('trips', [{ reservation, rules: [...rules, ...more] }]);
      expect(verdict?.granted).toBe(true);
    };
    await take(onceRule('warm', 'print', HOUR_MS));
    await take();
    expect(sent).toHaveLength(1);
    await take(onceRule('order-7', 'print', HOUR_MS));
    expect(sent.map((key) => key.slice(0, key.indexOf('}') + 1))).toEqual([
      `8x8g:{trips%001f${shardOfNumber(NUMBER)}}`,
      '8x8g:{trips}',
    ]);
    await limits.close();
  });

  it('keeps no whole number where others may read it', async () => {
    await client.flushall();
    const limits = redisLimits({ client, secret: SECRET, onStoreError: 'refuse', shardBy: 'recipient' });
    await limits.take('named', [{ reservation: 'one', rules: [windowRule(NUMBER, 5, HOUR_MS)] }]);
    const keys = await client.keys('*');
    expect(keys.some((key) => key.startsWith(`8x8g:{named%001f${shardOfNumber(NUMBER)}}2`))).toBe(true);
    expect(keys.join()).not.toContain(String(NUMBER));
    await limits.close();
  });
});

describe.skipIf(!hasRedisServer())('a sharded store on a cluster', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  }, 60_000);
  afterAll(() => cluster?.stop());

  for (const [name, connect] of CLUSTER_CLIENTS) {
    describe(name, () => {
      let connected: TestClient;
      beforeAll(async () => {
        connected = await connect(cluster.nodes.map(({ url }) => url));
      });
      afterAll(() => connected?.close());
      passesConformance(() => connected.client, 500);
    });
  }

  it('lets ten through to each number in all, of two clients, over all nodes', async () => {
    const nodes = cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port }));
    const connections = [new Cluster(nodes), new Cluster(nodes)];
    // Counted in the slot of the scope: every message is taken in two slots.
    const range = { removedDigits: 2, limit: 1_000, windowMs: HOUR_MS } as const;
    const start = async (client: Cluster) => {
      const limits = redisLimits({
        client,
        secret: SECRET,
        onStoreError: 'refuse',
        timeoutMs: 4_000,
        shardBy: 'recipient',
      });
      await limits.check();
      const recipient = { limit: 10, windowMs: HOUR_MS };
      return testClient({ limits, scope: 'shop', guards: { prefix: { ranges: [range] }, recipient } });
    };
    const clients = await Promise.all(connections.map(start));
    const messages = Array.from({ length: 12 * 100 }, (_, at) => ({
      destination: numberOf(at % 100),
      text: 'Hello',
    }));
    const halves = [messages.slice(0, 600), messages.slice(600)];
    const answers = await Promise.all(
      clients.map(({ sms }, at) => sms.messages.sendBatch({ messages: halves[at] as typeof messages })),
    );
    const accepted = new Map<string, number>();
    answers.forEach(({ results }, half) => {
      results.forEach(({ status }, at) => {
        const { destination } = (halves[half] as typeof messages)[at] as (typeof messages)[number];
        if (status === 'accepted') accepted.set(destination, (accepted.get(destination) ?? 0) + 1);
      });
    });
    expect([...accepted.values()]).toEqual(Array.from({ length: 100 }, () => 10));
    const used = cluster.nodes.map((node) => node.cli('DBSIZE'));
    expect(used.every((size) => Number(size) > 20)).toBe(true);
    for (const connection of connections) connection.disconnect();
  });
});

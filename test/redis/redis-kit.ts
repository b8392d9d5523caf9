import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe } from 'vitest';
import type { LimitRule, LimitStore, TakeRequest, TakeVerdict } from '../../src/limits/limit-store.ts';
import type { RedisCommands } from '../../src/redis/redis-commands.ts';
import { createRedisStore } from '../../src/redis/redis-store.ts';
import type { KeyNameVersions } from '../../src/redis/rule-arguments.ts';
import { toRedisCommands } from '../../src/redis/to-redis-commands.ts';
import {
  amountRule,
  backoffRule,
  onceRule,
  slotRule,
  windowRule,
} from '../../src/testing/limit-conformance/kit.ts';
import { hasRedisServer, type RedisServer, startRedis } from '../support/redis-server.ts';
import { keyNamesOf } from './store-under-test.ts';

export const NUMBER = 6591234567;
export const HOUR_MS = 3_600_000;
export const SCOPE = 'acme';

/** The rules of a default send. */
export const sixRules = (key: number, now = Date.now()): LimitRule[] => [
  windowRule(key, 10, 1_800_000),
  windowRule(key, 200, HOUR_MS),
  slotRule(key, 10, HOUR_MS, now),
  backoffRule(key, 30_000, HOUR_MS, HOUR_MS),
  onceRule(`order-${key}`, 'print', HOUR_MS),
  amountRule('budget', 1e9, HOUR_MS, 37_000),
];

export interface RedisKit {
  readonly client: Redis;
  /** A new store for every test, on an empty server. */
  store: LimitStore;
  /** Name, keys and arguments of every script call. */
  sent: { name: string; keys: readonly string[]; args: readonly string[] }[];
  /** Wraps every call, when set. */
  fault: ((run: () => Promise<unknown>) => Promise<unknown>) | undefined;
  storeOf(names?: KeyNameVersions, deadlineMs?: number): LimitStore;
  /** A request with its own reservation. */
  requestOf(...rules: LimitRule[]): TakeRequest;
  take(...rules: LimitRule[]): Promise<TakeVerdict>;
  countOf(rule: LimitRule): Promise<number | undefined>;
  keys(): Promise<string[]>;
  /** Waits until the clock of the server has advanced by that many milliseconds. */
  letPass(ms: number): Promise<void>;
}

/** The server's time in microseconds. */
async function serverMicros(client: Redis): Promise<number> {
  const [seconds, micros] = await client.time();
  return Number(seconds) * 1e6 + Number(micros);
}

/** A suite on its own server. */
export function describeOnRedis(name: string, suite: (kit: RedisKit) => void): void {
  describe.runIf(hasRedisServer())(name, () => {
    let server: RedisServer;
    let client: Redis;
    let commands: RedisCommands;
    let count = 0;
    const kit: RedisKit = {
      get client() {
        return client;
      },
      store: undefined as unknown as LimitStore,
      sent: [],
      fault: undefined,
      storeOf: (names = keyNamesOf(), deadlineMs = 5000) => createRedisStore({ commands, names, deadlineMs }),
      requestOf(...rules) {
        count += 1;
        return { reservation: `r-${count}`, rules };
      },
      async take(...rules) {
        const [verdict] = await kit.store.take(SCOPE, [kit.requestOf(...rules)]);
        return verdict as TakeVerdict;
      },
      countOf: async (rule) => (await kit.store.inspect(SCOPE, [rule]))[0]?.count,
      keys: () => client.keys('*'),
      async letPass(ms) {
        const until = (await serverMicros(client)) + ms * 1000;
        for (let asked = 0; asked < 100_000; asked += 1) if ((await serverMicros(client)) > until) return;
        throw new Error('The clock of the server stands still.');
      },
    };
    beforeAll(async () => {
      server = await startRedis();
      client = new Redis(server.port);
      const plain = toRedisCommands(client);
      const watch = (method: 'evalsha' | 'eval'): RedisCommands['eval'] => {
        return (script, keys, args) => {
          kit.sent.push({ name: method, keys, args });
          const run = () => plain[method](script, keys, args);
          return kit.fault === undefined ? run() : kit.fault(run);
        };
      };
      commands = { ...plain, evalsha: watch('evalsha'), eval: watch('eval') };
    }, 60_000);
    beforeEach(async () => {
      await client.flushall();
      kit.sent = [];
      kit.fault = undefined;
      kit.store = kit.storeOf();
    });
    afterAll(async () => {
      client?.disconnect();
      await server?.stop();
    });
    suite(kit);
  });
}

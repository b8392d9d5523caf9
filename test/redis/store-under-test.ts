import type { DoubtStore } from '../../src/limits/doubt-store.ts';
import type { LimitStore } from '../../src/limits/limit-store.ts';
import type { RecordStore } from '../../src/limits/record-store.ts';
import { createKeyNames } from '../../src/redis/key-hashing-options.ts';
import type { RedisClient } from '../../src/redis/redis-commands.ts';
import { createRedisStore } from '../../src/redis/redis-store.ts';
import type { KeyNameVersions } from '../../src/redis/rule-arguments.ts';
import { toRedisCommands } from '../../src/redis/to-redis-commands.ts';
import type { StoreUnderTest } from '../../src/testing/limit-conformance/kit.ts';

export const SECRET = 'a secret of thirty-two characters';
export const PREVIOUS_SECRET = 'another secret of as many characters';

export function keyNamesOf(secret: string = SECRET, previous?: string): KeyNameVersions {
  return createKeyNames({ secret, ...(previous === undefined ? {} : { previous: { secret: previous } }) });
}

let runs = 0;

/** The same store under its own scopes, so that many cases share a server. */
function isolated(store: LimitStore): LimitStore {
  runs += 1;
  const own = (scope: string, run: string) => `${run}.${scope}`;
  const records = store.records as RecordStore;
  const doubts = store.doubts as DoubtStore;
  const run = `${process.pid}.${Date.now()}.${runs}`;
  return {
    take: (scope, requests, options) => store.take(own(scope, run), requests, options),
    settle: (scope, settlements) => store.settle(own(scope, run), settlements),
    inspect: (scope, rules) => store.inspect(own(scope, run), rules),
    release: (scope, rules) => store.release(own(scope, run), rules),
    records: {
      read: (scope, key) => records.read(own(scope, run), key),
      write: (scope, key, value, write) => records.write(own(scope, run), key, value, write),
      remove: (scope, key, options) => records.remove(own(scope, run), key, options),
    },
    doubts: {
      enter: (scope, outcomes) => doubts.enter(own(scope, run), outcomes),
      alerts: (scope, id) => doubts.alerts(own(scope, run), id),
      lift: (scope, id, target) => doubts.lift(own(scope, run), id, target),
      trust: (scope, id, target, forMs) => doubts.trust(own(scope, run), id, target, forMs),
      forget: (scope, rules) => doubts.forget(own(scope, run), rules),
    },
  };
}

/**
 * Takes through several stores in turn, as messages reach several processes. A reservation is settled by the store that
 * took it; repeated takes and reads may reach any store.
 */
function roundRobin(stores: readonly LimitStore[]): LimitStore {
  let index = 0;
  const takers = new Map<string, LimitStore>();
  const next = (): LimitStore => {
    index += 1;
    return stores[index % stores.length] as LimitStore;
  };
  return {
    async take(scope, requests, options) {
      const store = takers.get(requests[0]?.reservation ?? '') ?? next();
      for (const { reservation } of requests) takers.set(reservation, store);
      return store.take(scope, requests, options);
    },
    async settle(scope, settlements) {
      for (const settlement of settlements) {
        await takers.get(settlement.reservation)?.settle(scope, [settlement]);
      }
    },
    inspect: (scope, rules) => next().inspect(scope, rules),
    async release(scope, rules) {
      for (const store of stores) await store.release(scope, rules);
    },
    records: {
      read: (...args) => (next().records as RecordStore).read(...args),
      write: (...args) => (next().records as RecordStore).write(...args),
      remove: (...args) => (next().records as RecordStore).remove(...args),
    },
    doubts: {
      enter: (...args) => (next().doubts as DoubtStore).enter(...args),
      alerts: (...args) => (next().doubts as DoubtStore).alerts(...args),
      lift: (...args) => (next().doubts as DoubtStore).lift(...args),
      trust: (...args) => (next().doubts as DoubtStore).trust(...args),
      forget: (...args) => (next().doubts as DoubtStore).forget(...args),
    },
  };
}

/** The time at which every store with a test clock starts. */
export const START_MS = Date.UTC(2026, 10, 29, 21, 30);

/** A store on a running server with a test clock. With several key names, as many processes. */
export function controlledStore(
  client: RedisClient,
  names: readonly KeyNameVersions[] = [keyNamesOf()],
): StoreUnderTest {
  let nowMs = START_MS;
  let latest = 0;
  const testClock = () => {
    // Two commands see two times, as on a server: 50 per millisecond.
    latest = Math.min(Math.max(nowMs * 1000, latest + 20), nowMs * 1000 + 980);
    return latest;
  };
  const commands = toRedisCommands(client);
  const stores = names.map((each) =>
    createRedisStore({ commands, names: each, deadlineMs: 5000, testClock }),
  );
  return {
    store: isolated(stores.length === 1 ? (stores[0] as LimitStore) : roundRobin(stores)),
    now: () => nowMs,
    advance(ms) {
      nowMs += ms;
    },
  };
}

/** A store that counts by the server's own clock. */
export function realStore(client: RedisClient): StoreUnderTest {
  const commands = toRedisCommands(client);
  return {
    store: isolated(createRedisStore({ commands, names: keyNamesOf(), deadlineMs: 5000 })),
    now: () => Date.now(),
    advance() {
      throw new Error('No case that runs by the clock of a server waits for it.');
    },
  };
}

import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createFailoverStore } from '../../../src/redis/failover/failover-store.ts';
import type { LimitsEvent } from '../../../src/redis/failover/limits-event.ts';
import { limitStoreConformance } from '../../../src/testing/limit-store-conformance.ts';
import { hasRedisServer, type RedisServer, startRedis } from '../../support/redis-server.ts';
import { memoryUnderTest } from '../../unit/limits/memory-under-test.ts';
import { controlledStore, START_MS } from '../store-under-test.ts';

/** Errors of a listener are ignored, so the test checks for them after each case. */
let troubles: string[] = [];
const noteTrouble = ({ type }: LimitsEvent) => void troubles.push(type);
beforeEach(() => {
  troubles = [];
});
afterEach(() => {
  expect(troubles).toEqual([]);
});

const CHOICES = [
  ['refuse', 'refuse'],
  ['local', { processes: 20, once: 'local' }],
] as const;

describe.each(CHOICES)('a store in good health behind onStoreError %s', (_, onStoreError) => {
  const cases = limitStoreConformance({
    create(sizes) {
      const subject = memoryUnderTest(sizes);
      const store = createFailoverStore({
        remote: subject.store,
        onStoreError,
        timeoutMs: 60_000,
        clock: { now: subject.now },
        onEvent: noteTrouble,
      });
      return { ...subject, store };
    },
    operations: 5_000,
    floodSize: 20_000,
  });
  for (const { name, run } of cases) it(name, run);
});

describe.runIf(hasRedisServer()).each(CHOICES)('on a server, onStoreError %s', (_, onStoreError) => {
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
  const cases = limitStoreConformance({
    create() {
      const subject = controlledStore(client);
      const clock = { now: subject.now };
      const store = createFailoverStore({
        remote: subject.store,
        onStoreError,
        timeoutMs: 60_000,
        clock,
        onEvent: noteTrouble,
      });
      return { ...subject, store };
    },
    bounded: false,
    openTakes: 'as-written',
    doubtStartMs: START_MS,
    operations: 1_000,
  });
  for (const { name, run } of cases) it(name, run, 120_000);
});

import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { RedisCommands } from '../../src/redis/redis-commands.ts';
import { createRedisStore } from '../../src/redis/redis-store.ts';
import { toRedisCommands } from '../../src/redis/to-redis-commands.ts';
import { hasRedisServer, type RedisServer, startRedis } from '../support/redis-server.ts';
import { PEOPLE, tellStory } from '../support/window-story.ts';
import { keyNamesOf } from './store-under-test.ts';

const SCHEDULES = Number(process.env.SCHEDULES ?? 200);

describe.runIf(hasRedisServer())('on Redis', () => {
  let server: RedisServer;
  let client: Redis;
  beforeAll(async () => {
    server = await startRedis();
    client = new Redis(server.port);
    await client.ping();
  }, 60_000);
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });
  afterAll(async () => {
    client.disconnect();
    await server.stop();
  });

  it('no window holds more than its limit by the time of the write', async () => {
    const pending = new Set<Promise<unknown>>();
    const plain = toRedisCommands(client);
    const watch =
      (method: 'eval' | 'evalsha'): RedisCommands['eval'] =>
      (script, keys, args) => {
        const asking = plain[method](script, keys, args);
        pending.add(asking);
        const done = () => void pending.delete(asking);
        asking.then(done, done);
        return asking;
      };
    const commands = { ...plain, eval: watch('eval'), evalsha: watch('evalsha') };
    // A reply may lead to the next command some turns of the event loop later: time must not pass before.
    const idle = async (): Promise<void> => {
      for (let quietTurns = 0; quietTurns < 5; quietTurns = pending.size > 0 ? 0 : quietTurns + 1) {
        await Promise.allSettled(pending);
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    let written = 0;
    for (let seed = 1; seed <= SCHEDULES / PEOPLE; seed += 1) {
      await client.flushall();
      written += await tellStory({
        seed,
        idle,
        // An open take counts for one window on a server, and a request lives for ten seconds. From a minute on up to
        // 250 ms between the take and the answer are ignored (docs/scaling.md), so those windows are not exact.
        windows: [30_000, 45_000, 59_000],
        limits: ({ now }) =>
          createRedisStore({
            commands,
            names: keyNamesOf(),
            deadlineMs: 5_000,
            testClock: () => now() * 1_000,
          }),
      });
      vi.unstubAllGlobals();
      vi.restoreAllMocks();
    }
    expect(written).toBeGreaterThan(SCHEDULES / 2);
  }, 3_600_000);
});

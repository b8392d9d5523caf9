import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DoubtStore } from '../../../src/limits/doubt-store.ts';
import { createRedisStore } from '../../../src/redis/redis-store.ts';
import { toRedisCommands } from '../../../src/redis/to-redis-commands.ts';
import { doubtRule } from '../../../src/testing/limit-conformance/doubt-cases.ts';
import { hasRedisServer, type RedisServer, startRedis } from '../../support/redis-server.ts';
import { keyNamesOf } from '../store-under-test.ts';
import type { DoubtTask, DoubtWord } from './doubt-worker.ts';

const WORKER = fileURLToPath(new URL('doubt-worker.ts', import.meta.url));
const FIRST = 6_281_200_000_000;
const BLOCK = '628120000';

describe.runIf(hasRedisServer())('doubt of four processes', { timeout: 60_000 }, () => {
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
  const storeOf = () =>
    createRedisStore({ commands: toRedisCommands(client), names: keyNamesOf(), deadlineMs: 5_000 });
  const doubtsOf = () => storeOf().doubts as DoubtStore;

  /** Starts a process, which notes the codes that went out. */
  function start(task: Omit<DoubtTask, 'redisPort'>, granted: number[]): ChildProcess {
    const worker = fork(WORKER, [JSON.stringify({ ...task, redisPort: server.port })]);
    worker.on('message', (word) => granted.push((word as DoubtWord).granted));
    return worker;
  }

  it('lets no more strangers of a block pass in all than one process would', async () => {
    const granted: number[] = [];
    const tasks = [0, 1, 2, 3].map((at) => ({
      scope: 'flood',
      from: FIRST + at * 1_000,
      count: 200,
      enters: false,
    }));
    const workers = tasks.map((task) => start(task, granted));
    const codes = await Promise.all(workers.map((worker) => once(worker, 'exit')));
    expect(codes.map(([code]) => code)).toEqual([0, 0, 0, 0]);
    // Eight are normal; time takes back a little of them, so that a ninth may follow.
    expect([8, 9]).toContain(granted.length);
    const alerts = await doubtsOf().alerts('flood', 'doubt');
    // It fades by the clock of the server, also between these commands.
    expect(alerts).toMatchObject([
      { place: 'crowd', prefix: BLOCK, observed: expect.toBeOneOf([7, 8]), limit: 8 },
    ]);
  });

  it('counts each code once, and each outcome, when processes are killed in between', async () => {
    const granted: number[] = [];
    // Blocks of their own: nobody is held.
    const tasks = [0, 1, 2, 3].map((at) => ({
      scope: 'killed',
      from: FIRST + at * 4,
      count: 4,
      enters: false,
    }));
    const spread = tasks.map(({ from, ...task }) => ({
      ...task,
      from: from + ((from - FIRST) / 4) * 10_000,
    }));
    const workers = spread.map((task) => start(task, granted));
    const exits = workers.map((worker) => once(worker, 'exit'));
    await once(workers[0] as ChildProcess, 'message');
    workers[0]?.kill('SIGKILL');
    await Promise.all(exits);
    const store = storeOf();
    const states = await store.inspect(
      'killed',
      granted.map((number) => doubtRule(number)),
    );
    // One code each, less the moment since then.
    expect(states.map(({ count }) => count)).toEqual(granted.map(() => 0));
    for (const number of granted) {
      for (let times = 0; times < 2; times += 1)
        await doubtsOf().enter('killed', [{ rule: doubtRule(number), outcome: 'entered' }]);
    }
    const { entered } = await worldOf('killed');
    expect(entered).toBe(granted.length);
  });

  it('learns what people do from whichever process sees it', async () => {
    const granted: number[] = [];
    const tasks = [0, 1, 2, 3].map((at) => ({
      scope: 'people',
      from: FIRST + at * 30_000,
      count: 7,
      enters: true,
    }));
    const workers = tasks.map((task) => start(task, granted));
    await Promise.all(workers.map((worker) => once(worker, 'exit')));
    expect(granted).toHaveLength(28);
    expect((await worldOf('people')).entered).toBe(28);
    expect(await doubtsOf().alerts('people', 'doubt')).toEqual([]);
  });

  /** The count of all countries on the server: the third number of the value. */
  async function worldOf(scope: string): Promise<{ readonly entered: number }> {
    const [key = ''] = await client.keys(`8x8g:{${scope}}:pw*`);
    const value = (await client.getBuffer(key)) as Buffer;
    return { entered: value.readDoubleBE(16) };
  }
});

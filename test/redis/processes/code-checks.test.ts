import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { redisLimits } from '../../../src/redis/redis-limits.ts';
import { API_KEY, numberOf, testClient } from '../../support/client.ts';
import { hasRedisServer, type RedisServer, startRedis } from '../../support/redis-server.ts';
import { type EmulatorServer, startEmulatorServer } from '../emulator-server.ts';
import { SECRET } from '../store-under-test.ts';
import type { CodeOrder, CodeReply } from './code-checker.ts';

const PROGRAM = fileURLToPath(new URL('./code-checker.ts', import.meta.url));

/** A process of its own that checks codes. */
interface Checker {
  check(order: Omit<CodeOrder, 'id'>): Promise<readonly string[]>;
  stop(): void;
}

async function startChecker(redisPort: number, url: string): Promise<Checker> {
  const child: ChildProcess = fork(PROGRAM, [`${redisPort}`, url], {
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const waiting = new Map<number, (said: readonly string[]) => void>();
  let orders = 0;
  child.on('exit', (_, signal) => {
    for (const resolve of waiting.values()) resolve([signal ?? 'ended']);
  });
  // It says that it is up.
  await once(child, 'message');
  child.on('message', ({ id, said }: CodeReply) => waiting.get(id)?.(said));
  return {
    check(order) {
      orders += 1;
      const id = orders;
      return new Promise((resolve) => {
        waiting.set(id, resolve);
        child.send({ ...order, id });
      });
    },
    stop: () => void child.kill('SIGKILL'),
  };
}

describe.runIf(hasRedisServer())('one code in several processes', { timeout: 120_000 }, () => {
  let redis: RedisServer;
  let connection: Redis;
  let server: EmulatorServer;
  let checkers: readonly Checker[] = [];
  let numbers = 0;

  beforeAll(async () => {
    redis = await startRedis();
    connection = new Redis(redis.port);
    server = await startEmulatorServer();
    checkers = await Promise.all([1, 2, 3].map(() => startChecker(redis.port, server.url)));
  }, 120_000);
  afterAll(async () => {
    for (const checker of checkers) checker.stop();
    connection.disconnect();
    await server.stop();
    await redis.stop();
  });

  /** A code for another number, issued by this process. */
  async function issue() {
    numbers += 1;
    const destination = numberOf(numbers);
    const limits = redisLimits({
      client: connection,
      secret: SECRET,
      onStoreError: 'refuse',
      timeoutMs: 4_000,
    });
    const { sms } = testClient({
      limits,
      scope: 'codes',
      apiKey: API_KEY,
      fetch: server.emulator.fetch,
      oneTimePasswords: { secret: SECRET },
    });
    await sms.oneTimePasswords.issue({
      destination,
      subject: 'visitor-7',
      text: ({ code }) => `Code ${code}`,
    });
    const right = /\d{6}$/.exec(server.emulator.messages.at(-1)?.text ?? '')?.[0] ?? '';
    const wrong = String((Number(right) + 1) % 1_000_000).padStart(6, '0');
    await limits.close();
    return { destination, right, wrong };
  }

  it('a storm of right and wrong codes verifies once at most, after five tries at most', async () => {
    for (let round = 0; round < 6; round += 1) {
      const { destination, right, wrong } = await issue();
      // In the last rounds fewer than five codes are tried, so that the right one must be verified.
      const codes = round < 3 ? [right, wrong, right, wrong, right] : [right];
      const said = (await Promise.all(checkers.map((each) => each.check({ destination, codes })))).flat();
      const verified = said.filter((each) => each === 'verified').length;
      const tried = verified + said.filter((each) => each === 'wrong-code').length;
      expect(verified).toBeLessThanOrEqual(1);
      expect(tried).toBeLessThanOrEqual(5);
      if (round >= 3) expect(said.sort()).toEqual(['used', 'used', 'verified']);
    }
  });

  it('a process that dies in the middle spends a try, and the code stays good', async () => {
    const { destination, right } = await issue();
    const doomed = await startChecker(redis.port, server.url);
    // The first write claims the try; the code has not been compared then.
    expect(await doomed.check({ destination, codes: [right], dieAfterWrites: 1 })).toEqual(['SIGKILL']);
    const [checker] = checkers;
    expect(await checker?.check({ destination, codes: [right] })).toEqual(['verified']);
    expect(await checker?.check({ destination, codes: [right] })).toEqual(['used']);
  });

  it('a process that dies after the right code was taken leaves it used', async () => {
    const { destination, right } = await issue();
    const doomed = await startChecker(redis.port, server.url);
    expect(await doomed.check({ destination, codes: [right], dieAfterWrites: 2 })).toEqual(['SIGKILL']);
    expect(await checkers[0]?.check({ destination, codes: [right] })).toEqual(['used']);
  });
});

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { redisLimits } from '../../../src/redis/redis-limits.ts';
import { API_KEY, numberOf, testClient } from '../../support/client.ts';
import { hasRedisServer, type RedisServer, startRedis } from '../../support/redis-server.ts';
import { type EmulatorServer, startEmulatorServer } from '../emulator-server.ts';
import { SECRET } from '../store-under-test.ts';
import type { CheckOrder, CheckReply } from './session-checker.ts';

const PROGRAM = fileURLToPath(new URL('./session-checker.ts', import.meta.url));

/** A process of its own that checks codes. */
interface Checker {
  check(order: Omit<CheckOrder, 'id'>): Promise<string>;
  /** `kill -KILL`. */
  kill(): Promise<void>;
}

async function startChecker(redisPort: number, url: string): Promise<Checker> {
  const child: ChildProcess = fork(PROGRAM, [`${redisPort}`, url], {
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const waiting = new Map<number, (said: string) => void>();
  let orders = 0;
  child.on('exit', () => {
    for (const resolve of waiting.values()) resolve('killed');
  });
  // It says that it is up.
  await once(child, 'message');
  child.on('message', ({ id, said }: CheckReply) => waiting.get(id)?.(said));
  return {
    check(order) {
      orders += 1;
      const id = orders;
      return new Promise((resolve) => {
        waiting.set(id, resolve);
        child.send({ ...order, id });
      });
    },
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

describe.runIf(hasRedisServer())('one session in several processes', { timeout: 120_000 }, () => {
  let redis: RedisServer;
  let connection: Redis;
  let server: EmulatorServer;
  let checkers: readonly [Checker, Checker, Checker];
  let numbers = 0;

  beforeAll(async () => {
    redis = await startRedis();
    connection = new Redis(redis.port);
    server = await startEmulatorServer();
    const start = () => startChecker(redis.port, server.url);
    checkers = await Promise.all([start(), start(), start()]);
  }, 120_000);
  afterAll(async () => {
    await Promise.all(checkers.map((checker) => checker.kill()));
    connection.disconnect();
    await server.stop();
    await redis.stop();
  });

  /** A session of another number, started by this process. */
  async function startSession() {
    numbers += 1;
    const destination = numberOf(numbers);
    const limits = redisLimits({
      client: connection,
      secret: SECRET,
      onStoreError: 'refuse',
      timeoutMs: 4_000,
    });
    const { sms } = testClient({ apiKey: API_KEY, limits, scope: 'sessions', fetch: server.emulator.fetch });
    const { sessionId } = await sms.verifications.start({ destination, subject: 'login-7' });
    const right = server.emulator.verifications.at(-1)?.code ?? '';
    const wrong = String((Number(right) + 1) % 10_000).padStart(4, '0');
    await limits.close();
    return {
      rightOrder: { sessionId, destination, code: right },
      wrongOrder: { sessionId, destination, code: wrong },
    };
  }

  /** Keeps 8x8 from answering, until it is told to. */
  function holdAnswers(): { isAsked(): Promise<void>; answer(): void } {
    const before = server.arrived;
    let answer = () => {};
    server.hold = new Promise<void>((resolve) => {
      answer = resolve;
    });
    return {
      isAsked: () => vi.waitFor(() => expect(server.arrived).toBe(before + 1), { timeout: 40_000 }),
      answer() {
        server.hold = undefined;
        answer();
      },
    };
  }

  it('verifies the right code, and no wrong one that comes while it is on its way', async () => {
    const [one, two, three] = checkers;
    for (let round = 0; round < 5; round += 1) {
      const { rightOrder, wrongOrder } = await startSession();
      const held = holdAnswers();
      const right = one.check(rightOrder);
      await held.isAsked();
      const others = [two.check(wrongOrder), three.check(wrongOrder), three.check(rightOrder)];
      held.answer();
      expect(await right).toBe('verified');
      expect(await Promise.all(others)).toEqual(['session-used', 'session-used', 'session-used']);
    }
  });

  it('verifies the right code behind a wrong one', async () => {
    const [one, two] = checkers;
    const { rightOrder, wrongOrder } = await startSession();
    const held = holdAnswers();
    const wrong = one.check(wrongOrder);
    await held.isAsked();
    const right = two.check(rightOrder);
    held.answer();
    expect(await Promise.all([wrong, right])).toEqual(['wrong', 'verified']);
  });

  it('verifies no other code after a process died with the right one on its way', async () => {
    const [one, two] = checkers;
    const { rightOrder, wrongOrder } = await startSession();
    const held = holdAnswers();
    const right = one.check(rightOrder);
    await held.isAsked();
    await one.kill();
    held.answer();
    expect(await right).toBe('killed');
    const isVerified = () => server.emulator.verifications.at(-1)?.status;
    await vi.waitFor(() => expect(isVerified()).toBe('VERIFIED'), { timeout: 40_000 });
    // The claim of the dead process runs out after a minute.
    expect(await two.check({ ...wrongOrder, deadlineMs: 500 })).toBe('timeout');
  });
});

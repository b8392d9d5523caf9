import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ValidationError } from '../../src/errors.ts';
import { type RedisCommands, redisLimits } from '../../src/redis/index.ts';
import { toRedisCommands } from '../../src/redis/to-redis-commands.ts';
import { numberOf, testClient } from '../support/client.ts';
import { hasRedisServer, type RedisServer, startRedis } from '../support/redis-server.ts';
import { failureOf } from '../support/transport.ts';
import { post, receiptBody, testReceiver, UMID } from '../support/webhooks.ts';
import { type EmulatorServer, startEmulatorServer } from './emulator-server.ts';
import type { WorkerTask, WorkerWord } from './shared-state-worker.ts';
import { SECRET } from './store-under-test.ts';

const PATIENCE = { timeout: 30_000, interval: 20 };
/** The bytes before the result of a settled `once` record. */
const ONCE_HEAD_BYTES = 56;

describe.skipIf(!hasRedisServer()).each(['scope', 'recipient'] as const)(
  'processes that share one server, by %s',
  { timeout: 60_000 },
  (shardBy) => {
    let server: RedisServer;
    let pretended: EmulatorServer;
    let connections: Redis[] = [];
    let children: ChildProcess[] = [];
    let scope = '';
    let scopes = 0;
    beforeAll(async () => {
      server = await startRedis();
      pretended = await startEmulatorServer();
    }, 60_000);
    afterAll(async () => {
      await pretended?.stop();
      await server?.stop();
    });
    beforeEach(() => {
      scopes += 1;
      scope = `shop-${scopes}`;
    });
    afterEach(async () => {
      for (const connection of connections) connection.disconnect();
      connections = [];
      await Promise.all(children.map(kill));
      children = [];
      pretended.hold = undefined;
    });

    /** Client options of a further process, and how often it called the server. */
    async function join() {
      const connection = new Redis(server.port);
      connections.push(connection);
      const commands = toRedisCommands(connection);
      const asked = { times: 0 };
      const client: RedisCommands = {
        ...commands,
        evalsha(sha, keys, args) {
          asked.times += 1;
          return commands.evalsha(sha, keys, args);
        },
      };
      const limits = redisLimits({
        client,
        secret: SECRET,
        onStoreError: 'refuse',
        timeoutMs: 4_000,
        shardBy,
      });
      await limits.check();
      return { asked, options: { limits, scope, baseUrl: pretended.url, fetch: globalThis.fetch } };
    }

    function start(work: WorkerTask['work']) {
      const task: WorkerTask = { redisPort: server.port, url: pretended.url, shardBy, scope, work };
      const file = fileURLToPath(new URL('shared-state-worker.ts', import.meta.url));
      const child = fork(file, [JSON.stringify(task)], {
        execArgv: [],
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      });
      children.push(child);
      const words: WorkerWord[] = [];
      child.on('message', (word: WorkerWord) => void words.push(word));
      return {
        kill: () => kill(child),
        async says(said: WorkerWord['said']): Promise<string | undefined> {
          return vi.waitFor(() => {
            const word = words.find((each) => each.said === said);
            if (word === undefined) throw new Error(`The other process has not said '${said}'.`);
            return word.result;
          }, PATIENCE);
        },
      };
    }

    const messagesTo = (destination: string) =>
      pretended.emulator.messages.filter((each) => each.destination === destination);

    describe('webhook events', () => {
      async function receive() {
        const { options } = await join();
        const handled: string[] = [];
        let finish: () => void = () => {};
        const gate = new Promise<void>((resolve) => {
          finish = resolve;
        });
        const { receiver } = testReceiver(
          {
            handlers: {
              async onDeliveryReceipt({ umid }) {
                handled.push(umid);
                await gate;
              },
            },
          },
          options,
        );
        return { handled, finish, handle: async () => (await receiver.handle(post(receiptBody()))).status };
      }

      it('posted to two at once are handled once, and are known to both afterwards', async () => {
        const both = await Promise.all([receive(), receive()]);
        const answers = both.map(({ handle }) => handle());
        const first = await Promise.race(answers);
        expect(first).toBe(503);
        for (const { finish } of both) finish();
        expect((await Promise.all(answers)).sort()).toEqual([200, 503]);
        expect(both.flatMap(({ handled }) => handled)).toEqual([UMID]);
        for (const { handle } of both) expect(await handle()).toBe(200);
        expect(both.flatMap(({ handled }) => handled)).toEqual([UMID]);
      });

      // `once` is counted in the slot of the scope in both modes.
      if (shardBy === 'scope')
        it('are handled by another process when the first is killed over it, once its lease is over', async () => {
          const dying = start({ kind: 'receive', body: receiptBody(), timeoutMs: 1_000 });
          await dying.says('handling');
          await dying.kill();
          const { handle, handled, finish } = await receive();
          finish();
          expect(await handle()).toBe(503);
          expect(handled).toEqual([]);
          await vi.waitFor(async () => expect(await handle()).toBe(200), { timeout: 20_000, interval: 100 });
          expect(handled).toEqual([UMID]);
          expect(await handle()).toBe(200);
          expect(handled).toEqual([UMID]);
        });
    });

    describe('idempotencyKey', () => {
      const clientMessageId = 'order-7-'.padEnd(50, 'x');

      it('the second process waits for the first, and gets its result', async () => {
        const { asked, options } = await join();
        const { sms } = testClient(options);
        const message = {
          destination: numberOf(1),
          text: 'Hello',
          idempotencyKey: 'order-7',
          clientMessageId,
        };
        let release: () => void = () => {};
        pretended.hold = new Promise((resolve) => {
          release = resolve;
        });
        const before = pretended.arrived;
        const first = start({ kind: 'send', message, hangs: false });
        await vi.waitFor(() => expect(pretended.arrived).toBe(before + 1), PATIENCE);
        asked.times = 0;
        const second = sms.messages.send(message);
        await vi.waitFor(() => expect(asked.times).toBeGreaterThan(2), PATIENCE);
        release();
        const umid = await first.says('done');
        expect(await second).toMatchObject({ umid, repeated: true, clientMessageId });
        expect(await sms.messages.send(message)).toMatchObject({ umid, repeated: true });
        expect(messagesTo(message.destination)).toHaveLength(1);
        const connection = connections.at(-1) as Redis;
        const [key = '', ...others] = (await connection.keys(`8x8g:{${scope}}:o*`)).map(String);
        expect(others).toEqual([]);
        expect((await connection.strlen(key)) - ONCE_HEAD_BYTES).toBeLessThanOrEqual(512);
      });

      it('a process that is killed between the write and the answer leaves an unknown outcome, and no second message', async () => {
        const { asked, options } = await join();
        const { sms, clock } = testClient(options);
        const message = {
          destination: numberOf(2),
          text: 'Hello',
          idempotencyKey: 'order-8',
          clientMessageId,
        };
        const dying = start({ kind: 'send', message, hangs: true });
        await dying.says('written');
        await dying.kill();
        expect(messagesTo(message.destination)).toHaveLength(1);
        asked.times = 0;
        const second = failureOf(sms.messages.send(message));
        await vi.waitFor(() => expect(asked.times).toBeGreaterThan(2), PATIENCE);
        // The caller has waited for two minutes.
        clock.advance(121_000);
        expect(await second).toMatchObject({ submission: 'unknown', clientMessageId });
        const other = { ...message, text: 'Something else' };
        expect(await failureOf(sms.messages.send(other))).toBeInstanceOf(ValidationError);
        expect(messagesTo(message.destination)).toHaveLength(1);
        // The take of the killed process counts, because its message may have left.
        const { counters } = await sms.guards.inspect(message.destination, { guard: 'recipient' });
        expect(counters[0]?.count).toBe(1);
      });
    });

    it('the wait after a one-time password holds in every process, and a success in one clears it for all', async () => {
      const code = { destination: numberOf(3), text: 'Your code is 4711', purpose: 'otp' } as const;
      const umid = await start({ kind: 'send', message: code, hangs: false }).says('done');
      const [{ sms }, other] = [testClient((await join()).options), testClient((await join()).options)];
      expect(await failureOf(sms.messages.send(code))).toMatchObject({
        guard: 'backoff',
        reason: 'too-soon',
      });
      const feedback = { outcome: 'success', destination: code.destination } as const;
      await sms.messages.feedback(umid as string, feedback);
      await other.sms.messages.send(code);
      expect(await failureOf(sms.messages.send(code))).toMatchObject({
        guard: 'backoff',
        reason: 'too-soon',
      });
    });

    it('a session of a verification is bound to its number in every process', async () => {
      const [destination, stranger] = [numberOf(4), numberOf(5)];
      const sessionId = (await start({ kind: 'verify', destination }).says('done')) as string;
      const [{ sms }, other] = [testClient((await join()).options), testClient((await join()).options)];
      const code = pretended.emulator.verifications.at(-1)?.code as string;
      const before = pretended.arrived;
      expect(
        await failureOf(sms.verifications.check(sessionId, { code, destination: stranger })),
      ).toMatchObject({
        guard: 'verification',
        submission: 'not-submitted',
      });
      expect(pretended.arrived).toBe(before);
      expect(await sms.verifications.check(sessionId, { code, destination })).toMatchObject({
        verified: true,
      });
      // A code is accepted once, over all processes.
      expect(await failureOf(other.sms.verifications.check(sessionId, { code, destination }))).toMatchObject({
        guard: 'verification',
      });
    });
  },
);

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

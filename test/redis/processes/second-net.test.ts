import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GuardsOptions } from '../../../src/guards/registry.ts';
import type { SmsMessage } from '../../../src/sending/sms-message.ts';
import { numberOf } from '../../support/client.ts';
import { hasRedisServer, type RedisServer, startRedis } from '../../support/redis-server.ts';
import { type EmulatorServer, startEmulatorServer } from '../emulator-server.ts';
import type { SendOrder, SendReply } from './second-net-sender.ts';

const PROGRAM = fileURLToPath(new URL('./second-net-sender.ts', import.meta.url));
const PROCESSES = 4;
const OFFICE = '203.0.113.7';

/** A process of its own that sends. */
interface Sender {
  send(order: Omit<SendOrder, 'id'>): Promise<readonly string[]>;
  kill(): void;
}

async function startSender(redisPort: number, url: string): Promise<Sender> {
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
  child.on('message', ({ id, said }: SendReply) => waiting.get(id)?.(said));
  return {
    send(order) {
      orders += 1;
      const id = orders;
      return new Promise((resolve) => {
        waiting.set(id, resolve);
        child.send({ ...order, id });
      });
    },
    kill: () => void child.kill('SIGKILL'),
  };
}

/** How often each answer came. */
function countsOf(said: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const each of said) counts[each] = (counts[each] ?? 0) + 1;
  return counts;
}

describe.runIf(hasRedisServer())('the second net over four processes', { timeout: 120_000 }, () => {
  let redis: RedisServer;
  let server: EmulatorServer;
  let senders: readonly Sender[] = [];
  let numbers = 0;
  let scopes = 0;

  beforeAll(async () => {
    redis = await startRedis();
    server = await startEmulatorServer();
    senders = await Promise.all(Array.from({ length: PROCESSES }, () => startSender(redis.port, server.url)));
  }, 120_000);
  afterAll(async () => {
    for (const sender of senders) sender.kill();
    await server.stop();
    await redis.stop();
  });

  /** Messages to numbers that nobody was sent to. */
  function newNumbers(count: number, fields: Partial<SmsMessage> = {}): readonly Partial<SmsMessage>[] {
    numbers += count;
    return Array.from({ length: count }, (_, index) => {
      return { destination: numberOf(numbers - count + index), ...fields };
    });
  }

  /** A service of its own: every process sends its messages at the same time as the others. */
  function service(guards: GuardsOptions) {
    scopes += 1;
    const scope = `second-net-${scopes}`;
    return async (messagesOf: (process: number) => readonly Partial<SmsMessage>[]) => {
      const sends = senders.map((sender, at) => sender.send({ scope, guards, messages: messagesOf(at) }));
      return countsOf((await Promise.all(sends)).flat());
    };
  }

  it('spends an amount to the last message, and not one more', async () => {
    const send = service({ budget: { perDay: 10, prices: { SG: 0.1 }, reserved: 0 } });
    expect(await send(() => newNumbers(40))).toEqual({ sent: 100, 'budget: over-budget': 60 });
    expect(await send(() => newNumbers(1, { returning: true }))).toEqual({ 'budget: over-budget': 4 });
  });

  it('never lets two parts into room for one', async () => {
    const send = service({ budget: { perHour: 1, prices: { SG: 0.1 }, reserved: 0 } });
    const counts = await send(() => newNumbers(3, { text: 'a'.repeat(161) }));
    expect(counts).toEqual({ sent: 5, 'budget: over-budget': 7 });
  });

  it('keeps a fifth for acquaintances, and half of it from people with a captcha', async () => {
    const send = service({ budget: { perDay: 10, prices: { SG: 0.1 }, onExceeded: 'ask' } });
    expect(await send(() => newNumbers(30))).toEqual({ sent: 80, 'budget: captcha-needed': 40 });
    expect(await send(() => newNumbers(5, { human: { passed: true } }))).toEqual({
      sent: 10,
      'budget: over-budget': 10,
    });
    expect(await send(() => newNumbers(5, { returning: true }))).toEqual({
      sent: 10,
      'budget: over-budget': 10,
    });
  });

  it('spends no more because a process is killed', async () => {
    const guards = { budget: { perDay: 5, prices: { SG: 0.1 }, reserved: 0 } };
    const send = service(guards);
    const scope = `second-net-${scopes}`;
    const before = server.emulator.messages.length;
    const victim = await startSender(redis.port, server.url);
    const doomed = victim.send({ scope, guards, messages: newNumbers(30) });
    const others = send(() => newNumbers(10));
    victim.kill();
    await Promise.all([doomed, others]);
    await send(() => newNumbers(20));
    expect(server.emulator.messages.length - before).toBeLessThanOrEqual(50);
    // Messages of the victim that were counted and never left are not given to others.
    expect(await send(() => newNumbers(1))).toEqual({ 'budget: over-budget': 4 });
  });

  it('counts one address once, whichever process it reaches', async () => {
    const send = service({ clientIp: {} });
    expect(await send(() => newNumbers(5, { clientIp: OFFICE }))).toEqual({
      sent: 10,
      'clientIp: over-limit': 10,
    });
    expect(await send((at) => newNumbers(1, { clientIp: `198.51.100.${at}` }))).toEqual({ sent: 4 });
    // One connection has a /64.
    expect(await send((at) => newNumbers(5, { clientIp: `2001:db8:1:2::${at + 1}` }))).toEqual({
      sent: 10,
      'clientIp: over-limit': 10,
    });
  });

  it('takes a token of a captcha once, however the processes race', async () => {
    const send = service({});
    for (let round = 0; round < 10; round += 1) {
      const counts = await send(() => newNumbers(3, { human: { token: `token-${round}` } }));
      expect(counts).toEqual({ sent: 1, 'human: token-used': 11 });
    }
  });
});

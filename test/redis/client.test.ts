import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { SmsClient } from '../../src/client.ts';
import { LimitError } from '../../src/errors.ts';
import type { GuardsOptions } from '../../src/guards/registry.ts';
import type { LimitsEvent } from '../../src/redis/failover/limits-event.ts';
import { redisLimits } from '../../src/redis/index.ts';
import type { RedisLimitsOptions } from '../../src/redis/redis-limits.ts';
import { createEmulator } from '../../src/testing/index.ts';
import { numberOf, testClient } from '../support/client.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { failureOf } from '../support/transport.ts';
import { describeOnRedis } from './redis-kit.ts';

const SECRET = 'a secret of the team, 32 characters or more';

describeOnRedis('clients of several processes on one server', () => {
  let server: RedisServer;
  const connections: Redis[] = [];

  beforeAll(async () => {
    server = await startRedis();
  }, 60_000);
  afterAll(async () => {
    for (const connection of connections) connection.disconnect();
    await server?.stop();
  });

  async function start(guards: GuardsOptions = {}) {
    const client = new Redis(server.port);
    connections.push(client);
    const limits = redisLimits({ client, secret: SECRET, onStoreError: 'refuse', timeoutMs: 4_000 });
    await limits.check();
    return testClient({
      limits,
      scope: 'shop',
      guards: { recipient: { limit: 10, windowMs: 1_800_000 }, ...guards },
    });
  }

  it('let ten through to one number in all, however they race', async () => {
    const { sms: one } = await start();
    const { sms: two } = await start();
    const message = { destination: numberOf(1), text: 'Hello' };
    const sends = Array.from({ length: 20 }, (_, index) =>
      (index % 2 === 0 ? one : two).messages.send(message),
    );
    const settled = await Promise.allSettled(sends);
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
    const error = await failureOf(one.messages.send(message));
    expect(LimitError.isInstance(error) && error.retryAfterMs).toBeGreaterThan(1_700_000);
  });

  it('explain what a send would do, and write nothing', async () => {
    const { sms } = await start();
    const looking = new Redis(server.port);
    connections.push(looking);
    const message = {
      destination: numberOf(23),
      text: 'Hello',
      purpose: 'otp',
      subject: 'cookie-1',
    } as const;
    const stored = async () => {
      // Every take leaves its own verdict for a while, so that a resent command is harmless. It counts nothing.
      const keys = (await looking.keys('*')).filter((key) => !/:t\d+-\d+$/.test(key)).sort();
      return Promise.all(keys.map(async (key) => [key, (await looking.dumpBuffer(key))?.toString('base64')]));
    };
    // Loads the scripts, and what a first call writes.
    await sms.messages.send({ ...message, destination: numberOf(24) });
    const fresh = await stored();
    expect((await sms.guards.explain(message)).verdict).toBe('admit');
    expect(await stored()).toEqual(fresh);
    await sms.messages.send(message);
    const sent = await stored();
    const { verdict, guards } = await sms.guards.explain(message);
    expect(verdict).toBe('refuse');
    expect(await stored()).toEqual(sent);
    const error = (await failureOf(sms.messages.send(message))) as LimitError;
    const { retryAfterMs, ...decision } = error.decision;
    const backoff = guards.find(({ guard }) => guard === 'backoff');
    expect(backoff).toMatchObject({ verdict: 'refuse', decision });
    expect(backoff?.decision?.retryAfterMs).toBeGreaterThanOrEqual(retryAfterMs as number);
    expect(guards.find(({ guard }) => guard === 'recipient')?.counted[0]).toMatchObject({ observed: 1 });
  });

  it('send one text to one number once, however they race, and leave nothing of it on the server', async () => {
    const duplicate = { windowMs: 60_000 };
    const [one, two] = [await start({ duplicate }), await start({ duplicate })];
    const message = { destination: numberOf(4), text: 'Your order 4711 is on its way' };
    const sends = Array.from({ length: 6 }, (_, index) =>
      (index % 2 === 0 ? one : two).sms.messages.send(message),
    );
    const settled = await Promise.allSettled(sends);
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await failureOf(two.sms.messages.send(message))).toMatchObject({ reason: 'duplicate-text' });
    const keys = await (connections.at(-1) as Redis).keys('*');
    expect(keys.length).toBeGreaterThan(0);
    expect(keys.join()).not.toMatch(/order|4711|91000004/);
  });

  it('share an idempotency key: the message goes out once', async () => {
    const [one, two] = [await start(), await start()];
    const message = { destination: numberOf(2), text: 'Hello', idempotencyKey: 'order-7' };
    const results = await Promise.all([one, two].map(({ sms }) => sms.messages.send(message)));
    expect(new Set(results.map(({ umid }) => umid)).size).toBe(1);
    expect(one.emulator.messages.length + two.emulator.messages.length).toBe(1);
  });

  it('count apart in two scopes on one store, and together with clients made from them', async () => {
    const client = new Redis(server.port);
    connections.push(client);
    const limits = redisLimits({ client, secret: SECRET, onStoreError: 'refuse', timeoutMs: 4_000 });
    const guards = { recipient: { limit: 2, windowMs: 1_800_000 } };
    const [shop, bank] = ['shop-of-two', 'bank-of-two'].map(
      (scope) => testClient({ limits, scope, guards }).sms,
    ) as [SmsClient, SmsClient];
    const message = { destination: numberOf(4), text: 'Hello' };
    await shop.messages.send(message);
    await shop.withOptions({ timeoutMs: 5_000 }).messages.send(message);
    expect(LimitError.isInstance(await failureOf(shop.messages.send(message)))).toBe(true);
    await bank.messages.send(message);
    await limits.close();
  });

  it('go on with their share while the server is frozen, and refuse when they were told to', async () => {
    const own = await startRedis();
    const events: LimitsEvent[] = [];
    const open = (onStoreError: RedisLimitsOptions['onStoreError']) => {
      const client = new Redis(own.port);
      connections.push(client);
      const limits = redisLimits({
        client,
        secret: SECRET,
        onStoreError,
        onEvent: (event) => {
          events.push(event);
        },
      });
      const guards = { recipient: { limit: 4, windowMs: 1_800_000 } };
      return { limits, ...testClient({ limits, scope: 'frozen', guards }) };
    };
    const [local, refusing] = [open({ local: { processes: 2 } }), open('refuse')];
    await Promise.all([local.limits.check(), refusing.limits.check()]);
    const message = { destination: numberOf(5), text: 'Hello' };
    own.process.kill('SIGSTOP');
    for (let index = 0; index < 4; index += 1) {
      expect(await failureOf(refusing.sms.messages.send(message))).toMatchObject({
        code: 'store',
        submission: 'not-submitted',
      });
    }
    await local.sms.messages.send(message);
    await local.sms.messages.send(message);
    const error = await failureOf(local.sms.messages.send(message));
    expect(LimitError.isInstance(error)).toBe(true);
    const batch = await local.sms.messages.sendBatch({
      messages: Array.from({ length: 1_200 }, (_, at) => ({
        destination: numberOf(100 + at),
        text: 'Hello',
      })),
    });
    expect(batch.counts).toMatchObject({ accepted: 1_200 });
    expect(refusing.emulator.messages).toHaveLength(0);
    expect(local.emulator.messages).toHaveLength(1_202);

    own.process.kill('SIGCONT');
    await vi.waitFor(() => {
      const switched = events.flatMap((event) => (event.type === 'limits-switched' ? [event.to] : []));
      expect(switched.at(-1)).toBe('shared');
    }, 20_000);
    // Two of four were granted without the server, and have been written back.
    await vi.waitFor(() => refusing.sms.messages.send(message), 20_000);
    await refusing.sms.messages.send(message);
    expect(LimitError.isInstance(await failureOf(refusing.sms.messages.send(message)))).toBe(true);
    expect(JSON.stringify(events)).not.toMatch(/6591\d{6}|127\.0\.0\.1|32 characters/);
    await own.stop();
  }, 60_000);

  it('share the wait after a one-time password, and what clears it', async () => {
    const { fetch } = createEmulator();
    const [one, two] = [await start(), await start()];
    const code = { destination: numberOf(3), text: 'Your code is 4711', purpose: 'otp' } as const;
    const { umid } = await one.sms.withOptions({ fetch }).messages.send(code);
    expect(await failureOf(two.sms.messages.send(code))).toMatchObject({
      guard: 'backoff',
      reason: 'too-soon',
    });
    const feedback = { outcome: 'success', destination: code.destination } as const;
    await two.sms.withOptions({ fetch }).messages.feedback(umid, feedback);
    await two.sms.messages.send(code);
  });
});

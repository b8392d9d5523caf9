import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LimitError } from '../../src/errors.ts';
import { redisLimits } from '../../src/redis/index.ts';
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

  async function start() {
    const client = new Redis(server.port);
    connections.push(client);
    const limits = redisLimits({ client, secret: SECRET, onStoreError: 'refuse', timeoutMs: 4_000 });
    await limits.check();
    return testClient({ limits, scope: 'shop', guards: { recipient: { limit: 10, windowMs: 1_800_000 } } });
  }

  it('let ten through to one number in all, however they race', async () => {
    const { sms: one } = await start();
    const { sms: two } = await start();
    const message = { destination: numberOf(1), text: 'Hello' };
    const sends = Array.from({ length: 20 }, (_, turn) =>
      (turn % 2 === 0 ? one : two).messages.send(message),
    );
    const settled = await Promise.allSettled(sends);
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
    const error = await failureOf(one.messages.send(message));
    expect(LimitError.isInstance(error) && error.retryAfterMs).toBeGreaterThan(1_700_000);
  });

  it('share an idempotency key: the message goes out once', async () => {
    const [one, two] = [await start(), await start()];
    const message = { destination: numberOf(2), text: 'Hello', idempotencyKey: 'order-7' };
    const results = await Promise.all([one, two].map(({ sms }) => sms.messages.send(message)));
    expect(new Set(results.map(({ umid }) => umid)).size).toBe(1);
    expect(one.emulator.messages.length + two.emulator.messages.length).toBe(1);
  });

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

import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { StoreError } from '../../../src/errors.ts';
import type { LimitsEvent } from '../../../src/redis/failover/limits-event.ts';
import { redisLimits } from '../../../src/redis/redis-limits.ts';
import { numberOf, testClient } from '../../support/client.ts';
import { mostInASecond } from '../../support/pace-lane.ts';
import { hasRedisServer, type RedisServer, startRedis } from '../../support/redis-server.ts';
import { failureOf } from '../../support/transport.ts';
import { connect } from './kit.ts';

const PACE = { requestsPerSecond: 20, maxQueued: 1_000 };

describe.runIf(hasRedisServer())('clients of several processes on one server', () => {
  let server: RedisServer;
  const ends: (() => void)[] = [];

  beforeAll(async () => {
    server = await startRedis();
  }, 60_000);
  beforeEach(() => void server.cli('FLUSHALL'));
  afterAll(async () => {
    for (const end of ends) end();
    await server?.stop();
  });

  /** One process; `times` holds when its requests left. */
  async function start() {
    const client = await connect(server.port);
    const events: LimitsEvent[] = [];
    const limits = redisLimits({
      client,
      secret: 'a secret of the team, 32 characters or more',
      onStoreError: 'refuse',
      timeoutMs: 1_000,
      onEvent: (event) => void events.push(event),
    });
    ends.push(() => client.disconnect());
    await limits.check();
    const { sms, emulator } = testClient(
      { limits, scope: 'shop', accountId: 'acme', pace: PACE },
      { accountId: 'acme' },
    );
    const times: number[] = [];
    const paced = sms.withOptions({
      fetch(input, init) {
        times.push(performance.now());
        return emulator.fetch(input, init);
      },
    });
    return { sms: paced, emulator, times, events };
  }

  it('keep the pace of a sub-account together', async () => {
    const both = [await start(), await start()];
    const sends = both.flatMap(({ sms }, process) =>
      Array.from({ length: 25 }, (_, at) =>
        sms.messages.send({ destination: numberOf(process * 100 + at), text: 'Hello' }),
      ),
    );
    await Promise.all(sends);
    const times = both.flatMap((each) => each.times);
    expect(times).toHaveLength(50);
    expect(mostInASecond(times)).toBeLessThanOrEqual(20);
    expect(Math.max(...times) - Math.min(...times)).toBeLessThanOrEqual(50 * 52 * 1.5);
  });

  it('pause together when 8x8 asks one of them to', async () => {
    const one = await start();
    const other = await start();
    const message = (at: number) => ({ destination: numberOf(500 + at), text: 'Hello' });
    await other.sms.messages.send(message(0));
    const refusing = one.sms.withOptions({
      retry: false,
      fetch: async () => new Response('{}', { status: 429, headers: { 'retry-after': '60' } }),
    });
    await failureOf(refusing.messages.send(message(1)));
    await vi.waitFor(async () => {
      const error = await failureOf(other.sms.messages.send(message(2)));
      expect(error).toMatchObject({ name: 'RateLimitError', status: 429, submission: 'not-submitted' });
    });
  });

  it('send nothing when only the pace cannot be asked, and read on', async () => {
    const { sms, times, events } = await start();
    // A cluster node may be down that only the pace needs: here a key of the wrong type.
    await sms.webhookSettings.list();
    for (const key of server.cli('KEYS', '8x8g:{%pace*').split('\n')) {
      server.cli('DEL', key);
      server.cli('HSET', key, 'a', 'b');
    }
    const error = await failureOf(sms.messages.send({ destination: numberOf(900), text: 'Hello' }));
    expect(error).toBeInstanceOf(StoreError);
    expect(error).toMatchObject({ submission: 'not-submitted' });
    const before = times.length;
    await sms.webhookSettings.list();
    expect(times.length).toBe(before + 1);
    expect(events).toMatchObject([
      { type: 'limits-call-failed', reason: 'error', cause: 'WRONGTYPE' },
      { type: 'limits-call-failed', reason: 'error', cause: 'WRONGTYPE' },
    ]);
  });
});

import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createRedisPace } from '../../../src/redis/pace/redis-pace.ts';
import { toRedisCommands } from '../../../src/redis/to-redis-commands.ts';
import { createSharedPacer } from '../../../src/transport/shared-pacer.ts';
import { mostInASecond } from '../../support/pace-lane.ts';
import {
  hasRedisServer,
  type RedisServer,
  startRedis,
  startRedisCluster,
} from '../../support/redis-server.ts';
import { CLUSTER_CLIENTS, SINGLE_CLIENTS } from '../clients.ts';
import { connect, now, type PaceProcess, requestOf, sendUntil, startProcess } from './kit.ts';

const HAS_SERVER = hasRedisServer();
/** The fraction of the rate that must be used; 0.96 on a quiet machine. */
const MIN_SHARE = 0.8;
const SECONDS = 2;

describe.runIf(HAS_SERVER)('processes on one server', () => {
  let server: RedisServer;
  const clients: Redis[] = [];

  beforeAll(async () => {
    server = await startRedis();
  }, 60_000);
  beforeEach(() => void server.cli('FLUSHALL'));
  afterAll(async () => {
    for (const client of clients) client.disconnect();
    await server?.stop();
  });

  async function start(count: number, more = {}): Promise<PaceProcess[]> {
    const started = await Promise.all(Array.from({ length: count }, () => connect(server.port)));
    clients.push(...started);
    return started.map((client) => startProcess(client, more));
  }

  it.each([
    ['four that all send', 200, 4, [40, 40, 40, 40]],
    ['one that sends and three that do not', 400, 4, [100, 1, 0, 0]],
    ['more than there are permits a slot', 20, 4, [3, 3, 3, 3]],
  ])('%s: never over, and the rate is used', async (_, rate, count, callers) => {
    const processes = await start(count);
    const end = now() + SECONDS * 1000;
    const sent = await Promise.all(
      processes.map((each, at) => sendUntil(each, rate, callers[at] as number, end)),
    );
    const times = sent.flat();
    expect(mostInASecond(times)).toBeLessThanOrEqual(rate);
    expect(times.length).toBeGreaterThanOrEqual(MIN_SHARE * SECONDS * rate);
    for (const { asked, events } of processes) {
      // One round trip per lease span, not per send.
      expect(asked.count).toBeLessThanOrEqual(SECONDS * 60);
      expect(events.filter(({ type }) => type === 'pace-switched')).toEqual([]);
    }
  });

  it('gives everybody a part of the permits', async () => {
    const processes = await start(4);
    const end = now() + SECONDS * 1000;
    const sent = await Promise.all(processes.map((each) => sendUntil(each, 100, 20, end)));
    for (const times of sent) expect(times.length).toBeGreaterThanOrEqual(0.4 * 25 * SECONDS);
  });

  it('a process that dies costs the others a slot', async () => {
    const [dead, alive] = (await start(2)) as [PaceProcess, PaceProcess];
    const lease = await dead.lane.lease(requestOf(100, 50));
    expect(lease.permits).toHaveLength(9);
    const { permits } = await alive.lane.lease(requestOf(100, 1));
    expect((permits[0]?.fromMs ?? Number.POSITIVE_INFINITY) - now()).toBeLessThanOrEqual(100);
  });

  it('a pause applies to all processes', async () => {
    const [one, other] = (await start(2)) as [PaceProcess, PaceProcess];
    one.lane.pause(60_000);
    await vi.waitFor(async () => {
      const { pauseMs } = await other.lane.lease(requestOf(100, 1));
      expect(pauseMs).toBeGreaterThan(50_000);
    });
  });

  it('continues alone while the server hangs, and with the others when it is back; it never exceeds the rate, and nobody waits long', async () => {
    const [one] = (await start(1)) as [PaceProcess];
    const { signal } = new AbortController();
    const rate = 40;
    const times: number[] = [];
    const waits: number[] = [];
    let isOver = false;
    const switches = () => one.events.flatMap((event) => (event.type === 'pace-switched' ? [event.to] : []));
    async function send(): Promise<void> {
      while (!isOver) {
        const asked = now();
        const permit = await one.pacer.take({ requestsPerSecond: rate, maxQueued: 100 }, signal);
        const time = now();
        waits.push(time - asked);
        if (one.pacer.leave(permit)) times.push(time);
      }
    }
    const senders = [send(), send()];
    const sentBy = async (count: number) =>
      vi.waitFor(() => expect(times.length).toBeGreaterThanOrEqual(count), 20_000);
    await sentBy(40);
    server.process.kill('SIGSTOP');
    await vi.waitFor(() => expect(switches()).toEqual(['local']), 10_000);
    const aloneFrom = now();
    await sentBy(times.length + 20);
    const aloneMs = now() - aloneFrom;
    server.process.kill('SIGCONT');
    await vi.waitFor(() => expect(switches()).toEqual(['local', 'shared']), 10_000);
    await sentBy(times.length + 40);
    isOver = true;
    await Promise.all(senders);
    expect(mostInASecond(times)).toBeLessThanOrEqual(rate);
    // Its share is ten per second.
    expect(aloneMs).toBeGreaterThanOrEqual(1_500);
    // The deadline of a lease, two permits of its own, and the second after its local permits.
    expect(Math.max(...waits)).toBeLessThanOrEqual(3_000);
  });

  it('a server that lost everything goes on at once', async () => {
    const [one] = (await start(1)) as [PaceProcess];
    await one.lane.lease(requestOf(100, 1));
    server.cli('FLUSHALL');
    server.cli('SCRIPT', 'FLUSH');
    expect((await one.lane.lease(requestOf(100, 1))).permits).toHaveLength(1);
  });

  it('one request per second, over two processes', async () => {
    const started = await Promise.all([connect(server.port), connect(server.port)]);
    clients.push(...started);
    const times: number[] = [];
    const { signal } = new AbortController();
    const sends = started.flatMap((client) => {
      const pace = createRedisPace({
        commands: toRedisCommands(client),
        onStoreError: 'refuse',
        timeoutMs: 1_000,
        emit: () => {},
      });
      const pacer = createSharedPacer(pace.lane('sms.8x8.com', 'team_otp', 'details'), 1010, now);
      return [1, 2].map(async () => {
        for (;;) {
          const permit = await pacer.take({ requestsPerSecond: 1, maxQueued: 60 }, signal);
          const time = now();
          if (!pacer.leave(permit)) continue;
          times.push(time);
          return;
        }
      });
    });
    await Promise.all(sends);
    const sorted = times.sort((first, second) => first - second);
    const gaps = sorted.slice(1).map((time, at) => time - (sorted[at] as number));
    expect(gaps).toHaveLength(3);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1_010);
  });
});

describe.runIf(HAS_SERVER)('every client library', () => {
  async function shared(urls: readonly string[], connections: typeof SINGLE_CLIENTS): Promise<void> {
    for (const [name, open] of connections) {
      const { client, close } = await open(urls);
      const { lane, events } = startProcess(client, { timeoutMs: 4_000 });
      // At this rate a lease has enough for all clients of this test, which share it when they ask within a second.
      const { permits } = await lane.lease(requestOf(1_000, 3));
      expect([name, permits.length, events]).toEqual([name, 3, []]);
      await close();
    }
  }

  it('on one server', async () => {
    const server = await startRedis();
    await shared([server.url], SINGLE_CLIENTS);
    await server.stop();
  });

  it('on a cluster of three', async () => {
    const { nodes, stop } = await startRedisCluster();
    await shared(
      nodes.map(({ url }) => url),
      CLUSTER_CLIENTS,
    );
    await stop();
  });
});

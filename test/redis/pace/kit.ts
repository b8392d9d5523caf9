import { Redis } from 'ioredis';
import type { LimitsEventBody } from '../../../src/redis/failover/limits-event.ts';
import { createRedisPace, type RedisPaceConfig } from '../../../src/redis/pace/redis-pace.ts';
import type { RedisClient } from '../../../src/redis/redis-commands.ts';
import { toRedisCommands } from '../../../src/redis/to-redis-commands.ts';
import { SECOND_MS } from '../../../src/transport/pacer.ts';
import type { PermitRequest, RateLane } from '../../../src/transport/shared-pace.ts';
import { createSharedPacer, type SharedPacer } from '../../../src/transport/shared-pacer.ts';

export const now = () => performance.now();

export const requestOf = (
  permits: number,
  waiting: number,
  more: Partial<PermitRequest> = {},
): PermitRequest => ({
  permits,
  periodMs: SECOND_MS,
  waiting,
  expected: 0,
  isSlow: false,
  ...more,
});

/** One process that sends. */
export interface PaceProcess {
  readonly lane: RateLane;
  readonly pacer: SharedPacer;
  readonly events: LimitsEventBody[];
  readonly asked: { count: number };
}

export function startProcess(client: RedisClient, more: Partial<RedisPaceConfig> = {}): PaceProcess {
  const events: LimitsEventBody[] = [];
  const asked = { count: 0 };
  const pace = createRedisPace({
    commands: toRedisCommands(client),
    onStoreError: { processes: 4 },
    timeoutMs: 150,
    emit: (event) => void events.push(event),
    ...more,
  });
  const inner = pace.lane('sms.8x8.com', 'team_otp', 'fast');
  const lane: RateLane = {
    lease(request) {
      asked.count += 1;
      return inner.lease(request);
    },
    pause: (ms) => inner.pause(ms),
  };
  return { lane, pacer: createSharedPacer(lane, SECOND_MS, now), events, asked };
}

/** Sends until a time with `callers` in parallel; returns when each request left. */
export async function sendUntil(
  { pacer }: PaceProcess,
  rate: number,
  callers: number,
  endMs: number,
): Promise<number[]> {
  const times: number[] = [];
  const { signal } = new AbortController();
  async function send(): Promise<void> {
    while (now() < endMs) {
      const permit = await pacer.take({ requestsPerSecond: rate, maxQueued: 100_000 }, signal);
      const time = now();
      if (pacer.leave(permit)) times.push(time);
    }
  }
  await Promise.all(Array.from({ length: callers }, send));
  return times;
}

/** Connected first, so that the first lease is not late because of that. */
export async function connect(port: number): Promise<Redis> {
  const client = new Redis(port, { maxRetriesPerRequest: 0 });
  // The calls get the error; a test may stop the server.
  client.on('error', () => {});
  await client.ping();
  return client;
}

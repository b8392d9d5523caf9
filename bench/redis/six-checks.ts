import { Redis } from 'ioredis';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import { createClient } from 'redis';
import type { LimitRule } from '../../src/limits/limit-store.ts';
import { type RedisClient, type RedisLimitsOptions, redisLimits } from '../../src/redis/index.ts';
import { upstashWindow } from './upstash.ts';

/** Decides one message; true admits it. */
export type Decide = (message: Message) => Promise<boolean>;

/** The input of the six checks. */
export interface Message {
  readonly number: number;
  readonly address: string;
  /** Its idempotency key. */
  readonly order: string;
}

/** An implementation of the six checks, on its own connection. */
export interface Contender {
  readonly name: string;
  decide: Decide;
  /** The server was emptied: what the process itself has counted is to be forgotten too. */
  startOver?(): void;
  /** The connection, if it is ioredis. */
  readonly ioredis?: Redis;
  close(): Promise<void> | void;
}

export const SECRET = 'a secret of the benches, 32 characters or more';
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Three windows: ten messages to a number in half an hour, twenty per day, and sixty per hour from an address. */
const PER_NUMBER = { limit: 10, windowMs: 30 * MINUTE_MS };
const PER_DAY = { limit: 20, windowMs: DAY_MS };
const PER_ADDRESS = { limit: 60, windowMs: HOUR_MS };
/** One millisecond, so that a number gets several messages in one run. */
const WAIT_MS = 1;
/** The hourly budget in millionths: enough for every run. */
const BUDGET = { limit: 1e12, windowMs: HOUR_MS, price: 37_000 };

function sixRules({ number, address, order }: Message): LimitRule[] {
  const window = { kind: 'window', guard: 'bench', mode: 'enforce' } as const;
  const common = { guard: 'bench', mode: 'enforce' } as const;
  return [
    { ...window, ...PER_NUMBER, id: 'recipient:all', key: number },
    { ...window, ...PER_DAY, id: 'recipient:day', key: number },
    { ...window, ...PER_ADDRESS, id: 'address', key: address },
    {
      ...common,
      kind: 'backoff',
      id: 'backoff',
      key: number,
      baseMs: WAIT_MS,
      maxMs: WAIT_MS,
      forgetMs: HOUR_MS,
    },
    { ...common, kind: 'once', id: 'idempotency', key: order, fingerprint: 'text', windowMs: DAY_MS },
    {
      ...window,
      id: 'budget',
      key: 'all',
      limit: BUDGET.limit,
      windowMs: BUDGET.windowMs,
      weighted: true,
      weight: BUDGET.price,
    },
  ];
}

function decideOurs(
  client: RedisClient,
  onStoreError: RedisLimitsOptions['onStoreError'],
  scopeOf: () => string,
): Decide {
  // Long, so that a busy machine does not make this bench measure the local store.
  const limits = redisLimits({ client, secret: SECRET, onStoreError, timeoutMs: 4_000 });
  // As long as the IDs that the client makes.
  const run = crypto.getRandomValues(new BigUint64Array(1)).join('');
  let count = 0;
  return async (message) => {
    count += 1;
    const request = { reservation: `${run}-${count}`, rules: sixRules(message) };
    const [verdict] = await limits.take(scopeOf(), [request]);
    return verdict?.granted === true;
  };
}

/** ioredis, the same for all of them. */
const connect = (port: number, enableAutoPipelining: boolean) => new Redis(port, { enableAutoPipelining });

/** Each in its own scope, so that they count separately on one server. */
export function ours(
  name: string,
  port: number,
  scope: string,
  onStoreError: RedisLimitsOptions['onStoreError'],
  isPipelined: boolean,
): Contender {
  const ioredis = connect(port, isPipelined);
  let starts = 0;
  return {
    name,
    decide: decideOurs(ioredis, onStoreError, () => `${scope}-${starts}`),
    // In its next scope this process has counted nothing. Nowhere else does a server forget what a process remembers.
    startOver() {
      starts += 1;
    },
    ioredis,
    close: () => ioredis.disconnect(),
  };
}

export async function oursOnNodeRedis(port: number): Promise<Contender> {
  const client = createClient({ url: `redis://127.0.0.1:${port}` });
  await client.connect();
  return {
    name: 'ours, node-redis',
    decide: decideOurs(client, 'refuse', () => 'bench-node'),
    close: () => client.destroy(),
  };
}

/**
 * The wait and the idempotency key of the others: one `SET NX` each, the minimum. Unlike ours it neither doubles the
 * wait nor keeps a result.
 */
async function setOnce(client: Redis, key: string, ms: number): Promise<boolean> {
  return (await client.set(key, 1, 'PX', ms, 'NX')) === 'OK';
}

function all(answers: readonly boolean[]): boolean {
  return answers.every(Boolean);
}

/** Four of its limiters and two `SET NX` in parallel: one after the other takes four times as long. */
export function rateLimiterFlexible(port: number, isPipelined: boolean): Contender {
  const client = connect(port, isPipelined);
  const limiterOf = (keyPrefix: string, points: number, windowMs: number) =>
    new RateLimiterRedis({ storeClient: client, keyPrefix, points, duration: windowMs / 1000 });
  const perNumber = limiterOf('rlf:n', PER_NUMBER.limit, PER_NUMBER.windowMs);
  const perDay = limiterOf('rlf:d', PER_DAY.limit, PER_DAY.windowMs);
  const perAddress = limiterOf('rlf:a', PER_ADDRESS.limit, PER_ADDRESS.windowMs);
  const budget = limiterOf('rlf:b', BUDGET.limit, BUDGET.windowMs);
  async function consume(limiter: RateLimiterRedis, key: number | string, points = 1): Promise<boolean> {
    try {
      await limiter.consume(key, points);
      return true;
    } catch (refusal) {
      if (refusal instanceof Error) throw refusal;
      return false;
    }
  }
  return {
    name: 'rate-limiter-flexible',
    async decide({ number, address, order }) {
      return all(
        await Promise.all([
          consume(perNumber, number),
          consume(perDay, number),
          consume(perAddress, address),
          setOnce(client, `rlf:w:${number}`, WAIT_MS),
          setOnce(client, `rlf:o:${order}`, DAY_MS),
          consume(budget, 'all', BUDGET.price),
        ]),
      );
    },
    ioredis: client,
    close: () => client.disconnect(),
  };
}

/** Three of its sliding windows, two `SET NX` and an `INCRBY` for the budget, in parallel. */
export function upstash(port: number, isPipelined: boolean): Contender {
  const client = connect(port, isPipelined);
  const perNumber = upstashWindow(client, 'up:n', PER_NUMBER.limit, PER_NUMBER.windowMs);
  const perDay = upstashWindow(client, 'up:d', PER_DAY.limit, PER_DAY.windowMs);
  const perAddress = upstashWindow(client, 'up:a', PER_ADDRESS.limit, PER_ADDRESS.windowMs);
  async function spend(): Promise<boolean> {
    const key = `up:b:${Math.floor(Date.now() / BUDGET.windowMs)}`;
    const spent = await client.incrby(key, BUDGET.price);
    if (spent === BUDGET.price) await client.pexpire(key, BUDGET.windowMs);
    return spent <= BUDGET.limit;
  }
  return {
    name: '@upstash/ratelimit',
    async decide({ number, address, order }) {
      return all(
        await Promise.all([
          perNumber(`${number}`),
          perDay(`${number}`),
          perAddress(address),
          setOnce(client, `up:w:${number}`, WAIT_MS),
          setOnce(client, `up:o:${order}`, DAY_MS),
          spend(),
        ]),
      );
    },
    ioredis: client,
    close: () => client.disconnect(),
  };
}

import { Redis } from 'ioredis';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import type { LimitStore } from '../../src/limits/limit-store.ts';
import { redisLimits } from '../../src/redis/index.ts';
import type { Row } from '../row.ts';
import { many } from './many.ts';
import { usedMemory } from './server-stats.ts';
import { SECRET } from './six-checks.ts';
import { upstashWindow } from './upstash.ts';

const NUMBERS = 100_000;
/** For the others, which take one command per send: the server's tables are as full with them as with ours. */
const COMPARED_NUMBERS = 25_000;
const BATCH = 1_000;
const SENDS = 10;
const LIMIT = 10;
const WINDOW_MS = 1_800_000;
/** The length of a typical scope. */
const SCOPE = 'my-app';

const MAX_BYTES = 200;

interface Bytes {
  readonly afterOne: number;
  readonly afterTen: number;
}

const numberOf = (index: number) => 6_591_000_000 + index;

/** Bytes per number after one send and after ten; the connection that sent them is closed by then. */
async function bytesOf(
  admin: Redis,
  numbers: number,
  send: (client: Redis, from: number, to: number) => Promise<void>,
): Promise<Bytes> {
  await admin.flushall();
  const before = await usedMemory(admin);
  async function after(from: number, to: number): Promise<number> {
    const client = new Redis(admin.options.port as number);
    await send(client, from, to);
    client.disconnect();
    return ((await usedMemory(admin)) - before) / numbers;
  }
  return { afterOne: await after(0, 1), afterTen: await after(1, SENDS) };
}

async function takeAll(limits: LimitStore, index: number, numbers = NUMBERS): Promise<void> {
  for (let from = 0; from < numbers; from += BATCH) {
    const requests = Array.from({ length: BATCH }, (_, position) => {
      const shape = { kind: 'window', guard: 'recipient', mode: 'enforce' } as const;
      const key = numberOf(from + position);
      const rule = { ...shape, id: 'recipient:all', key, limit: LIMIT, windowMs: WINDOW_MS };
      return { reservation: `bench-${index}-${from + position}`, rules: [rule] };
    });
    const verdicts = await limits.take(SCOPE, requests);
    if (!verdicts.every(({ granted }) => granted)) throw new Error('a message was refused that had room');
  }
}

/** A server keeps 0.8 MB of the first commands that it runs, however few numbers they are about: none of a number. */
async function warmUp(port: number): Promise<void> {
  const client = new Redis(port);
  const limits = redisLimits({ client, secret: SECRET, onStoreError: 'refuse', timeoutMs: 4_000 });
  for (let index = 0; index < SENDS; index += 1) await takeAll(limits, index, BATCH);
  await limits.close();
  client.disconnect();
}

/** Replies that are kept for a minute, for repeated commands: one per send, few per batch. */
async function dropRecords(client: Redis): Promise<void> {
  for await (const keys of client.scanStream({ match: `8x8g:{${SCOPE}}:t*`, count: 10_000 })) {
    if ((keys as string[]).length > 0) await client.del(...(keys as string[]));
  }
}

function ourBytes(admin: Redis): Promise<Bytes> {
  return bytesOf(admin, NUMBERS, async (client, from, to) => {
    const limits = redisLimits({ client, secret: SECRET, onStoreError: 'refuse', timeoutMs: 4_000 });
    for (let index = from; index < to; index += 1) await takeAll(limits, index);
    await limits.close();
    await dropRecords(client);
    if ((await client.dbsize()) !== NUMBERS) throw new Error('the server holds something else too');
  });
}

/** Nine more in one call leave the same as nine single calls: both count in one integer. */
function flexibleBytes(admin: Redis): Promise<Bytes> {
  return bytesOf(admin, COMPARED_NUMBERS, async (client, from, to) => {
    const options = { keyPrefix: 'recipient', points: LIMIT, duration: WINDOW_MS / 1000 };
    const limiter = new RateLimiterRedis({ storeClient: client, ...options });
    await many(COMPARED_NUMBERS, 256, (index) => limiter.consume(numberOf(index), to - from));
  });
}

function upstashBytes(admin: Redis): Promise<Bytes> {
  return bytesOf(admin, COMPARED_NUMBERS, async (client, from, to) => {
    const limit = upstashWindow(client, 'recipient', LIMIT, WINDOW_MS);
    await many(COMPARED_NUMBERS, 256, (index) => limit(`${numberOf(index)}`, to - from));
  });
}

/** The log that most tutorials show: one member per message, with its time and a unique suffix. */
function sortedSetBytes(admin: Redis): Promise<Bytes> {
  return bytesOf(admin, COMPARED_NUMBERS, async (client, from, to) => {
    await many(COMPARED_NUMBERS, 256, async (index) => {
      const now = Date.now();
      const members = Array.from({ length: to - from }, (_, position) => [
        now + position,
        `${now + position}-${String(index * SENDS + from + position).padStart(6, '0')}`,
      ]);
      const key = `recipient:${numberOf(index)}`;
      await client
        .pipeline()
        .zadd(key, ...members.flat())
        .pexpire(key, WINDOW_MS)
        .exec();
    });
  });
}

function rowOf(measure: string, own: number, name: string, theirs: number, most?: number): Row {
  return {
    measure,
    ours: `${own.toFixed(0)} B`,
    compared: `${name} ${theirs.toFixed(0)} B`,
    ratio: `${(own / theirs).toFixed(2)} of its size`,
    ...(most === undefined ? { target: 'no target' } : { target: `at most ${most} B`, met: own <= most }),
  };
}

/** Bytes per number on the server, by the default recipient rule: exact times, counters, and a sorted set. */
export async function benchBytes(port: number): Promise<Row[]> {
  const admin = new Redis(port);
  try {
    await warmUp(port);
    const own = await ourBytes(admin);
    const flexible = await flexibleBytes(admin);
    const upstash = await upstashBytes(admin);
    const sortedSet = await sortedSetBytes(admin);
    const one = 'bytes in Redis per number, one send';
    const ten = 'bytes in Redis per number, ten sends';
    return [
      rowOf(one, own.afterOne, 'sorted set', sortedSet.afterOne),
      rowOf(one, own.afterOne, 'rate-limiter-flexible, a counter', flexible.afterOne),
      rowOf(one, own.afterOne, '@upstash/ratelimit, a counter of two', upstash.afterOne),
      rowOf(ten, own.afterTen, 'sorted set', sortedSet.afterTen, MAX_BYTES),
      rowOf(ten, own.afterTen, 'rate-limiter-flexible, a counter', flexible.afterTen, MAX_BYTES),
      rowOf(ten, own.afterTen, '@upstash/ratelimit, a counter of two', upstash.afterTen, MAX_BYTES),
    ];
  } finally {
    admin.disconnect();
  }
}

import { Redis } from 'ioredis';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import type { TakeRequest } from '../../src/limits/limit-store.ts';
import { memoryLimits } from '../../src/limits/memory-limits.ts';
import { redisLimits } from '../../src/redis/index.ts';
import { best, median, type Row } from '../row.ts';
import { clientOn, destinationOf } from './round-trips.ts';
import { SECRET } from './six-checks.ts';

const RECIPIENTS = 10_000;
const CYCLES = 10;
const WARM_TAKES = 3;
const COMPARED_ROUNDS = 3;
const BATCHES = 6;

const MAX_COLD_MS = 60;
const MAX_WARM_MS = 40;
const MAX_BLOCK_MS = 1;

let drawn = 0;

/** The rule of the default recipient guard, over fresh numbers. */
function freshRequests(): TakeRequest[] {
  const shape = { kind: 'window', guard: 'recipient', mode: 'enforce' } as const;
  return Array.from({ length: RECIPIENTS }, () => {
    drawn += 1;
    const key = 6_591_000_000 + drawn;
    const rule = { ...shape, id: 'recipient:all', key, limit: 10, windowMs: 1_800_000 };
    return { reservation: `18446744073709551615-${drawn}`, rules: [rule] };
  });
}

/** The same messages with new reservations. */
function again(requests: readonly TakeRequest[]): TakeRequest[] {
  return requests.map(({ rules }) => {
    drawn += 1;
    return { reservation: `18446744073709551615-${drawn}`, rules };
  });
}

interface Times {
  /** One cycle each, over numbers that neither this process nor the server has seen. */
  readonly cold: number[];
  readonly warm: number[];
  /** The very first cycle, before anything is compiled. */
  readonly first: number;
}

async function timesOf(take: (requests: readonly TakeRequest[]) => Promise<boolean>): Promise<Times> {
  const cold: number[] = [];
  const warm: number[] = [];
  async function time(requests: readonly TakeRequest[], into: number[]): Promise<void> {
    const startedAt = performance.now();
    const isGranted = await take(requests);
    into.push(performance.now() - startedAt);
    if (!isGranted) throw new Error('a message was refused that had room');
  }
  for (let cycle = 0; cycle < CYCLES; cycle += 1) {
    const requests = freshRequests();
    await time(requests, cold);
    for (let index = 0; index < WARM_TAKES; index += 1) await time(again(requests), warm);
  }
  return { first: cold[0] as number, cold: cold.slice(1), warm };
}

/** Milliseconds of the longest script of each take, from the slow log of the server. */
async function blocksOf(admin: Redis, take: (requests: readonly TakeRequest[]) => Promise<boolean>) {
  await admin.config('SET', 'slowlog-max-len', 1_000);
  await admin.config('SET', 'slowlog-log-slower-than', 0);
  const blocks: number[] = [];
  for (let cycle = 0; cycle < CYCLES; cycle += 1) {
    await admin.slowlog('RESET');
    await take(freshRequests());
    const entries = (await admin.slowlog('GET', 1_000)) as [unknown, unknown, number, string[]][];
    const scripts = entries.filter(([, , , [name = '']]) => name.toLowerCase().startsWith('eval'));
    if (scripts.length < 2) throw new Error('the server logged no scripts');
    blocks.push(Math.max(...scripts.map(([, , micros]) => micros)) / 1000);
  }
  await admin.config('SET', 'slowlog-log-slower-than', -1);
  return blocks;
}

async function comparedTimes(client: Redis): Promise<number[]> {
  const limiter = new RateLimiterRedis({
    storeClient: client,
    keyPrefix: 'rlf:batch',
    points: 10,
    duration: 1_800,
  });
  const times: number[] = [];
  for (let index = 0; index < COMPARED_ROUNDS; index += 1) {
    const requests = freshRequests();
    const startedAt = performance.now();
    await Promise.all(requests.map(({ rules: [rule] }) => limiter.consume(`${rule?.key}`)));
    times.push(performance.now() - startedAt);
  }
  return times;
}

/** Milliseconds of `sendBatch` of 10,000 with the default guards, each over its own numbers. */
async function sendTimes(sms: ReturnType<typeof clientOn>['sms']): Promise<number[]> {
  const times: number[] = [];
  for (let index = 0; index < BATCHES; index += 1) {
    const messages = Array.from({ length: RECIPIENTS }, (_, position) => {
      return { destination: destinationOf(index * RECIPIENTS + position), text: 'The doors open at eight' };
    });
    const startedAt = performance.now();
    const { counts } = await sms.messages.sendBatch({ messages });
    times.push(performance.now() - startedAt);
    if (counts.accepted !== RECIPIENTS) throw new Error('a message was refused that had room');
  }
  return times;
}

const show = (times: readonly number[]) =>
  `${best(times).toFixed(1)} ms (median ${median(times).toFixed(1)} ms)`;

function timeRow(measure: string, times: readonly number[], compared: readonly number[], most: number): Row {
  return {
    measure,
    ours: show(times),
    compared: `rate-limiter-flexible, one command each ${show(compared)}`,
    ratio: `${(best(compared) / best(times)).toFixed(1)}x faster`,
    target: `at most ${most} ms`,
    met: best(times) <= most,
  };
}

/** 10,000 recipients in one call: the store, and the client. */
export async function benchBatch(port: number): Promise<Row[]> {
  const admin = new Redis(port);
  const connection = new Redis(port);
  const limits = redisLimits({
    client: connection,
    secret: SECRET,
    onStoreError: 'refuse',
    timeoutMs: 4_000,
  });
  async function take(requests: readonly TakeRequest[]): Promise<boolean> {
    const verdicts = await limits.take('bench', requests);
    return verdicts.every(({ granted }) => granted);
  }
  try {
    await admin.flushdb();
    const { cold, warm, first } = await timesOf(take);
    const blocks = await blocksOf(admin, take);
    const compared = await comparedTimes(connection);
    const sends = await sendTimes(clientOn(connection).sms);
    const inMemory = await sendTimes(clientOn(connection, memoryLimits()).sms);
    return [
      timeRow('10,000 recipients in one take, never seen before', cold, compared, MAX_COLD_MS),
      timeRow('10,000 recipients in one take, seen before', warm, compared, MAX_WARM_MS),
      {
        measure: 'the very first 10,000 of a process',
        ours: `${first.toFixed(1)} ms`,
        compared: '-',
        ratio: '-',
        target: 'no target',
      },
      {
        measure: 'longest that 10,000 recipients hold up the server',
        ours: show(blocks),
        compared: '-',
        ratio: '-',
        target: `at most ${MAX_BLOCK_MS} ms`,
        met: best(blocks) <= MAX_BLOCK_MS,
      },
      {
        measure: 'sendBatch of 10,000 with the default guards, 8x8 in the same process',
        ours: show(sends),
        compared: `the same with memoryLimits ${show(inMemory)}`,
        ratio: `${(best(sends) / best(inMemory)).toFixed(2)} of its time`,
        target: 'no target',
      },
    ];
  } finally {
    await limits.close();
    connection.disconnect();
    admin.disconnect();
  }
}

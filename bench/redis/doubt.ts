import { Redis } from 'ioredis';
import type { DoubtStore } from '../../src/limits/doubt-store.ts';
import type { DoubtRule, LimitRule, LimitStore } from '../../src/limits/limit-store.ts';
import { redisLimits } from '../../src/redis/index.ts';
import { best, median, type Row } from '../row.ts';
import { commandStats, usedMemory } from './server-stats.ts';
import { SECRET } from './six-checks.ts';

const SCOPE = 'my-app';
const STRANGERS = 4_000;
const ROUNDS = 7;
/** Messages at the same time: they share commands, as the requests of a busy process do. */
const CONCURRENT = 1;
const TARGET_US = 12;
const HOUR_MS = 3_600_000;

/** Strangers of one country, three from an address, three in a range: nothing is held against them. */
function doubtOf(index: number): DoubtRule {
  return {
    kind: 'doubt',
    id: 'pumping',
    guard: 'pumping',
    mode: 'monitor',
    key: 6_281_000_000_000 + index * 300_007,
    country: 'ID',
    address: `198.${index % 7}.${Math.floor(index / 750)}.${Math.floor(index / 3) % 250}`,
    action: 'ask',
    allowance: 1_000_000,
  };
}

/** Counters of the other guards of a one-time password. */
function otherRules(number: number): LimitRule[] {
  const common = { guard: 'bench', mode: 'enforce' } as const;
  return [
    { ...common, kind: 'window', id: 'recipient:otp', key: number, limit: 10, windowMs: HOUR_MS / 2 },
    { ...common, kind: 'window', id: 'recipient:day', key: number, limit: 20, windowMs: 24 * HOUR_MS },
    { ...common, kind: 'backoff', id: 'backoff', key: number, baseMs: 1, maxMs: 1, forgetMs: HOUR_MS },
    { ...common, kind: 'block', id: 'undeliverable', key: number, windowMs: HOUR_MS },
  ];
}

const storeOf = (client: Redis): LimitStore =>
  redisLimits({ client, secret: SECRET, onStoreError: 'refuse', timeoutMs: 4_000 });

async function takeAll(
  limits: LimitStore,
  rulesOf: (index: number) => LimitRule[],
  from: number,
  to: number,
): Promise<void> {
  for (let at = from; at < to; at += CONCURRENT) {
    const indexes = Array.from({ length: CONCURRENT }, (_, more) => at + more);
    await Promise.all(
      indexes.map((index) =>
        limits.take(SCOPE, [{ reservation: `${from}-${index}`, rules: rulesOf(index) }]),
      ),
    );
  }
}

/** Microseconds of the server's thread per message, in scripts. */
async function scriptTimes(client: Redis, rulesOf: (index: number) => LimitRule[]): Promise<number[]> {
  await client.flushall();
  const limits = storeOf(client);
  const doubts = limits.doubts as DoubtStore;
  // So many outcomes that every place is judged.
  for (let index = -60; index < 0; index += 1) {
    await takeAll(limits, () => [doubtOf(index)], index, index + CONCURRENT);
    await doubts.enter(SCOPE, [{ rule: doubtOf(index), outcome: 'entered' }]);
  }
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    await client.call('CONFIG', 'RESETSTAT');
    await takeAll(limits, rulesOf, round * STRANGERS, (round + 1) * STRANGERS);
    const stats = await commandStats(client);
    times.push((stats.get('evalsha')?.microseconds ?? Number.NaN) / STRANGERS);
  }
  await limits.close?.();
  return times;
}

/** Bytes of a stranger with a range, block and crowd of its own, and of one that entered the code. */
async function bytes(client: Redis): Promise<{ readonly stranger: number; readonly acquaintance: number }> {
  const limits = storeOf(client);
  const doubts = limits.doubts as DoubtStore;
  const rule = (index: number): DoubtRule => ({
    ...doubtOf(0),
    key: 6_281_000_000_000 + index * 10_007,
    address: undefined,
  });
  await client.flushall();
  const before = await usedMemory(client);
  const requests = Array.from({ length: STRANGERS }, (_, index) => ({
    reservation: `b${index}`,
    rules: [rule(index)],
  }));
  await limits.take(SCOPE, requests);
  for await (const keys of client.scanStream({ match: `8x8g:{${SCOPE}}:t*`, count: 10_000 })) {
    if ((keys as string[]).length > 0) await client.del(...(keys as string[]));
  }
  const between = await usedMemory(client);
  await client.flushall();
  const empty = await usedMemory(client);
  for (let index = 0; index < STRANGERS; index += 1)
    await doubts.enter(SCOPE, [{ rule: rule(index), outcome: 'entered' }]);
  const after = await usedMemory(client);
  await limits.close?.();
  return { stranger: (between - before) / STRANGERS, acquaintance: (after - empty) / STRANGERS };
}

/** The guard against SMS pumping on Redis: its part of the server's time, and its memory. */
export async function benchDoubt(port: number): Promise<Row[]> {
  const client = new Redis(port);
  const without = await scriptTimes(client, (index) => otherRules(doubtOf(index).key as number));
  const all = await scriptTimes(client, (index) => [
    ...otherRules(doubtOf(index).key as number),
    doubtOf(index),
  ]);
  const { stranger, acquaintance } = await bytes(client);
  client.disconnect();
  const us = (times: readonly number[]) =>
    `${best(times).toFixed(1)} µs (median ${median(times).toFixed(1)} µs)`;
  const more = best(all) - best(without);
  const shown = { compared: '-', ratio: '-', target: 'no target' };
  return [
    {
      measure: 'Redis: server time of a one-time password with pumping, one at a time',
      ours: us(all),
      compared: `without pumping ${us(without)}`,
      ratio: `${more.toFixed(1)} µs more`,
      target: `at most ${TARGET_US} µs more`,
      met: more <= TARGET_US,
    },
    {
      ...shown,
      measure: 'Redis: bytes of a stranger with a range, block and crowd of its own',
      ours: `${stranger.toFixed(0)} B`,
    },
    { ...shown, measure: 'Redis: bytes of an acquaintance, 90 days', ours: `${acquaintance.toFixed(0)} B` },
  ];
}

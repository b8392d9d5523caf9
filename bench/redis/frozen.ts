import { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible';
import { type RedisLimitsOptions, redisLimits } from '../../src/redis/index.ts';
import type { RedisServer } from '../../test/support/redis-server.ts';
import { median, type Row } from '../row.ts';
import { SECRET } from './six-checks.ts';
import { upstashWindow } from './upstash.ts';

const IN_A_ROW = 200;
/** Two seconds of them, because the server is tried once per second. */
const EVERY_MS = 10;
const AT_ONCE = 50;
const MAX_MS = 200;
/** The longest time to wait for the others. */
const PATIENCE_MS = 5_500;

interface Decider {
  decide(index: number): Promise<unknown>;
  close(): Promise<void>;
}

/** A separate store on a separate connection, with the default deadlines. */
async function decider(port: number, onStoreError: RedisLimitsOptions['onStoreError']): Promise<Decider> {
  const client = new Redis(port);
  const limits = redisLimits({ client, secret: SECRET, onStoreError, onEvent: () => {} });
  let count = 0;
  async function decide(index: number): Promise<unknown> {
    count += 1;
    const shape = { kind: 'window', guard: 'recipient', mode: 'enforce' } as const;
    const key = 6_591_000_000 + index;
    const rule = { ...shape, id: 'recipient:all', key, limit: 10, windowMs: 1_800_000 };
    return limits.take('bench', [{ reservation: `bench-${count}`, rules: [rule] }]);
  }
  await decide(-1);
  return {
    decide,
    async close() {
      await limits.close();
      client.disconnect();
    },
  };
}

/** Milliseconds until the decision: granted, or refused because the store does not answer. */
async function timeOf(decide: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  try {
    await decide();
  } catch (error) {
    // A refusal is a decision; anything else is a fault.
    if ((error as { code?: string }).code !== 'store') throw error;
  }
  return performance.now() - startedAt;
}

async function timesInARow({ decide }: Decider): Promise<number[]> {
  const times: number[] = [];
  for (let index = 0; index < IN_A_ROW; index += 1) {
    times.push(await timeOf(() => decide(index)));
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
  return times;
}

function timesAtOnce({ decide }: Decider): Promise<number[]> {
  return Promise.all(Array.from({ length: AT_ONCE }, (_, index) => timeOf(() => decide(index))));
}

/** The fate of one call of another library, within the waiting time. */
async function fateOf(work: Promise<unknown>): Promise<string> {
  const startedAt = performance.now();
  const seconds = () => ((performance.now() - startedAt) / 1000).toFixed(1);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const patience = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`still waits after ${seconds()} s`), PATIENCE_MS);
  });
  const fate = work.then(
    (answer) => `${answer === false ? 'refused' : 'let through'} after ${seconds()} s`,
    () => `failed after ${seconds()} s`,
  );
  try {
    return await Promise.race([fate, patience]);
  } finally {
    clearTimeout(timer);
  }
}

/** The others on a client with default settings. */
async function others(port: number) {
  const clients = [new Redis(port), new Redis(port), new Redis(port)] as const;
  const [bare, insured, timed] = clients;
  const points = { points: 10, duration: 5 };
  const limiter = new RateLimiterRedis({
    storeClient: insured,
    keyPrefix: 'frozen',
    ...points,
    insuranceLimiter: new RateLimiterMemory(points),
  });
  const limit = upstashWindow(timed, 'frozen', 10, 1_800_000, 5_000);
  // Connected, with the scripts loaded.
  await Promise.all([bare.incr('frozen'), limiter.consume('warm'), limit('warm')]);
  return {
    async fates(): Promise<readonly string[]> {
      const [plain, withInsurance, withTimeout] = await Promise.all([
        fateOf(bare.incr('frozen')),
        fateOf(limiter.consume('one')),
        fateOf(limit('one')),
      ]);
      return [
        `ioredis ${plain}`,
        `rate-limiter-flexible with an insuranceLimiter ${withInsurance}`,
        `@upstash/ratelimit ${withTimeout}`,
      ];
    },
    close() {
      for (const client of clients) client.disconnect();
    },
  };
}

function frozenRow(how: string, times: readonly number[], compared: string): Row {
  const longest = Math.max(...times);
  return {
    measure: `frozen server, ${how}`,
    ours: `at most ${longest.toFixed(0)} ms (median ${median(times).toFixed(1)} ms)`,
    compared,
    ratio: '-',
    target: `at most ${MAX_MS} ms every time`,
    met: longest <= MAX_MS,
  };
}

/** How long a decision takes on a server that stops mid-run (`kill -STOP`) and does not come back. */
export async function benchFrozen(port: number, server: RedisServer): Promise<Row[]> {
  const choices = ['refuse', { local: { processes: 4 } }] as const;
  const inARow = await Promise.all(choices.map((choice) => decider(port, choice)));
  const atOnce = await Promise.all(choices.map((choice) => decider(port, choice)));
  const compared = await others(port);
  try {
    server.process.kill('SIGSTOP');
    const theirs = compared.fates();
    const rows: [string, number[]][] = [];
    for (const [position, each] of atOnce.entries())
      rows.push([`${AT_ONCE} decisions at once, ${nameOf(position)}`, await timesAtOnce(each)]);
    for (const [position, each] of inARow.entries())
      rows.push([`${IN_A_ROW} decisions in a row, ${nameOf(position)}`, await timesInARow(each)]);
    const fates = await theirs;
    return rows.map(([how, times], position) => frozenRow(how, times, fates[position] ?? '-'));
  } finally {
    for (const each of [...inARow, ...atOnce]) await each.close();
    compared.close();
  }
}

const nameOf = (position: number) => (position === 0 ? "'refuse'" : "'local'");

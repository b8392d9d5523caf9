import { pathToFileURL } from 'node:url';
import type { LimitRule } from '../src/limits/limit-store.ts';
import { type MemoryLimitStore, memoryLimits, type OwnRequest } from '../src/limits/memory-limits.ts';
import { goalRow, type Row } from './row.ts';

const MILLION = 1_000_000;
const HOUR_MS = 3_600_000;
const STEP = 100;
/** Takes of one call. */
const AT_ONCE = 10;
/** Steps of a cold process, which are not counted. */
const COLD_STEPS = 100;

/** A rule of each kind of table that grows with the people of a service. */
const RULES: Readonly<Record<string, (turn: number) => LimitRule>> = {
  recipient: (turn) => {
    const key = 6_590_000_000 + turn * 7_919;
    return { kind: 'window', id: 'r', guard: 'g', mode: 'enforce', key, limit: 10, windowMs: HOUR_MS };
  },
  address: (turn) => {
    const key = `10.${turn}`;
    return { kind: 'window', id: 'a', guard: 'g', mode: 'enforce', key, limit: 20, windowMs: HOUR_MS };
  },
  backoff: (turn) => {
    const waits = { baseMs: 30_000, maxMs: HOUR_MS, forgetMs: HOUR_MS };
    return { kind: 'backoff', id: 'b', guard: 'g', mode: 'enforce', key: turn, ...waits };
  },
  visitor: (turn) => {
    const waits = { baseMs: 30_000, maxMs: HOUR_MS, forgetMs: HOUR_MS };
    const member = `10.${turn}`;
    return { kind: 'visitor-backoff', id: 'v', guard: 'g', mode: 'enforce', key: turn, member, ...waits };
  },
  countries: (turn) => {
    const shape = { kind: 'distinct', id: 'c', guard: 'g', mode: 'enforce' } as const;
    return { ...shape, key: `10.${turn}`, member: 'SG', limit: 3, windowMs: HOUR_MS };
  },
  known: (turn) => {
    const shape = { kind: 'known', id: 'k', guard: 'g', mode: 'note', activate: true } as const;
    return { ...shape, key: turn, member: `account-${turn}`, windowMs: HOUR_MS };
  },
};

/** CPU time of this thread in milliseconds: neighbours and helpers of the garbage collector do not count. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** Messages of one call. */
function requestsOf(ruleOf: (turn: number) => LimitRule, from: number): OwnRequest[] {
  return Array.from({ length: AT_ONCE }, (_, index) => {
    const turn = from + index;
    return { reservation: `r-${turn}`, rules: [ruleOf(turn)], takenAt: 0, decision: undefined };
  });
}

/**
 * The longest of all steps while one table grows from nothing. The least of some runs of each step: tables grow at the same key every
 * time, and the garbage collector comes somewhere else.
 */
function longestStep(ruleOf: (turn: number) => LimitRule, keys: number, runs: number): number {
  const leastMs = new Float64Array(keys / STEP).fill(Number.POSITIVE_INFINITY);
  for (let run = 0; run < runs; run += 1) {
    const maxEntries = keys * 1.1;
    const clock = { now: () => 0 };
    const store = memoryLimits({ maxRecipients: maxEntries, maxEntries, clock }) as MemoryLimitStore;
    for (let step = 0; step < leastMs.length; step += 1) {
      const calls = Array.from({ length: STEP / AT_ONCE }, (_, call) =>
        requestsOf(ruleOf, step * STEP + call * AT_ONCE),
      );
      const startMs = cpuMs();
      for (const requests of calls) {
        const verdicts = store.takeOwnNow('bench', requests);
        if (verdicts?.every(({ granted }) => granted) !== true) throw new Error('A take was refused.');
        store.settleOwnNow(
          'bench',
          requests.map((reservation) => ({ reservation, outcome: 'keep' })),
          0,
        );
      }
      leastMs[step] = Math.min(leastMs[step] as number, cpuMs() - startMs);
    }
  }
  return leastMs.subarray(COLD_STEPS).reduce((longest, ms) => Math.max(longest, ms), 0);
}

/** How long a growing table stops the process: copies of what it holds. */
export async function benchGrowth(): Promise<Row[]> {
  const longest = Object.entries(RULES).map(
    ([name, ruleOf]) => [name, longestStep(ruleOf, MILLION, 2)] as const,
  );
  const [slowest, ms] = longest.reduce((most, each) => (each[1] > most[1] ? each : most));
  const atTenMillion = longestStep(RULES.recipient as (turn: number) => LimitRule, 10 * MILLION, 2);
  return [
    goalRow(
      'longest 100 takes while a table grows to 1M keys, the slowest of six kinds, without garbage collection',
      `${ms.toFixed(1)} ms (${slowest})`,
      'at most 10 ms',
      ms <= 10,
    ),
    goalRow(
      'longest 100 takes while the table of recipients grows to 10M numbers, without garbage collection',
      `${atTenMillion.toFixed(1)} ms`,
      'at most 20 ms',
      atTenMillion <= 20,
    ),
  ];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  console.table(await benchGrowth());
}

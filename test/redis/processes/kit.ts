import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, vi } from 'vitest';
import { numberOf } from '../../support/client.ts';
import { hasRedisServer } from '../../support/redis-server.ts';
import type { WorkerReport, WorkerSetup } from './commands.ts';
import { countsOf } from './counter.ts';
import { type Receiver, startReceiver } from './receiver.ts';
import { SHIFTS_MINUTES, startWorker, type Worker } from './worker-pool.ts';

export const LIMIT = 10;
const HALF_AN_HOUR_MS = 1_800_000;
/** Allows for a busy machine; nothing waits longer than it must. */
const PATIENCE = { timeout: 40_000, interval: 20 };

export interface WorkerPool {
  readonly receiver: Receiver;
  /** Four workers, on hosts whose clocks are 31 minutes apart. */
  readonly workers: readonly Worker[];
  /** Numbers that nobody has sent to. */
  newNumbers(count: number): string[];
  /** Gives every worker a client with its own scope on this server. */
  setUp(redisPort: number, more?: Partial<WorkerSetup>): Promise<WorkerSetup>;
  all(ask: (worker: Worker) => Promise<WorkerReport>): Promise<WorkerReport[]>;
  /** Total of messages that these numbers received. */
  sentTo(numbers: readonly string[]): number;
  /** Starts all workers, and waits until this part of the limit is sent. */
  startSending(numbers: readonly string[], part?: number): Promise<void>;
  /** Waits until every worker has reported this store as the one that decides. */
  allDecidedBy(who: 'shared' | 'local' | 'refuse'): Promise<void>;
  /** `kill -KILL` of a working worker; a new one replaces it. */
  replace(worker: Worker): Promise<void>;
}

/** The stores that decided, in order, from the events of a worker. */
const switchesOf = ({ events }: WorkerReport): string[] =>
  events.flatMap((event) => (event.type === 'limits-switched' ? [event.to] : []));

/** Stops what a test has started, also when the test fails. */
export async function ofTest<Started extends { stop(): Promise<void> }>(
  starting: Promise<Started>,
): Promise<Started> {
  const started = await starting;
  onTestFinished(() => started.stop());
  return started;
}

/** Retries until the condition holds. */
export function eventually<Result>(condition: () => Promise<Result>): Promise<Result> {
  return vi.waitFor(condition, PATIENCE);
}

export const total = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);
export const sumOf = (reports: readonly WorkerReport[], field: 'accepted' | 'limited' | 'storeErrors') =>
  total(reports.map((report) => report[field]));

/** Each number received exactly its limit, and the server counts the same. */
export async function expectExact(
  { receiver }: WorkerPool,
  port: number,
  setup: WorkerSetup,
  numbers: readonly string[],
): Promise<void> {
  const full = numbers.map(() => LIMIT);
  expect(receiver.counts(numbers)).toEqual(full);
  expect(await countsOf(port, setup, numbers)).toEqual(full);
  expectNoneTwice(receiver);
}

export function expectNoneTwice({ arrivals }: Receiver): void {
  expect(new Set(arrivals.map(({ id }) => id)).size).toBe(arrivals.length);
}

/** A suite with four processes and an emulated 8x8. Each test starts its own server. */
export function describeWorkerPool(name: string, suite: (pool: WorkerPool) => void): void {
  describe.runIf(hasRedisServer())(name, { timeout: 120_000 }, () => {
    let receiver: Receiver;
    let workers: Worker[] = [];
    let numbers = 0;
    let scopes = 0;
    beforeAll(async () => {
      receiver = await startReceiver();
      workers = await Promise.all(SHIFTS_MINUTES.map((minutes) => startWorker(minutes)));
    });
    afterAll(async () => {
      await Promise.all(workers.map((worker) => worker.kill()));
      await receiver?.stop();
    });
    afterEach(() => pool.all((worker) => worker.rest()));
    const pool: WorkerPool = {
      get receiver() {
        return receiver;
      },
      get workers() {
        return workers;
      },
      newNumbers(count) {
        numbers += count;
        return Array.from({ length: count }, (_, at) => numberOf(numbers - count + at));
      },
      async setUp(redisPort, more = {}) {
        scopes += 1;
        const setup: WorkerSetup = {
          redisPort,
          receiverUrl: receiver.url,
          scope: `pool-${scopes}`,
          windows: [{ limit: LIMIT, windowMs: HALF_AN_HOUR_MS }],
          onStoreError: 'refuse',
          lanes: 8,
          ...more,
        };
        await pool.all((worker) => worker.setUp(setup));
        return setup;
      },
      all: (ask) => Promise.all(workers.map(ask)),
      sentTo: (wanted) => total(receiver.counts(wanted)),
      async startSending(wanted, part = 0.3) {
        await pool.all((worker) => worker.run(wanted));
        await eventually(async () =>
          expect(pool.sentTo(wanted)).toBeGreaterThan(wanted.length * LIMIT * part),
        );
      },
      allDecidedBy: (who) =>
        eventually(async () => {
          const reports = await pool.all((worker) => worker.report());
          for (const report of reports) expect(switchesOf(report).at(-1)).toBe(who);
        }),
      async replace(worker) {
        await worker.kill();
        const other = await startWorker();
        workers = workers.map((each) => (each === worker ? other : each));
      },
    };
    suite(pool);
  });
}

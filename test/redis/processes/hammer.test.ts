import { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import { startRedis } from '../../support/redis-server.ts';
import { countsOf } from './counter.ts';
import {
  describeWorkerPool,
  eventually,
  expectExact,
  expectNoneTwice,
  LIMIT,
  ofTest,
  sumOf,
  total,
} from './kit.ts';
import { SHIFTS_MINUTES } from './worker-pool.ts';

/** On a busy machine a reply may take long, and this suite is not about outages. */
const PATIENT = { timeoutMs: 4_000 };

describeWorkerPool('four processes, with clocks 31 minutes apart', (pool) => {
  it('let each of 200 hot numbers have exactly its limit, and share in each', async () => {
    const server = await ofTest(startRedis());
    const numbers = pool.newNumbers(200);
    const setup = await pool.setUp(server.port, PATIENT);
    // Four attempts per process: fewer than three processes cannot fill a number.
    const reports = await pool.all((worker) => worker.burst(numbers, 4));
    expect(sumOf(reports, 'storeErrors')).toBe(0);
    await expectExact(pool, server.port, setup, numbers);
    expect(sumOf(reports, 'accepted')).toBe(200 * LIMIT);
    expect(sumOf(reports, 'limited')).toBe(200 * (16 - LIMIT));
    for (const number of numbers) {
      const sent = pool.receiver.arrivals.filter(({ destination }) => destination === number);
      expect(new Set(sent.map(({ worker }) => worker)).size).toBeGreaterThanOrEqual(3);
    }
  });

  it('agree on how long a number has to wait, whatever their own clocks say', async () => {
    const server = await ofTest(startRedis());
    const [number = ''] = pool.newNumbers(1);
    await pool.setUp(server.port, PATIENT);
    const [first, ...others] = pool.workers;
    await first?.burst([number], LIMIT);
    const asked = Date.now();
    const reports = await Promise.all(others.map((worker) => worker.burst([number], 1)));
    const passed = Date.now() - asked;
    for (const [at, { retryAfterMs, now }] of reports.entries()) {
      // The clocks do differ.
      expect(Math.round((now - Date.now()) / 60_000)).toBe(SHIFTS_MINUTES[at + 1]);
      expect(retryAfterMs).toBeLessThanOrEqual(1_800_000);
      expect(retryAfterMs).toBeGreaterThan(1_800_000 - 60_000 - passed);
    }
  });

  it('count exactly while somebody flushes the scripts all the time', async () => {
    const server = await ofTest(startRedis());
    const numbers = pool.newNumbers(60);
    const setup = await pool.setUp(server.port, PATIENT);
    const redis = new Redis(server.port);
    let isDone = false;
    let flushes = 0;
    const flushing = (async () => {
      for (; !isDone; flushes += 1) await redis.script('FLUSH');
    })();
    const reports = await pool.all((worker) => worker.burst(numbers, 4));
    isDone = true;
    await flushing;
    redis.disconnect();
    expect(sumOf(reports, 'storeErrors')).toBe(0);
    await expectExact(pool, server.port, setup, numbers);
    expect(flushes).toBeGreaterThan(100);
    expect(server.cli('INFO', 'errorstats')).toContain('errorstat_NOSCRIPT');
  });

  it('leave counted what a process took that was killed', async () => {
    const server = await ofTest(startRedis());
    const numbers = pool.newNumbers(100);
    const setup = await pool.setUp(server.port, PATIENT);
    const [victim, ...others] = pool.workers;
    if (victim === undefined) throw new Error('no worker');
    const sent = () => pool.receiver.arrivals.filter(({ worker }) => worker === victim.name);
    await victim.run(numbers);
    await eventually(async () => expect(sent().length).toBeGreaterThan(50));
    await pool.replace(victim);
    await Promise.all(others.map((worker) => worker.burst(numbers, LIMIT)));

    // All numbers are full on the server. Takes for messages that never left are not given to others.
    const counted = await countsOf(server.port, setup, numbers);
    expect(counted).toEqual(numbers.map(() => LIMIT));
    const arrived = pool.receiver.counts(numbers);
    expect(Math.max(...arrived)).toBeLessThanOrEqual(LIMIT);
    expect(total(counted) - total(arrived)).toBeLessThanOrEqual(setup.lanes);
    expectNoneTwice(pool.receiver);
  });
});

import { expect, it } from 'vitest';
import { startRedis } from '../../support/redis-server.ts';
import { startTcpProxy } from '../failover/tcp-proxy.ts';
import { countsOf } from './counter.ts';
import { describeWorkerPool, eventually, expectExact, expectNoneTwice, LIMIT, ofTest, total } from './kit.ts';

/** Slow enough that a fault happens in the middle. */
const SLOW = { lanes: 4, restMs: 4 };
const PROCESSES = 4;
/** Without our deadline the client libraries wait for 10 s and more. */
const LONGEST_DECISION_MS = 3_000;

describeWorkerPool('four processes and a server in trouble', (pool) => {
  const reports = () => pool.all((worker) => worker.report());
  const restAll = () => pool.all((worker) => worker.rest());

  /** Waits until each process has refused that many more messages. */
  async function everybodyRefuses(times: number, field: 'storeErrors' | 'limited'): Promise<void> {
    const before = await reports();
    await eventually(async () => {
      for (const [at, report] of (await reports()).entries()) {
        expect(report[field]).toBeGreaterThanOrEqual((before[at]?.[field] ?? 0) + times);
      }
    });
  }

  async function expectPromptDecisions(): Promise<void> {
    for (const { slowestDecisionMs, others } of await reports()) {
      expect(slowestDecisionMs).toBeLessThan(LONGEST_DECISION_MS);
      expect(others).toEqual({});
    }
  }

  /** Continues until all numbers have reached their limit. */
  async function fill(numbers: readonly string[]): Promise<void> {
    await eventually(async () => expect(pool.sentTo(numbers)).toBeGreaterThanOrEqual(numbers.length * LIMIT));
    await everybodyRefuses(numbers.length, 'limited');
    await restAll();
  }

  it('refuse while it is frozen (kill -STOP), and count exactly afterwards', async () => {
    const server = await ofTest(startRedis());
    const numbers = pool.newNumbers(60);
    const setup = await pool.setUp(server.port, SLOW);
    await pool.startSending(numbers);
    server.process.kill('SIGSTOP');
    // Decided while the server is still frozen.
    await everybodyRefuses(20, 'storeErrors');
    await pool.allDecidedBy('refuse');
    await expectPromptDecisions();
    server.process.kill('SIGCONT');
    await pool.allDecidedBy('shared');
    await fill(numbers);
    await eventually(() => expectExact(pool, server.port, setup, numbers));
  });

  it('go on with their shares while it is frozen, and tell it every message afterwards', async () => {
    const server = await ofTest(startRedis());
    const numbers = pool.newNumbers(60);
    const onStoreError = { local: { processes: PROCESSES } };
    const setup = await pool.setUp(server.port, { ...SLOW, onStoreError });
    await pool.startSending(numbers);
    server.process.kill('SIGSTOP');
    await pool.allDecidedBy('local');
    // Nobody has sent to these numbers yet, so all their messages are sent without the server.
    const fresh = pool.newNumbers(20);
    await restAll();
    await pool.all((worker) => worker.run([...numbers, ...fresh]));
    // Several rounds, so that every process has used up its share of each number.
    await everybodyRefuses(4 * numbers.length, 'limited');
    await expectPromptDecisions();
    const alone = PROCESSES * Math.floor(LIMIT / PROCESSES);
    expect(pool.receiver.counts(fresh)).toEqual(fresh.map(() => alone));
    await restAll();

    server.process.kill('SIGCONT');
    await pool.allDecidedBy('shared');
    const all = [...numbers, ...fresh];
    const sent = pool.receiver.counts(all);
    expect(Math.max(...sent)).toBeLessThanOrEqual(LIMIT + Math.max(LIMIT, PROCESSES));
    await eventually(async () => expect(await countsOf(server.port, setup, all)).toEqual(sent));
    await pool.all((worker) => worker.run(all));
    await fill(fresh);
    // The server did not know the fresh numbers; it was told, and grants only what is left.
    expect(pool.receiver.counts(all)).toEqual(sent.map((count) => Math.max(LIMIT, count)));
    expectNoneTwice(pool.receiver);
  });

  it('refuse while it is gone (kill -KILL); what an empty one lets through comes on top', async () => {
    const server = await ofTest(startRedis());
    const numbers = pool.newNumbers(60);
    const setup = await pool.setUp(server.port, SLOW);
    await pool.startSending(numbers);
    await server.kill();
    await pool.allDecidedBy('refuse');
    await everybodyRefuses(20, 'storeErrors');
    await expectPromptDecisions();
    const before = pool.receiver.counts(numbers);
    expect(Math.max(...before)).toBeLessThanOrEqual(LIMIT);

    await server.restart();
    await pool.allDecidedBy('shared');
    // Messages that are written back late count again, so a few fewer may be granted than by an empty server.
    const full = numbers.map(() => LIMIT);
    await eventually(async () => expect(await countsOf(server.port, setup, numbers)).toEqual(full));
    await restAll();
    const later = pool.receiver.counts(numbers).map((count, at) => count - (before[at] ?? 0));
    expect(Math.max(...later)).toBeLessThanOrEqual(LIMIT);
    expect(total(full) - total(later)).toBeLessThanOrEqual(PROCESSES * SLOW.lanes);
    expectNoneTwice(pool.receiver);
  });

  it('count exactly when a server that keeps a log of its writes is killed and comes back', async () => {
    const server = await ofTest(startRedis('--appendonly', 'yes', '--appendfsync', 'always'));
    const numbers = pool.newNumbers(60);
    const setup = await pool.setUp(server.port, SLOW);
    await pool.startSending(numbers);
    await server.kill();
    await pool.allDecidedBy('refuse');
    await server.restart();
    await pool.allDecidedBy('shared');
    await fill(numbers);
    await eventually(() => expectExact(pool, server.port, setup, numbers));
  });

  it('count exactly when connections are cut in mid-command, again and again', async () => {
    const server = await ofTest(startRedis());
    const proxy = await ofTest(startTcpProxy(server.port));
    const numbers = pool.newNumbers(60);
    const setup = await pool.setUp(proxy.port, { ...SLOW, restMs: 20 });
    await pool.startSending(numbers);
    for (let index = 0; index < 4; index += 1) {
      proxy.swallowAnswers();
      await pool.allDecidedBy('refuse');
      proxy.cut();
      await pool.allDecidedBy('shared');
    }
    expect(pool.sentTo(numbers)).toBeLessThan(numbers.length * LIMIT);
    await expectPromptDecisions();
    await fill(numbers);
    await eventually(() => expectExact(pool, server.port, setup, numbers));
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type RedisCluster,
  type RedisServer,
  startRedis,
  startRedisCluster,
} from '../../support/redis-server.ts';
import { startTcpProxy } from '../failover/tcp-proxy.ts';
import { countsOf } from './counter.ts';
import { describeWorkerPool, eventually, expectExact, expectNoneTwice, LIMIT, ofTest, total } from './kit.ts';

const SLOW = { lanes: 4, restMs: 4 };

/** A server and its replica, behind an address that leads to one of them. */
async function startPair() {
  // By default the server waits 5 s for more replicas.
  const primary = await ofTest(startRedis('--repl-diskless-sync-delay', '0'));
  const replica = await ofTest(startRedis('--replicaof', '127.0.0.1', `${primary.port}`));
  await eventually(async () => {
    expect(replica.cli('INFO', 'replication')).toContain('master_link_status:up');
  });
  const address = await ofTest(startTcpProxy(primary.port));
  return {
    primary,
    replica,
    address,
    promote() {
      replica.cli('REPLICAOF', 'NO', 'ONE');
      address.moveTo(replica.port);
      address.cut();
    },
  };
}

/** The node that holds the counters of a scope, and its replica; the first node may not have heard yet who has taken over. */
function findMaster(nodes: readonly RedisServer[], scope: string): [RedisServer, RedisServer] {
  const [first] = nodes as [RedisServer];
  const answer = first.cli('EXISTS', `8x8g:{${scope}}:any`);
  const port = answer.startsWith('MOVED') ? Number(answer.split(':').at(-1)) : first.port;
  const lines = first.cli('CLUSTER', 'NODES').split('\n');
  const lineOf = (wanted: RegExp) => lines.find((line) => wanted.test(line)) ?? '';
  const [id] = lineOf(new RegExp(`127\\.0\\.0\\.1:${port}@`)).split(' ');
  const replicaPort = Number(/:(\d+)@/.exec(lineOf(new RegExp(` slave ${id} `)))?.[1]);
  const nodeAt = (wanted: number) => nodes.find((node) => node.port === wanted);
  const [master, replica] = [nodeAt(port), nodeAt(replicaPort)];
  if (master === undefined || replica === undefined)
    throw new Error(`no replica of ${port} in\n${lines.join('\n')}`);
  return [master, replica];
}

describeWorkerPool('four processes and a failover', (pool) => {
  const restAll = () => pool.all((worker) => worker.rest());
  const runAll = (numbers: readonly string[]) => pool.all((worker) => worker.run(numbers));
  const full = (numbers: readonly string[]) =>
    eventually(async () => expect(pool.sentTo(numbers)).toBeGreaterThanOrEqual(numbers.length * LIMIT));

  it('count exactly when the replica has everything', async () => {
    const { primary, replica, address, promote } = await startPair();
    const numbers = pool.newNumbers(60);
    const setup = await pool.setUp(address.port, SLOW);
    await pool.startSending(numbers);
    await restAll();
    expect(primary.cli('WAIT', '1', '10000')).toBe('1');
    await primary.kill();
    await runAll(numbers);
    await pool.allDecidedBy('refuse');
    promote();
    await pool.allDecidedBy('shared');
    await full(numbers);
    await restAll();
    await eventually(() => expectExact(pool, replica.port, setup, numbers));
  });

  it('let through as many more as the replica had not got, and no other', async () => {
    const { primary, replica, address, promote } = await startPair();
    const numbers = pool.newNumbers(60);
    const setup = await pool.setUp(address.port, SLOW);
    await pool.startSending(numbers);
    // At rest and up to date: no count in the copy belongs to a message that is given back later.
    await restAll();
    expect(primary.cli('WAIT', '1', '10000')).toBe('1');
    // The replica stays as it is and receives nothing more.
    replica.cli('REPLICAOF', '127.0.0.1', '1');
    await pool.startSending(numbers, 0.6);
    await restAll();
    await primary.kill();
    const sent = pool.receiver.counts(numbers);
    const copied = await countsOf(replica.port, setup, numbers);
    const lost = sent.map((count, at) => count - (copied[at] ?? 0));
    expect(Math.min(...lost)).toBeGreaterThanOrEqual(0);
    expect(total(lost)).toBeGreaterThan(0);

    await runAll(numbers);
    await pool.allDecidedBy('refuse');
    promote();
    await pool.allDecidedBy('shared');
    const most = lost.map((count) => LIMIT + count);
    await eventually(async () => expect(pool.sentTo(numbers)).toBeGreaterThanOrEqual(total(most)));
    await restAll();
    expect(pool.receiver.counts(numbers)).toEqual(most);
    expect(await countsOf(replica.port, setup, numbers)).toEqual(numbers.map(() => LIMIT));
    expectNoneTwice(pool.receiver);
  });

  it('send nothing while they are led to a replica, and say why', async () => {
    const { address, replica } = await startPair();
    address.moveTo(replica.port);
    const numbers = pool.newNumbers(5);
    await pool.setUp(address.port, { timeoutMs: 4_000 });
    // Concurrent failures count as one.
    const times = 10;
    const reports = await pool.all((worker) => worker.burst(numbers, times));
    for (const { storeErrors, events } of reports) {
      expect(storeErrors).toBe(times * numbers.length);
      expect(events).toContainEqual(expect.objectContaining({ type: 'limits-switched', cause: 'READONLY' }));
    }
    expect(pool.sentTo(numbers)).toBe(0);
  });

  describe('in a cluster', () => {
    let cluster: RedisCluster;
    beforeAll(async () => {
      cluster = await startRedisCluster(undefined, 1);
    }, 60_000);
    afterAll(() => cluster?.stop());

    async function start() {
      const numbers = pool.newNumbers(60);
      const [{ port }] = cluster.nodes as [RedisServer];
      const setup = await pool.setUp(port, { ...SLOW, isCluster: true });
      const [master, replica] = await eventually(async () => findMaster(cluster.nodes, setup.scope));
      await pool.startSending(numbers);
      async function fill() {
        await full(numbers);
        await restAll();
        expect(replica.cli('ROLE')).toMatch(/^master/);
        await eventually(() => expectExact(pool, replica.port, setup, numbers));
      }
      return { numbers, master, replica, fill };
    }

    it('count exactly while a node hands over to its replica', async () => {
      const { master, replica, fill } = await start();
      expect(replica.cli('CLUSTER', 'FAILOVER')).toBe('OK');
      await eventually(async () => expect(master.cli('ROLE')).toMatch(/^slave/));
      await fill();
    });

    it('go on when a node is killed and its replica takes over', async () => {
      const { numbers, master, fill } = await start();
      await restAll();
      expect(master.cli('WAIT', '1', '10000')).toBe('1');
      await master.kill();
      await runAll(numbers);
      await pool.allDecidedBy('refuse');
      await pool.allDecidedBy('shared');
      await fill();
    });
  });
});

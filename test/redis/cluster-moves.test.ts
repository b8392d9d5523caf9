import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LimitStore, TakeRequest } from '../../src/limits/limit-store.ts';
import { createRedisStore } from '../../src/redis/redis-store.ts';
import { toRedisCommands } from '../../src/redis/to-redis-commands.ts';
import { amountRule, distinctRule, windowRule } from '../../src/testing/limit-conformance/kit.ts';
import {
  hasRedisServer,
  type RedisCluster,
  type RedisServer,
  startRedisCluster,
} from '../support/redis-server.ts';
import { CLUSTER_CLIENTS, type TestClient } from './clients.ts';
import { keyNamesOf } from './store-under-test.ts';

const HOUR_MS = 3_600_000;
const LIMIT = 12;

describe.runIf(hasRedisServer())('a slot of a cluster that moves to another node', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  }, 60_000);
  afterAll(async () => cluster?.stop());

  /** The node that holds the slot, and one that does not. */
  function nodesOf(key: string): { slot: string; from: RedisServer; to: RedisServer } {
    const [first] = cluster.nodes as readonly [RedisServer, ...RedisServer[]];
    const from = cluster.nodes.find((node) => !node.cli('GET', key).includes('MOVED'));
    const to = cluster.nodes.find((node) => node !== from);
    if (from === undefined || to === undefined) throw new Error('No node has the slot.');
    return { slot: first.cli('CLUSTER', 'KEYSLOT', key), from, to };
  }

  function begin({ slot, from, to }: ReturnType<typeof nodesOf>): void {
    to.cli('CLUSTER', 'SETSLOT', slot, 'IMPORTING', from.cli('CLUSTER', 'MYID'));
    from.cli('CLUSTER', 'SETSLOT', slot, 'MIGRATING', to.cli('CLUSTER', 'MYID'));
  }

  function moveKeys({ slot, from, to }: ReturnType<typeof nodesOf>, count: number): number {
    const keys = from.cli('CLUSTER', 'GETKEYSINSLOT', slot, `${count}`).split('\n').filter(Boolean);
    if (keys.length > 0) from.cli('MIGRATE', '127.0.0.1', `${to.port}`, '', '0', '5000', 'KEYS', ...keys);
    return keys.length;
  }

  function end({ slot, to }: ReturnType<typeof nodesOf>): void {
    const id = to.cli('CLUSTER', 'MYID');
    // The new owner first, so that no client is sent to a node that does not know about the slot yet.
    to.cli('CLUSTER', 'SETSLOT', slot, 'NODE', id);
    for (const node of cluster.nodes) node.cli('CLUSTER', 'SETSLOT', slot, 'NODE', id);
  }

  describe.each(CLUSTER_CLIENTS)('with %s', (name, connect) => {
    let connected: TestClient;
    let store: LimitStore;
    let sent = 0;
    const scope = `moving-${name}`;
    const rules = () => [
      windowRule('number', LIMIT, HOUR_MS),
      amountRule('budget', 1000, HOUR_MS, 10),
      distinctRule('range', 'number', 5, HOUR_MS),
    ];
    beforeAll(async () => {
      connected = await connect(cluster.nodes.map(({ url }) => url));
      store = createRedisStore({
        commands: toRedisCommands(connected.client),
        names: keyNamesOf(),
        deadlineMs: 4000,
      });
    }, 60_000);
    afterAll(async () => connected?.close());

    /** True, false, or undefined when the store failed and gave back anything it may have counted. */
    async function send(): Promise<boolean | undefined> {
      sent += 1;
      const request: TakeRequest = { reservation: `${scope}-${sent}`, rules: rules() };
      try {
        return (await store.take(scope, [request]))[0]?.granted;
      } catch (error) {
        expect(error).toMatchObject({ code: 'store' });
        for (let tries = 0; tries < 100; tries += 1) {
          try {
            await store.settle(scope, [{ ...request, outcome: 'return' }]);
            return undefined;
          } catch {
            // Retried until the slot has settled.
          }
        }
        throw new Error('It was never given back.');
      }
    }

    it('counts each message once, before, meanwhile and afterwards', async () => {
      expect([await send(), await send()]).toEqual([true, true]);
      const nodes = nodesOf(`8x8g:{${scope}}:t`);
      begin(nodes);
      const meanwhile = [send(), send()];
      moveKeys(nodes, 2);
      meanwhile.push(send());
      while (moveKeys(nodes, 100) > 0);
      end(nodes);
      const answers = await Promise.all(meanwhile);
      expect(answers).not.toContain(false);
      let granted = 2 + answers.filter((answer) => answer === true).length;
      while ((await send()) === true) granted += 1;
      expect(granted).toBe(LIMIT);
      expect(await store.inspect(scope, rules())).toMatchObject([
        { count: LIMIT },
        { count: 10 * LIMIT },
        { count: 1 },
      ]);
      expect(nodesOf(`8x8g:{${scope}}:t`).from).toBe(nodes.to);
    }, 60_000);
  });
});

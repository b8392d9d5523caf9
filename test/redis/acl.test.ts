import { readFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { redisConsentLedger } from '../../src/redis/redis-consent-ledger.ts';
import { redisLimits } from '../../src/redis/redis-limits.ts';
import { consentLedgerConformance } from '../../src/testing/consent-ledger-conformance.ts';
import { limitStoreConformance } from '../../src/testing/limit-store-conformance.ts';
import { readAll } from '../support/read-all.ts';
import {
  hasRedisServer,
  type RedisCluster,
  type RedisServer,
  startRedis,
  startRedisCluster,
} from '../support/redis-server.ts';
import { CLUSTER_CLIENTS, SINGLE_CLIENTS, type TestClient } from './clients.ts';
import { controlledStore, realStore, SECRET, START_MS } from './store-under-test.ts';

const DOCUMENT = readFileSync(new URL('../../docs/scaling.md', import.meta.url), 'utf8');
const PASSWORD = 'a-password';

/** Creates a user with the command of the document. */
function wordsOf(user: string): string[] {
  const [line = ''] = DOCUMENT.split('\n').filter((each) => each.startsWith(`ACL SETUSER ${user} `));
  expect(line, `the line of ${user} in docs/scaling.md`).not.toBe('');
  return line.replace('PASSWORD', PASSWORD).split(' ');
}

describe.runIf(hasRedisServer())('with no more rights than docs/scaling.md asks for', () => {
  let server: RedisServer;
  let admin: Redis;
  const users = ['sms-limits', 'sms-consent'] as const;
  const urlOf = (user: (typeof users)[number]) => `redis://${user}:${PASSWORD}@127.0.0.1:${server.port}`;
  beforeAll(async () => {
    server = await startRedis();
    admin = new Redis(server.port);
    for (const user of users) {
      const [command = '', ...words] = wordsOf(user);
      await admin.call(command, ...words);
    }
  }, 60_000);
  afterAll(async () => {
    admin?.disconnect();
    await server?.stop();
  });

  describe.each(SINGLE_CLIENTS)('%s', (_, connect) => {
    let limited: TestClient;
    let consenting: TestClient;
    beforeAll(async () => {
      limited = await connect([urlOf('sms-limits')]);
      consenting = await connect([urlOf('sms-consent')]);
    });
    afterAll(async () => {
      await limited?.close();
      await consenting?.close();
    });

    it('counts as any store must, by the clock of a test and by that of the server', async () => {
      const cases = [
        ...limitStoreConformance({
          create: () => controlledStore(limited.client),
          bounded: false,
          openTakes: 'as-written',
          doubtStartMs: START_MS,
          operations: 300,
        }),
        ...limitStoreConformance({ create: () => realStore(limited.client), clock: 'real' }),
      ];
      for (const { name, run } of cases) await expect(run(), name).resolves.toBeUndefined();
    }, 120_000);

    it('finds nothing wrong with the server, and gives out permits', async () => {
      const limits = redisLimits({
        client: limited.client,
        secret: SECRET,
        onStoreError: 'refuse',
        timeoutMs: 4_000,
      });
      expect(await limits.check()).toEqual([]);
      const lane = limits.pace?.lane('https://sms.8x8.com', 'shop', 'fast');
      const request = { permits: 100, periodMs: 1_000, waiting: 1, expected: 0, isSlow: false };
      expect((await lane?.lease(request))?.permits).toHaveLength(1);
      await limits.close();
    });

    it('keeps consent as any ledger must, and lists it', async () => {
      let count = 0;
      const create = () => {
        count += 1;
        return redisConsentLedger({ client: consenting.client, name: `${_.replaceAll(' ', '-')}-${count}` });
      };
      for (const { name, run } of consentLedgerConformance({ create })) {
        await expect(run(), name).resolves.toBeUndefined();
      }
      const ledger = create();
      expect(await ledger.check()).toEqual([]);
      const entry = { state: 'opted-in', scope: 'all', source: 'form', at: 1 } as const;
      await ledger.append([{ key: '+6591234567', ...entry }]);
      expect(await readAll(ledger.entries())).toEqual([{ key: '+6591234567', ...entry }]);
    }, 60_000);
  });

  it('can read nothing else', async () => {
    await admin.set('another-team:key', 'theirs');
    const client = new Redis(urlOf('sms-limits'));
    const reading = client.eval("return redis.call('GET', KEYS[1])", 1, 'another-team:key');
    await expect(reading).rejects.toThrow(/NOPERM|permission/);
    await expect(client.keys('*')).rejects.toThrow('NOPERM');
    client.disconnect();
  });
});

describe.runIf(hasRedisServer())('on a cluster, with the two rights more', () => {
  let cluster: RedisCluster;
  const [more = ''] = /\+cluster\|[^`]*/.exec(DOCUMENT) ?? [];
  beforeAll(async () => {
    cluster = await startRedisCluster();
    for (const node of cluster.nodes) {
      // The user of connections without a name and a password.
      node.cli('ACL', 'SETUSER', 'default', ...wordsOf('sms-limits').slice(3), ...more.split(' '), 'nopass');
    }
  }, 60_000);
  afterAll(async () => {
    await cluster?.stop();
  });

  it.each(CLUSTER_CLIENTS)(
    '%s finds the nodes and counts',
    async (_, connect) => {
      const { client, close } = await connect(cluster.nodes.map(({ url }) => url));
      for (const { name, run } of limitStoreConformance({
        create: () => realStore(client),
        clock: 'real',
      })) {
        await expect(run(), name).resolves.toBeUndefined();
      }
      await close();
    },
    60_000,
  );
});

import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe } from 'vitest';
import { redisConsentLedger } from '../../src/redis/redis-consent-ledger.ts';
import { encryptionCases } from '../support/encrypted-ledger.ts';
import { hasRedisServer, type RedisServer, startRedis } from '../support/redis-server.ts';

if (!hasRedisServer()) console.warn('redisConsentLedger: NOT RUN. There is no redis-server.');

describe.skipIf(!hasRedisServer())('an encrypted redisConsentLedger on a server', () => {
  let server: RedisServer;
  let client: Redis;
  beforeAll(async () => {
    server = await startRedis();
    client = new Redis(server.port);
  });
  afterAll(async () => {
    client.disconnect();
    await server.stop();
  });
  const entriesOf = (name: string, person: string) => `8x8g:{consent.${name}}:e:${person}`;

  encryptionCases({
    create: async (name, encryption) =>
      redisConsentLedger({ client, name, ...(encryption && { encryption }) }),
    async dump(name) {
      const keys = await client.keys(`8x8g:{consent.${name}}:e:*`);
      const members = await Promise.all(keys.map((each) => client.zrange(each, '0', '-1')));
      return members.flat().join('\n');
    },
    async copyEvidence(name, from, to) {
      const [[given = ''], [taken = '']] = (await Promise.all(
        [from, to].map((person) => client.zrange(entriesOf(name, person), '0', '-1')),
      )) as [string[], string[]];
      const evidence = /"evidence":"[^"]+"/;
      const changed = taken.replace(evidence, evidence.exec(given)?.[0] ?? '');
      const score = await client.zscore(entriesOf(name, to), taken);
      await client.zrem(entriesOf(name, to), taken);
      await client.zadd(entriesOf(name, to), score ?? 0, changed);
    },
  });
});

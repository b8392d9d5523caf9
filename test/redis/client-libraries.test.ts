import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { expect, it } from 'vitest';
import { type RedisClient, redisLimits } from '../../src/redis/index.ts';
import { windowRule } from '../../src/testing/limit-conformance/kit.ts';
import { describeOnRedis, HOUR_MS, NUMBER } from './redis-kit.ts';

const SECRET = 'a secret of the tests, 32 characters or more';

describeOnRedis('the limits', (kit) => {
  /** How many of 30 messages sent at once were granted: the server has not seen the script before. */
  async function grantedOn(client: RedisClient): Promise<number> {
    const limits = redisLimits({ client, secret: SECRET, onStoreError: 'refuse', timeoutMs: 4_000 });
    const taken = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        limits.take('acme', [{ reservation: `${index}-library`, rules: [windowRule(NUMBER, 10, HOUR_MS)] }]),
      ),
    );
    await limits.close();
    return taken.filter(([verdict]) => verdict?.granted).length;
  }

  it('count on ioredis with enableAutoPipelining, without its one pipeline at a time', async () => {
    const client = new Redis(kit.client.options.port as number, { enableAutoPipelining: true });
    await kit.client.script('FLUSH');
    expect(await grantedOn(client)).toBe(10);
    client.disconnect();
  });

  it('count on node-redis', async () => {
    const client = createClient({ url: `redis://127.0.0.1:${kit.client.options.port}` });
    await client.connect();
    await kit.client.script('FLUSH');
    expect(await grantedOn(client)).toBe(10);
    client.destroy();
  });
});

import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { RELEASE } from '../../src/redis/lua/scripts.ts';
import type { RedisCommands } from '../../src/redis/redis-commands.ts';
import { createRedisStore } from '../../src/redis/redis-store.ts';
import { toRedisCommands } from '../../src/redis/to-redis-commands.ts';
import { windowRule } from '../../src/testing/limit-conformance/kit.ts';
import { describeOnRedis, HOUR_MS, NUMBER, SCOPE } from './redis-kit.ts';
import { keyNamesOf } from './store-under-test.ts';

const DEADLINE_AT = 0;

describeOnRedis('the store on Redis', (kit) => {
  const { requestOf } = kit;

  describe('the time of the server', () => {
    it('is that of the node which counts for a scope, however far apart their clocks are', async () => {
      const plain = toRedisCommands(kit.client);
      let calls = 0;
      /**
       * The node of scope `b` is two hours ahead: so are its replies, and it checks deadlines against its own clock.
       */
      const onNode = async (
        run: RedisCommands['eval'],
        ...[script, keys, args]: Parameters<RedisCommands['eval']>
      ): Promise<unknown> => {
        calls += 1;
        if (keys[0]?.startsWith('8x8g:{b}') !== true) return run(script, keys, args);
        const deadline = args[DEADLINE_AT];
        const shifted = [...args];
        if (deadline) shifted[DEADLINE_AT] = `${Number(deadline) - 2 * HOUR_MS}`;
        const answer = String(await run(script, keys, shifted));
        return answer.replace(/^\d+/, (seconds) => `${Number(seconds) + 7200}`);
      };
      const commands: RedisCommands = {
        ...plain,
        evalsha: (sha, keys, args) => onNode(plain.evalsha, sha, keys, args),
        eval: (script, keys, args) => onNode(plain.eval, script, keys, args),
      };
      const store = createRedisStore({ commands, names: keyNamesOf(), deadlineMs: 1000 });
      // Loads the scripts.
      await kit.take(windowRule('first', 1, HOUR_MS));
      const ask = (scope: string) => store.take(scope, [requestOf(windowRule(NUMBER, 100, HOUR_MS))]);
      await ask('a');
      await ask('b');
      expect(calls).toBe(4);
      for (let index = 0; index < 20; index += 1) await Promise.all([ask('b'), ask('a')]);
      expect(calls).toBe(44);
      expect(await store.inspect('a', [windowRule(NUMBER, 100, HOUR_MS)])).toMatchObject([{ count: 21 }]);
    });

    it('is found out by a release too, when another server answers with another clock', async () => {
      const plain = toRedisCommands(kit.client);
      const releaseSha = createHash('sha1').update(RELEASE).digest('hex');
      let aheadMs = 0;
      let releases = 0;
      const evalsha: RedisCommands['evalsha'] = async (sha, keys, args) => {
        if (sha !== releaseSha) return plain.evalsha(sha, keys, args);
        releases += 1;
        const lateMs = await plain.evalsha(sha, keys, [`${Number(args[0]) - aheadMs}`, ...args.slice(1)]);
        return lateMs === null ? null : Number(lateMs) + aheadMs;
      };
      const store = createRedisStore({
        commands: { ...plain, evalsha },
        names: keyNamesOf(),
        deadlineMs: 1000,
      });
      const rule = windowRule(NUMBER, 9, HOUR_MS);
      await store.take(SCOPE, [requestOf(rule)]);
      // Loads the script.
      await store.release(SCOPE, [windowRule('other', 9, HOUR_MS)]);
      aheadMs = 2 * HOUR_MS;
      releases = 0;
      await store.release(SCOPE, [rule]);
      expect(releases).toBe(2);
      expect(await store.inspect(SCOPE, [rule])).toMatchObject([{ count: 0 }]);
      // Back again, which is no reason to wait.
      aheadMs = 0;
      await store.release(SCOPE, [rule]);
      expect(releases).toBe(3);
    });

    it('must be told before anything is asked', async () => {
      for (const answer of ['=', '=1 2\ng', '1 2\nlate', 'x', undefined]) {
        const store = kit.storeOf();
        kit.sent = [];
        kit.fault = async () => answer;
        await expect(store.take(SCOPE, [requestOf(windowRule(NUMBER, 1, HOUR_MS))])).rejects.toMatchObject({
          code: 'store',
        });
        expect(kit.sent.map(({ keys }) => keys)).toEqual([['8x8g:{acme}:t']]);
      }
    });

    it('is told with every answer: what is sent has until then and no longer', async () => {
      const store = kit.storeOf(keyNamesOf(), 1500);
      for (let send = 0; send < 3; send += 1) {
        await store.take(SCOPE, [requestOf(windowRule(NUMBER, 9, HOUR_MS))]);
        const [seconds, micros] = await kit.client.time();
        const left =
          Number(kit.sent.at(-1)?.args[DEADLINE_AT]) - (Number(seconds) * 1000 + Number(micros) / 1000);
        // Longer by the unknown travel time to the server.
        expect(left).toBeLessThanOrEqual(3000);
        expect(left).toBeGreaterThan(0);
      }
    });
  });
});

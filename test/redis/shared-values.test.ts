import { expect, it } from 'vitest';
import { memoryLimits } from '../../src/limits/memory-limits.ts';
import { createRedisStore } from '../../src/redis/redis-store.ts';
import { toRedisCommands } from '../../src/redis/to-redis-commands.ts';
import { backoffRule } from '../../src/testing/limit-conformance/kit.ts';
import { createFakeClock, NOON } from '../support/fake-clock.ts';
import { describeOnRedis, HOUR_MS, NUMBER, SCOPE } from './redis-kit.ts';
import { keyNamesOf } from './store-under-test.ts';

describeOnRedis('the values of the store on Redis', (kit) => {
  it('a backoff of many long waits is not forgotten', async () => {
    const clock = createFakeClock(NOON);
    let micros = 0;
    const testClock = () => {
      micros = Math.max(micros + 20, clock.now() * 1000);
      return micros;
    };
    const commands = toRedisCommands(kit.client);
    const store = createRedisStore({ commands, names: keyNamesOf(), deadlineMs: 5000, testClock });
    const memory = memoryLimits({ clock });
    // After a thousand grants it takes 85 years until all are forgotten.
    const rule = backoffRule(NUMBER, 1, 1, 31 * 24 * HOUR_MS);
    for (let at = 0; at < 1000; at += 1) {
      clock.advance(2);
      const requests = [{ reservation: `r-${at}`, rules: [rule] }];
      expect(await store.take(SCOPE, requests)).toEqual(await memory.take(SCOPE, requests));
    }
    const [state] = await store.inspect(SCOPE, [rule]);
    expect(state?.count).toBe(1000);
    await store.settle(SCOPE, [{ reservation: 'r-999', rules: [rule], outcome: 'return' }]);
    clock.advance(2);
    await store.take(SCOPE, [{ reservation: 'r-1000', rules: [rule] }]);
    expect((await store.inspect(SCOPE, [rule]))[0]?.count).toBe(1000);
  });
});

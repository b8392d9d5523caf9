import { expect, it } from 'vitest';
import type { LimitRule } from '../../src/limits/limit-store.ts';
import { memoryLimits } from '../../src/limits/memory-limits.ts';
import { createRedisStore } from '../../src/redis/redis-store.ts';
import { toRedisCommands } from '../../src/redis/to-redis-commands.ts';
import {
  activeBlockRule,
  backoffRule,
  blockRule,
  windowRule,
} from '../../src/testing/limit-conformance/kit.ts';
import { createFakeClock, NOON } from '../support/fake-clock.ts';
import { describeOnRedis, HOUR_MS, NUMBER, SCOPE } from './redis-kit.ts';
import { keyNamesOf, PREVIOUS_SECRET, SECRET } from './store-under-test.ts';

describeOnRedis('the values of the store on Redis', (kit) => {
  const { keys, requestOf, storeOf, take } = kit;

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

  it('a key has room for hundreds of rules and refuses further ones, without harm to the others', async () => {
    const named = (at: number): LimitRule => ({ ...windowRule(NUMBER, 2, HOUR_MS), id: `rule-${at}` });
    const alone = named(0);
    await take(alone);
    let refused = 0;
    for (let at = 1; at < 2300; at += 20) {
      const rules = Array.from({ length: 20 }, (_, index) => named(at + index));
      const verdict = await take(...rules);
      if (verdict.granted) continue;
      refused += 1;
      expect(verdict.refusals[0]).toMatchObject({ reason: 'capacity' });
    }
    expect(refused).toBeGreaterThan(80);
    const [name = ''] = (await keys()).filter((each) => each.startsWith('8x8g:{acme}2'));
    expect(await kit.client.strlen(name)).toBeLessThan(20_000);
    // A batch is refused like a message, and rules that have a place count on.
    const batch = [
      requestOf(named(9999)),
      requestOf(alone),
      requestOf(blockRule(NUMBER, HOUR_MS)),
      requestOf(alone),
    ];
    const verdicts = await kit.store.take(SCOPE, batch);
    expect(verdicts.map(({ granted }) => granted)).toEqual([false, true, true, false]);
    const rotating = storeOf(keyNamesOf(PREVIOUS_SECRET, SECRET));
    expect((await rotating.take(SCOPE, [requestOf(named(9999))]))[0]?.granted).toBe(false);
    expect((await take({ ...named(9999), mode: 'monitor' })).observed).toHaveLength(1);
    await kit.store.release(
      SCOPE,
      Array.from({ length: 30 }, (_, at) => named(at)),
    );
    expect((await take(named(9999))).granted).toBe(true);
  });

  it('a damaged value fails every call and stays as it is', async () => {
    const rules = [
      windowRule(NUMBER, 5, HOUR_MS),
      backoffRule(NUMBER, 1, 1, HOUR_MS),
      activeBlockRule(NUMBER, 1),
    ];
    await kit.letPass(1);
    const request = requestOf(...rules);
    await kit.store.take(SCOPE, [request]);
    const [name = ''] = await keys();
    const whole = (await kit.client.getBuffer(name)) as Buffer;
    const damaged = [
      ...Array.from({ length: whole.length }, (_, length) => whole.subarray(0, length)),
      Buffer.concat([whole, Buffer.from('x')]),
      Buffer.concat([whole, whole.subarray(2)]),
      Buffer.from('6591234567 is no value of this package'),
      Buffer.alloc(40, 255),
    ];
    const asked = rules.slice(0, 2);
    const stores = [
      kit.store,
      storeOf(keyNamesOf(SECRET, PREVIOUS_SECRET)),
      storeOf(keyNamesOf(PREVIOUS_SECRET, SECRET)),
    ];
    for (const value of damaged) {
      await kit.client.set(name, value, 'PX', 60_000);
      for (const store of stores) {
        const calls = [
          () => store.take(SCOPE, [requestOf(...asked)]),
          () => store.take(SCOPE, [requestOf(...asked), requestOf(...asked)]),
          () => store.inspect(SCOPE, asked),
          () => store.release(SCOPE, asked),
        ];
        for (const call of calls) {
          const error = await call().then(
            () => undefined,
            (failure: unknown) => failure,
          );
          expect(error, `${value.toString('hex')}`).toMatchObject({ code: 'store' });
          expect(String(error)).not.toMatch(/6591234567/);
        }
      }
      expect(await kit.client.getBuffer(name)).toEqual(value);
    }
  });
});

import { describe, expect, it } from 'vitest';
import { createNames } from '../../src/redis/names.ts';
import {
  distinctRule,
  leasedRule,
  onceRule,
  raiseRule,
  windowRule,
} from '../../src/testing/limit-conformance/kit.ts';
import { describeOnRedis, HOUR_MS, NUMBER, SCOPE, sixRules } from './redis-kit.ts';

describeOnRedis('the store on Redis', (kit) => {
  const { countOf, keys, requestOf, storeOf, take } = kit;

  describe('what stands on the server', () => {
    it('no number, address or idempotency key in clear, and everything of a scope in one slot', async () => {
      const request = requestOf(
        ...sixRules(NUMBER),
        distinctRule(65912345, NUMBER, 3, HOUR_MS),
        raiseRule(NUMBER, HOUR_MS),
        { ...windowRule('203.0.113.9', 5, HOUR_MS), id: 'ip' },
      );
      await kit.store.take(SCOPE, [request]);
      const names = await keys();
      expect(names).toHaveLength(request.rules.length + 1);
      expect(names.every((name) => name.startsWith('8x8g:{acme}:'))).toBe(true);
      const members = await Promise.all(
        names.map((name) => kit.client.zrange(name, '0', '-1').catch(() => [])),
      );
      const values = await Promise.all(names.map((name) => kit.client.get(name).catch(() => '')));
      const all = [
        ...names.filter((name) => !name.startsWith('8x8g:{acme}:tr-')),
        ...values,
        ...members.flat(),
      ];
      expect(all.join('\n')).not.toMatch(/6591234567|65912345|203\.0|order-/);
    });

    it('numbers in clear only when that is asked for', async () => {
      kit.store = storeOf(createNames({ storeNumbers: 'clear' }));
      await take(windowRule(NUMBER, 1, HOUR_MS), distinctRule('a b', NUMBER, 1, HOUR_MS));
      await take(onceRule('key', 'print', HOUR_MS));
      expect((await take(onceRule('key', 'print', HOUR_MS))).granted).toBe(false);
      expect((await take(onceRule('key', 'other', HOUR_MS))).granted).toBe(false);
      const names = (await keys()).join('\n');
      expect(names).toMatch(/:n6591234567/);
      expect(names).toMatch(/:sa%0020b/);
    });

    it('a scope with braces keeps its own slot', async () => {
      await kit.store.take('a}b{c', [requestOf(windowRule(NUMBER, 1, HOUR_MS))]);
      expect((await keys()).every((name) => name.startsWith('8x8g:{a%007db%007bc}:'))).toBe(true);
    });

    it('every key goes by itself, soon after it counts no more', async () => {
      const rules = [
        ...sixRules(NUMBER),
        distinctRule('range', NUMBER, 3, HOUR_MS),
        raiseRule(NUMBER, HOUR_MS),
        leasedRule('event', HOUR_MS, 1000),
      ];
      const [kept, returned] = [requestOf(...rules), requestOf(windowRule('b', 100, HOUR_MS))];
      await kit.store.take(SCOPE, [kept, returned]);
      await kit.store.settle(SCOPE, [{ ...kept, outcome: 'keep', delayMs: 600 }]);
      await take(...rules.slice(0, 2));
      const left = await Promise.all((await keys()).map((name) => kit.client.pttl(name)));
      expect(left.length).toBeGreaterThan(rules.length);
      for (const ms of left) {
        expect(ms).toBeGreaterThan(0);
        // Slots end two windows after they are due, a take of `once` with its lease; a second is to spare.
        expect(ms).toBeLessThanOrEqual(3 * HOUR_MS + 1000);
      }
    });

    it('a refused send writes nothing but its answer', async () => {
      await take(windowRule('full', 1, HOUR_MS));
      const before = await keys();
      await take(...sixRules(NUMBER), distinctRule('r', 1, 1, HOUR_MS), windowRule('full', 1, HOUR_MS));
      const added = (await keys()).filter((name) => !before.includes(name));
      expect(added).toEqual([expect.stringMatching(/^8x8g:\{acme\}:tr-\d+$/)]);
    });

    it('a counter whose takes were all given back is gone', async () => {
      const request = requestOf(
        ...sixRules(NUMBER),
        distinctRule('range', NUMBER, 3, HOUR_MS),
        raiseRule(NUMBER, HOUR_MS),
      );
      await kit.store.take(SCOPE, [request]);
      await kit.store.settle(SCOPE, [{ ...request, outcome: 'return' }]);
      expect((await keys()).sort()).toEqual([
        `8x8g:{acme}:m${request.reservation}`,
        `8x8g:{acme}:t${request.reservation}`,
      ]);
    });

    it('ten sends to a number stand in 44 bytes, the most that Redis keeps in one piece', async () => {
      for (let send = 0; send < 10; send += 1) await take(windowRule(NUMBER, 10, 1_800_000));
      const [name] = (await keys()).filter((each) => each.startsWith('8x8g:{acme}:w'));
      expect(await kit.client.strlen(name as string)).toBe(40);
    });

    it('windows too long for four bytes count in six', async () => {
      const rule = windowRule(NUMBER, 2, 31 * 24 * HOUR_MS);
      const request = requestOf(rule);
      await kit.store.take(SCOPE, [request]);
      await take(rule);
      expect((await take(rule)).granted).toBe(false);
      await kit.store.settle(SCOPE, [{ ...request, outcome: 'return' }]);
      expect(await countOf(rule)).toBe(1);
    });
  });
});

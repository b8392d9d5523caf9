import { describe, expect, it } from 'vitest';
import type { LimitRule, TakeRequest } from '../../src/limits/limit-store.ts';
import { createKeyNames } from '../../src/redis/key-hashing-options.ts';
import {
  activeBlockRule,
  amountRule,
  distinctRule,
  leasedRule,
  onceRule,
  windowRule,
} from '../../src/testing/limit-conformance/kit.ts';
import { describeOnRedis, HOUR_MS, NUMBER, SCOPE, sixRules } from './redis-kit.ts';
import { keyNamesOf, PREVIOUS_SECRET, SECRET } from './store-under-test.ts';

describeOnRedis('the store on Redis', (kit) => {
  const { countOf, keys, requestOf, storeOf, take } = kit;

  describe('keys on the server', () => {
    it('no number, address or idempotency key in clear, and everything of a scope in one slot', async () => {
      const request = requestOf(
        ...sixRules(NUMBER),
        distinctRule(65912345, NUMBER, 3, HOUR_MS),
        activeBlockRule(NUMBER, HOUR_MS),
        { ...windowRule('203.0.113.9', 5, HOUR_MS), id: 'ip' },
      );
      await kit.store.take(SCOPE, [request]);
      const names = await keys();
      // The number, the budget and the address have one value each; the rest has a key of its own.
      expect(names).toHaveLength(6);
      expect(names.every((name) => /^8x8g:\{acme\}[2:]/.test(name))).toBe(true);
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
      kit.store = storeOf(createKeyNames({ storeNumbers: 'clear' }));
      await take(windowRule(NUMBER, 1, HOUR_MS), distinctRule('a b', NUMBER, 1, HOUR_MS));
      await take(onceRule('key', 'print', HOUR_MS));
      expect((await take(onceRule('key', 'print', HOUR_MS))).granted).toBe(false);
      expect((await take(onceRule('key', 'other', HOUR_MS))).granted).toBe(false);
      const names = (await keys()).join('\n');
      expect(names).toMatch(/\}2n6591234567/);
      expect(names).toMatch(/:sa%0020b/);
    });

    it('a scope with braces keeps its own slot', async () => {
      await kit.store.take('a}b{c', [requestOf(windowRule(NUMBER, 1, HOUR_MS))]);
      expect((await keys()).every((name) => name.startsWith('8x8g:{a%007db%007bc}2'))).toBe(true);
    });

    describe('every key expires on its own, soon after it stops counting', () => {
      const rules = (): LimitRule[] => [
        ...sixRules(NUMBER),
        { ...windowRule(NUMBER, 10, HOUR_MS), id: 'monitored', mode: 'monitor' },
        windowRule(NUMBER, 100, HOUR_MS),
        distinctRule('range', NUMBER, 3, HOUR_MS),
        activeBlockRule(NUMBER, HOUR_MS),
        leasedRule('event', HOUR_MS, 1000),
      ];
      const [current, rotating] = [keyNamesOf(), keyNamesOf(PREVIOUS_SECRET, SECRET)];

      it.each<[string, () => Promise<void>]>([
        ['taken', async () => undefined],
        ['taken twice', async () => void (await take(...rules().slice(0, 2), ...rules().slice(5, 10)))],
        ['released', async () => kit.store.release(SCOPE, rules().slice(0, 3))],
        [
          'taken while a secret is changed',
          async () =>
            void (await storeOf(rotating).take(SCOPE, [
              requestOf(...rules().slice(0, 2), ...rules().slice(5, 10)),
            ])),
        ],
      ])('%s, then kept, moved and given back', async (_, then) => {
        kit.store = storeOf(current);
        const requests = [requestOf(...rules()), requestOf(windowRule('b', 100, HOUR_MS))];
        const [kept, returned] = requests as [TakeRequest, TakeRequest];
        expect((await kit.store.take(SCOPE, requests)).every(({ granted }) => granted)).toBe(true);
        await then();
        await kit.store.settle(SCOPE, [
          { ...kept, outcome: 'keep', delayMs: 600, result: 'sent' },
          { ...returned, outcome: 'return' },
        ]);
        const names = await keys();
        expect(names.length).toBeGreaterThan(5);
        for (const name of names) {
          const ms = await kit.client.pttl(name);
          expect(ms, name).toBeGreaterThan(0);
          // Slots expire two windows after they are due, a take of `once` after its lease, with a second to spare.
          expect(ms, name).toBeLessThanOrEqual(3 * HOUR_MS + 1600);
        }
      });
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
        activeBlockRule(NUMBER, HOUR_MS),
      );
      await kit.store.take(SCOPE, [request]);
      await kit.store.settle(SCOPE, [{ ...request, outcome: 'return' }]);
      const [number = '', ...others] = (await keys()).sort();
      expect(others).toEqual([`8x8g:{acme}:m${request.reservation}`]);
      // The value of the number still holds its command, for a minute.
      expect(number).toMatch(/^8x8g:\{acme\}2/);
      expect(await kit.client.strlen(number)).toBe(2 + 14 + 16 + 'g30000'.length);
      expect(await kit.client.pttl(number)).toBeLessThanOrEqual(62_000);
    });

    it('ten sends to a number of a batch stand in 60 bytes, the most of the class of 64', async () => {
      const requests = Array.from({ length: 10 }, () => requestOf(windowRule(NUMBER, 10, 1_800_000)));
      await kit.store.take(SCOPE, requests);
      const [name] = (await keys()).filter((each) => each.startsWith('8x8g:{acme}2'));
      expect(await kit.client.strlen(name as string)).toBe(2 + 14 + 4 + 10 * 4);
    });

    it('a number remembers the commands of a minute, and more than eight get a key of their own', async () => {
      const recordsOf = async () => (await keys()).filter((name) => name.startsWith('8x8g:{acme}:t'));
      const rule = windowRule(NUMBER, 64, HOUR_MS);
      await take(rule);
      kit.fault = async (run) => {
        await run();
        return run();
      };
      const verdicts = [];
      for (let send = 0; send < 20; send += 1) verdicts.push(await take(rule));
      expect(verdicts.every(({ granted }) => granted)).toBe(true);
      // Each came twice and counts once, wherever it is remembered.
      expect(await countOf(rule)).toBe(21);
      expect((await recordsOf()).length).toBeGreaterThan(5);
      expect((await recordsOf()).length).toBeLessThan(13);
    });

    it('a key is 25 characters longer than its scope, that of a number 24: with a scope of six it fits into 32 bytes', async () => {
      await take(
        ...sixRules(NUMBER),
        distinctRule('range', NUMBER, 3, HOUR_MS),
        activeBlockRule(NUMBER, HOUR_MS),
      );
      const names = (await keys()).filter((name) => !name.startsWith('8x8g:{acme}:t'));
      expect(new Set(names.map(({ length }) => length - SCOPE.length))).toEqual(new Set([24, 25]));
    });

    it('a key, member or fingerprint of 1,024 characters of any kind counts like another', async () => {
      const strange = [
        '\u0000',
        '\ud83d\udca5',
        '{',
        '}',
        '%',
        ';',
        ' ',
        '\n',
        'ü',
        '__proto__',
        "'",
        '\\\\',
      ];
      const long = (at: number) => `${strange.join('').repeat(80)}${at}`.slice(-1024);
      for (const names of [keyNamesOf(), createKeyNames({ storeNumbers: 'clear' })]) {
        await kit.client.flushall();
        kit.store = storeOf(names);
        for (const at of [1, 2]) {
          const rules = [
            windowRule(long(at), 1, HOUR_MS),
            { ...windowRule('a', 1, HOUR_MS), id: long(at).slice(-200) },
            distinctRule('range', long(at), 2, HOUR_MS),
            onceRule(long(at), long(at), HOUR_MS),
          ];
          const request = { reservation: long(at).slice(-200), rules };
          expect((await kit.store.take(SCOPE, [request]))[0]?.granted).toBe(true);
          expect((await kit.store.take(long(at).slice(-200), [request]))[0]?.granted).toBe(true);
          await kit.store.settle(SCOPE, [{ ...request, outcome: 'keep', result: long(at).slice(-100) }]);
          const [verdict] = await kit.store.take(SCOPE, [requestOf(...rules)]);
          expect(verdict).toMatchObject({
            refusals: [
              { reason: 'over-limit' },
              { reason: 'over-limit' },
              { reason: 'done', result: long(at).slice(-100) },
            ],
          });
        }
        expect(await countOf(distinctRule('range', 'x', 2, HOUR_MS))).toBe(2);
        for (const name of await keys()) expect(name).toMatch(/^8x8g:\{[!-z|~]*\}[2:][!-z|~]*$/);
      }
    });

    it('amounts are exact up to the largest number that can be said', async () => {
      const most = Number.MAX_SAFE_INTEGER;
      const rule = (weight: number) => amountRule('budget', most, HOUR_MS, weight);
      const request = requestOf(rule(most - 2));
      await kit.store.take(SCOPE, [request]);
      expect((await take(rule(3))).granted).toBe(false);
      expect((await take(rule(1))).granted).toBe(true);
      expect(await countOf(rule(1))).toBe(most - 1);
      expect((await take(rule(1))).granted).toBe(true);
      expect(await take(rule(1))).toMatchObject({ granted: false, refusals: [{ observed: most }] });
      await kit.store.settle(SCOPE, [{ ...request, outcome: 'return' }]);
      expect(await countOf(rule(1))).toBe(2);
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

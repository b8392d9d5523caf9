import { describe, expect, it } from 'vitest';
import type { LimitRule, LimitStore } from '../../src/limits/limit-store.ts';
import {
  activeBlockRule,
  amountRule,
  backoffRule,
  blockRule,
  distinctRule,
  onceRule,
  slotRule,
  windowRule,
} from '../../src/testing/limit-conformance/kit.ts';
import { describeOnRedis, HOUR_MS, NUMBER, SCOPE } from './redis-kit.ts';
import { keyNamesOf, PREVIOUS_SECRET, SECRET } from './store-under-test.ts';

describeOnRedis('the store on Redis', (kit) => {
  const { requestOf, storeOf } = kit;

  describe('while a secret is changed', () => {
    it('counts of the former one hold, and go on under the new one', async () => {
      const [first, both, last] = [
        storeOf(keyNamesOf(PREVIOUS_SECRET)),
        storeOf(keyNamesOf(SECRET, PREVIOUS_SECRET)),
        storeOf(keyNamesOf(SECRET)),
      ];
      const rules = [
        windowRule(NUMBER, 2, HOUR_MS),
        windowRule(NUMBER, 100, HOUR_MS),
        backoffRule(NUMBER, 1, 1, HOUR_MS),
        distinctRule('range', NUMBER, 2, HOUR_MS),
        activeBlockRule(NUMBER, HOUR_MS),
        slotRule(NUMBER, 2, HOUR_MS, Date.now() + HOUR_MS),
      ];
      const take = async (by: LimitStore, asked: LimitRule[]) =>
        (await by.take(SCOPE, [requestOf(...asked)]))[0];
      expect((await take(first, rules))?.granted).toBe(true);
      await kit.letPass(5);
      expect((await take(both, rules))?.granted).toBe(true);
      expect((await take(both, rules))?.granted).toBe(false);
      const counts = (await last.inspect(SCOPE, rules)).map(({ count: counted }) => counted);
      expect(counts).toEqual([2, 2, 2, 1, 1, 2]);
      expect((await take(both, [blockRule(NUMBER, 1)]))?.granted).toBe(false);
      await both.release(SCOPE, rules);
      expect((await last.inspect(SCOPE, rules)).every(({ count: counted }) => counted === 0)).toBe(true);
    });

    it('two counters of one number are added up when both exist', async () => {
      const [first, both, last] = [
        storeOf(keyNamesOf(PREVIOUS_SECRET)),
        storeOf(keyNamesOf(SECRET, PREVIOUS_SECRET)),
        storeOf(keyNamesOf(SECRET)),
      ];
      const rules = (at: number) => [
        windowRule(NUMBER, 4, HOUR_MS),
        windowRule(NUMBER, 100, HOUR_MS),
        { ...windowRule(NUMBER, at === 0 ? 3 : 100, HOUR_MS), id: 'window:mixed' },
        amountRule('budget', 100, HOUR_MS, 20),
        backoffRule(NUMBER, 1, 1, HOUR_MS),
        distinctRule('range', at, 4, HOUR_MS),
        activeBlockRule(NUMBER, HOUR_MS),
        slotRule(NUMBER, 4, HOUR_MS, Date.now() + HOUR_MS),
        { ...onceRule('key', `print-${at}`, HOUR_MS), windowMs: 1 },
      ];
      const pause = () => kit.letPass(5);
      for (const [at, by] of [first, last].entries()) {
        const request = requestOf(...rules(at));
        expect((await by.take(SCOPE, [request]))[0]?.granted).toBe(true);
        await by.settle(SCOPE, [{ ...request, outcome: 'keep' }]);
        await pause();
      }
      const [verdict] = await both.take(SCOPE, [requestOf(...rules(2))]);
      expect(verdict).toMatchObject({ granted: true });
      const states = await both.inspect(SCOPE, rules(2));
      expect(states.map(({ count: counted }) => counted)).toEqual([3, 3, 3, 60, 3, 3, 1, 3, 1]);
      await pause();
      expect((await both.take(SCOPE, [requestOf(rules(2)[3] as LimitRule)]))[0]?.granted).toBe(true);
    });

    it('an idempotent message is the same under both', async () => {
      const [first, both] = [
        storeOf(keyNamesOf(PREVIOUS_SECRET)),
        storeOf(keyNamesOf(SECRET, PREVIOUS_SECRET)),
      ];
      const rule = (print: string) => onceRule('order-7', print, HOUR_MS);
      const request = requestOf(rule('same'));
      await first.take(SCOPE, [request]);
      await first.settle(SCOPE, [{ ...request, outcome: 'keep', result: 'sent' }]);
      expect((await both.take(SCOPE, [requestOf(rule('same'))]))[0]).toMatchObject({
        refusals: [{ reason: 'done', result: 'sent' }],
      });
      expect((await both.take(SCOPE, [requestOf(rule('other'))]))[0]).toMatchObject({
        refusals: [{ reason: 'conflict' }],
      });
    });
  });
});

import { describe, expect, it } from 'vitest';
import type { TakeRequest } from '../../src/limits/limit-store.ts';
import { amountRule, onceRule, windowRule } from '../../src/testing/limit-conformance/kit.ts';
import { describeOnRedis, HOUR_MS, NUMBER, SCOPE } from './redis-kit.ts';

describeOnRedis('takes that come together', (kit) => {
  const { countOf, requestOf, take } = kit;
  const rule = windowRule(NUMBER, 10, HOUR_MS);
  const takes = () => kit.sent.filter(({ keys }) => /:t\d*r-/.test(keys[0] as string)).length;

  describe('go in one command', () => {
    it('with 16 takes at most, each decided separately', async () => {
      await take(windowRule('first', 1, HOUR_MS));
      kit.sent = [];
      const verdicts = await Promise.all(Array.from({ length: 40 }, () => take(rule)));
      expect(kit.sent).toHaveLength(3);
      expect(takes()).toBe(3);
      expect(verdicts.filter(({ granted }) => granted)).toHaveLength(10);
      expect(await countOf(rule)).toBe(10);
    });

    it('also those that an answer has woken up, and not those of a later turn', async () => {
      await take(windowRule('first', 1, HOUR_MS));
      kit.sent = [];
      await Promise.all(
        Array.from({ length: 5 }, async () => {
          await take(rule);
          await take(rule);
        }),
      );
      expect(kit.sent).toHaveLength(2);
      await take(rule);
      expect(kit.sent).toHaveLength(3);
    });

    it('not those of another scope', async () => {
      await Promise.all([
        kit.store.take('one', [requestOf(rule)]),
        kit.store.take('other', [requestOf(rule)]),
      ]);
      const counts = await Promise.all(['one', 'other'].map((scope) => kit.store.inspect(scope, [rule])));
      expect(counts.map(([state]) => state?.count)).toEqual([1, 1]);
    });

    it('cut where a command would have too many keys', async () => {
      await take(windowRule('first', 1, HOUR_MS));
      kit.sent = [];
      const rules = (at: number) =>
        Array.from({ length: 100 }, (_, position) => windowRule(`${at}-${position}`, 1, HOUR_MS));
      const verdicts = await Promise.all([0, 1, 2, 3, 3].map((at) => take(...rules(at))));
      expect(verdicts.map(({ granted }) => granted)).toEqual([true, true, true, true, false]);
      expect(kit.sent.map(({ keys }) => keys.length)).toEqual([201, 201, 101]);
    });

    it('without one that is malformed', async () => {
      const bad = kit.store.take(SCOPE, [requestOf({ ...rule, limit: -1 })]);
      const good = take(rule);
      await expect(bad).rejects.toMatchObject({ code: 'validation' });
      expect((await good).granted).toBe(true);
    });

    it('one idempotency key for two: the second finds it in progress', async () => {
      const verdicts = await Promise.all([1, 2].map(() => take(onceRule('order', 'print', HOUR_MS))));
      expect(verdicts[0]?.granted).toBe(true);
      expect(verdicts[1]).toMatchObject({ granted: false, refusals: [{ reason: 'in-progress' }] });
    });
  });

  describe('are known again', () => {
    const requests = () => [1, 2, 3].map(() => requestOf(rule, amountRule('budget', 100, HOUR_MS, 7)));
    const takeAll = (all: ReturnType<typeof requests>) =>
      Promise.allSettled(all.map((request) => kit.store.take(SCOPE, [request])));

    it('each by its own reservation, while it is open', async () => {
      const all = requests();
      const first = await takeAll(all);
      const again = await Promise.allSettled(all.toReversed().map((one) => kit.store.take(SCOPE, [one])));
      expect(again.toReversed()).toEqual(first);
      expect(await countOf(rule)).toBe(3);
    });

    it('on their way, and twice in one turn', async () => {
      await take(windowRule('first', 1, HOUR_MS));
      const all = requests();
      const verdicts = takeAll([...all, ...all]);
      await new Promise(setImmediate);
      expect(await takeAll(all)).toEqual((await verdicts).slice(3));
      expect(await countOf(rule)).toBe(3);
    });

    it('when the reply was lost: each is given back separately', async () => {
      const all = requests();
      kit.fault = async (run) => {
        await run();
        throw new Error('Connection is closed.');
      };
      const lost = await takeAll(all);
      kit.fault = undefined;
      expect(lost.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
      // The first command read the time; the messages were never sent.
      expect(await countOf(rule)).toBe(0);

      await take(windowRule('first', 1, HOUR_MS));
      kit.fault = async (run) => {
        await run();
        throw new Error('Connection is closed.');
      };
      await takeAll(all);
      kit.fault = undefined;
      expect(await countOf(rule)).toBe(3);
      for (const [at, request] of all.entries()) {
        await kit.store.settle(SCOPE, [{ ...request, outcome: 'return' }]);
        expect(await countOf(rule)).toBe(2 - at);
      }
    });

    it('when the answer was lost, and one is taken again: it counts once', async () => {
      await take(windowRule('first', 1, HOUR_MS));
      const all = requests();
      kit.fault = async (run) => {
        await run();
        throw new Error('Connection is closed.');
      };
      await takeAll(all);
      kit.fault = undefined;
      const [verdict] = await kit.store.take(SCOPE, [all[1] as (typeof all)[number]]);
      expect(verdict?.granted).toBe(true);
      expect(await countOf(rule)).toBe(3);
      for (const request of [all[0], all[2]]) {
        await kit.store.settle(SCOPE, [{ ...(request as (typeof all)[number]), outcome: 'return' }]);
      }
      expect(await countOf(rule)).toBe(1);
    });

    it('when the answer was lost, and one is taken again while another is given back', async () => {
      await take(windowRule('first', 1, HOUR_MS));
      const [one, two] = requests() as [TakeRequest, TakeRequest];
      kit.fault = async (run) => {
        await run();
        throw new Error('Connection is closed.');
      };
      await takeAll([one, two]);
      kit.fault = undefined;
      await Promise.all([
        kit.store.take(SCOPE, [one]),
        kit.store.settle(SCOPE, [{ ...two, outcome: 'return' }]),
      ]);
      expect(await countOf(rule)).toBe(1);
    });
  });
});

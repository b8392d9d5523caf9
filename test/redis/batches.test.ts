import { describe, expect, it } from 'vitest';
import type { LimitRule } from '../../src/limits/limit-store.ts';
import {
  activeBlockRule,
  amountRule,
  backoffRule,
  distinctRule,
  onceRule,
  windowRule,
} from '../../src/testing/limit-conformance/kit.ts';
import { describeOnRedis, HOUR_MS, SCOPE } from './redis-kit.ts';

describeOnRedis('the store on Redis', (kit) => {
  const { countOf, requestOf, take } = kit;
  const numbers = (count: number, from = 0) =>
    Array.from({ length: count }, (_, at) => requestOf(windowRule(from + at, 1, HOUR_MS)));
  const sentParts = () => kit.sent.filter(({ keys }) => keys.length > 1);
  const tick = () => new Promise((resolve) => setImmediate(resolve));

  describe('the parts of a batch', () => {
    it('are on their way two at a time', async () => {
      await take(windowRule('first', 1, HOUR_MS));
      let [waiting, most] = [0, 0];
      kit.fault = async (run) => {
        waiting += 1;
        most = Math.max(most, waiting);
        const answer = await run();
        // As long as the other part may still arrive.
        for (let ticks = 0; ticks < 50 && waiting < 2; ticks += 1) await tick();
        waiting -= 1;
        return answer;
      };
      const verdicts = await kit.store.take(SCOPE, numbers(1500));
      expect(verdicts.every(({ granted }) => granted)).toBe(true);
      expect(most).toBe(2);
    });

    it('go one after the other where they share a counter', async () => {
      await take(windowRule('first', 1, HOUR_MS));
      let [waiting, most] = [0, 0];
      kit.fault = async (run) => {
        waiting += 1;
        most = Math.max(most, waiting);
        await tick();
        const answer = await run();
        waiting -= 1;
        return answer;
      };
      const requests = Array.from({ length: 600 }, (_, at) =>
        requestOf(windowRule(at, 1, HOUR_MS), amountRule('budget', 450, HOUR_MS, 1)),
      );
      const verdicts = await kit.store.take(SCOPE, requests);
      expect(verdicts.map(({ granted }) => granted)).toEqual(requests.map((_, at) => at < 450));
      expect(most).toBe(1);
    });

    it('keep their answers in order, also when the second comes first', async () => {
      await take(windowRule('taken', 1, HOUR_MS));
      const requests = [...numbers(250), requestOf(windowRule('taken', 1, HOUR_MS)), ...numbers(100, 1000)];
      let second: Promise<unknown> | undefined;
      kit.sent = [];
      kit.fault = async (run) => {
        const isFirst = sentParts().length === 1;
        const answer = run();
        if (!isFirst) second = answer;
        for (let ticks = 0; isFirst && second === undefined && ticks < 1000; ticks += 1) await tick();
        await second;
        return answer;
      };
      const verdicts = await kit.store.take(SCOPE, requests);
      expect(second).toBeDefined();
      expect(verdicts.map(({ granted }) => granted)).toEqual(requests.map((_, at) => at !== 250));
    });

    it('decide a message that is refused between others without a trace, whatever came before it in the command', async () => {
      await take(windowRule('full', 1, HOUR_MS));
      const address = windowRule('address', 20, HOUR_MS);
      const messageOf = (key: string, ...more: LimitRule[]) =>
        requestOf(address, onceRule(`order-${key}`, 'text', HOUR_MS), ...more, windowRule(key, 1, HOUR_MS));
      const requests = [
        ...['a', 'b', 'full', 'c', 'a'].map((key) => messageOf(key)),
        // Other texts, and a number with more sections.
        ...['d', 'full', 'e'].map((key) => messageOf(`${key}2`, backoffRule(`${key}2`, 1, 1, HOUR_MS))),
        ...['full', 'f'].map((key) => messageOf(key)),
      ];
      const verdicts = await kit.store.take(SCOPE, requests);
      expect(verdicts.map(({ granted }) => granted)).toEqual([
        true,
        true,
        false,
        true,
        false,
        true,
        true,
        true,
        false,
        true,
      ]);
      expect(await countOf(address)).toBe(7);
      for (const key of ['a', 'b', 'c', 'd2', 'full2', 'e2', 'f'])
        expect(await countOf(windowRule(key, 1, HOUR_MS))).toBe(1);
      // Nothing of the refused ones is in progress.
      expect(await take(onceRule('order-full', 'text', HOUR_MS))).toMatchObject({ granted: true });
      expect(await take(onceRule('order-f', 'text', HOUR_MS))).toMatchObject({ granted: false });
    });

    it('are given back when the call is aborted between them', async () => {
      await take(windowRule('first', 1, HOUR_MS));
      const controller = new AbortController();
      let asked = 0;
      kit.fault = (run) => {
        asked += 1;
        if (asked === 2) controller.abort();
        return run();
      };
      const { signal } = controller;
      await expect(kit.store.take(SCOPE, numbers(1500), { signal })).rejects.toMatchObject({
        name: 'AbortError',
        submission: 'not-submitted',
      });
      kit.fault = undefined;
      const [some] = kit.sent.filter(({ keys }) => keys.length > 250);
      expect(some).toBeDefined();
      expect(await countOf(windowRule(0, 1, HOUR_MS))).toBe(0);
      expect(await countOf(windowRule(499, 1, HOUR_MS))).toBe(0);
      expect(sentParts().filter(({ keys }) => keys[0]?.includes(':t')).length).toBeLessThan(6);
    });

    it('count once when the server forgets its scripts between them', async () => {
      await take(windowRule('first', 1, HOUR_MS));
      let asked = 0;
      kit.fault = async (run) => {
        asked += 1;
        if (asked === 2) await kit.client.script('FLUSH');
        return run();
      };
      const requests = numbers(750);
      expect((await kit.store.take(SCOPE, requests)).every(({ granted }) => granted)).toBe(true);
      const states = await kit.store.inspect(
        SCOPE,
        requests.flatMap(({ rules }) => rules),
      );
      expect(states.every(({ count }) => count === 1)).toBe(true);
    });

    it('are small where a counter takes long, and where messages have no rules', async () => {
      await take(windowRule('first', 1, HOUR_MS));
      kit.sent = [];
      await kit.store.take(
        SCOPE,
        Array.from({ length: 120 }, (_, at) => requestOf(distinctRule(at, at, 5, HOUR_MS))),
      );
      expect(kit.sent.map(({ keys }) => keys.length - 1)).toEqual([50, 50, 20]);
      kit.sent = [];
      const verdicts = await kit.store.take(
        SCOPE,
        Array.from({ length: 600 }, () => requestOf()),
      );
      expect(verdicts).toEqual(Array.from({ length: 600 }, () => ({ granted: true, observed: [] })));
      expect(kit.sent).toHaveLength(3);
    });

    it('get no answer of before, in whatever company a message comes again', async () => {
      const rule = (key: string) => windowRule(key, 1, HOUR_MS);
      const [known, other] = [requestOf(rule('known')), requestOf(rule('other'))];
      await kit.store.take(SCOPE, [known, other]);
      await take(rule('full'));
      const process = kit.storeOf();
      const verdicts = await process.take(SCOPE, [known, requestOf(rule('full'))]);
      expect(verdicts[1]?.granted).toBe(false);
      const [, last] = await process.take(SCOPE, [known, requestOf(rule('new'))]);
      expect(last?.granted).toBe(true);
      expect(await countOf(rule('new'))).toBe(1);
    });

    it('are all counted when the batch is taken again after one of them failed', async () => {
      await take(windowRule('first', 1, HOUR_MS));
      const requests = numbers(501);
      let asked = 0;
      kit.fault = (run) => {
        asked += 1;
        return asked === 2 ? Promise.reject(new Error('down')) : run();
      };
      await expect(kit.store.take(SCOPE, requests)).rejects.toMatchObject({ code: 'store' });
      kit.fault = undefined;
      expect((await kit.store.take(SCOPE, requests)).every(({ granted }) => granted)).toBe(true);
      const rules = requests.flatMap((request) => request.rules);
      const states = await kit.store.inspect(SCOPE, rules);
      expect(states.filter(({ count }) => count !== 1)).toEqual([]);
    });

    it('say once what many messages have in common', async () => {
      await take(windowRule('first', 1, HOUR_MS));
      kit.sent = [];
      const requests = [...numbers(100), requestOf(activeBlockRule('a', HOUR_MS)), ...numbers(100, 500)];
      const verdicts = await kit.store.take(SCOPE, requests);
      expect(verdicts.every(({ granted }) => granted)).toBe(true);
      // Seven texts in front, nine for a message, and one for the messages that repeat it; all in one argument.
      expect(kit.sent.map(({ args }) => [args.length, args[2]])).toEqual([[3, `${7 + 10 + 9 + 10}`]]);
      expect(await countOf(windowRule(599, 1, HOUR_MS))).toBe(1);
      expect(await countOf(activeBlockRule('a', HOUR_MS))).toBe(1);
    });
  });
});

import { describe, expect, it } from 'vitest';
import type { LimitRule } from '../../src/limits/limit-store.ts';
import { amountRule, backoffRule, windowRule } from '../../src/testing/limit-conformance/kit.ts';
import { describeOnRedis, HOUR_MS, NUMBER, SCOPE } from './redis-kit.ts';
import { keyNamesOf } from './store-under-test.ts';

describeOnRedis('the store on Redis', (kit) => {
  const { countOf, requestOf, storeOf, take } = kit;

  describe('commands that come late or twice', () => {
    it('one that comes after its deadline counts nothing', async () => {
      kit.store = storeOf(keyNamesOf(), 100);
      const rule = windowRule(NUMBER, 1, HOUR_MS);
      await take(windowRule('first', 1, HOUR_MS));
      kit.fault = async (run) => {
        await kit.letPass(250);
        return run();
      };
      await expect(take(rule)).rejects.toThrow(/too late and counted nothing/);
      kit.fault = undefined;
      expect(await countOf(rule)).toBe(0);
      expect((await take(rule)).granted).toBe(true);
    });

    it('asks once more when another server answers whose clock is ahead', async () => {
      const rule = windowRule(NUMBER, 2, HOUR_MS);
      await take(rule);
      // The reply of a server that is two hours behind: deadlines derived from it have passed long ago.
      kit.fault = async (run) => {
        kit.fault = undefined;
        const answer = String(await run());
        const [seconds] = answer.split(' ');
        return answer.replace(String(seconds), String(Number(seconds) - 7200));
      };
      await take(rule);
      kit.sent = [];
      expect((await take(rule)).granted).toBe(false);
      expect(kit.sent).toHaveLength(2);
      expect(await countOf(rule)).toBe(2);
    });

    it('one that is sent twice counts once, and gives the first answer', async () => {
      kit.fault = async (run) => {
        await run();
        return run();
      };
      const rules = [
        windowRule(NUMBER, 1, HOUR_MS),
        amountRule('b', 100, HOUR_MS, 60),
        backoffRule(NUMBER, 5, 5, 5),
      ];
      const request = requestOf(...rules);
      expect(await kit.store.take(SCOPE, [request])).toEqual([{ granted: true, observed: [], waitMs: 5 }]);
      expect(await countOf(rules[0] as LimitRule)).toBe(1);
      expect(await countOf(rules[1] as LimitRule)).toBe(60);
      // Given back twice too: takes in between stay.
      kit.fault = undefined;
      const other = requestOf(amountRule('b', 100, HOUR_MS, 40));
      await kit.store.take(SCOPE, [other]);
      kit.fault = async (run) => {
        await run();
        return run();
      };
      await kit.store.settle(SCOPE, [{ ...request, outcome: 'return' }]);
      expect(await countOf(rules[1] as LimitRule)).toBe(40);
      expect(await countOf(rules[0] as LimitRule)).toBe(0);
    });

    it('a settlement that failed may be asked again', async () => {
      const rule = amountRule('b', 100, HOUR_MS, 60);
      const request = requestOf(rule);
      await kit.store.take(SCOPE, [request, requestOf(amountRule('b', 100, HOUR_MS, 40))]);
      kit.fault = async (run) => {
        await run();
        throw new Error('Connection is closed.');
      };
      await expect(kit.store.settle(SCOPE, [{ ...request, outcome: 'return' }])).rejects.toMatchObject({
        code: 'store',
      });
      kit.fault = undefined;
      await kit.store.settle(SCOPE, [{ ...request, outcome: 'return' }]);
      expect(await countOf(rule)).toBe(40);
    });

    it('one whose answer was lost is given back when that is asked', async () => {
      const rule = windowRule(NUMBER, 5, HOUR_MS);
      await take(rule);
      kit.fault = async (run) => {
        await run();
        throw new Error('Connection is closed.');
      };
      const requests = [requestOf(rule), requestOf(rule)];
      await expect(kit.store.take(SCOPE, requests)).rejects.toMatchObject({ code: 'store' });
      kit.fault = undefined;
      expect(await countOf(rule)).toBe(3);
      await kit.store.settle(
        SCOPE,
        requests.map((request) => ({ ...request, outcome: 'return' })),
      );
      expect(await countOf(rule)).toBe(1);
    });

    it('one that was given up before it came counts nothing when it comes', async () => {
      const rule = windowRule(NUMBER, 5, HOUR_MS);
      await take(rule);
      let deliver: () => Promise<unknown> = async () => undefined;
      kit.fault = async (run) => {
        deliver = run;
        throw new Error('Connection is closed.');
      };
      const request = requestOf(rule);
      await expect(kit.store.take(SCOPE, [request])).rejects.toMatchObject({ code: 'store' });
      kit.fault = undefined;
      await kit.store.settle(SCOPE, [{ ...request, outcome: 'return' }]);
      expect(await deliver()).toBe('=');
      expect(await countOf(rule)).toBe(1);
      await expect(kit.store.take(SCOPE, [request])).rejects.toMatchObject({ code: 'store' });
      // A refused take leaves nothing to give back, and neither does one that was given back already.
      await kit.store.settle(SCOPE, [{ ...request, outcome: 'return' }]);
      expect(await countOf(rule)).toBe(1);
    });

    it('one that is asked again after its answer was lost belongs to who asks', async () => {
      const rule = windowRule(NUMBER, 5, HOUR_MS);
      await take(rule);
      kit.fault = async (run) => {
        await run();
        throw new Error('Connection is closed.');
      };
      const request = requestOf(rule);
      await expect(kit.store.take(SCOPE, [request])).rejects.toMatchObject({ code: 'store' });
      kit.fault = undefined;
      expect((await kit.store.take(SCOPE, [request]))[0]?.granted).toBe(true);
      expect(await countOf(rule)).toBe(2);
      await kit.store.settle(SCOPE, [{ ...request, outcome: 'return' }]);
      expect(await countOf(rule)).toBe(1);
    });

    it('a batch of which a part failed gives back the rest', async () => {
      const rule = (at: number) => windowRule(at, 1, HOUR_MS);
      const requests = Array.from({ length: 300 }, (_, at) => requestOf(rule(at)));
      await take(windowRule('first', 1, HOUR_MS));
      let takes = 0;
      kit.fault = (run) => {
        takes += 1;
        return takes === 2 ? Promise.reject(new Error('Connection is closed.')) : run();
      };
      await expect(kit.store.take(SCOPE, requests)).rejects.toMatchObject({ code: 'store' });
      kit.fault = undefined;
      expect(await countOf(rule(0))).toBe(0);
      takes = 0;
      kit.fault = (run) => {
        takes += 1;
        return takes >= 2 ? Promise.reject(new Error('Connection is closed.')) : run();
      };
      await expect(
        kit.store.take(
          SCOPE,
          requests.map(({ rules }) => requestOf(...rules)),
        ),
      ).rejects.toMatchObject({
        code: 'store',
      });
      kit.fault = undefined;
      // A take that cannot be given back stays counted.
      expect(await countOf(rule(0))).toBe(1);
    });

    it('a call that was aborted before it was asked asks nothing', async () => {
      const signal = AbortSignal.abort();
      await expect(
        kit.store.take(SCOPE, [requestOf(windowRule(NUMBER, 1, HOUR_MS))], { signal }),
      ).rejects.toMatchObject({ name: 'AbortError', submission: 'not-submitted' });
      expect(kit.sent).toEqual([]);
    });
  });
});

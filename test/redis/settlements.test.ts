import { describe, expect, it } from 'vitest';
import type { LimitRule, TakeRequest } from '../../src/limits/limit-store.ts';
import {
  activeBlockRule,
  amountRule,
  backoffRule,
  distinctRule,
  onceRule,
  slotRule,
  windowRule,
} from '../../src/testing/limit-conformance/kit.ts';
import { describeOnRedis, HOUR_MS, NUMBER, SCOPE } from './redis-kit.ts';

const LEASE_MS = 15 * 60_000;

describeOnRedis('the store on Redis', (kit) => {
  const { requestOf } = kit;
  const returned = (requests: readonly TakeRequest[]) =>
    requests.map((request) => ({ ...request, outcome: 'return' as const }));
  /** The command ran, and its reply was lost. */
  const loseAnswers = () => {
    kit.fault = async (run) => {
      await run();
      throw new Error('Connection is closed.');
    };
  };

  describe('settlements that come twice', () => {
    /** Each beside a take of another message, so that giving back too often is detected. */
    const shared = (): LimitRule[] => [
      windowRule(NUMBER, 20, HOUR_MS),
      amountRule('b', 1000, HOUR_MS, 10),
      slotRule(NUMBER, 20, HOUR_MS, Date.now() + 3 * HOUR_MS),
      distinctRule('range', NUMBER, 5, HOUR_MS),
      activeBlockRule(NUMBER, HOUR_MS),
      { ...backoffRule(NUMBER, 1, 1, HOUR_MS), mode: 'monitor' },
    ];

    it.each<[string, (requests: TakeRequest[]) => TakeRequest[][]]>([
      ['one by one', (requests) => requests.map((request) => [request])],
      ['in another order', (requests) => [[...requests].reverse()]],
      ['in other company', ([a, b, c]) => [[b, c], [a]] as TakeRequest[][]],
    ])('count once when they are told again %s', async (_, regroup) => {
      const requests = [requestOf(...shared()), requestOf(...shared()), requestOf(...shared())];
      await kit.store.take(SCOPE, requests);
      await kit.store.take(SCOPE, [requestOf(...shared()), requestOf(...shared()), requestOf(...shared())]);
      loseAnswers();
      await expect(kit.store.settle(SCOPE, returned(requests))).rejects.toMatchObject({ code: 'store' });
      kit.fault = undefined;
      const before = await kit.store.inspect(SCOPE, shared());
      for (const group of regroup(requests)) await kit.store.settle(SCOPE, returned(group));
      expect(await kit.store.inspect(SCOPE, shared())).toMatchObject(before.map(({ count }) => ({ count })));
      expect(before[0]?.count).toBe(3);
    });

    it('count once in either order, when the first command comes after the second', async () => {
      const rule = amountRule('b', 1000, HOUR_MS, 10);
      const requests = [requestOf(rule), requestOf(rule)];
      await kit.store.take(SCOPE, [...requests, requestOf(rule)]);
      let deliver: () => Promise<unknown> = async () => undefined;
      kit.fault = async (run) => {
        deliver = run;
        throw new Error('Connection is closed.');
      };
      await expect(kit.store.settle(SCOPE, returned(requests))).rejects.toMatchObject({ code: 'store' });
      kit.fault = undefined;
      await kit.store.settle(SCOPE, returned(requests.slice(1)));
      await deliver();
      expect(await kit.countOf(rule)).toBe(10);
    });

    it('are known for longer than this process may tell them again', async () => {
      const rule = windowRule(NUMBER, 5, HOUR_MS);
      const request = requestOf(rule, onceRule('order', 'print', HOUR_MS));
      await kit.store.take(SCOPE, [request]);
      await kit.store.settle(SCOPE, [{ ...request, outcome: 'return' }]);
      const mark = (await kit.keys()).filter((name) => name.includes(':m'));
      expect(mark).toEqual([`8x8g:{acme}:m${request.reservation}`]);
      expect(await kit.client.pttl(mark[0] as string)).toBeGreaterThan(LEASE_MS);
    });

    it('need no mark where a record identifies its take', async () => {
      const request = requestOf(onceRule('order', 'print', HOUR_MS));
      await kit.store.take(SCOPE, [request]);
      await kit.store.settle(SCOPE, [{ ...request, outcome: 'keep', result: 'sent' }]);
      expect((await kit.keys()).filter((name) => name.includes(':m'))).toEqual([]);
    });
  });

  describe('errors', () => {
    it('say what became of the call, and hold nothing that a client library hangs on its own', async () => {
      const rule = windowRule(NUMBER, 5, HOUR_MS);
      const request = requestOf(rule);
      await kit.store.take(SCOPE, [request]);
      kit.fault = () =>
        Promise.reject(
          Object.assign(new Error('READONLY replica'), {
            command: { args: ['6591234567', 'key-of-a-number'] },
          }),
        );
      const calls = [
        ['Nothing was sent.', () => kit.store.take(SCOPE, [requestOf(rule)])],
        ['Unsettled takes stay counted.', () => kit.store.settle(SCOPE, returned([request]))],
        ['Nothing was read.', () => kit.store.inspect(SCOPE, [rule])],
        ['Some counters were not released. Release them again.', () => kit.store.release(SCOPE, [rule])],
      ] as const;
      for (const [consequence, call] of calls) {
        const error = await call().then(
          () => undefined,
          (thrown: Error) => thrown,
        );
        expect(error?.message).toBe(
          `The limit store on Redis failed. ${consequence} It said: READONLY replica`,
        );
        const { inspect } = await import('node:util');
        expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/6591234567|key-of-a-number/);
      }
    });

    it.each([undefined, 7, '', 'x', '1 2', 'x 0'])(
      'reads no state out of another answer: %j',
      async (answer) => {
        kit.fault = async () => answer;
        const rules = [windowRule(NUMBER, 5, HOUR_MS), windowRule('b', 5, HOUR_MS)];
        await expect(kit.store.inspect(SCOPE, rules)).rejects.toMatchObject({ code: 'store' });
      },
    );

    it.each([7, 'nonsense'])('gives nothing back by another answer: %j', async (answer) => {
      const request = requestOf(windowRule(NUMBER, 5, HOUR_MS));
      await kit.store.take(SCOPE, [requestOf(windowRule('first', 5, HOUR_MS))]);
      loseAnswers();
      await expect(kit.store.take(SCOPE, [request])).rejects.toMatchObject({ code: 'store' });
      kit.fault = async () => answer;
      await expect(kit.store.settle(SCOPE, returned([request]))).rejects.toMatchObject({ code: 'store' });
      // The next settlement gives it back.
      kit.fault = undefined;
      await kit.store.settle(SCOPE, returned([request]));
      expect(await kit.countOf(request.rules[0] as LimitRule)).toBe(0);
    });
  });
});

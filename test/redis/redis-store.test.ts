import { describe, expect, it } from 'vitest';
import type { LimitRule } from '../../src/limits/limit-store.ts';
import { createRedisStore } from '../../src/redis/redis-store.ts';
import { toRedisCommands } from '../../src/redis/to-redis-commands.ts';
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
import { describeOnRedis, HOUR_MS, NUMBER, SCOPE, sixRules } from './redis-kit.ts';
import { keyNamesOf } from './store-under-test.ts';

describeOnRedis('the store on Redis', (kit) => {
  const { countOf, keys, requestOf, take } = kit;

  describe('round trips', () => {
    it('a send costs one, whatever the number of rules, and a keep nothing', async () => {
      await take(windowRule('first', 1, HOUR_MS));
      kit.sent = [];
      const request = requestOf(windowRule(NUMBER, 10, HOUR_MS), backoffRule(NUMBER, 1, 1, HOUR_MS));
      await kit.store.take(SCOPE, [request]);
      await kit.store.settle(SCOPE, [{ ...request, outcome: 'keep', delayMs: 250 }]);
      expect(kit.sent.map(({ name }) => name)).toEqual(['evalsha']);
      await kit.store.take(SCOPE, [requestOf(...sixRules(NUMBER + 1))]);
      expect(kit.sent).toHaveLength(2);
    });

    it('the first call asks for the time, and only the first', async () => {
      await kit.store.take(SCOPE, []);
      expect(kit.sent).toEqual([]);
      await take(windowRule(NUMBER, 10, HOUR_MS));
      expect(kit.sent.filter(({ keys: asked }) => asked[0] === '8x8g:{acme}:t')).not.toEqual([]);
      kit.sent = [];
      await take(windowRule(NUMBER, 10, HOUR_MS));
      expect(kit.sent).toHaveLength(1);
    });

    it('a batch goes in parts of at most 250 keys, in order', async () => {
      const requests = Array.from({ length: 1001 }, (_, at) => requestOf(windowRule(at % 400, 2, HOUR_MS)));
      const verdicts = await kit.store.take(SCOPE, requests);
      // The third message to each number is the first to be refused.
      expect(verdicts.map(({ granted }) => granted)).toEqual(requests.map((_, at) => at < 800));
      const takes = kit.sent.filter(({ name, keys: asked }) => name === 'evalsha' && asked.length > 1);
      expect(takes.map(({ keys: asked }) => asked.length - 1)).toEqual([250, 250, 250, 250, 1]);
    });

    it('a message that alone has too many keys goes alone', async () => {
      const rules = Array.from({ length: 251 }, (_, at) => windowRule(at, 1, HOUR_MS));
      const verdicts = await kit.store.take(SCOPE, [
        requestOf(windowRule('a', 1, HOUR_MS)),
        requestOf(...rules),
        requestOf(windowRule('a', 1, HOUR_MS)),
      ]);
      expect(verdicts.map(({ granted }) => granted)).toEqual([true, true, false]);
    });

    it('a counter that many messages of a batch share is held for each in turn', async () => {
      const shared = () => amountRule('budget', 100, HOUR_MS, 30);
      const requests = Array.from({ length: 5 }, (_, at) =>
        requestOf(windowRule(at, 1, HOUR_MS), shared(), distinctRule('range', at, 3, HOUR_MS)),
      );
      const verdicts = await kit.store.take(SCOPE, requests);
      expect(verdicts.map(({ granted }) => granted)).toEqual([true, true, true, false, false]);
      expect(await countOf(shared())).toBe(90);
    });
  });

  describe('scripts', () => {
    it('sends the text when the server does not know the script, also after SCRIPT FLUSH', async () => {
      await kit.client.script('FLUSH');
      await take(windowRule(NUMBER, 3, HOUR_MS));
      expect(kit.sent.some(({ name }) => name === 'eval')).toBe(true);
      kit.sent = [];
      await take(windowRule(NUMBER, 3, HOUR_MS));
      expect(kit.sent.map(({ name }) => name)).toEqual(['evalsha']);
      await kit.client.script('FLUSH');
      expect((await take(windowRule(NUMBER, 3, HOUR_MS))).granted).toBe(true);
      expect((await take(windowRule(NUMBER, 3, HOUR_MS))).granted).toBe(false);
    });

    it('holds the text constant: a server knows four scripts, whatever was asked', async () => {
      await kit.client.script('FLUSH');
      const before = Number(/number_of_cached_scripts:(\d+)/.exec(await kit.client.info('memory'))?.[1]);
      for (let at = 0; at < 5; at += 1) {
        const request = requestOf(...sixRules(NUMBER + at));
        await kit.store.take(`${SCOPE}-${at}`, [request]);
        await kit.store.settle(`${SCOPE}-${at}`, [{ ...request, outcome: 'return' }]);
        await kit.store.inspect(`${SCOPE}-${at}`, request.rules);
        await kit.store.release(`${SCOPE}-${at}`, request.rules);
      }
      const after = Number(/number_of_cached_scripts:(\d+)/.exec(await kit.client.info('memory'))?.[1]);
      expect([before, after]).toEqual([0, 4]);
    });

    it('passes on what the server says, masked, as a StoreError', async () => {
      kit.fault = () => Promise.reject(new Error('OOM command not allowed for +6591234567'));
      await expect(take(windowRule(NUMBER, 1, HOUR_MS))).rejects.toThrow(/Redis failed.*OOM/);
      await expect(take(windowRule(NUMBER, 1, HOUR_MS))).rejects.not.toThrow(/91234567/);
      await expect(countOf(windowRule(NUMBER, 1, HOUR_MS))).rejects.toMatchObject({ code: 'store' });
      await expect(kit.store.release(SCOPE, [windowRule(NUMBER, 1, HOUR_MS)])).rejects.toMatchObject({
        code: 'store',
      });
    });

    it.each([
      undefined,
      7,
      'nonsense',
      '1 2',
      '1 2\nx',
      '1 2\nr',
      '1 2\nr;9 f 1 ',
      '1 2\nr;0 z 1 ',
      '1 2\ngx',
      '1 2\nr;0 constructor 1 ',
      '1 2\ng;0 f 1 ',
      '=',
      'x y\ng',
    ])('takes no answer but its own for a grant: %j', async (answer) => {
      await take(windowRule('first', 1, HOUR_MS));
      kit.fault = async () => answer;
      await expect(take(windowRule(NUMBER, 1, HOUR_MS))).rejects.toMatchObject({ code: 'store' });
    });

    it('reads answers that come as bytes', async () => {
      kit.fault = async (run) => new TextEncoder().encode(String(await run()));
      const rule = onceRule('key', 'print', HOUR_MS);
      const request = requestOf(rule);
      await kit.store.take(SCOPE, [request]);
      await kit.store.settle(SCOPE, [
        { ...request, outcome: 'keep', result: '{"ü": [1, "%0041\n;"]}\ud800' },
      ]);
      const verdict = await take(rule);
      expect(verdict.granted ? undefined : verdict.refusals[0]?.result).toBe('{"ü": [1, "%0041\n;"]}\ud800');
    });

    it('tells an empty result from none', async () => {
      const request = requestOf(onceRule('key', 'print', HOUR_MS));
      await kit.store.take(SCOPE, [request]);
      await kit.store.settle(SCOPE, [{ ...request, outcome: 'keep', result: '' }]);
      expect(await take(...request.rules)).toMatchObject({ refusals: [{ reason: 'done', result: '' }] });
    });
  });

  describe('bounds', () => {
    it('a new server whose clock lags counts what is still to come, and goes on in order', async () => {
      let nowMs = Date.now();
      const commands = toRedisCommands(kit.client);
      const store = createRedisStore({
        commands,
        names: keyNamesOf(),
        deadlineMs: 5000,
        testClock: () => nowMs * 1000,
      });
      const rules = [
        windowRule(NUMBER, 3, HOUR_MS),
        amountRule('b', 300, HOUR_MS, 100),
        distinctRule('r', 1, 1, HOUR_MS),
      ];
      const grants = async () => (await store.take(SCOPE, [requestOf(...rules)]))[0]?.granted;
      expect(await grants()).toBe(true);
      nowMs -= 30 * 60_000;
      expect([await grants(), await grants(), await grants()]).toEqual([true, true, false]);
      // One hour after those two there is room for two, and for the first not before its own hour is over.
      nowMs += HOUR_MS;
      expect([await grants(), await store.inspect(SCOPE, [rules[0] as LimitRule])]).toMatchObject([
        false,
        [{ count: 1 }],
      ]);
      nowMs += 2 * 60_000;
      expect([await grants(), await grants(), await grants()]).toEqual([true, true, false]);
    });

    it('a member that is sent to again and again keeps its place when later ones are given back', async () => {
      const rule = distinctRule('range', NUMBER, 1, HOUR_MS);
      const requests = Array.from({ length: 12 }, () => requestOf(rule));
      for (const request of requests) await kit.store.take(SCOPE, [request]);
      const names = (await keys()).filter((name) => name.includes(':d'));
      expect(await kit.client.zcard(names[0] as string)).toBeLessThanOrEqual(9);
      await kit.store.settle(
        SCOPE,
        requests.filter((_, at) => at !== 9).map((request) => ({ ...request, outcome: 'return' })),
      );
      expect(await countOf(rule)).toBe(1);
      expect((await take(distinctRule('range', 'other', 1, HOUR_MS))).granted).toBe(false);
    });

    it('a counter of amounts holds a window of buckets, however long it lives', async () => {
      let nowMs = Date.now();
      const commands = toRedisCommands(kit.client);
      const testClock = () => nowMs * 1000;
      const store = createRedisStore({ commands, names: keyNamesOf(), deadlineMs: 5000, testClock });
      const rule = amountRule('budget', 1e9, 30_000, 1);
      for (let send = 0; send < 100; send += 1) {
        await store.take(SCOPE, [requestOf(rule)]);
        nowMs += 1000;
      }
      const [name] = (await keys()).filter((each) => each.startsWith('8x8g:{acme}2'));
      expect(await kit.client.strlen(name as string)).toBe(2 + 14 + 19 + 31 * 16);
    });

    it('a take from before gives nothing back that another process released', async () => {
      const rules = [
        amountRule('budget', 100, HOUR_MS, 10),
        slotRule(NUMBER, 5, HOUR_MS, Date.now() + HOUR_MS),
      ];
      const other = kit.storeOf();
      const before = requestOf(...rules);
      await kit.store.take(SCOPE, [before]);
      await other.release(SCOPE, rules);
      await other.take(SCOPE, [requestOf(...rules)]);
      await kit.store.settle(SCOPE, [{ ...before, outcome: 'return' }]);
      expect((await kit.store.inspect(SCOPE, rules)).map(({ count }) => count)).toEqual([10, 1]);
    });

    it('blocks and backoffs fold what is old, and never forget it', async () => {
      const blocks = Array.from({ length: 12 }, (_, at) => requestOf(activeBlockRule(NUMBER, HOUR_MS - at)));
      for (const request of blocks) await kit.store.take(SCOPE, [request]);
      const backoff = { ...backoffRule(NUMBER, 1, 1, HOUR_MS), mode: 'monitor' as const };
      const passwords = Array.from({ length: 20 }, () => requestOf(backoff));
      for (const request of passwords) {
        await kit.letPass(1);
        await kit.store.take(SCOPE, [request]);
      }
      expect(await countOf(backoff)).toBe(20);
      await kit.store.settle(
        SCOPE,
        [...blocks, ...passwords].map((request) => ({ ...request, outcome: 'return' })),
      );
      expect(await countOf(blockRule(NUMBER, 1))).toBe(1);
      expect(await countOf(backoff)).toBe(4);
    });

    it('a number has at most 512 slots of scheduled messages, and old ones make room', async () => {
      const at = Date.now() + HOUR_MS;
      const slot = (index: number) => slotRule(NUMBER, 10, 1000, at + index * 2000);
      const requests = Array.from({ length: 512 }, (_, index) => requestOf(slot(index)));
      const verdicts = await kit.store.take(SCOPE, requests);
      expect(verdicts.every(({ granted }) => granted)).toBe(true);
      expect(await take(slot(600))).toMatchObject({ granted: false, refusals: [{ reason: 'capacity' }] });
      expect((await take(slot(3))).granted).toBe(true);
      const past = (index: number) => slotRule('past', 10, 1000, index * 2000);
      await kit.store.take(
        SCOPE,
        Array.from({ length: 512 }, (_, index) => requestOf(past(index))),
      );
      expect((await take({ ...past(0), dueAt: at })).granted).toBe(true);
    });

    it('a slot may lie as far off as a number can say', async () => {
      const rule = slotRule(NUMBER, 1, 1, Number.MAX_SAFE_INTEGER);
      expect((await take(rule)).granted).toBe(true);
      expect((await take(rule)).granted).toBe(false);
    });

    it('a release while messages are open does not count them when they are written late', async () => {
      const rules = [windowRule(NUMBER, 5, HOUR_MS), distinctRule('range', NUMBER, 5, HOUR_MS)];
      const [open, other] = [requestOf(...rules), requestOf(...rules)];
      await kit.store.take(SCOPE, [open]);
      await kit.store.take('another', [other]);
      await kit.store.release(SCOPE, rules);
      await kit.store.settle(SCOPE, [{ ...open, outcome: 'keep', delayMs: 5000 }]);
      expect(await countOf(rules[0] as LimitRule)).toBe(0);
      await kit.store.settle('another', [{ ...other, outcome: 'return' }]);
      expect((await kit.store.inspect('another', rules)).map(({ count: counted }) => counted)).toEqual([
        0, 0,
      ]);
    });
  });
});

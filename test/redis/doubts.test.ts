import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type DoubtAlert,
  type DoubtOutcome,
  type DoubtStore,
  MAX_TRUSTED,
} from '../../src/limits/doubt-store.ts';
import type { DoubtRule, LimitStore, TakeVerdict } from '../../src/limits/limit-store.ts';
import { memoryLimits } from '../../src/limits/memory-limits.ts';
import { createKeyNames } from '../../src/redis/key-hashing-options.ts';
import { createRedisStore } from '../../src/redis/redis-store.ts';
import { toRedisCommands } from '../../src/redis/to-redis-commands.ts';
import { DoubtRun, doubtRule } from '../../src/testing/limit-conformance/doubt-cases.ts';
import { onceRule, windowRule } from '../../src/testing/limit-conformance/kit.ts';
import { failureOf } from '../support/transport.ts';
import { describeOnRedis, HOUR_MS, SCOPE } from './redis-kit.ts';
import { controlledStore, keyNamesOf, PREVIOUS_SECRET, SECRET, START_MS } from './store-under-test.ts';

const FIRST = 6_281_200_000_000;
const NEXT = FIRST + 9;
const BLOCK = '628120000';
const VISITOR = { member: 'subject-7', address: '203.0.113.7' } as const;

const doubtsOf = ({ doubts }: LimitStore) => doubts as DoubtStore;
const placesOf = (alerts: readonly DoubtAlert[]) => alerts.map(({ place }) => place);

describeOnRedis('doubt on Redis', (kit) => {
  /** Eight strangers of a block are normal; the ninth stands for the doubt that time takes back meanwhile. */
  async function fillBlock(more: Partial<DoubtRule> = {}): Promise<void> {
    for (let at = 0; at < 9; at += 1) await kit.take(doubtRule(FIRST + at, more));
  }
  const reasonOf = (verdict: TakeVerdict) => (verdict.granted ? 'granted' : verdict.refusals[0]?.reason);
  const enter = (rule: DoubtRule, outcome: DoubtOutcome['outcome'] = 'entered') =>
    doubtsOf(kit.store).enter(SCOPE, [{ rule, outcome }]);
  const alerts = () => doubtsOf(kit.store).alerts(SCOPE, 'doubt');

  it('agrees with the oracle, whichever way people and fraudsters behave', async () => {
    const names = [keyNamesOf(SECRET, PREVIOUS_SECRET), keyNamesOf(PREVIOUS_SECRET, SECRET)];
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.boolean(), async (seed, isRotating) => {
        const subject = controlledStore(kit.client, isRotating ? names : undefined);
        await new DoubtRun(subject, seed, START_MS).run(700);
      }),
      { numRuns: 8 },
    );
  }, 120_000);

  it('is the same as in memory while nothing is held against anybody, and when it is then', async () => {
    const subject = controlledStore(kit.client);
    const clock = { now: subject.now, monotonic: subject.now };
    const memory = memoryLimits({ clock });
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(fc.nat(9_999)), async (draws) => {
        const draw = (below: number) => (draws.next().value as number) % below;
        const scope = `calm-${draw(10_000)}-${draw(10_000)}`;
        const both = [subject.store, memory];
        async function take(rule: DoubtRule): Promise<void> {
          const request = { reservation: crypto.randomUUID(), rules: [rule] };
          const verdicts = await Promise.all(both.map((store) => store.take(scope, [request])));
          expect(verdicts[0]).toEqual(verdicts[1]);
          const outcome = draw(20) === 0 ? 'return' : 'keep';
          for (const store of both) await store.settle(scope, [{ ...request, outcome }]);
        }
        const people: DoubtRule[] = [];
        for (let code = 0; code < 250; code += 1) {
          const number = FIRST + draw(25) * 1_000_000 + draw(6) * 10_000 + draw(9_000);
          const rule = doubtRule(number, {
            ...(draw(2) === 0 && { address: `198.51.100.${draw(80)}` }),
            ...(draw(2) === 0 && { member: `subject-${draw(500)}` }),
            allowance: 40,
          });
          await take(rule);
          people.push(rule);
          if (draw(10) < 7) {
            const entered = people.splice(draw(people.length), 1) as [DoubtRule];
            for (const store of both)
              await doubtsOf(store).enter(scope, [{ rule: entered[0], outcome: 'entered' }]);
          }
          await subject.advance(draw(50) === 0 ? draw(10_000) * 6_000 : draw(40_000));
        }
        // The counts until then decide how many more pass.
        for (let code = 0; code < 40; code += 1) {
          await take(
            doubtRule(FIRST + 20_000_000 + draw(9_999), { address: `198.51.100.${draw(3)}`, allowance: 40 }),
          );
        }
        const lists = await Promise.all(both.map((store) => doubtsOf(store).alerts(scope, 'doubt')));
        // The stores list places in an order of their own, with fields in an order of their own.
        const textOf = (alert: object) => JSON.stringify(Object.entries(alert).sort());
        const sorted = lists.map((list) =>
          [...list].sort((one, other) => (textOf(one) < textOf(other) ? -1 : 1)),
        );
        expect(sorted[0]).toEqual(sorted[1]);
      }),
      { numRuns: 6 },
    );
  }, 120_000);

  it('a flood of refused numbers writes no more keys than there is room for, and is refused as in memory', async () => {
    const subject = controlledStore(kit.client);
    const both = [subject.store, memoryLimits({ clock: { now: subject.now, monotonic: subject.now } })];
    const numbers = async () => (await kit.keys()).filter((name) => name.includes(':pn')).length;
    async function take(number: number): Promise<string | undefined> {
      const request = { reservation: crypto.randomUUID(), rules: [doubtRule(number)] };
      const verdicts = (await Promise.all(both.map((store) => store.take(SCOPE, [request])))).flat();
      expect(verdicts[0]).toEqual(verdicts[1]);
      return reasonOf(verdicts[0] as TakeVerdict);
    }
    for (let at = 0; at < 8; at += 1) await take(FIRST + at);
    expect(await take(FIRST + 8)).toBe('captcha-needed');
    expect(await numbers()).toBe(9);
    const [world = ''] = (await kit.keys()).filter((name) => name.includes(':pw'));
    const full = Buffer.alloc(4);
    full.writeUInt32BE(2_000_000);
    // The number of new cells and numbers of the day, see include/doubt-formats.lua.
    await kit.client.setrange(world, 78, full);
    for (let at = 100; at < 150; at += 1) expect(await take(FIRST + at)).toBe('captcha-needed');
    expect(await numbers()).toBe(9);
    // A number that was asked before the flood needs no room.
    expect(await take(FIRST + 8)).toBe('captcha-needed');
    // The next day.
    await subject.advance(3 * HOUR_MS);
    expect(await take(FIRST + 150)).toBe('captcha-needed');
    expect(await numbers()).toBe(10);
  });

  it('is taken in one round trip with the other rules, and the outcome is known to every process', async () => {
    const order = () => onceRule(`order-${kit.sent.length}`, 'print', HOUR_MS);
    const other = kit.storeOf();
    await kit.take(order(), doubtRule(FIRST, VISITOR), windowRule(FIRST, 5, HOUR_MS));
    kit.sent = [];
    await kit.take(order(), doubtRule(FIRST + 1, VISITOR), windowRule(FIRST + 1, 5, HOUR_MS));
    expect(kit.sent).toHaveLength(1);
    await doubtsOf(other).enter(SCOPE, [{ rule: doubtRule(FIRST + 1), outcome: 'entered' }]);
    const states = await other.inspect(SCOPE, [
      doubtRule(FIRST),
      windowRule(FIRST, 5, HOUR_MS),
      doubtRule(FIRST + 1),
    ]);
    // 1 less the moment since then, and nothing.
    expect(states.map(({ count }) => count)).toEqual([0, 1, 0]);
    expect(states.map(({ rule }) => rule.kind)).toEqual(['doubt', 'window', 'doubt']);
  });

  it('names the refusals in the order of the rules, wherever doubt stands', async () => {
    await fillBlock();
    await kit.take(windowRule(NEXT, 1, HOUR_MS));
    const verdict = await kit.take(doubtRule(NEXT), windowRule(NEXT, 1, HOUR_MS));
    expect(verdict.granted ? [] : verdict.refusals.map(({ reason }) => reason)).toEqual([
      'captcha-needed',
      'over-limit',
    ]);
  });

  it('stores no number, address or subject in clear, and every key expires on its own', async () => {
    const rule = doubtRule(FIRST, VISITOR);
    await fillBlock(VISITOR);
    await enter(rule);
    await doubtsOf(kit.store).trust(SCOPE, 'doubt', { number: NEXT }, HOUR_MS);
    const names = await kit.keys();
    expect(names.every((name) => name.startsWith('8x8g:{acme}:'))).toBe(true);
    const all = [...names, ...(await Promise.all(names.map((name) => kit.client.get(name).catch(() => ''))))];
    for (const name of names) all.push(...(await kit.client.zrange(name, '0', '-1').catch(() => [])));
    for (const name of names) all.push(...(await kit.client.hkeys(name).catch(() => [])));
    expect(all.join('\n')).not.toMatch(/62812000000|203\.0|subject-7/);
    const lives = await Promise.all(names.map((name) => kit.client.pttl(name)));
    expect(Math.min(...lives)).toBeGreaterThan(0);
    expect(Math.max(...lives)).toBeLessThanOrEqual(400 * 24 * HOUR_MS + 1000);
  });

  it('keeps names in clear only when that is asked for', async () => {
    kit.store = kit.storeOf(createKeyNames({ storeNumbers: 'clear' }));
    await kit.take(doubtRule(FIRST, VISITOR));
    await enter(doubtRule(FIRST, VISITOR));
    expect((await kit.keys()).join('\n')).toMatch(
      /:n6281200000000[\s\S]*:s203\.0\.113\.7|:s203\.0\.113\.7[\s\S]*:n6281200000000/,
    );
    await doubtsOf(kit.store).lift(SCOPE, 'doubt', { address: VISITOR.address });
    await doubtsOf(kit.store).forget(SCOPE, [doubtRule(FIRST)]);
    expect((await kit.keys()).join('\n')).not.toContain(':n6281200000000');
  });

  it('counts a resent command once, and a late one not at all', async () => {
    let isLosing = true;
    kit.fault = async (run) => {
      const reply = await run();
      if (isLosing) throw new Error('Connection is closed.');
      return reply;
    };
    const request = kit.requestOf(doubtRule(FIRST));
    await failureOf(kit.store.take(SCOPE, [request]));
    isLosing = false;
    expect(await kit.store.take(SCOPE, [request])).toEqual([{ granted: true, observed: [] }]);
    await kit.store.settle(SCOPE, [{ ...request, outcome: 'return' }]);
    expect((await kit.keys()).some((key) => key.startsWith('8x8g:{acme}:pb'))).toBe(false);

    kit.fault = async (run) => {
      const args = kit.sent.at(-1)?.args as string[];
      args[0] = '1';
      return run();
    };
    expect(await failureOf(enter(doubtRule(FIRST)))).toMatchObject({ code: 'store' });
    kit.fault = undefined;
    const [state] = await kit.store.inspect(SCOPE, [doubtRule(FIRST)]);
    expect(state).toMatchObject({ count: 0, retryAfterMs: 0 });
  });

  it('takes back the part of a message that was never sent, when the reply was lost', async () => {
    const store = kit.storeOf();
    const request = { reservation: 'lost', rules: [doubtRule(FIRST, VISITOR)] };
    await store.take(SCOPE, [kit.requestOf(doubtRule(FIRST + 20_000))]);
    let hasLost = false;
    kit.fault = async (run) => {
      const reply = await run();
      if (hasLost) return reply;
      hasLost = true;
      throw new Error('Connection is closed.');
    };
    await failureOf(store.take(SCOPE, [request]));
    await store.settle(SCOPE, [{ ...request, outcome: 'return' }]);
    expect((await kit.keys()).some((key) => key.startsWith('8x8g:{acme}:pb') && key.endsWith(BLOCK))).toBe(
      false,
    );
  });

  it('lists the places in alert, and lifts each of them', async () => {
    const doubts = doubtsOf(kit.store);
    await fillBlock();
    const { notices } = await kit.take(doubtRule(NEXT));
    const alert = {
      place: 'crowd',
      prefix: BLOCK,
      isHuman: false,
      observed: 8,
      limit: 8,
      ageMs: 0,
      nextInMs: 12 * HOUR_MS,
    };
    expect(notices).toEqual([{ kind: 'alert', alert }]);
    for (let code = 0; code < 6; code += 1) await kit.take(doubtRule(FIRST + 50_000));
    const [crowd, number, ...more] = await alerts();
    // Doubt fades by the clock of the server, also between these commands.
    expect(crowd).toMatchObject({
      place: 'crowd',
      prefix: BLOCK,
      observed: expect.toBeOneOf([7, 8]),
      limit: 8,
    });
    expect(number).toMatchObject({ place: 'number', count: 1, observed: expect.toBeOneOf([3, 4]), limit: 4 });
    expect(number).not.toHaveProperty('prefix');
    expect(more).toEqual([]);
    await doubts.lift(SCOPE, 'doubt', { prefix: BLOCK });
    expect(placesOf(await alerts())).toEqual(['number']);
    await doubts.lift(SCOPE, 'doubt', { number: FIRST + 50_000 });
    expect(await alerts()).toEqual([]);
    for (const target of [{ country: 'ID' }, { address: VISITOR.address }, { pool: true }] as const)
      await doubts.lift(SCOPE, 'doubt', target);
    expect(reasonOf(await kit.take(doubtRule(NEXT)))).toBe('granted');
  });

  it('trusts a country, a number and digits of any length, for a time', async () => {
    const doubts = doubtsOf(kit.store);
    const targets = [
      { country: 'ID' },
      { number: NEXT },
      ...[1, 9, 10, 11, 12, 13].map((length) => ({ prefix: String(NEXT).slice(0, length) })),
    ];
    await fillBlock();
    for (const target of targets) {
      expect(await doubts.trust(SCOPE, 'doubt', target, HOUR_MS)).toBe(true);
      expect(reasonOf(await kit.take(doubtRule(NEXT))), JSON.stringify(target)).toBe('granted');
      expect(await doubts.trust(SCOPE, 'doubt', target, 0)).toBe(true);
      expect(reasonOf(await kit.take(doubtRule(NEXT))), JSON.stringify(target)).toBe('captcha-needed');
    }
    for (const prefix of [`${BLOCK}1`, `${NEXT}0`, '0'])
      await doubts.trust(SCOPE, 'doubt', { prefix }, HOUR_MS);
    expect(reasonOf(await kit.take(doubtRule(NEXT)))).toBe('captcha-needed');
    await doubts.trust(SCOPE, 'doubt', { number: NEXT }, HOUR_MS);
    await doubts.forget(SCOPE, [doubtRule(NEXT)]);
    expect(reasonOf(await kit.take(doubtRule(NEXT)))).toBe('captcha-needed');
  });

  it('trusts no more places than fit', async () => {
    const doubts = doubtsOf(kit.store);
    const all = Array.from({ length: MAX_TRUSTED - 1 }, (_, at) => ({ number: FIRST + at }));
    for (const target of all) await doubts.trust(SCOPE, 'doubt', target, HOUR_MS);
    expect(await doubts.trust(SCOPE, 'doubt', { prefix: BLOCK }, HOUR_MS)).toBe(true);
    expect(await doubts.trust(SCOPE, 'doubt', { country: 'ID' }, HOUR_MS)).toBe(false);
    expect(await doubts.trust(SCOPE, 'doubt', { prefix: BLOCK }, 0)).toBe(true);
    expect(await doubts.trust(SCOPE, 'doubt', { country: 'ID' }, HOUR_MS)).toBe(true);
  }, 30_000);

  it('counts in no new place when a flood has made as many as are kept, and holds where places are known', async () => {
    const plain = toRedisCommands(kit.client);
    const small = (script: string) => script.replace('MOST_NEW_CELLS = 2000000', 'MOST_NEW_CELLS = 12');
    kit.store = createRedisStore({
      commands: {
        ...plain,
        evalsha: async () => {
          throw new Error('NOSCRIPT');
        },
        eval: (script, keys, args) => plain.eval(small(script), keys, args),
      },
      names: keyNamesOf(),
      deadlineMs: 5000,
    });
    await fillBlock();
    for (let at = 0; at < 50; at += 1) await kit.take(doubtRule(FIRST + at * 10_000 + 20_000));
    const places = (await kit.keys()).filter((key) => /:p[rbna]/.test(key));
    expect(places.filter((key) => key.includes(':pb'))).toHaveLength(2);
    expect(reasonOf(await kit.take(doubtRule(NEXT)))).toBe('captcha-needed');
  });

  it('refuses two rules of doubt in one message, and outcomes that are none', async () => {
    const two = [doubtRule(FIRST), doubtRule(FIRST, { id: 'other' })];
    expect(await failureOf(kit.take(...two))).toMatchObject({
      code: 'validation',
      path: 'requests[0].rules[1]',
    });
    expect(await failureOf(enter(doubtRule(FIRST), 'gone' as 'entered'))).toMatchObject({
      code: 'validation',
    });
  });

  describe('a subject that entered a code', () => {
    it('8x8 names fraud: it counts twice, once', async () => {
      for (const at of [0, 1, 2, 3]) await kit.take(doubtRule(FIRST + at));
      for (const at of [0, 0, 1, 2, 3]) await enter(doubtRule(FIRST + at), 'fraud');
      // Four codes and four times fraud, less the moment since then.
      await kit.take(doubtRule(FIRST + 8));
      expect(reasonOf(await kit.take(doubtRule(FIRST + 9)))).toBe('captcha-needed');
    });

    it('got in another way: the doubt about the number is taken back', async () => {
      for (let code = 0; code < 3; code += 1) await kit.take(doubtRule(FIRST));
      await enter(doubtRule(FIRST), 'other-way');
      const [state] = await kit.store.inspect(SCOPE, [doubtRule(FIRST)]);
      expect(state?.count).toBe(1);
      await kit.store.release(SCOPE, [doubtRule(FIRST)]);
      const [released] = await kit.store.inspect(SCOPE, [doubtRule(FIRST)]);
      expect(released?.count).toBe(0);
    });
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StoreError, ValidationError } from '../../../src/errors.ts';
import type { LimitRule, LimitStore, TakeRequest, TakeVerdict } from '../../../src/limits/limit-store.ts';
import { memoryLimits } from '../../../src/limits/memory-limits.ts';
import { createShardedStore } from '../../../src/redis/sharded-store.ts';
import { groupByShard, MAIN_SHARD, SHARDS, shardOfNumber } from '../../../src/redis/shards.ts';
import {
  amountRule,
  backoffRule,
  blockRule,
  distinctRule,
  onceRule,
  windowRule,
} from '../../../src/testing/limit-conformance/kit.ts';
import { failureOf } from '../../support/transport.ts';

const SCOPE = 'acme';
const HOUR_MS = 3_600_000;
const NUMBER = 6591234567;

type Method = 'take' | 'settle' | 'inspect' | 'release';
interface Asked {
  readonly method: Method;
  readonly scope: string;
}
type Around = <Answer>(asked: Asked, run: () => Promise<Answer>) => Promise<Answer>;

/** A sharded store over memory, with a wrapper around every call of a shard. */
function shardedWith(around: Around = (_, run) => run()): LimitStore {
  const store = memoryLimits();
  return createShardedStore({
    take: (scope, requests, options) =>
      around({ method: 'take', scope }, () => store.take(scope, requests, options)),
    settle: (scope, some) => around({ method: 'settle', scope }, () => store.settle(scope, some)),
    inspect: (scope, rules) => around({ method: 'inspect', scope }, () => store.inspect(scope, rules)),
    release: (scope, rules) => around({ method: 'release', scope }, () => store.release(scope, rules)),
  });
}

let count = 0;
function requestOf(...rules: LimitRule[]): TakeRequest {
  count += 1;
  return { reservation: `r-${count}`, rules };
}
const countsOf = async (store: LimitStore, ...rules: LimitRule[]) =>
  (await store.inspect(SCOPE, rules)).map((state) => state.count);
async function takeOne(store: LimitStore, ...rules: LimitRule[]): Promise<TakeVerdict> {
  const [verdict] = await store.take(SCOPE, [requestOf(...rules)]);
  return verdict as TakeVerdict;
}

describe('the shard of a number', () => {
  it('never changes: other shards would be other counters', () => {
    expect(SHARDS).toBe(64);
    const numbers = [0, 1, 12025550123, 6591234567, 6591234568, 919876543210, 999999999999999, 2 ** 53 - 1];
    expect(numbers.map(shardOfNumber)).toEqual([0, 55, 0, 36, 6, 48, 22, 62]);
  });

  it('spreads neighbours, and numbers that end alike', () => {
    for (const step of [1, 2, 64, 100, 1000, 4096, 10_000]) {
      const sizes = new Array<number>(SHARDS).fill(0);
      for (let at = 0; at < 64_000; at += 1) {
        const shard = shardOfNumber(6_590_000_000 + at * step);
        sizes[shard] = (sizes[shard] ?? 0) + 1;
      }
      expect(Math.max(...sizes)).toBeLessThan(1_250);
      expect(Math.min(...sizes)).toBeGreaterThan(750);
    }
  });

  it('is for what is counted by number; ranges, amounts and what happens once stay together', () => {
    const rules = [
      amountRule('budget', 10, HOUR_MS, 1),
      windowRule(NUMBER, 1, HOUR_MS),
      distinctRule(65912345, NUMBER, 5, HOUR_MS),
      backoffRule(NUMBER, 1, 1, 1),
      onceRule(NUMBER, 'print', HOUR_MS),
      blockRule(NUMBER, HOUR_MS),
      windowRule(String(NUMBER), 1, HOUR_MS),
    ];
    expect(groupByShard(rules)).toEqual([
      { shard: shardOfNumber(NUMBER), rules: [rules[1], rules[3], rules[5]] },
      { shard: MAIN_SHARD, rules: [rules[0], rules[2], rules[4], rules[6]] },
    ]);
  });
});

describe('a sharded store', () => {
  const perNumber = windowRule(NUMBER, 2, HOUR_MS);
  const budget = windowRule('budget', 2, HOUR_MS);

  it('asks one place once for a message about its number alone, and the scope itself when there is more', async () => {
    const asked: Asked[] = [];
    const store = shardedWith((each, run) => {
      asked.push(each);
      return run();
    });
    await takeOne(store, perNumber, backoffRule(NUMBER, 1, 1, 1));
    await takeOne(store, onceRule('key', 'print', HOUR_MS));
    expect(asked.map(({ method, scope }) => `${method} ${JSON.stringify(scope)}`)).toEqual([
      `take "acme\\u001f${shardOfNumber(NUMBER)}"`,
      'take "acme"',
    ]);
    asked.length = 0;
    await takeOne(store, budget, perNumber);
    expect(asked.map(({ scope }) => scope)).toEqual([`acme\u001f${shardOfNumber(NUMBER)}`, 'acme']);
  });

  it('a batch asks every shard once, side by side', async () => {
    const asked: Asked[] = [];
    let most = 0;
    let running = 0;
    const store = shardedWith(async (each, run) => {
      asked.push(each);
      running += 1;
      most = Math.max(most, running);
      await Promise.resolve();
      const answer = await run();
      running -= 1;
      return answer;
    });
    const requests = Array.from({ length: 1000 }, (_, at) =>
      requestOf(windowRule(NUMBER + at, 1, HOUR_MS), budget),
    );
    const verdicts = await store.take(SCOPE, requests);
    expect(verdicts.flatMap(({ granted }, at) => (granted ? [at] : []))).toEqual([0, 1]);
    const takes = asked.filter(({ method }) => method === 'take');
    expect(takes).toHaveLength(SHARDS + 1);
    expect(most).toBe(SHARDS);
    // The budget refused 998 messages, which count nowhere.
    expect(await countsOf(store, ...requests.slice(0, 5).map(({ rules }) => rules[0] as LimitRule))).toEqual([
      1, 1, 0, 0, 0,
    ]);
  });

  it('names every rule that refuses, wherever it is, and writes nothing for it', async () => {
    const store = shardedWith();
    const once = onceRule('order-7', 'print', HOUR_MS);
    const request = requestOf(once, perNumber);
    await store.take(SCOPE, [request]);
    await store.settle(SCOPE, [{ ...request, outcome: 'keep', result: 'sent' }]);
    await takeOne(store, perNumber);
    const verdict = await takeOne(store, once, perNumber, budget);
    expect(verdict).toMatchObject({
      granted: false,
      refusals: [
        { rule: once, reason: 'done', result: 'sent' },
        { rule: perNumber, reason: 'over-limit', observed: 2 },
      ],
      observed: [],
    });
    expect(await countsOf(store, perNumber, budget)).toEqual([2, 0]);
  });

  it('a wait that began for a message that the budget refused is undone', async () => {
    const store = shardedWith();
    const wait = backoffRule(NUMBER, HOUR_MS, HOUR_MS, HOUR_MS);
    await takeOne(store, budget);
    await takeOne(store, budget);
    expect(await takeOne(store, wait, budget)).toMatchObject({
      granted: false,
      refusals: [{ rule: budget }],
    });
    expect(await takeOne(store, wait)).toEqual({ granted: true, observed: [], waitMs: HOUR_MS });
  });

  it('messages of a batch to one number are decided in order, also after one that is given back', async () => {
    const store = shardedWith();
    const one = windowRule(NUMBER, 1, HOUR_MS);
    const full = windowRule('full', 1, HOUR_MS);
    await takeOne(store, full);
    const verdicts = await store.take(SCOPE, [requestOf(one, full), requestOf(one), requestOf(one)]);
    expect(verdicts.map(({ granted }) => granted)).toEqual([false, true, false]);
  });

  it('asks at most eight times for a batch that is all to one number, and never too little is counted', async () => {
    let takes = 0;
    const store = shardedWith(({ method, scope }, run) => {
      if (method === 'take' && scope !== SCOPE) takes += 1;
      return run();
    });
    const many = windowRule(NUMBER, 60, HOUR_MS);
    const requests = Array.from({ length: 500 }, () => requestOf(many, windowRule('all', 50, HOUR_MS)));
    const verdicts = await store.take(SCOPE, requests);
    expect(verdicts.filter(({ granted }) => granted)).toHaveLength(50);
    expect(takes).toBe(8);
    expect(await countsOf(store, many)).toEqual([50]);
  });

  it('gives back what other places granted when one fails, and throws', async () => {
    for (const failing of ['acme', `acme\u001f${shardOfNumber(NUMBER)}`]) {
      const failure = new StoreError('down');
      let isDown = true;
      const store = shardedWith(({ method, scope }, run) =>
        isDown && method === 'take' && scope === failing ? Promise.reject(failure) : run(),
      );
      const others = Array.from({ length: 100 }, (_, at) => windowRule(NUMBER + 1 + at, 5, HOUR_MS));
      const requests = [requestOf(perNumber, budget), ...others.map((rule) => requestOf(rule))];
      expect(await failureOf(store.take(SCOPE, requests))).toBe(failure);
      isDown = false;
      const counts = await countsOf(store, perNumber, budget, ...others);
      expect(counts.every((each) => each === 0)).toBe(true);
    }
  });

  it('an abort in the middle takes nothing', async () => {
    const controller = new AbortController();
    let takes = 0;
    const store = shardedWith(async ({ method }, run) => {
      const answer = await run();
      if (method === 'take') {
        takes += 1;
        controller.abort();
      }
      return answer;
    });
    const { signal } = controller;
    const taking = store.take(SCOPE, [requestOf(perNumber, budget)], { signal });
    expect(await failureOf(taking)).toMatchObject({ name: 'AbortError', submission: 'not-submitted' });
    expect(takes).toBe(1);
    expect(await countsOf(store, perNumber, budget)).toEqual([0, 0]);
  });

  it('settles a failed give-back when whoever asked gives back too', async () => {
    let isDown = true;
    const store = shardedWith(({ method }, run) =>
      isDown && method === 'settle' ? Promise.reject(new StoreError('down')) : run(),
    );
    await takeOne(store, windowRule('one', 1, HOUR_MS));
    const request = requestOf(perNumber, windowRule('one', 1, HOUR_MS));
    expect(await failureOf(store.take(SCOPE, [request]))).toMatchObject({ code: 'store' });
    expect(await countsOf(store, perNumber)).toEqual([1]);
    isDown = false;
    await store.settle(SCOPE, [{ ...request, outcome: 'return' }]);
    expect(await countsOf(store, perNumber)).toEqual([0]);
  });

  it('settles in the other places also when one fails', async () => {
    let isDown = true;
    const store = shardedWith(({ method, scope }, run) =>
      isDown && method === 'settle' && scope === SCOPE ? Promise.reject(new StoreError('down')) : run(),
    );
    const request = requestOf(perNumber, budget);
    await store.take(SCOPE, [request]);
    const settlement = { ...request, outcome: 'return' } as const;
    expect(await failureOf(store.settle(SCOPE, [settlement]))).toMatchObject({ code: 'store' });
    expect(await countsOf(store, perNumber, budget)).toEqual([0, 1]);
    isDown = false;
    await store.settle(SCOPE, [settlement]);
    expect(await countsOf(store, perNumber, budget)).toEqual([0, 0]);
  });

  it('says which rule of which message is wrong, and asks nobody', async () => {
    const store = shardedWith(() => expect.unreachable());
    const wrong = { ...perNumber, limit: 0 };
    expect(await failureOf(store.take(SCOPE, [requestOf(budget), requestOf(budget, wrong)]))).toMatchObject({
      path: 'requests[1].rules[1].limit',
    });
    const long = await failureOf(store.take('x'.repeat(198), [requestOf(budget)]));
    expect(long).toBeInstanceOf(ValidationError);
    expect((long as Error).message).toBe(
      "scope must be at most 197 characters long with shardBy: 'recipient'. Nothing was sent.",
    );
  });

  it('says before it asks that a reservation is too long to be asked about in both places', async () => {
    const store = shardedWith(() => expect.unreachable());
    const named = (length: number): TakeRequest => ({
      reservation: 'x'.repeat(length),
      rules: [perNumber, budget],
    });
    expect(await failureOf(store.take(SCOPE, [requestOf(budget), named(200)]))).toMatchObject({
      message:
        "requests[1].reservation must be at most 199 characters long with shardBy: 'recipient'. Nothing was sent.",
      path: 'requests[1].reservation',
    });
    const full = shardedWith();
    await takeOne(full, perNumber);
    await takeOne(full, perNumber);
    expect(await full.take(SCOPE, [named(199)])).toMatchObject([{ granted: false }]);
  });
});

/** Live grants under every counter, as callers see them. */
class Tally {
  readonly #live = new Map<string, number>();
  isOver = false;

  add(rules: readonly LimitRule[], by: 1 | -1): void {
    for (const rule of rules) {
      const key = `${rule.id} ${rule.key}`;
      const live = (this.#live.get(key) ?? 0) + by;
      this.#live.set(key, live);
      if ('limit' in rule && live > rule.limit) this.isOver = true;
    }
  }

  of({ id, key }: LimitRule): number {
    return this.#live.get(`${id} ${key}`) ?? 0;
  }
}

describe('under any interleaving', () => {
  const RULES: readonly LimitRule[] = [
    windowRule(NUMBER, 2, HOUR_MS),
    windowRule(NUMBER + 1, 3, HOUR_MS),
    windowRule(NUMBER + 1, 1, HOUR_MS),
    windowRule(NUMBER + 2, 70, HOUR_MS),
    windowRule('all', 5, HOUR_MS),
    windowRule('budget', 100, HOUR_MS),
    onceRule('order', 'print', HOUR_MS),
  ];
  const messages = fc.array(fc.subarray([...RULES], { minLength: 1 }), { minLength: 1, maxLength: 4 });
  const FAULTS = ['none', 'none', 'none', 'none', 'error', 'lost'] as const;

  it.each([
    ['with a server that always answers', ['none'] as const],
    ['with calls that fail before or after they were carried out', FAULTS],
  ])(
    'never lets too many through, and ends with what was granted: %s',
    async (_, faults) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(messages, { minLength: 1, maxLength: 8 }),
          fc.array(fc.constantFrom(...faults), { minLength: 60, maxLength: 60 }),
          fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }),
          fc.scheduler(),
          async (calls, planned, returns, scheduler) => {
            const plan = [...planned];
            const store = shardedWith(async (_asked, run) => {
              await scheduler.schedule(Promise.resolve());
              const fault = plan.pop();
              if (fault === 'error') throw new StoreError('down');
              const answer = await run();
              await scheduler.schedule(Promise.resolve());
              if (fault === 'lost') throw new StoreError('lost');
              return answer;
            });
            const tally = new Tally();
            /** As the failover store does when the server fails: until it succeeds. */
            const settleAll = async (requests: readonly TakeRequest[]) => {
              const settlements = requests.map((request) => ({ ...request, outcome: 'return' }) as const);
              for (let tries = 0; tries < 100; tries += 1) {
                try {
                  return await store.settle(SCOPE, settlements);
                } catch {
                  // Once more.
                }
              }
              throw new Error('never settled');
            };
            const turns = [...returns];
            const sendAll = calls.map(async (batch) => {
              const requests = batch.map((rules) => requestOf(...rules));
              let verdicts: readonly TakeVerdict[];
              try {
                verdicts = await store.take(SCOPE, requests);
              } catch {
                return settleAll(requests);
              }
              const granted = requests.filter((__, at) => verdicts[at]?.granted === true);
              for (const { rules } of granted) tally.add(rules, 1);
              const back = granted.filter(() => turns.pop());
              for (const { rules } of back) tally.add(rules, -1);
              await settleAll(back);
            });
            const done = Promise.all(sendAll);
            await scheduler.waitFor(done);
            plan.length = 0;
            const inspecting = store.inspect(SCOPE, RULES);
            const states = await scheduler.waitFor(inspecting);
            expect(tally.isOver).toBe(false);
            expect(states.map((state) => state.count)).toEqual(RULES.map((rule) => tally.of(rule)));
          },
        ),
        { numRuns: 300 },
      );
    },
    60_000,
  );
});

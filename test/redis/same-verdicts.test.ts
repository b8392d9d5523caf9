import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { LimitRule, LimitStore, TakeRequest, TakeVerdict } from '../../src/limits/limit-store.ts';
import type { RedisCommands } from '../../src/redis/redis-commands.ts';
import { createRedisStore } from '../../src/redis/redis-store.ts';
import type { KeyNameVersions } from '../../src/redis/rule-arguments.ts';
import { toRedisCommands } from '../../src/redis/to-redis-commands.ts';
import { createFakeClock, type FakeClock, NOON } from '../support/fake-clock.ts';
import { describeOnRedis } from './redis-kit.ts';
import { keyNamesOf, PREVIOUS_SECRET, SECRET } from './store-under-test.ts';

const HOUR_MS = 3_600_000;
const NUMBERS = [6591234567, 14155550100];
const VISITORS = ['one', 'two'];
const GUARD = { guard: 'test' };

const sketch = fc.record({
  kind: fc.nat(13),
  key: fc.nat(5).map((die) => NUMBERS[die === 0 ? 1 : 0] as number),
  more: fc.nat(9),
  isMonitored: fc.nat(6).map((die) => die === 0),
});

type Sketch = typeof sketch extends fc.Arbitrary<infer Each> ? Each : never;

function ruleOf({ kind, key, more, isMonitored }: Sketch, nowMs: number, unit: number): LimitRule {
  const base = { ...GUARD, key, mode: isMonitored ? ('monitor' as const) : ('enforce' as const) };
  const scaled = (times: number) => Math.ceil(times * unit);
  switch (kind) {
    case 0:
      return { ...base, kind: 'window', id: 'short', limit: 3, windowMs: scaled(2) };
    case 1:
      return { ...base, kind: 'window', id: 'long', limit: 5, windowMs: scaled(7) };
    case 2:
      return { ...base, kind: 'window', id: 'mixed', limit: 1 + more, windowMs: scaled(1 + (more % 3)) };
    case 3:
      return { ...base, kind: 'window', id: 'many', limit: 60 + 2 * more, windowMs: scaled(5) };
    case 4:
      return {
        ...base,
        kind: 'window',
        id: 'amount',
        limit: 20,
        windowMs: scaled(4),
        weighted: true,
        weight: 1 + more,
      };
    case 5:
      return {
        ...base,
        kind: 'backoff',
        id: 'wait',
        baseMs: scaled(0.2),
        maxMs: scaled(6),
        forgetMs: scaled(4),
      };
    case 6:
      return {
        ...base,
        kind: 'backoff',
        id: 'mixed wait',
        baseMs: scaled(0.1 + more / 9),
        maxMs: scaled(3),
        forgetMs: scaled(1 + more),
      };
    case 7:
      return {
        ...base,
        kind: 'visitor-backoff',
        id: 'visitor',
        member: VISITORS[more % 2],
        baseMs: scaled(0.5),
        maxMs: scaled(6),
        forgetMs: scaled(4),
      };
    case 8:
      return { ...base, kind: 'block', id: 'block', windowMs: scaled(1 + more) };
    case 9:
      return { ...base, kind: 'block', id: 'block', windowMs: scaled(1 + more), activate: more < 4 };
    case 10:
      return {
        ...base,
        kind: 'slot',
        id: 'slot',
        limit: 4,
        windowMs: scaled(3),
        dueAt: nowMs + scaled(more),
      };
    case 11:
      return {
        ...base,
        kind: 'window',
        id: 'budget',
        key: 'all',
        limit: 30,
        windowMs: scaled(3),
        weighted: true,
        weight: 1 + more,
      };
    case 12:
      return {
        ...base,
        kind: 'distinct',
        id: 'range',
        key: 65912,
        member: key + more,
        limit: 4,
        windowMs: scaled(3),
      };
    default:
      return { ...base, kind: 'window', id: 'address', key: '203.0.113.9', limit: 6, windowMs: scaled(4) };
  }
}

const step = fc.record({
  /** Thousandths of the unit. */
  passed: fc.constantFrom(0, 0, 1, 200, 500, 999, 1000, 1001, 2500, 5000, 20_000),
  requests: fc.array(
    fc.record({
      rules: fc.array(sketch, { minLength: 1, maxLength: 5 }),
      /** A window that only notes, and whether the last rule depends on it. */
      note: fc.constantFrom<'none' | 'note' | 'found' | 'missing'>(
        'none',
        'none',
        'note',
        'found',
        'missing',
      ),
    }),
    { minLength: 1, maxLength: 2 },
  ),
  settled: fc.constantFrom<'keep' | 'moved' | 'return' | 'open' | 'earlier'>(
    'keep',
    'keep',
    'moved',
    'return',
    'open',
    'earlier',
  ),
  isReleased: fc.nat(7).map((die) => die === 0),
});

type Step = typeof step extends fc.Arbitrary<infer Each> ? Each : never;

function rulesOf({ rules, note }: Step['requests'][number], nowMs: number, unit: number): LimitRule[] {
  const found = new Map<string, LimitRule>();
  for (const each of rules) {
    const made = ruleOf(each, nowMs, unit);
    const counted: LimitRule = made.mode === 'monitor' ? { ...made, id: `${made.id} watched` } : made;
    found.set(`${counted.id} ${counted.key}`, counted);
  }
  const all = [...found.values()];
  if (note === 'none') return all;
  const noting: LimitRule = {
    ...GUARD,
    kind: 'window',
    id: 'noted',
    key: NUMBERS[0] as number,
    mode: 'note',
    limit: 2,
    windowMs: 3 * unit,
  };
  const last = all.pop() as LimitRule;
  const when = note === 'note' ? undefined : { rule: 'noted', found: note === 'found' };
  return [noting, ...all, { ...last, ...(when && { when }) }];
}

/** A verdict without the rules themselves. */
function plain(verdict: TakeVerdict): unknown {
  return JSON.parse(JSON.stringify(verdict, (name, value) => (name === 'rule' ? value.id : value)));
}

/** Two commands see two times, as on a server. */
function serverClock(clock: FakeClock): () => number {
  let micros = 0;
  return () => {
    micros = Math.max(micros + 20, clock.now() * 1000);
    return micros;
  };
}

/** A way to take requests that must all give the same verdicts. */
interface Way {
  readonly store: LimitStore;
  readonly scope: string;
  take(requests: readonly TakeRequest[]): Promise<readonly TakeVerdict[]>;
}

/** Every command comes twice, as after a lost connection. */
function twice(commands: RedisCommands): RedisCommands {
  const again =
    (run: RedisCommands['eval']): RedisCommands['eval'] =>
    async (script, keys, args) => {
      await run(script, keys, args);
      return run(script, keys, args);
    };
  return { ...commands, eval: again(commands.eval), evalsha: again(commands.evalsha) };
}

function wayOf(
  name: string,
  commands: RedisCommands,
  testClock: () => number,
  names: KeyNameVersions,
  isAlone: boolean,
): Way {
  const store = createRedisStore({ commands, names, deadlineMs: 5000, testClock });
  return {
    store,
    scope: name,
    async take(requests) {
      const verdicts: TakeVerdict[] = [];
      for (const request of requests) {
        const other: TakeRequest = {
          reservation: `${request.reservation} beside`,
          rules: [
            {
              ...GUARD,
              kind: 'window',
              mode: 'enforce',
              id: 'beside',
              key: `${request.reservation}`,
              limit: 1,
              windowMs: 1000,
            },
          ],
        };
        const [verdict] = await store.take(name, isAlone ? [request] : [request, other]);
        verdicts.push(verdict as TakeVerdict);
      }
      return verdicts;
    },
  };
}

/** Two processes with the secrets in either order, as between the first and the second deployment; who took settles. */
function alternating(name: string, ways: readonly [Way, Way]): Way {
  const takers = new Map<string, Way>();
  let takes = 0;
  const [first] = ways;
  const store: LimitStore = {
    ...first.store,
    async settle(scope, settlements) {
      for (const each of settlements) await takers.get(each.reservation)?.store.settle(scope, [each]);
    },
    async release(scope, rules) {
      for (const way of ways) await way.store.release(scope, rules);
    },
  };
  return {
    store,
    scope: name,
    async take(requests) {
      takes += 1;
      const way = ways[takes % 2] as Way;
      for (const { reservation } of requests) takers.set(reservation, way);
      return way.take(requests);
    },
  };
}

/** The sections of a shared value (decision 21) that have not ended yet; their second to spare is an hour for a test clock. */
function withoutEnded(value: Buffer, nowMs: number): Buffer | undefined {
  const left: Buffer[] = [];
  const count = value.readUInt16BE(0);
  let from = 2;
  for (let section = 0; section < count; section += 1) {
    const to = from + 14 + value.readUInt16BE(from + 12);
    const endMs = value.readUInt32BE(from + 8) * 1000 - HOUR_MS + 1000;
    if (endMs > nowMs) left.push(value.subarray(from, to));
    from = to;
  }
  if (left.length === count) return undefined;
  const head = Buffer.alloc(2);
  head.writeUInt16BE(left.length);
  return Buffer.concat([head, ...left]);
}

describeOnRedis('a message on Redis', (kit) => {
  /** Deletes keys, and sections of shared values, when the test clock says that they are over. */
  function createExpiry() {
    const ends = new Map<string, { readonly at: number; readonly end: number }>();
    return async (nowMs: number) => {
      for (const key of await kit.client.keys('*')) {
        const at = await kit.client.pexpiretime(key);
        expect(at, key).toBeGreaterThan(0);
        let known = ends.get(key);
        if (known?.at !== at) {
          known = { at, end: nowMs + (await kit.client.pttl(key)) - HOUR_MS + 1000 };
          ends.set(key, known);
        }
        // Records and marks of commands have no second to spare.
        const isRecord = /\}:[tm]/.test(key);
        if (!isRecord && known.end <= nowMs) await kit.client.del(key);
        else if (key.includes('}2')) {
          const left = withoutEnded((await kit.client.getBuffer(key)) as Buffer, nowMs);
          if (left !== undefined) await kit.client.set(key, left, 'KEEPTTL');
        }
      }
    };
  }

  it.each([
    ['seconds', 1000],
    ['hours', HOUR_MS],
    ['days', 60 * HOUR_MS],
  ])(
    'gets the same verdict alone, in a batch, sent twice, and while a secret is changed, in %s',
    async (_, unit) => {
      let runs = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
          runs += 1;
          await kit.client.flushall();
          const clock = createFakeClock(NOON);
          const commands = toRedisCommands(kit.client);
          const [now, both] = [keyNamesOf(), keyNamesOf(SECRET, PREVIOUS_SECRET)];
          const shared = serverClock(clock);
          const ways = [
            wayOf('one', commands, serverClock(clock), now, true),
            wayOf('batch', commands, serverClock(clock), now, false),
            wayOf('twice', twice(commands), serverClock(clock), now, true),
            wayOf('both', commands, serverClock(clock), both, true),
            alternating('two', [
              wayOf('two', commands, shared, both, true),
              wayOf('two', commands, shared, keyNamesOf(PREVIOUS_SECRET, SECRET), true),
            ]),
          ];
          const expire = createExpiry();
          const open: TakeRequest[] = [];
          for (const [at, { passed, requests, settled, isReleased }] of steps.entries()) {
            clock.advance(Math.ceil((passed * unit) / 1000));
            await expire(clock.now());
            const asked = requests.map((request, message): TakeRequest => {
              return { reservation: `${runs}-${at}-${message}`, rules: rulesOf(request, clock.now(), unit) };
            });
            open.push(...asked);
            const results = [];
            for (const way of ways) results.push((await way.take(asked)).map(plain));
            for (const result of results) expect(result).toEqual(results[0]);
            const first = asked[0] as TakeRequest;
            const ending = settled === 'earlier' ? (open[0] as TakeRequest) : first;
            for (const { store, scope } of ways) {
              if (isReleased) await store.release(scope, first.rules);
              if (settled === 'open') continue;
              const outcome = settled === 'keep' || settled === 'moved' ? 'keep' : 'return';
              await store.settle(scope, [
                { ...ending, outcome, ...(settled === 'moved' && { delayMs: unit / 4 }) },
              ]);
            }
            if (settled !== 'open') open.splice(open.indexOf(ending), 1);
            const states = [];
            for (const { store, scope } of ways) states.push(await store.inspect(scope, first.rules));
            for (const state of states) expect(state).toEqual(states[0]);
          }
        }),
        { numRuns: 60 },
      );
    },
    120_000,
  );
});

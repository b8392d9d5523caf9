import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { SmsError } from '../../../src/errors.ts';
import type { LimitRule } from '../../../src/limits/limit-store.ts';
import type { RedisCommands } from '../../../src/redis/redis-commands.ts';
import {
  type RedisLimitStore,
  type RedisLimitsOptions,
  redisLimits,
} from '../../../src/redis/redis-limits.ts';
import { toRedisCommands } from '../../../src/redis/to-redis-commands.ts';
import { hasRedisServer, type RedisServer, startRedis } from '../../support/redis-server.ts';
import { SECRET } from '../store-under-test.ts';

/**
 * The fate of a command. `refused`: it does not run. `lost`: it runs, and its reply is an error. `hang`: it runs when
 * the connection recovers. `late`: it runs at once, and its reply arrives when the connection recovers. `drop`: like
 * `hang`, without a reply. `twice`: it is answered at once, and arrives again later.
 */
const FAULTS = ['none', 'none', 'refused', 'lost', 'hang', 'late', 'drop', 'twice'] as const;
type Fault = (typeof FAULTS)[number];
const PROCESSES = 3;
const DAY_MS = 86_400_000;

type Step =
  | { readonly kind: 'send'; readonly process: number; readonly messages: number; readonly isKept: boolean }
  | { readonly kind: 'fault'; readonly process: number; readonly fault: Fault }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'jump'; readonly ms: number };

const process = fc.nat({ max: PROCESSES - 1 });
const send = fc.record({
  kind: fc.constant('send' as const),
  process,
  messages: fc.integer({ min: 1, max: 4 }),
  isKept: fc.boolean(),
});
const fault = fc.record({ kind: fc.constant('fault' as const), process, fault: fc.constantFrom(...FAULTS) });
const pass = fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 4_000 }) });
const jump = fc.record({
  kind: fc.constant('jump' as const),
  ms: fc.integer({ min: -31 * 60_000, max: 31 * 60_000 }),
});
const schedules = fc.array(fc.oneof(send, send, send, fault, pass), { maxLength: 40 });
const withJumps = fc.array(fc.oneof(send, send, send, fault, pass, jump), { maxLength: 40 });

describe.skipIf(!hasRedisServer())('one command after the other through faulty wires', () => {
  let server: RedisServer;
  let redis: Redis;
  let commands: RedisCommands;
  /** Commands that the server is running. */
  let working = 0;
  let scopes = 0;

  beforeAll(async () => {
    server = await startRedis();
    redis = new Redis(server.port);
    await redis.ping();
    commands = toRedisCommands(redis);
  });
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });

  async function untilQuiet(): Promise<void> {
    for (let quiet = 0; quiet < 2; ) {
      await redis.ping();
      await new Promise((resolve) => setImmediate(resolve));
      quiet = working === 0 ? quiet + 1 : 0;
    }
  }

  async function passTime(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 25) {
      await vi.advanceTimersByTimeAsync(Math.min(25, left));
      await untilQuiet();
    }
  }

  /** One process with its own connection; the server has its own clock. */
  function startWire(serverNow: () => number) {
    let waiting: (() => void)[] = [];
    const wire = {
      fault: 'none' as Fault,
      thaw() {
        const going = waiting;
        waiting = [];
        for (const go of going) go();
      },
    };
    const well = () => new Promise<void>((resolve) => waiting.push(resolve));

    async function work(ask: (args: readonly string[]) => Promise<unknown>, args: readonly string[]) {
      const [seconds, micros] = args;
      const ms = serverNow();
      const timed = [`${Math.floor(ms / 1_000)}`, `${Math.floor((ms % 1_000) * 1_000)}`, ...args.slice(2)];
      working += 1;
      try {
        return await ask(seconds === '' && micros === '' ? timed : args);
      } finally {
        working -= 1;
      }
    }

    async function run(ask: (args: readonly string[]) => Promise<unknown>, args: readonly string[]) {
      const sent = [...args];
      switch (wire.fault) {
        case 'refused':
          throw new Error('READONLY no');
        case 'lost':
          await work(ask, sent);
          throw new Error('ECONNRESET');
        case 'hang':
          await well();
          return work(ask, sent);
        case 'late': {
          const reply = await work(ask, sent);
          await well();
          return reply;
        }
        case 'drop':
          await well();
          await work(ask, sent);
          return new Promise(() => {});
        case 'twice':
          void well().then(() => work(ask, sent).catch(() => {}));
          return work(ask, sent);
        case 'none':
          return work(ask, sent);
      }
    }

    const client: RedisCommands = {
      evalsha: (sha, keys, args) => run((sent) => commands.evalsha(sha, keys, sent), args),
      eval: (script, keys, args) => run((sent) => commands.eval(script, keys, sent), args),
      call: (name, ...args) => commands.call(name, ...args),
    };
    return { wire, client };
  }

  async function play(
    steps: readonly Step[],
    limit: number,
    onStoreError: RedisLimitsOptions['onStoreError'],
    more: Partial<RedisLimitsOptions> = {},
  ) {
    scopes += 1;
    const scope = `commands-${scopes}`;
    const startMs = Date.now();
    let offsetMs = 0;
    const serverNow = () => startMs + performance.now() + offsetMs;
    const wires = Array.from({ length: PROCESSES }, () => startWire(serverNow));
    const stores = wires.map(
      ({ client }): RedisLimitStore =>
        redisLimits({ client, secret: SECRET, onStoreError, onEvent: () => {}, ...more }),
    );
    const rule = { guard: 'recipient', key: 6591234567, mode: 'enforce' } as const;
    const rulesOf = (member: number): LimitRule[] => [
      { ...rule, kind: 'window', id: 'all', limit, windowMs: DAY_MS },
      { ...rule, kind: 'window', id: 'many', limit: limit + 100, windowMs: DAY_MS, key: 'all' },
      { ...rule, kind: 'slot', id: 'due', limit, windowMs: DAY_MS, dueAt: startMs },
      { ...rule, kind: 'distinct', id: 'range', limit, windowMs: DAY_MS, key: 'range', member },
    ];
    let asked = 0;
    const sent: number[] = [];
    const settling: Promise<void>[] = [];
    const started = new Set<number>();
    async function sendOne(index: number, isKept: boolean): Promise<void> {
      asked += 1;
      const [member, reservation] = [asked % 5, `${scope}-${asked}`];
      const store = stores[index] as RedisLimitStore;
      const rules = rulesOf(member);
      try {
        const [verdict] = await store.take(scope, [{ reservation, rules }]);
        if (verdict?.granted !== true) return;
      } catch (error) {
        expect(SmsError.isInstance(error) && error.code).toBe('store');
        return;
      }
      if (isKept) sent.push(member);
      settling.push(store.settle(scope, [{ reservation, rules, outcome: isKept ? 'keep' : 'return' }]));
    }

    for (const step of steps) {
      if (step.kind === 'jump') offsetMs += step.ms;
      if (step.kind === 'pass') await passTime(step.ms);
      if (step.kind === 'fault') {
        const { wire } = wires[step.process] as (typeof wires)[number];
        wire.fault = step.fault;
        if (step.fault === 'none') wire.thaw();
      }
      if (step.kind !== 'send') continue;
      let isDone = false;
      const sending = Promise.all(
        Array.from({ length: step.messages }, () => sendOne(step.process, step.isKept)),
      ).then(() => {
        isDone = true;
      });
      await untilQuiet();
      // Nobody waits longer than the deadline, or than a process has for its first reply.
      if (!isDone) await passTime(started.has(step.process) ? 150 : 1_000);
      started.add(step.process);
      await untilQuiet();
      expect(isDone).toBe(true);
      await sending;
    }
    // Everything has recovered, and everything was written back.
    for (const { wire } of wires) {
      wire.fault = 'none';
      wire.thaw();
    }
    await passTime(4_000);
    await Promise.all(settling);
    const reader = redisLimits({
      client: startWire(serverNow).client,
      secret: SECRET,
      onStoreError: 'refuse',
      ...more,
    });
    const right = [sent.length, sent.length, sent.length, new Set(sent).size];
    // The machine may be busy, and this only lets time pass.
    for (let second = 0; ; second += 1) {
      const counted = (await reader.inspect(scope, rulesOf(0))).map(({ count }) => count);
      if (second === 60 || counted.every((count, at) => count === right[at])) return { sent, counted, right };
      await passTime(1_000);
    }
  }

  const runs = { numRuns: 12 };
  const time = 600_000;

  it.each(['scope', 'recipient'] as const)(
    'lets through no more than the limit, and counts exactly what was sent: %s',
    { timeout: time },
    async (shardBy) => {
      await fc.assert(
        fc.asyncProperty(schedules, async (steps) => {
          const { sent, counted, right } = await play(steps, 6, 'refuse', { shardBy });
          expect(sent.length).toBeLessThanOrEqual(6);
          expect(counted).toEqual(right);
        }),
        runs,
      );
    },
  );

  it.each(['scope', 'recipient'] as const)(
    'or the limit and the shares, with processes that count alone: %s',
    { timeout: time },
    async (shardBy) => {
      await fc.assert(
        fc.asyncProperty(schedules, async (steps) => {
          const { sent, counted, right } = await play(
            steps,
            6,
            { local: { processes: PROCESSES } },
            { shardBy },
          );
          expect(sent.length).toBeLessThanOrEqual(12);
          expect(counted).toEqual(right);
        }),
        runs,
      );
    },
  );

  it('also when another server answers, whose clock is half an hour off', { timeout: time }, async () => {
    await fc.assert(
      fc.asyncProperty(withJumps, async (steps) => {
        const { sent, counted, right } = await play(steps, 6, 'refuse');
        expect(sent.length).toBeLessThanOrEqual(6);
        // A take that seems to lie in the future is not given back: too high, never too low.
        for (const [at, count] of counted.entries())
          expect(count).toBeGreaterThanOrEqual(right[at] as number);
      }),
      runs,
    );
  });
});

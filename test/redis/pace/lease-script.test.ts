import fc from 'fast-check';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { escapeText } from '../../../src/redis/key-hashing.ts';
import { LEASE } from '../../../src/redis/lua/scripts.ts';
import { createServerPermits, laneKeys } from '../../../src/redis/pace/server-permits.ts';
import { createRunScript, type RunScript } from '../../../src/redis/run-script.ts';
import { toRedisCommands } from '../../../src/redis/to-redis-commands.ts';
import type { PermitLease, PermitRequest } from '../../../src/transport/shared-pace.ts';
import { mostInASecond } from '../../support/pace-lane.ts';
import { hasRedisServer, type RedisServer, startRedis } from '../../support/redis-server.ts';
import { connect, requestOf } from './kit.ts';

const KEYS = laneKeys('sms.8x8.com', 'team_otp', 'fast');
const START = 1_795_338_000_000;

describe('the keys of a lane', () => {
  it('lie in one slot, and no scope can have it', () => {
    expect(KEYS).toEqual([
      '8x8g:{%pace.sms.8x8.com%0020team_otp}:f',
      '8x8g:{%pace.sms.8x8.com%0020team_otp}:fp',
    ]);
    expect(laneKeys('h', 'a{b}', 'details')[0]).toBe('8x8g:{%pace.h%0020a%007bb%007d}:d');
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (scope) => {
        expect(escapeText(scope).startsWith('%pace.')).toBe(false);
        expect(escapeText(`%pace.${scope}`).startsWith('%pace.')).toBe(false);
      }),
    );
  });
});

describe.runIf(hasRedisServer())('the script that gives out permits', () => {
  let server: RedisServer;
  let client: Redis;
  let run: RunScript;
  /** The time of the server. */
  let serverMs = START;

  beforeAll(async () => {
    server = await startRedis();
    client = await connect(server.port);
    run = createRunScript(toRedisCommands(client), LEASE);
  }, 60_000);
  afterAll(async () => {
    client?.disconnect();
    await server?.stop();
  });
  beforeEach(async () => {
    await client.flushall();
    serverMs = START;
  });

  const turnsOf = (processId: string, keys = KEYS) =>
    createServerPermits({
      run,
      processId: () => processId,
      keys,
      now: () => serverMs,
      random: () => 0.5,
      testClock: () => serverMs * 1000,
    });
  const lease = (request: PermitRequest, processId = 'a', owed = 0): Promise<PermitLease> =>
    turnsOf(processId).lease(request, owed);
  const dues = ({ permits }: PermitLease) =>
    permits.map(({ fromMs }) => Math.round((fromMs - START) * 1000) / 1000);

  it('gives what is asked, one space after the other, within a slot', async () => {
    expect(dues(await lease(requestOf(1000, 3)))).toEqual([0, 1.041, 2.082]);
    expect(dues(await lease(requestOf(1000, 1)))).toEqual([3.123]);
    const all = dues(await lease(requestOf(1000, 500)));
    expect(all).toHaveLength(96);
    expect((all.at(-1) as number) - (all[0] as number)).toBeLessThan(100);
    const [permit] = (await lease(requestOf(1000, 1))).permits;
    expect((permit?.untilMs ?? 0) - (permit?.fromMs ?? 0)).toBeCloseTo(38, 6);
  });

  it('gives each of the processes that live its part of a slot, and at least one', async () => {
    for (const id of ['a', 'b', 'c']) await lease(requestOf(100, 1), id);
    expect((await lease(requestOf(100, 50), 'd')).permits).toHaveLength(2);
    expect((await lease(requestOf(5, 50), 'd')).permits).toHaveLength(1);
    // A process that did not ask within a second is idle, or dead.
    serverMs += 1_001;
    expect((await lease(requestOf(100, 50), 'a')).permits).toHaveLength(9);
  });

  it('reserves permits for an expected process only while nobody else waits', async () => {
    const request = requestOf(1000, 1, { expected: 9 });
    for (const given of [10, 10, 1, 1]) expect((await lease(request)).permits).toHaveLength(given);
  });

  it('gives nothing more than two seconds ahead, and says when to ask again', async () => {
    for (let at = 0; at < 2; at++) expect((await lease(requestOf(1, 1))).permits).toHaveLength(1);
    serverMs += 50;
    // Due after 2.08 s, which is 30 ms too far; plus half a space at random.
    const { permits, retryAfterMs } = await lease(requestOf(1, 1));
    expect(permits).toEqual([]);
    expect(retryAfterMs).toBeCloseTo(2080.002 - 50 - 2000 + 520, 2);
    serverMs += 40;
    expect((await lease(requestOf(1, 1))).permits).toHaveLength(1);
  });

  it('puts back what a process took without it', async () => {
    expect(dues(await lease(requestOf(100, 1), 'a', 10))).toEqual([104.01]);
    expect(dues(await lease(requestOf(100, 1), 'b'))).toEqual([114.411]);
  });

  it('gives one permit after a minute of a long pause, to one process, and then ever more seldom', async () => {
    await turnsOf('a').pause(3_600_000);
    serverMs += 59_999;
    expect(await lease(requestOf(100, 5), 'b')).toMatchObject({ permits: [], probeInMs: 1 });
    serverMs += 1;
    const probe = await lease(requestOf(100, 5, { expected: 5 }), 'b');
    expect(probe.permits).toHaveLength(1);
    expect(probe).toMatchObject({ pauseMs: 3_540_000, probeInMs: 120_000 });
    expect(await lease(requestOf(100, 5), 'a')).toMatchObject({ permits: [], probeInMs: 120_000 });
    // The probe was answered with a 429.
    await turnsOf('b').pause(3_600_000);
    const probedAt: number[] = [];
    for (let minute = 1; minute <= 59; minute += 1) {
      serverMs += 60_000;
      for (const id of ['a', 'b']) {
        if ((await lease(requestOf(100, 5), id)).permits.length > 0) probedAt.push(minute);
      }
    }
    expect(probedAt).toEqual([2, 6, 14, 29, 44, 59]);
  });

  it('opens for all when a probe got through, and the next pause begins anew', async () => {
    await turnsOf('a').pause(3_600_000);
    serverMs += 60_000;
    expect((await lease(requestOf(100, 5), 'b')).permits).toHaveLength(1);
    await turnsOf('b').pause(0);
    const open = await lease(requestOf(100, 2), 'a');
    expect(open.permits).toHaveLength(2);
    expect(open).toMatchObject({ pauseMs: 0, probeInMs: 0 });
    await turnsOf('a').pause(3_600_000);
    expect(await lease(requestOf(100, 5), 'a')).toMatchObject({ permits: [], probeInMs: 60_000 });
  });

  it('gives nothing during a pause; the longest one wins', async () => {
    await turnsOf('a').pause(1_000);
    await turnsOf('b').pause(400);
    expect(await lease(requestOf(100, 1))).toEqual({
      permits: [],
      retryAfterMs: 0,
      pauseMs: 1_000,
      probeInMs: 1_000,
    });
    serverMs += 999;
    expect((await lease(requestOf(100, 1))).pauseMs).toBe(1);
    serverMs += 1;
    expect((await lease(requestOf(100, 1))).permits).toHaveLength(1);
    // A request for one permit does not make its process a waiting one.
    expect(await client.zcard(KEYS[1] as string)).toBe(1);
  });

  it('goes on where it was when the clock of the server is set back', async () => {
    await lease(requestOf(100, 5));
    await turnsOf('a').pause(300);
    serverMs -= 31 * 60_000;
    const { pauseMs } = await lease(requestOf(100, 1));
    expect(pauseMs).toBe(300);
    serverMs += 300;
    expect((await lease(requestOf(100, 50))).permits[0]?.fromMs).toBe(serverMs);
    // Processes that asked by the old clock are not waited for either.
    expect((await lease(requestOf(100, 50))).permits).toHaveLength(9);
  });

  it('keeps the wide spaces until a period after the last long permit', async () => {
    const slow = await lease(requestOf(100, 1, { isSlow: true }));
    const [permit] = slow.permits;
    expect((permit?.untilMs ?? 0) - (permit?.fromMs ?? 0)).toBeCloseTo(498, 6);
    const gapAt = async (atMs: number) => {
      serverMs = START + atMs;
      const [first, second] = dues(await lease(requestOf(100, 2))) as [number, number];
      return second - first;
    };
    expect(await gapAt(1_000)).toBeCloseTo(15, 2);
    expect(await gapAt(1_514)).toBeCloseTo(15, 2);
    expect(await gapAt(1_560)).toBeCloseTo(10.4, 2);
  });

  it('forgets a lane that nobody uses, and takes the time from the server when no test gives it', async () => {
    const permits = createServerPermits({
      run,
      processId: () => 'a',
      keys: KEYS,
      now: () => 5,
      random: () => 0,
    });
    const before = Date.now();
    expect(await permits.lease(requestOf(100, 1), 0)).toMatchObject({ permits: [{ fromMs: 5 }], pauseMs: 0 });
    const last = Number(((await client.get(KEYS[0] as string)) ?? '').split(' ')[3]) / 1000;
    expect(Math.abs(last - before)).toBeLessThan(5_000);
    for (const key of KEYS) {
      const live = await client.pttl(key);
      expect(live).toBeGreaterThan(0);
      expect(live).toBeLessThan(3_000);
    }
  });

  it('an unreadable reply is an error', async () => {
    const permits = createServerPermits({
      run: async () => 'OK',
      processId: () => 'a',
      keys: KEYS,
      now: () => 0,
      random: () => 0,
    });
    await expect(permits.lease(requestOf(1, 1), 0)).rejects.toThrow('no lease');
  });

  const upTo = (max: number) => fc.double({ min: 0, max, noNaN: true });
  /** Including the ends, where it breaks first. */
  const endsOf = (max: number) => fc.oneof(fc.constantFrom(0, max), upTo(max));
  const rarely = (weight: number) =>
    fc.oneof({ weight, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) });

  /** The action of one process at one time. */
  const stepArbitrary = fc.record({
    process: fc.nat(4),
    /** Since the previous step. */
    afterMs: fc.oneof(fc.constant(0), upTo(30), upTo(900)),
    waiting: fc.integer({ min: 1, max: 60 }),
    expected: fc.nat(5),
    isSlow: rarely(9),
    /** Travel times to the server and back. */
    toMs: endsOf(30),
    backMs: endsOf(30),
    /** How late each permit is used, as a fraction of its life; above 1 it is not used. */
    late: fc.array(fc.oneof(fc.constantFrom(0, 1), upTo(1.2)), { minLength: 1, maxLength: 8 }),
    isDead: rarely(9),
  });

  it('processes that are late, far, dead or by other clocks together are never over', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 60 })),
        fc.array(fc.double({ min: -2e6, max: 2e6, noNaN: true }), { minLength: 5, maxLength: 5 }),
        fc.array(stepArbitrary, { minLength: 5, maxLength: 40 }),
        async (rate, offsets, steps) => {
          await client.del(...KEYS);
          serverMs = START;
          const left: number[] = [];
          for (const step of steps) {
            const offset = offsets[step.process] as number;
            serverMs += step.afterMs;
            const permits = createServerPermits({
              run: async (keys, args) => {
                serverMs += step.toMs;
                const answer = await run(keys, [`${Math.floor(serverMs * 1000)}`, ...args.slice(1)]);
                serverMs += step.backMs;
                return answer;
              },
              processId: () => `${step.process}`,
              keys: KEYS,
              now: () => serverMs + offset,
              random: () => 0.5,
              testClock: () => 0,
            });
            const given = await permits.lease(requestOf(rate, step.waiting, step), 0);
            if (step.isDead) continue;
            given.permits.forEach(({ fromMs, untilMs }, at) => {
              // Not before the reply has arrived.
              const first = Math.max(fromMs, serverMs + offset);
              const late = step.late[at % step.late.length] as number;
              const time = first + late * Math.max(0, untilMs - first);
              if (first <= untilMs && time <= untilMs) left.push(time - offset);
            });
          }
          expect(mostInASecond(left)).toBeLessThanOrEqual(rate);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('use the rate when they have the demand, one of them alone too', async () => {
    for (const processes of [1, 3]) {
      await client.flushall();
      serverMs = START;
      const left: number[] = [];
      for (let at = 0; at < 200; at++, serverMs += 10) {
        const { permits } = await lease(requestOf(50, 1), `${at % processes}`);
        for (const { fromMs } of permits) left.push(fromMs);
      }
      expect(mostInASecond(left)).toBeLessThanOrEqual(50);
      const inSecond = left.filter((time) => time >= START && time < START + 1_000);
      expect(inSecond.length).toBeGreaterThanOrEqual(0.95 * 50);
    }
  });
});

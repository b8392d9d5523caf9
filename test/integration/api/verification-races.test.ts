import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SmsClientOptions } from '../../../src/config/options.ts';
import { memoryLimits } from '../../../src/limits/memory-limits.ts';
import { API_KEY, numberOf, SUB_ACCOUNT_ID, testClient } from '../../support/client.ts';
import { until, useFakeTimeouts } from '../../support/drive.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { useInstantDigests } from '../../support/instant-digest.ts';
import { lostConnection, refusedConnection } from '../../support/respond-with.ts';

/** 8x8 says VERIFIED to every code of a verified session; no order of events may make that the proof of a wrong one. */

const destination = numberOf(1);
const STEP_MS = 10;

type Client = ReturnType<typeof testClient>;

/** How one request of a check fares on its way. */
interface Trip {
  /** Milliseconds until it is with 8x8, and from there until its answer is here. */
  readonly beforeMs?: number | undefined;
  readonly afterMs?: number | undefined;
  /**
   * `lost`: the answer does not come. `late`: the connection breaks, and 8x8 gets the request some seconds later all the
   * same. `refused`: it provably never left.
   */
  readonly fault?: 'lost' | 'late' | 'refused' | undefined;
}

const LATE_MS = 20_000;

function pause(ms: number): Promise<void> {
  return ms === 0 ? Promise.resolve() : new Promise((resolve) => void setTimeout(resolve, ms));
}

function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

/** Some clients with one limit store and one 8x8, and time that a test moves. */
async function setUp(options: SmsClientOptions = {}, count = 1) {
  const clock = createFakeClock();
  const limits = options.limits ?? memoryLimits({ clock });
  /** By code; of a request without one: by ''. */
  const trips = new Map<string, Trip>();
  const written: string[] = [];
  const { emulator } = testClient({}, { clock });
  const guards = { verificationAttempts: false, ...options.guards } as const;

  async function fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    const code = new URL(String(input)).searchParams.get('code') ?? '';
    written.push(code);
    const { beforeMs = 0, afterMs = 0, fault } = trips.get(code) ?? {};
    if (fault === 'refused') throw refusedConnection();
    if (fault === 'late') {
      void pause(LATE_MS).then(() => emulator.fetch(input, { ...init, signal: null }));
      throw lostConnection();
    }
    await pause(beforeMs);
    const answer = await emulator.fetch(input, { ...init, signal: null });
    await pause(afterMs);
    if (fault === 'lost') throw lostConnection();
    return answer;
  }

  const clients: Client[] = Array.from({ length: count }, () =>
    testClient({ ...options, guards, limits, clock, fetch }),
  );
  const [{ sms }] = clients as [Client];
  const { sessionId } = await sms.verifications.start({ destination, subject: 'login-7' });
  const right = emulator.verifications[0]?.code ?? '';
  const wrong = String((Number(right) + 1) % 10_000).padStart(4, '0');

  async function advance(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += STEP_MS) {
      clock.advance(STEP_MS);
      await vi.advanceTimersByTimeAsync(STEP_MS);
      await turn();
    }
  }

  async function settle<Value>(promise: Promise<Value>): Promise<Value> {
    let isSettled = false;
    const mark = () => {
      isSettled = true;
    };
    promise.then(mark, mark);
    while (!isSettled) await advance(STEP_MS);
    return promise;
  }

  /** `verified`, `wrong`, or why it was refused. */
  async function check(
    code: string,
    client: Client = clients[0] as Client,
    signal?: AbortSignal,
  ): Promise<string> {
    const given = { code, destination, subject: 'login-7' };
    try {
      const { verified } = await client.sms.verifications.check(sessionId, given, { signal });
      return verified ? 'verified' : 'wrong';
    } catch (error) {
      const { reason, submission } = error as { reason?: string; submission?: string };
      return submission === 'unknown' ? 'unknown' : (reason ?? String(error));
    }
  }

  /** Waits until 8x8 is asked about this code. */
  const isAsked = (code: string) => until(() => written.includes(code));

  return {
    clock,
    limits,
    emulator,
    trips,
    isAsked,
    clients,
    sms,
    sessionId,
    right,
    wrong,
    advance,
    settle,
    check,
  };
}

beforeEach(() => {
  useFakeTimeouts();
  useInstantDigests();
});
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
  vi.restoreAllMocks();
});

it('8x8 says VERIFIED to every code of a verified session', async () => {
  const { emulator, sessionId, right, wrong, settle, check } = await setUp();
  expect(await settle(check(right))).toBe('verified');
  const answer = await emulator.fetch(
    `https://verify.8x8.com/api/v2/subaccounts/${SUB_ACCOUNT_ID}/sessions/${sessionId}?code=${wrong}`,
    { headers: { authorization: `Bearer ${API_KEY}` } },
  );
  expect(await answer.json()).toMatchObject({ status: 'VERIFIED' });
});

describe('two checks at once', () => {
  it.each(Array.from({ length: 20 }, (_, at) => at * 5))(
    'a wrong code %i ms after the right one is never verified',
    async (delayMs) => {
      const { trips, right, wrong, advance, isAsked, settle, check } = await setUp({}, 2);
      trips.set(right, { beforeMs: 30, afterMs: 30 });
      const first = check(right);
      await isAsked(right);
      await advance(delayMs);
      const second = check(wrong);
      expect(await settle(Promise.all([first, second]))).toEqual(['verified', 'session-used']);
    },
  );

  it('a wrong code in front of it does not make the right one fail', async () => {
    const { trips, right, wrong, advance, isAsked, settle, check } = await setUp();
    trips.set(wrong, { beforeMs: 30, afterMs: 30 });
    const first = check(wrong);
    await isAsked(wrong);
    await advance(20);
    expect(await settle(Promise.all([first, check(right)]))).toEqual(['wrong', 'verified']);
  });

  it('a slow 8x8 makes the second wait for 10 s, and then say when to try again', async () => {
    const { trips, right, wrong, isAsked, settle, check } = await setUp({ timeoutMs: 60_000 });
    trips.set(wrong, { afterMs: 40_000 });
    const slow = check(wrong);
    await isAsked(wrong);
    expect(await settle(check(right))).toBe('session-busy');
    expect(await settle(slow)).toBe('wrong');
    expect(await settle(check(right))).toBe('verified');
  });

  it('a check that takes longer than its claim is given up, and leaves a doubt', async () => {
    const { trips, right, wrong, advance, isAsked, settle, check } = await setUp({ timeoutMs: 3_600_000 });
    trips.set(right, { afterMs: 3_600_000 });
    const slow = check(right);
    await isAsked(right);
    await advance(50_000);
    expect(await slow).toBe('unknown');
    expect(await settle(check(wrong))).toBe('session-busy');
    vi.clearAllTimers();
  });

  it('are in each other’s way in two clients of one store too', async () => {
    const { trips, clients, right, wrong, isAsked, settle, check } = await setUp({}, 2);
    trips.set(right, { beforeMs: 30, afterMs: 30 });
    const first = check(right, clients[0]);
    await isAsked(right);
    expect(await settle(Promise.all([first, check(wrong, clients[1]), check(right, clients[1])]))).toEqual([
      'verified',
      'session-used',
      'session-used',
    ]);
  });

  it('leave other sessions of the number alone: whoever knows only the number holds nobody up', async () => {
    const { sms, trips, right, isAsked, settle, check } = await setUp();
    trips.set('', { beforeMs: 5_000 });
    const strangers = Array.from({ length: 50 }, (_, at) =>
      sms.verifications.check(`made-up-${at}`, { code: '0000', destination }).catch(() => 'refused'),
    );
    await isAsked('');
    const owner = check(right);
    await isAsked(right);
    expect(await owner).toBe('verified');
    expect(new Set(await settle(Promise.all(strangers)))).toEqual(new Set(['refused']));
  });
});

describe('a right code whose answer was lost', () => {
  it('is verified when it is checked again; no other code is', async () => {
    const { trips, right, wrong, advance, settle, check } = await setUp();
    trips.set(right, { fault: 'lost' });
    expect(await settle(check(right))).toBe('unknown');
    trips.delete(right);
    expect(await settle(check(wrong))).toBe('session-busy');
    await advance(30_000);
    expect(await settle(check(wrong))).toBe('session-used');
    expect(await settle(check(right))).toBe('verified');
    expect(await settle(check(right))).toBe('session-used');
  });

  it('and that reaches 8x8 seconds later verifies no other code', async () => {
    const { trips, emulator, right, wrong, advance, settle, check } = await setUp();
    trips.set(right, { fault: 'late' });
    expect(await settle(check(right))).toBe('unknown');
    const answers: string[] = [];
    for (let turns = 0; turns < 5; turns += 1) {
      answers.push(await settle(check(wrong)));
      await advance(9_000);
    }
    expect(emulator.verifications[0]?.status).toBe('VERIFIED');
    expect(new Set(answers)).toEqual(new Set(['session-busy', 'session-used']));
  });

  it('by the caller, who went away: the same', async () => {
    const { trips, right, wrong, advance, isAsked, settle, check } = await setUp();
    trips.set(right, { beforeMs: 40, afterMs: 40 });
    const caller = new AbortController();
    const first = check(right, undefined, caller.signal);
    await isAsked(right);
    await advance(20);
    caller.abort();
    expect(await settle(Promise.all([first, check(wrong)]))).toEqual(['unknown', 'session-busy']);
    await advance(30_000);
    expect(await settle(check(wrong))).toBe('session-used');
    expect(await settle(check(right))).toBe('verified');
  });
});

it('a wrong code whose answer was lost keeps the right one waiting for half a minute', async () => {
  const { trips, right, wrong, advance, settle, check } = await setUp();
  trips.set(wrong, { fault: 'lost' });
  expect(await settle(check(wrong))).toBe('unknown');
  expect(await settle(check(right))).toBe('session-busy');
  await advance(20_000);
  // The rest is waited for.
  expect(await settle(check(right))).toBe('verified');
});

describe('the limit store', () => {
  it('full of used sessions refuses, and verifies no other code later', async () => {
    const limits = memoryLimits({ clock: createFakeClock(), maxEntries: 1 });
    const { sms, emulator, right, settle, check } = await setUp({ limits });
    expect(await settle(check(right))).toBe('verified');
    const other = numberOf(2);
    const { sessionId } = await sms.verifications.start({ destination: other });
    const code = emulator.verifications.at(-1)?.code ?? '';
    for (const tried of [code, 'XXXX', code]) {
      const error = await settle(
        sms.verifications
          .check(sessionId, { code: tried, destination: other })
          .catch((reason: unknown) => reason),
      );
      expect(error).toMatchObject({ code: 'limit', reason: 'capacity' });
    }
    expect(emulator.verifications.at(-1)).toMatchObject({ status: 'WAITING', attempt: 0 });
  });

  it('down while the right code is recorded refuses; then the same code counts, and no other', async () => {
    const { limits, trips, right, wrong, isAsked, settle, check } = await setUp();
    const { take } = limits;
    trips.set(right, { beforeMs: 30, afterMs: 30 });
    const first = check(right);
    await isAsked(right);
    limits.take = () => Promise.reject(new Error('down'));
    expect(await settle(first)).toBe('unknown');
    limits.take = take;
    expect(await settle(check(wrong))).toBe('session-busy');
    expect(await settle(check(right))).toBe('verified');
    expect(await settle(check(wrong))).toBe('session-used');
  });
});

describe('silent mobile authentication', () => {
  it('makes no code right', async () => {
    const { sms, emulator, trips, wrong, settle } = await setUp();
    trips.clear();
    const other = numberOf(3);
    const { sessionId, sma } = await sms.verifications.start({ destination: other, channel: 'sma' });
    const check = () => sms.verifications.check(sessionId, { code: wrong, destination: other });
    expect(await settle(check())).toMatchObject({ verified: false });
    await emulator.fetch(sma?.verificationUrl ?? '');
    expect(await settle(check().catch((error: unknown) => error))).toMatchObject({ reason: 'session-used' });
  });
});

describe('checks in any order', () => {
  const trip = fc.record({
    beforeMs: fc.integer({ min: 0, max: 8 }).map((steps) => steps * STEP_MS),
    afterMs: fc.integer({ min: 0, max: 8 }).map((steps) => steps * STEP_MS),
    fault: fc.constantFrom('lost', 'late', 'refused', undefined, undefined, undefined),
  });
  const plan = fc.record({
    code: fc.constantFrom('right', 'right', 'wrong', 'other'),
    client: fc.constantFrom(0, 1),
    startMs: fc.integer({ min: 0, max: 15 }).map((steps) => steps * STEP_MS),
    abortMs: fc.option(
      fc.integer({ min: 1, max: 12 }).map((steps) => steps * STEP_MS),
      { nil: undefined, freq: 4 },
    ),
  });

  it('verify the right code only, and once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(plan, { minLength: 2, maxLength: 5 }),
        fc.tuple(trip, trip, trip),
        async (plans, [ofRight, ofWrong, ofOther]) => {
          // With the wrong one below 8x8 has judged four: a fifth would end the session.
          fc.pre(plans.filter(({ code }) => code !== 'right').length <= 3);
          const { trips, clients, right, wrong, advance, settle, check } = await setUp({}, 2);
          const other = wrong.replace(/.$/, 'X');
          const codes = { right, wrong, other } as const;
          trips.set(right, ofRight).set(wrong, ofWrong).set(other, ofOther);
          const running = plans.map(async ({ code, client, startMs, abortMs }) => {
            const caller = new AbortController();
            await pause(startMs);
            const checking = check(codes[code], clients[client], caller.signal);
            if (abortMs !== undefined) void pause(abortMs).then(() => caller.abort());
            return { code, said: await checking };
          });
          const results = await settle(Promise.all(running));
          trips.clear();
          await advance(LATE_MS / 2);
          results.push({ code: 'wrong', said: await settle(check(wrong)) });
          results.push({ code: 'right', said: await settle(check(right)) });
          await advance(LATE_MS * 2);
          results.push({ code: 'other', said: await settle(check(other)) });
          results.push({ code: 'right', said: await settle(check(right)) });
          const verified = results.filter(({ said }) => said === 'verified');
          expect(verified.filter(({ code }) => code !== 'right')).toEqual([]);
          // The last check of the right code is through, unless it was before.
          expect(verified).toHaveLength(1);
          vi.clearAllTimers();
        },
      ),
      { numRuns: 40 },
    );
  });
});

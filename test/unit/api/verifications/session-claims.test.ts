import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createSessionBindings } from '../../../../src/api/verifications/session-bindings.ts';
import {
  type CheckOutcome,
  createSessionClaims,
  type SessionClaim,
} from '../../../../src/api/verifications/session-claims.ts';
import { createCalls } from '../../../../src/call.ts';
import { AbortedError, GuardError, LimitError, StoreError } from '../../../../src/errors.ts';
import type { SmsEvent } from '../../../../src/events.ts';
import type {
  LimitStore,
  RefusalReason,
  TakeRequest,
  TakeVerdict,
} from '../../../../src/limits/limit-store.ts';
import { createLimiter } from '../../../../src/limits/limiter.ts';
import { memoryLimits } from '../../../../src/limits/memory-limits.ts';
import { normalisePhone } from '../../../../src/phone/normalise-phone.ts';
import { createEmit } from '../../../../src/telemetry/create-emit.ts';
import { CANARY_NUMBER, expectNoCanary, shown } from '../../../support/canary.ts';
import { numberOf } from '../../../support/client.ts';
import { countingSignal } from '../../../support/counting-signal.ts';
import { drive, until, useFakeTimeouts } from '../../../support/drive.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';
import { useInstantDigests } from '../../../support/instant-digest.ts';
import { failureOf } from '../../../support/transport.ts';

const second = 1_000;
const hour = 3_600_000;

function phone() {
  const result = normalisePhone(numberOf(1), undefined);
  if (!result.ok) throw new Error(result.reason);
  return result.phone;
}

function setUp(maxEntries = 100) {
  const clock = createFakeClock();
  const memory = memoryLimits({ clock, maxEntries });
  const seen: unknown[] = [];
  /** The methods that fail, and how. */
  const broken: {
    take?: ((requests: readonly TakeRequest[]) => Promise<TakeVerdict[]> | undefined) | undefined;
    settle?: (() => Promise<never>) | undefined;
    release?: (() => Promise<never>) | undefined;
  } = {};
  const limits: LimitStore = {
    take: (scope, requests, options) => {
      seen.push(requests);
      return broken.take?.(requests) ?? memory.take(scope, requests, options);
    },
    settle: (scope, settlements) => {
      seen.push(settlements);
      return broken.settle?.() ?? memory.settle(scope, settlements);
    },
    inspect: (scope, rules) => memory.inspect(scope, rules),
    release: (scope, rules) => broken.release?.() ?? memory.release(scope, rules),
  };
  const events: SmsEvent[] = [];
  const emit = createEmit((event) => void events.push(event), clock.now);
  const limiter = createLimiter({ limits, scope: 'team', clock, emit });
  const config = { limiter };
  const claims = createSessionClaims(config);
  const bindings = createSessionBindings(config);
  const { run } = createCalls(undefined);
  const take = (code: string, sessionId = 'session', signal?: AbortSignal) =>
    run({ signal }, (call) => claims.take(sessionId, code, phone(), call));
  return {
    clock,
    events,
    seen,
    broken,
    take,
    isUsed: (sessionId: string) =>
      run({}, async (call) => (await bindings.find(sessionId, phone(), undefined, call)).isUsed),
    /** A whole check, with what 8x8 says of the code. */
    async check(code: string, outcome: CheckOutcome, sessionId?: string) {
      const claim = await take(code, sessionId);
      await claim.settle(outcome);
      return claim;
    },
    refusal: (code: string) => failureOf(drive(take(code))),
  };
}

const fails = () => Promise.reject(new Error(CANARY_NUMBER));
const hangs = () => new Promise<never>(() => {});

beforeEach(() => {
  useFakeTimeouts();
  useInstantDigests();
});
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('a claim of a session', () => {
  it('lets one check in at a time', async () => {
    const { take } = setUp();
    const first = await take('1111');
    const order: string[] = [];
    const second = take('2222').then((claim) => {
      order.push('second');
      return claim;
    });
    await vi.advanceTimersByTimeAsync(500);
    order.push('first is settled');
    await first.settle('wrong');
    await (await drive(second)).settle('wrong');
    expect(order).toEqual(['first is settled', 'second']);
  });

  it('keeps no other session waiting', async () => {
    const { take } = setUp();
    const claims: SessionClaim[] = [];
    for (const sessionId of ['a', 'b', 'c']) claims.push(await take('1111', sessionId));
    expect(claims).toHaveLength(3);
  });

  it('makes others wait for 10 s, and then says until when it lasts at most', async () => {
    const { take, refusal, clock } = setUp();
    const claim = await take('1111');
    clock.advance(15 * second);
    const error = await refusal('2222');
    expect(error).toBeInstanceOf(LimitError);
    expect(error).toMatchObject({
      guard: 'verification',
      reason: 'session-busy',
      retryAfterMs: 45 * second,
      submission: 'not-submitted',
      decision: { destination: '+65******01' },
    });
    expect((error as Error).message).toContain('Try again in 45 s.');
    await claim.settle('wrong');
  });

  it('can be waited for as long as the call lasts', async () => {
    const { take } = setUp();
    const claim = await take('1111');
    const caller = countingSignal();
    const timers = vi.getTimerCount();
    const waiting = failureOf(take('2222', 'session', caller.signal));
    await until(() => vi.getTimerCount() > timers);
    caller.abort();
    expect(await waiting).toBeInstanceOf(AbortedError);
    expect(caller.listeners).toBe(0);
    await claim.settle('wrong');
  });

  it('leaves 50 s for asking 8x8', async () => {
    const { take, clock } = setUp();
    const claim = await take('1111');
    expect(claim.remainingMs()).toBe(50 * second);
    clock.advance(50 * second);
    expect(claim.remainingMs()).toBe(0);
    await claim.settle('not-asked');
  });

  it('writes neither the session id nor the code into the store', async () => {
    const { check, seen } = setUp();
    await check('secret-code', 'right', 'secret-session');
    expect(seen).not.toHaveLength(0);
    expect(shown(seen)).not.toMatch(/secret/);
  });
});

describe('after a code that was', () => {
  it.each(['wrong', 'not-asked'] as const)('%s the session is as it was', async (outcome) => {
    const { check } = setUp();
    for (let turn = 0; turn < 15; turn += 1) {
      expect((await check(`111${turn}`, outcome)).isInDoubt).toBe(false);
    }
  });

  it('right, every code is refused for longer than a session is known', async () => {
    const { check, refusal, take, clock } = setUp();
    await check('1111', 'right');
    for (const code of ['1111', '2222']) {
      const error = await refusal(code);
      expect(error).toBeInstanceOf(GuardError);
      expect(error).toMatchObject({ reason: 'session-used', submission: 'not-submitted' });
    }
    clock.advance(3 * hour - 1);
    expect(await refusal('2222')).toMatchObject({ reason: 'session-used' });
    clock.advance(1);
    expect(await take('2222')).toBeDefined();
  });

  describe('lost', () => {
    it('the same code is checked again at once', async () => {
      const { check } = setUp();
      await check('1111', 'lost');
      expect((await check('1111', 'lost')).isInDoubt).toBe(false);
      expect((await check('1111', 'right')).isInDoubt).toBe(false);
    });

    it('another code waits 30 s, and then for what 8x8 says of the session', async () => {
      const { check, refusal, clock } = setUp();
      await check('1111', 'lost');
      clock.advance(second);
      expect(await refusal('2222')).toMatchObject({ reason: 'session-busy', retryAfterMs: 29 * second });
      clock.advance(29 * second);
      expect((await check('2222', 'not-asked')).isInDoubt).toBe(true);
    });

    it('another code waits inside its call when little is left', async () => {
      const { check, take, clock } = setUp();
      await check('1111', 'lost');
      clock.advance(29 * second);
      const timers = vi.getTimerCount();
      const waiting = take('2222');
      await until(() => vi.getTimerCount() > timers);
      clock.advance(second);
      const claim = await drive(waiting);
      expect(claim.isInDoubt).toBe(true);
      await claim.settle('wrong');
    });

    it('the time of the last loss counts', async () => {
      const { check, refusal, clock } = setUp();
      await check('1111', 'lost');
      clock.advance(29 * second);
      await check('1111', 'lost');
      clock.advance(second);
      expect(await refusal('2222')).toMatchObject({ retryAfterMs: 29 * second });
    });

    it('and then right, every code is refused', async () => {
      const { check, refusal } = setUp();
      await check('1111', 'lost');
      await check('1111', 'right');
      for (const code of ['1111', '2222'])
        expect(await refusal(code)).toMatchObject({ reason: 'session-used' });
    });

    it('and then wrong, the doubt is over', async () => {
      const { check } = setUp();
      await check('1111', 'lost');
      await check('1111', 'wrong');
      expect((await check('2222', 'not-asked')).isInDoubt).toBe(false);
    });

    it('a no to another code ends the doubt too', async () => {
      const { check, clock } = setUp();
      await check('1111', 'lost');
      clock.advance(30 * second);
      await check('2222', 'wrong');
      expect((await check('3333', 'not-asked')).isInDoubt).toBe(false);
    });

    it('for different codes, each of them is in doubt', async () => {
      const { check, clock } = setUp();
      for (const code of ['1111', '2222']) {
        await check(code, 'lost');
        clock.advance(30 * second);
      }
      for (const code of ['1111', '2222', '3333'])
        expect((await check(code, 'not-asked')).isInDoubt).toBe(true);
    });

    it('ten times, the session is given up', async () => {
      const { check, refusal } = setUp();
      for (let turn = 0; turn < 10; turn += 1) await check('1111', 'lost');
      const error = await refusal('1111');
      expect(error).toMatchObject({ code: 'guard', reason: 'session-in-doubt' });
      // Its claim is free.
      expect(await refusal('1111')).toMatchObject({ reason: 'session-in-doubt' });
    });
  });

  it.each([59 * second, 20 * 60 * second])(
    'left by a process that died, it is in doubt for all others (after %i ms more)',
    async (ms) => {
      const { take, check, clock, refusal } = setUp();
      await take('1111');
      clock.advance(second);
      expect(await refusal('1111')).toMatchObject({ reason: 'session-busy', retryAfterMs: 59 * second });
      clock.advance(ms);
      expect((await check('1111', 'not-asked')).isInDoubt).toBe(false);
      // A store that gave up waiting for the dead process counts its time from then on.
      clock.advance(30 * second);
      expect((await check('2222', 'not-asked')).isInDoubt).toBe(true);
    },
  );
});

describe('a right code', () => {
  /** The answer of the table of used sessions, whatever the others say. */
  function usedTableSays(
    reason: RefusalReason,
  ): (requests: readonly TakeRequest[]) => Promise<TakeVerdict[]> | undefined {
    return ([request]) => {
      const [rule] = request?.rules ?? [];
      if (rule?.id !== 'verification-used') return undefined;
      return Promise.resolve([{ granted: false, refusals: [{ rule, reason, observed: 1 }], observed: [] }]);
    };
  }

  it.each([
    ['done', 'session-used'],
    ['in-progress', 'session-used'],
    ['capacity', 'capacity'],
  ] as const)('does not count when the table of used sessions says %s', async (said, reason) => {
    const { take, check, broken, refusal } = setUp();
    const claim = await take('1111');
    broken.take = usedTableSays(said);
    expect(await failureOf(claim.settle('right'))).toMatchObject({ guard: 'verification', reason });
    broken.take = undefined;
    // 8x8 has verified the session: only this code may be checked again.
    expect(await refusal('2222')).toMatchObject({ reason: 'session-busy' });
    expect((await check('1111', 'right')).isInDoubt).toBe(false);
  });

  it('does not count when it is known after the end of the claim', async () => {
    const { take, clock } = setUp();
    const claim = await take('1111');
    clock.advance(60 * second);
    expect(await failureOf(claim.settle('right'))).toMatchObject({ code: 'store', submission: 'unknown' });
  });

  it('is recorded also after the call has ended', async () => {
    const { take, isUsed } = setUp();
    const caller = new AbortController();
    const claim = await take('1111', 'session', caller.signal);
    caller.abort();
    await claim.settle('right');
    expect(await isUsed('session')).toBe(true);
  });
});

describe('a full store', () => {
  it('refuses before 8x8 is asked, and holds no claim', async () => {
    const { check, refusal } = setUp(2);
    await check('1111', 'right', 'a');
    await check('1111', 'right', 'b');
    for (let turn = 0; turn < 2; turn += 1) {
      const error = await refusal('1111');
      expect(error).toBeInstanceOf(LimitError);
      expect(error).toMatchObject({ guard: 'verification', reason: 'capacity', submission: 'not-submitted' });
      // The wait that the store names: an entry expires by then.
      expect((error as LimitError).retryAfterMs).toBe(60_000);
    }
  });

  it('refuses claims as well', async () => {
    const { take, refusal } = setUp(2);
    await take('1111', 'a');
    await take('1111', 'b');
    expect(await refusal('1111')).toMatchObject({ reason: 'capacity' });
  });
});

describe('a store that fails', () => {
  it('at the first question refuses', async () => {
    const { refusal, broken, take } = setUp();
    broken.take = fails;
    const error = await refusal('1111');
    expect(error).toBeInstanceOf(StoreError);
    expect(error).toMatchObject({
      submission: 'not-submitted',
      message: expect.stringContaining('the code was not checked, and nothing was sent'),
    });
    expectNoCanary(error);
    broken.take = undefined;
    expect(await take('1111')).toBeDefined();
  });

  it('at the second question refuses, and holds no claim', async () => {
    const { refusal, broken, take, seen } = setUp();
    broken.take = () => (seen.length < 2 ? undefined : fails());
    expect(await refusal('1111')).toBeInstanceOf(StoreError);
    broken.take = undefined;
    expect(await take('1111')).toBeDefined();
  });

  it.each([
    ['fails', fails],
    ['hangs', hangs],
  ])('and %s while a right code is recorded is a refusal', async (_, how) => {
    const { take, check, broken, events, refusal, clock } = setUp();
    const claim = await take('1111');
    broken.take = how;
    const error = await failureOf(drive(claim.settle('right')));
    expect(error).toBeInstanceOf(StoreError);
    expect(error).toMatchObject({ submission: 'unknown' });
    expectNoCanary([error, events]);
    expect(events).toMatchObject([{ type: 'store-failed', store: 'limits' }]);
    broken.take = undefined;
    // No other code profits, and the same code counts when it is checked again.
    expect(await refusal('2222')).toMatchObject({ reason: 'session-busy' });
    clock.advance(30 * second);
    expect((await check('2222', 'not-asked')).isInDoubt).toBe(true);
    expect((await check('1111', 'right')).isInDoubt).toBe(false);
  });

  it.each([
    ['fails', fails],
    ['hangs', hangs],
  ])('and %s after a right code was taken down changes nothing', async (_, how) => {
    const { take, broken, isUsed } = setUp();
    const claim = await take('1111');
    broken.settle = how;
    await drive(claim.settle('right'));
    broken.settle = undefined;
    expect(await isUsed('session')).toBe(true);
  });

  it('while a wrong code is recorded leaves a doubt', async () => {
    const { take, check, broken } = setUp();
    const claim = await take('1111');
    broken.settle = () => {
      broken.settle = undefined;
      return fails();
    };
    await claim.settle('wrong');
    expect((await check('2222', 'wrong')).isInDoubt).toBe(true);
    expect((await check('3333', 'wrong')).isInDoubt).toBe(false);
  });

  it('while a lost answer is recorded leaves the claim to run out', async () => {
    const { take, check, broken, refusal, clock } = setUp();
    const claim = await take('1111');
    broken.settle = () => {
      broken.settle = undefined;
      return fails();
    };
    await claim.settle('lost');
    expect(await refusal('2222')).toMatchObject({ reason: 'session-busy', retryAfterMs: 60 * second });
    clock.advance(60 * second);
    expect((await check('2222', 'not-asked')).isInDoubt).toBe(true);
  });

  it('when the doubt is over leaves the doubt', async () => {
    const { check, broken, events, clock } = setUp();
    await check('1111', 'lost');
    broken.release = fails;
    await check('1111', 'wrong');
    expect(events).toMatchObject([{ type: 'store-failed' }]);
    clock.advance(30 * second);
    expect((await check('2222', 'not-asked')).isInDoubt).toBe(true);
  });
});

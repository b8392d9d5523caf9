import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createSessionBindings } from '../../../../src/api/verifications/session-bindings.ts';
import { createCalls } from '../../../../src/call.ts';
import { AbortedError, StoreError } from '../../../../src/errors.ts';
import type { SmsEvent } from '../../../../src/events.ts';
import type { LimitStore, TakeRequest } from '../../../../src/limits/limit-store.ts';
import { createLimiter } from '../../../../src/limits/limiter.ts';
import { memoryLimits } from '../../../../src/limits/memory-limits.ts';
import { normalisePhone, type Phone } from '../../../../src/phone/normalise-phone.ts';
import { createEmit } from '../../../../src/telemetry/create-emit.ts';
import { shown } from '../../../support/canary.ts';
import { numberOf } from '../../../support/client.ts';
import { drive, useFakeTimeouts } from '../../../support/drive.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';
import { failureOf } from '../../../support/transport.ts';

const minute = 60_000;

function phoneOf(index: number): Phone {
  const result = normalisePhone(numberOf(index), undefined);
  if (!result.ok) throw new Error(result.reason);
  return result.phone;
}

function setUp(change: (limits: LimitStore) => Partial<LimitStore> = () => ({})) {
  const clock = createFakeClock();
  const memory = memoryLimits({ clock, maxEntries: 2 });
  const seen: unknown[] = [];
  const limits: LimitStore = {
    take: (scope, requests, options) => {
      seen.push(requests);
      return memory.take(scope, requests, options);
    },
    settle: (scope, settlements) => memory.settle(scope, settlements),
    inspect: (scope, rules) => memory.inspect(scope, rules),
    release: (scope, rules) => memory.release(scope, rules),
    ...change(memory),
  };
  const events: SmsEvent[] = [];
  const emit = createEmit((event) => void events.push(event), clock.now);
  const limiter = createLimiter({ limits, scope: 'team', clock, emit });
  const bindings = createSessionBindings({ limiter });
  const { run } = createCalls(undefined);
  return {
    clock,
    events,
    seen,
    bind: (sessionId: string, phone: Phone, subject?: string, validityMs = minute, signal?: AbortSignal) =>
      run({ signal }, (call) =>
        bindings.bind({ sessionId, phone, subject, validityMs, isSilent: false }, call),
      ),
    bindSilent: (sessionId: string, phone: Phone) =>
      run({}, (call) =>
        bindings.bind({ sessionId, phone, subject: undefined, validityMs: minute, isSilent: true }, call),
      ),
    find: (sessionId: string, phone: Phone, subject?: string, signal?: AbortSignal) =>
      run({ signal }, async (call) => (await bindings.find(sessionId, phone, subject, call)).owner),
    isSilent: (sessionId: string) =>
      run({}, async (call) => (await bindings.find(sessionId, phoneOf(1), undefined, call)).isSilent),
  };
}

beforeEach(useFakeTimeouts);
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe('session bindings', () => {
  it('know the session, its number and its subject, for its time and five minutes', async () => {
    const { bind, find, clock } = setUp();
    expect(await find('a', phoneOf(1))).toBe('unknown');
    await bind('a', phoneOf(1), 'subject');
    expect(await find('a', phoneOf(1), 'subject')).toBe('this');
    expect(await find('a', phoneOf(1))).toBe('other');
    expect(await find('a', phoneOf(2), 'subject')).toBe('other');
    expect(await find('b', phoneOf(1), 'subject')).toBe('unknown');
    clock.advance(6 * minute - 1);
    expect(await find('a', phoneOf(1), 'subject')).toBe('this');
    clock.advance(1);
    expect(await find('a', phoneOf(1), 'subject')).toBe('unknown');
  });

  it('last no longer than the longest session of 8x8', async () => {
    const { bind, find, clock } = setUp();
    await bind('a', phoneOf(1), undefined, 1e12);
    clock.advance(125 * minute - 1);
    expect(await find('a', phoneOf(1))).toBe('this');
    clock.advance(1);
    expect(await find('a', phoneOf(1))).toBe('unknown');
  });

  it('cannot be made to look alike by where the parts are cut', async () => {
    const { bind, find } = setUp();
    await bind('a', phoneOf(1), `${phoneOf(2).key}`);
    expect(await find(`a${phoneOf(1).key}`, phoneOf(2))).toBe('unknown');
    expect(await find('a', phoneOf(1), '')).toBe('other');
  });

  it('remember a session that needs no code, also after a start of another channel', async () => {
    const { bind, bindSilent, isSilent, find } = setUp();
    await bindSilent('a', phoneOf(1));
    await bindSilent('a', phoneOf(1));
    expect([await isSilent('a'), await find('a', phoneOf(1))]).toEqual([true, 'this']);
    await bind('a', phoneOf(1));
    await bind('b', phoneOf(1));
    expect([await isSilent('a'), await isSilent('b')]).toEqual([true, false]);
  });

  it('write neither session id nor number nor subject into the records of the session', async () => {
    const { bind, seen } = setUp();
    await bind('secret-session', phoneOf(1), 'account-7');
    // Whether the visitor is known is asked like every limit of a number: the store turns it into a hash.
    const rules = (seen as TakeRequest[][]).flatMap(([request]) => request?.rules ?? []);
    const written = shown(rules.filter(({ guard }) => guard !== 'backoff'));
    expect(rules).toHaveLength(5);
    for (const secret of ['secret-session', '91000001', 'account-7']) expect(written).not.toContain(secret);
  });

  it('looking writes nothing: two who look at once see the same', async () => {
    const { find } = setUp();
    const both = await Promise.all([find('a', phoneOf(1)), find('a', phoneOf(1))]);
    expect(both).toEqual(['unknown', 'unknown']);
  });

  it('are not made when the store is full, and the session stays unknown', async () => {
    const { bind, find } = setUp();
    for (const id of ['a', 'b', 'c']) await bind(id, phoneOf(1));
    expect(await find('b', phoneOf(1))).toBe('this');
    expect(await find('c', phoneOf(1))).toBe('unknown');
  });

  it('throw when the store is full and the session needs no code', async () => {
    const { bindSilent } = setUp();
    for (const id of ['a', 'b']) await bindSilent(id, phoneOf(1));
    const error = await failureOf(bindSilent('c', phoneOf(1)));
    expect(error).toBeInstanceOf(StoreError);
    expect(error).toMatchObject({ submission: 'unknown', message: expect.stringContaining('no room') });
  });

  it('both hold for two visitors who start at once', async () => {
    let released = 0;
    let open = () => {};
    const both = new Promise<void>((resolve) => (open = resolve));
    const { bind, find } = setUp((memory) => ({
      async release(scope, rules) {
        await memory.release(scope, rules);
        released += 1;
        if (released === 2) open();
        await both;
      },
    }));
    await Promise.all(['x', 'y'].map((subject) => bind('a', phoneOf(1), subject)));
    for (const subject of ['x', 'y']) expect(await find('a', phoneOf(1), subject)).toBe('this');
  });

  it.each(['release', 'take'] as const)(
    'a store whose %s fails is told of, and nothing is thrown',
    async (name) => {
      const { bind, events } = setUp(() => ({ [name]: () => Promise.reject(new Error('broken')) }));
      await bind('a', phoneOf(1));
      expect(events).toMatchObject([{ type: 'store-failed', store: 'limits' }]);
    },
  );

  it('a visitor who could not be recorded is not bound, and the session is not shared in secret', async () => {
    let failsOnce = false;
    const { bind, find } = setUp((memory) => ({
      take(scope, requests, options) {
        if (failsOnce && requests[0]?.rules[0]?.id === 'verification-visitors') {
          failsOnce = false;
          return Promise.reject(new Error('broken'));
        }
        return memory.take(scope, requests, options);
      },
    }));
    await bind('a', phoneOf(1), 'owner');
    failsOnce = true;
    await bind('a', phoneOf(1), 'stranger');
    expect(await find('a', phoneOf(1), 'stranger')).not.toBe('this');
  });

  it('a store that hangs holds nobody for ever', async () => {
    const hangs = () => new Promise<never>(() => {});
    const { bind, find, events } = setUp(() => ({ release: hangs, inspect: hangs }));
    await drive(bind('a', phoneOf(1)));
    expect(await drive(failureOf(find('a', phoneOf(1))))).toBeInstanceOf(StoreError);
    expect(events).toHaveLength(2);
  });

  it('end with their call', async () => {
    const hangs = () => new Promise<never>(() => {});
    const { bind, find, events } = setUp(() => ({ release: hangs, inspect: hangs }));
    const controller = new AbortController();
    const both = [
      bind('a', phoneOf(1), undefined, minute, controller.signal),
      failureOf(find('a', phoneOf(1), undefined, controller.signal)),
    ];
    setImmediate(() => controller.abort());
    expect(await Promise.all(both)).toEqual([undefined, expect.any(AbortedError)]);
    expect(events).toEqual([]);
  });
});

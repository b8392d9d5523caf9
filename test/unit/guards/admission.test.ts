import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createCalls } from '../../../src/call.ts';
import type {
  LimitRule,
  LimitStore,
  Settlement,
  TakeRequest,
  TakeVerdict,
} from '../../../src/limits/limit-store.ts';
import { createLimiter } from '../../../src/limits/limiter.ts';
import { memoryLimits } from '../../../src/limits/memory-limits.ts';
import { createAdmission } from '../../../src/sending/admission.ts';
import { createEmit } from '../../../src/telemetry/create-emit.ts';
import { CANARY_NUMBER, expectNoCanary } from '../../support/canary.ts';
import { numberOf, testClient } from '../../support/client.ts';
import { countingSignal } from '../../support/counting-signal.ts';
import { drive, until, useFakeTimeouts } from '../../support/drive.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { messageOf } from '../../support/outgoing-message.ts';
import { failureOf } from '../../support/transport.ts';

const hangs = () => new Promise<never>(() => {});
const message = { destination: numberOf(1), text: 'Hello' };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

/** A store that grants everything and remembers what it was told, with some methods replaced. */
function storeWith(methods: Partial<LimitStore> = {}) {
  const settled: Settlement[] = [];
  const taken: TakeRequest[] = [];
  const limits: LimitStore = {
    async take(_, requests) {
      taken.push(...requests);
      return requests.map((): TakeVerdict => ({ granted: true, observed: [] }));
    },
    async settle(_, settlements) {
      settled.push(...settlements);
    },
    inspect: async () => [],
    release: async () => {},
    ...methods,
  };
  return { limits, settled, taken };
}

describe('a store that cannot answer', () => {
  const answers: [string, () => unknown][] = [
    ['rejects', async () => Promise.reject(new Error(`redis://secret@host ${CANARY_NUMBER}`))],
    [
      'throws',
      () => {
        throw new Error(`redis://secret@host ${CANARY_NUMBER}`);
      },
    ],
    ['answers nothing', async () => undefined],
    ['answers no promise', () => undefined],
    ['answers no verdict', async () => []],
    [
      'answers a verdict too many',
      async () => [
        { granted: true, observed: [] },
        { granted: true, observed: [] },
      ],
    ],
    ['answers something else', async () => ['ok']],
    ['answers null', async () => [null]],
    ['answers a yes that is none', async () => [{ granted: 'yes', observed: [] }]],
    ['answers without observed', async () => [{ granted: true }]],
    ['refuses without saying why', async () => [{ granted: false, refusals: [], observed: [] }]],
    ['refuses with what is no list', async () => [{ granted: false, observed: [] }]],
    ['refuses with what is no violation', async () => [{ granted: false, refusals: [{}], observed: [] }]],
    ['observes nothing that is a violation', async () => [{ granted: true, observed: [null] }]],
  ];

  it.each(answers)('%s: nothing goes out, and the error says no more than that', async (_, take) => {
    const { limits } = storeWith({ take: take as LimitStore['take'] });
    const { sms, emulator, of } = testClient({ limits });
    const error = await failureOf(sms.messages.send({ ...message, destination: CANARY_NUMBER }));
    expect(error).toMatchObject({ code: 'store', submission: 'not-submitted' });
    expectNoCanary(error);
    expect(String(error)).not.toContain('secret');
    expect(of('store-failed')).toMatchObject([{ store: 'limits' }]);
    expect(of('message-failed')).toMatchObject([{ errorCode: 'store', submission: 'not-submitted' }]);
    expect(emulator.requests).toHaveLength(0);
  });

  it('fails every message of a batch that it was asked about, and only those', async () => {
    const { limits } = storeWith({ take: async () => Promise.reject(new Error('x')) });
    const { sms } = testClient({ limits });
    const { results } = await sms.messages.sendBatch({
      destinations: [numberOf(1), 'nonsense', numberOf(2)],
      template: { text: 'Hello' },
    });
    expect(results.map((result) => result.status !== 'accepted' && result.error.code)).toEqual([
      'store',
      'invalid-phone-number',
      'store',
    ]);
  });

  it('hangs: the call can be ended, and what is granted too late is given back', async () => {
    let answer: (verdicts: readonly TakeVerdict[]) => void = () => {};
    const { limits, settled } = storeWith({ take: () => new Promise((resolve) => (answer = resolve)) });
    const { sms, emulator, of } = testClient({ limits });
    const caller = countingSignal();
    const failed = failureOf(sms.messages.send(message, { signal: caller.signal }));
    await vi.advanceTimersByTimeAsync(5);
    caller.abort();
    expect(await failed).toMatchObject({ code: 'aborted', submission: 'not-submitted' });
    expect(of('store-failed')).toEqual([]);
    answer([{ granted: true, observed: [] }]);
    await vi.advanceTimersByTimeAsync(0);
    expect(settled).toMatchObject([{ outcome: 'return' }]);
    expect(emulator.requests).toHaveLength(0);
    expect(caller.listeners).toBe(0);
  });

  it('hangs and nobody ends the call: refused after 5 s, and what is granted later is given back', async () => {
    let answer: (verdicts: readonly TakeVerdict[]) => void = () => {};
    const { limits, settled } = storeWith({ take: () => new Promise((resolve) => (answer = resolve)) });
    const { sms, emulator, of } = testClient({ limits });
    const failed = failureOf(sms.messages.send(message));
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await failed).toMatchObject({ code: 'store', submission: 'not-submitted' });
    expect(of('store-failed')).toHaveLength(1);
    answer([{ granted: true, observed: [] }]);
    await vi.advanceTimersByTimeAsync(0);
    expect(settled).toMatchObject([{ outcome: 'return' }]);
    expect(emulator.requests).toHaveLength(0);
  });

  it('hangs, and then answers nonsense or fails: nobody is disturbed', async () => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    for (const late of [() => undefined, () => ['x'], () => Promise.reject(new Error('late'))]) {
      let answer: (verdicts: never) => void = () => {};
      const { limits, settled } = storeWith({ take: () => new Promise((resolve) => (answer = resolve)) });
      const failed = failureOf(testClient({ limits }).sms.messages.send(message, { deadlineMs: 10 }));
      await vi.advanceTimersByTimeAsync(10);
      expect(await failed).toMatchObject({ code: 'timeout', submission: 'not-submitted' });
      answer(late() as never);
      await vi.advanceTimersByTimeAsync(0);
      expect(settled).toEqual([]);
    }
    vi.useRealTimers();
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
    vi.useFakeTimers();
  });
});

describe('settling', () => {
  it('keeps what may have left and gives back what did not', async () => {
    const { limits, settled, taken } = storeWith();
    const { sms, emulator } = testClient({ limits });
    for (const [fault, outcome] of [
      [undefined, 'keep'],
      ['lost-response', 'keep'],
      ['500', 'keep'],
      ['empty', 'keep'],
      ['refused', 'return'],
      ['dns', 'return'],
      ['429', 'return'],
      ['reject', 'return'],
    ] as const) {
      settled.length = 0;
      taken.length = 0;
      if (fault !== undefined) emulator.failNext(fault);
      const sent = sms.messages.send(message).catch(() => {});
      // After a 429 the next one waits its second.
      await vi.runAllTimersAsync();
      await sent;
      expect(settled, fault).toMatchObject([
        { outcome, reservation: taken[0]?.reservation, rules: taken[0]?.rules },
      ]);
    }
  });

  it('a store that fails to settle does not change what happened', async () => {
    const settle = async () => Promise.reject(new Error('x'));
    const { sms, of } = testClient({ limits: storeWith({ settle }).limits });
    await expect(sms.messages.send(message)).resolves.toMatchObject({ status: 'accepted' });
    expect(of('store-failed')).toHaveLength(1);
    expect(of('message-sent')).toHaveLength(1);
  });

  it('a store that hangs while it settles does not keep the result', async () => {
    const { sms, of } = testClient({ limits: storeWith({ settle: hangs }).limits });
    const sent = sms.messages.send(message);
    await vi.advanceTimersByTimeAsync(2_000);
    await expect(sent).resolves.toMatchObject({ status: 'accepted' });
    expect(of('store-failed')).toHaveLength(1);
  });

  it('a store that hangs while it gives an idempotency record back does not keep the call', async () => {
    vi.useRealTimers();
    useFakeTimeouts();
    let settles = 0;
    const settle = (): Promise<void> => {
      settles += 1;
      return hangs();
    };
    const { sms, of } = testClient({ limits: storeWith({ settle }).limits });
    const caller = countingSignal();
    const refused = { ...message, text: '{{name}}', idempotencyKey: 'order-7' };
    const ended = failureOf(sms.messages.send(refused, { signal: caller.signal }));
    await until(() => settles === 1);
    caller.abort();
    expect(await ended).toMatchObject({ code: 'aborted', submission: 'not-submitted' });
    expect(caller.listeners).toBe(0);
    const waits = await drive(failureOf(sms.messages.send(refused)));
    expect(waits).toMatchObject({ reason: 'unresolved-placeholder' });
    expect(of('store-failed')).toHaveLength(2);
  });

  it('a call that ends meanwhile keeps what is known of an earlier message', async () => {
    vi.useRealTimers();
    useFakeTimeouts();
    const clock = createFakeClock();
    const limits = memoryLimits({ clock });
    const { sms } = testClient({ limits, clock });
    const sent = await sms.messages.send({ ...message, text: 'once', idempotencyKey: 'order-7' });
    const strict = sms.withOptions({ guards: { consent: { check: () => false } } });
    let isSettling = false;
    limits.settle = () => {
      isSettling = true;
      return hangs();
    };
    const caller = countingSignal();
    const batch = strict.messages.sendBatch(
      {
        messages: [
          { ...message, text: 'once', idempotencyKey: 'order-7' },
          { ...message, idempotencyKey: 'order-8' },
        ],
      },
      { signal: caller.signal },
    );
    await until(() => isSettling);
    caller.abort();
    const { results } = await drive(batch);
    expect(results).toMatchObject([
      { status: 'accepted', umid: sent.umid, repeated: true },
      { status: 'blocked', error: { code: 'consent', submission: 'not-submitted' } },
    ]);
    expect(caller.listeners).toBe(0);
    // The store is given up a little later.
    await vi.advanceTimersByTimeAsync(2_000);
  });

  it('says how long after the take the first write was, by the clock of the limits', async () => {
    const clock = createFakeClock();
    const { limits, settled } = storeWith();
    const { sms } = testClient({
      limits,
      clock,
      apiKey: () => {
        clock.advance(750);
        return 'test-key-51d0a9';
      },
    });
    await sms.messages.send(message);
    expect(settled).toMatchObject([{ outcome: 'keep', delayMs: 750 }]);
  });

  it('never asks the store about a message that nothing counts', async () => {
    const { limits, taken, settled } = storeWith();
    const guards = { recipient: false, backoff: false, undeliverable: false } as const;
    const { sms, of } = testClient({ limits, guards });
    await sms.messages.send({ ...message, purpose: 'otp' });
    expect([taken, settled]).toEqual([[], []]);
    expect(of('message-admitted')).toHaveLength(1);
    await sms.messages.sendBatch({ messages: [message, { ...message, idempotencyKey: 'k' }, message] });
    expect(taken).toHaveLength(1);
    expect(settled).toHaveLength(1);
  });
});

describe('all or nothing', () => {
  const guards = {
    recipient: { limit: 1, windowMs: 60_000 },
    prefix: { ranges: [{ removedDigits: 2, limit: 1, windowMs: 60_000 }] },
  } as const;

  it('a message that one rule refuses leaves nothing at the others', async () => {
    const { sms } = testClient({ guards });
    await sms.messages.send({ ...message, destination: '+6591000101' });
    expect(await failureOf(sms.messages.send({ ...message, destination: '+6591000102' }))).toMatchObject({
      guard: 'prefix',
    });
    const { counters } = await sms.guards.inspect('+6591000102', { guard: 'recipient' });
    expect(counters).toMatchObject([{ rule: 'recipient:all', count: 0 }]);
  });

  it('reports the refusing rule that lasts longest, with its exact time', async () => {
    const clock = createFakeClock();
    const { sms } = testClient({
      clock,
      guards: {
        recipient: [
          { limit: 1, windowMs: 10_000 },
          { limit: 2, windowMs: 60_000 },
        ],
        backoff: { baseMs: 1_000, maxMs: 1_000 },
      },
    });
    const otp = { ...message, purpose: 'otp' } as const;
    await sms.messages.send(otp);
    const first = (await failureOf(sms.messages.send(otp))) as { retryAfterMs: number };
    expect(first).toMatchObject({
      code: 'limit',
      decision: { rule: 'recipient:all', limit: 1, observed: 1 },
    });
    clock.advance(first.retryAfterMs - 1);
    await expect(sms.messages.send(otp)).rejects.toMatchObject({ retryAfterMs: 1 });
    clock.advance(1);
    await sms.messages.send(otp);
    const second = (await failureOf(sms.messages.send(otp))) as { retryAfterMs: number };
    expect(second).toMatchObject({ decision: { rule: 'recipient:all:2' } });
    clock.advance(second.retryAfterMs);
    await expect(sms.messages.send(otp)).resolves.toBeDefined();
  });

  it('without a time that helps none is told', async () => {
    const { limits } = storeWith({
      take: async (_, requests) =>
        requests.map(({ rules: [window, backoff] }) => ({
          granted: false,
          observed: [],
          refusals: [
            { rule: window as LimitRule, reason: 'over-limit', observed: 1, retryAfterMs: 5 },
            { rule: backoff as LimitRule, reason: 'capacity', observed: 1 },
            { rule: window as LimitRule, reason: 'over-limit', observed: 1, retryAfterMs: 7 },
          ],
        })),
    });
    const { sms } = testClient({ limits });
    const error = await failureOf(sms.messages.send({ ...message, purpose: 'otp' }));
    expect(error).toMatchObject({ code: 'limit', reason: 'capacity', guard: 'backoff' });
    expect(error).not.toHaveProperty('retryAfterMs');
    expect((error as Error).message).toMatch(/is full: every entry for/);
  });
});

describe('one pass for a batch', () => {
  it('is one take and one settle, in the order of the input', async () => {
    const limits = memoryLimits();
    const take = vi.spyOn(limits, 'take');
    const settle = vi.spyOn(limits, 'settle');
    const { sms } = testClient({ limits });
    await sms.messages.sendBatch({
      destinations: Array.from({ length: 500 }, (_, index) => numberOf(index)),
      template: { text: 'Hello' },
    });
    expect(take).toHaveBeenCalledOnce();
    expect(settle).toHaveBeenCalledOnce();
    expect(take.mock.calls[0]?.[1]).toHaveLength(500);
    const ids = take.mock.calls[0]?.[1].map(({ reservation }) => reservation);
    expect(new Set(ids).size).toBe(500);
  });
});

it('a fault of our own in a rule is not dressed up as a refusal', async () => {
  const fault = new TypeError('a bug');
  const { limits } = storeWith();
  const clock = createFakeClock();
  const emit = createEmit(undefined, () => 0);
  const admission = createAdmission({
    guards: [
      {
        name: 'recipient',
        mode: 'enforce',
        rules() {
          throw fault;
        },
      },
    ],
    limiter: createLimiter({ limits, scope: 'team', clock, emit }),
    clock,
    emit,
  });
  const admitted = createCalls(undefined).run({}, (call) => admission.admit([messageOf()], call));
  expect(await failureOf(admitted)).toBe(fault);
});

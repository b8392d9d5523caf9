import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Call } from '../../../src/call.ts';
import { createCalls } from '../../../src/call.ts';
import { AbortedError, StoreError } from '../../../src/errors.ts';
import { type UndeliverableGuardOptions, undeliverableSettings } from '../../../src/guards/undeliverable.ts';
import type { LimitStore } from '../../../src/limits/limit-store.ts';
import { createLimiter } from '../../../src/limits/limiter.ts';
import { memoryLimits } from '../../../src/limits/memory-limits.ts';
import { createApplyReceipt } from '../../../src/webhooks/apply-receipt.ts';
import type { DeliveryReceipt } from '../../../src/webhooks/webhook-event.ts';
import { CANARY_NUMBER, expectNoCanary } from '../../support/canary.ts';
import { drive, useFakeTimeouts } from '../../support/drive.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { failureOf } from '../../support/transport.ts';

const DAY_MS = 86_400_000;
const NUMBER = '+6591234567';
const rule = undeliverableSettings({}).ruleOf(6591234567);

beforeEach(useFakeTimeouts);
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

function receiptOf(state: string, errorCode?: number, more: Partial<DeliveryReceipt> = {}): DeliveryReceipt {
  return {
    type: 'delivery-receipt',
    umid: 'umid-1',
    subAccountId: 'team_otp',
    destination: NUMBER,
    status: { state, ...(errorCode !== undefined && { errorCode }) },
    raw: {},
    ...more,
  };
}

/** Events and contexts. The third argument is the person, for the audit log. */
const told = (emit: { readonly mock: { readonly calls: readonly (readonly unknown[])[] } }) =>
  emit.mock.calls.map(([event, context]) => [event, context]);

function start(
  undeliverable: false | UndeliverableGuardOptions = {},
  replaced: Partial<LimitStore> = {},
  maxEntries?: number,
) {
  const clock = createFakeClock();
  const memory = memoryLimits({ clock, maxEntries });
  const calls: string[] = [];
  const method = <Name extends 'take' | 'settle' | 'inspect' | 'release'>(name: Name): LimitStore[Name] => {
    const own = (replaced[name] ?? memory[name].bind(memory)) as (...values: unknown[]) => unknown;
    return ((...values: unknown[]) => {
      calls.push(name);
      return own(...values);
    }) as LimitStore[Name];
  };
  const limits: LimitStore = {
    take: method('take'),
    settle: method('settle'),
    inspect: method('inspect'),
    release: method('release'),
  };
  const emit = vi.fn();
  const learn = vi.fn();
  const scope = 'team';
  const limiter = createLimiter({ limits, scope, clock, emit });
  const apply = createApplyReceipt({
    undeliverable,
    priceCache: { learn },
    outcomeCache: { recordReceipt: () => {} },
    reportPumpingOutcome: async () => {},
    limiter,
    clock,
    emit,
  });
  const run = (receipt: DeliveryReceipt, signal?: AbortSignal) =>
    createCalls(undefined).run({ signal, context: 'c' }, (call: Call) => apply(receipt, call));
  return {
    clock,
    emit,
    learn,
    calls,
    run,
    left: async () => (await memory.inspect(scope, [rule]))[0]?.retryAfterMs,
  };
}

describe('a receipt that says that 8x8 stopped the message as fraud', () => {
  it.each(['undelivered', 'rejected', 'failed', 'something new'])(
    'is reported when it is %s',
    async (state) => {
      const { run, emit, calls } = start();
      await run(receiptOf(state, 99));
      expect(told(emit)).toEqual([
        [{ type: 'fraud-reported', destination: '+65******67', country: 'SG', errorCode: 99 }, 'c'],
      ]);
      expect(calls).toEqual([]);
    },
  );

  it('is reported with the guard switched off, and for a number that cannot be parsed', async () => {
    const { run, emit } = start(false);
    await run({ ...receiptOf('rejected', 99), destination: '65 9123 4567 8901 2345' });
    expect(told(emit)).toEqual([
      [{ type: 'fraud-reported', destination: '***************45', errorCode: 99 }, 'c'],
    ]);
  });

  it('is not reported when the message was delivered', async () => {
    const { run, emit } = start();
    await run(receiptOf('delivered', 99));
    expect(emit).not.toHaveBeenCalled();
  });
});

describe('a receipt that says that the number does not exist', () => {
  it.each(['undelivered', 'rejected', 'failed'])('blocks it when it is %s', async (state) => {
    const { run, emit, left, calls } = start();
    await run(receiptOf(state, 59));
    expect(await left()).toBe(DAY_MS);
    expect(calls).toEqual(['take', 'settle']);
    expect(told(emit)).toEqual([
      [{ type: 'number-undeliverable', destination: '+65******67', errorCode: 59, forMs: DAY_MS }, 'c'],
    ]);
  });

  it.each(['queued', 'sent', 'unknown', 'ok', 'error', 'something new'])(
    'does nothing when it is %s, which is not final',
    async (state) => {
      const { run, calls } = start();
      await run(receiptOf(state, 59));
      expect(calls).toEqual([]);
    },
  );

  it.each([undefined, 0, 1, 15, 55, 999])('does nothing for the code %s', async (code) => {
    const { run, calls, emit } = start();
    await run(receiptOf('undelivered', code));
    expect(calls).toEqual([]);
    expect(emit).not.toHaveBeenCalled();
  });

  it('uses the codes and the time of the options', async () => {
    const { run, left } = start({ errorCodes: [15], forMs: 5_000 });
    await run(receiptOf('undelivered', 59));
    expect(await left()).toBe(0);
    await run(receiptOf('undelivered', 15));
    expect(await left()).toBe(5_000);
  });

  it('blocks it in monitor mode too, so that there is something to observe', async () => {
    const { run, left } = start({ mode: 'monitor' });
    await run(receiptOf('undelivered', 59));
    expect(await left()).toBe(DAY_MS);
  });

  it('blocks nothing, and does not use the store, when the guard is off', async () => {
    const { run, calls, emit, learn } = start(false);
    const price = { total: 0.034, perSms: 0.034, currency: 'USD' };
    await run(receiptOf('undelivered', 59, { price }));
    await run(receiptOf('delivered'));
    expect([calls, emit.mock.calls]).toEqual([[], []]);
    expect(learn).toHaveBeenCalledTimes(1);
  });

  it('only moves the start of the block when it comes twice', async () => {
    const { run, left, clock } = start();
    await run(receiptOf('undelivered', 59));
    clock.advance(60_000);
    await run(receiptOf('undelivered', 59));
    expect(await left()).toBe(DAY_MS);
  });

  it.each(['', 'abc', '91234567', '+65', '65 9123 4567'])(
    'does nothing for the number "%s"',
    async (destination) => {
      const { run, calls, learn } = start();
      const price = { total: 0.034, perSms: 0.034, currency: 'USD' };
      await run(receiptOf('undelivered', 59, { destination, price }));
      expect(calls).toEqual([]);
      expect(learn).not.toHaveBeenCalled();
    },
  );

  it('reports when the store has no room to remember it', async () => {
    // In monitor mode too: a monitored rule is granted even when its table is full.
    const { run, emit } = start({ mode: 'monitor' }, {}, 1);
    await run(receiptOf('undelivered', 59, { destination: '+6591234568' }));
    await run(receiptOf('undelivered', 59));
    const event = { type: 'number-undeliverable', destination: '+65******67', errorCode: 59 };
    expect(told(emit).at(-1)).toEqual([event, 'c']);
  });
});

describe('a receipt that says that the message arrived', () => {
  it.each(['delivered', 'read'])('lifts the block when it is %s', async (state) => {
    const { run, emit, left } = start();
    await run(receiptOf('undelivered', 59));
    await run(receiptOf(state));
    expect(await left()).toBe(0);
    expect(told(emit).at(-1)).toEqual([{ type: 'number-reached', destination: '+65******67' }, 'c']);
  });

  it.each(['delivered_to_operator', 'delivered_to_carrier'])(
    'lifts nothing when it is %s: the person does not have it yet',
    async (detail) => {
      const { run, left } = start();
      await run(receiptOf('undelivered', 59));
      await run(receiptOf('delivered', undefined, { status: { state: 'delivered', detail } }));
      expect(await left()).toBe(DAY_MS);
    },
  );

  it('is not undone by a late failure of the same message, which would block a number that exists', async () => {
    const { run, left, calls } = start();
    await run(receiptOf('delivered'));
    await run(receiptOf('undelivered', 59));
    expect([await left(), calls]).toEqual([0, ['inspect']]);
    await run(receiptOf('undelivered', 59, { umid: 'umid-2' }));
    expect(await left()).toBe(DAY_MS);
  });

  it('is not remembered under an id that is longer than any of 8x8', async () => {
    const { run, left } = start();
    const umid = 'x'.repeat(101);
    await run(receiptOf('delivered', undefined, { umid }));
    await run(receiptOf('undelivered', 59, { umid }));
    expect(await left()).toBe(DAY_MS);
  });

  it('reads once and writes nothing when the number was never blocked', async () => {
    const { run, calls, emit } = start();
    await run(receiptOf('delivered'));
    expect(calls).toEqual(['inspect']);
    expect(emit).not.toHaveBeenCalled();
  });
});

describe('the price of a receipt', () => {
  const price = { total: 0.068, perSms: 0.034, currency: 'USD' };

  it.each(['queued', 'sent', 'delivered', 'undelivered'])(
    'is learned when the message is %s',
    async (state) => {
      const { run, learn } = start();
      await run(receiptOf(state, undefined, { price }));
      expect(learn.mock.calls).toEqual([['team_otp', 'SG', price]]);
    },
  );

  it('is not learned for a number without a country, nor when there is none', async () => {
    const { run, learn } = start();
    await run(receiptOf('delivered', undefined, { price, destination: '+870773111632' }));
    await run(receiptOf('delivered'));
    expect(learn).not.toHaveBeenCalled();
  });
});

describe('when the limit store fails', () => {
  const down = async (): Promise<never> => {
    throw new Error(`no connection for ${CANARY_NUMBER}`);
  };
  const hangs = (): Promise<never> => new Promise(() => {});

  it.each([
    ['take', receiptOf('undelivered', 59)],
    ['inspect', receiptOf('delivered')],
  ] as const)('%s: throws a StoreError that reveals nothing about it', async (name, receipt) => {
    const { run, emit } = start({}, { [name]: down });
    const error = await failureOf(run({ ...receipt, destination: CANARY_NUMBER }));
    expect(error).toBeInstanceOf(StoreError);
    expect(told(emit)).toEqual([[{ type: 'store-failed', store: 'limits' }, 'c']]);
    expectNoCanary([error, emit.mock.calls]);
  });

  it('release: the block stays, and 8x8 may try again', async () => {
    const { run, left } = start({}, { release: down });
    await run(receiptOf('undelivered', 59));
    expect(await failureOf(run(receiptOf('delivered')))).toBeInstanceOf(StoreError);
    expect(await left()).toBe(DAY_MS);
  });

  it.each([
    ['take', receiptOf('undelivered', 59)],
    ['inspect', receiptOf('delivered')],
  ] as const)('%s hangs: the time limit is 5 s', async (name, receipt) => {
    const { run } = start({}, { [name]: hangs });
    const error = await drive(failureOf(run(receipt)));
    expect(error).toBeInstanceOf(StoreError);
  });

  it('ends with its call, which does not count as a failure of the store', async () => {
    const controller = new AbortController();
    const { run, emit } = start({}, { inspect: hangs });
    const failure = failureOf(run(receiptOf('delivered'), controller.signal));
    controller.abort();
    expect(await failure).toBeInstanceOf(AbortedError);
    expect(emit).not.toHaveBeenCalled();
  });
});

describe('a receipt counts by its own time', () => {
  const HOUR_MS = DAY_MS / 24;
  const at = (state: string, timestamp: number, errorCode?: number) =>
    receiptOf(state, errorCode, {
      status: {
        state,
        timestamp: new Date(timestamp).toISOString(),
        ...(errorCode !== undefined && { errorCode }),
      },
    });

  it('blocks for what is left of the time, and not at all when that is over', async () => {
    const { run, left, clock, emit } = start();
    await run(at('undelivered', clock.now() - 25 * HOUR_MS, 59));
    expect(await left()).toBe(0);
    expect(emit).not.toHaveBeenCalled();
    await run(at('undelivered', clock.now() - 5 * HOUR_MS, 59));
    expect(await left()).toBe(19 * HOUR_MS);
    expect(emit.mock.calls[0]?.[0]).toMatchObject({ forMs: 19 * HOUR_MS });
  });

  it('a replay neither begins the block again nor shortens it', async () => {
    const { run, left, clock } = start();
    const receipt = at('undelivered', clock.now(), 59);
    await run(receipt);
    clock.advance(20 * HOUR_MS);
    await run(receipt);
    expect(await left()).toBe(4 * HOUR_MS);
    clock.advance(5 * HOUR_MS);
    await run(receipt);
    expect(await left()).toBe(0);
  });

  it('a delivery of before the block does not lift it, a later one does', async () => {
    const { run, left, clock } = start();
    await run(at('undelivered', clock.now(), 59));
    clock.advance(HOUR_MS);
    const delivered = (timestamp: number) => {
      const receipt = at('delivered', timestamp);
      return { ...receipt, status: { ...receipt.status, detail: 'delivered_to_recipient' } };
    };
    await run(delivered(clock.now() - 2 * HOUR_MS));
    expect(await left()).toBe(23 * HOUR_MS);
    await run(delivered(clock.now()));
    expect(await left()).toBe(0);
  });

  it('a time of the future, or none that can be read, is now', async () => {
    for (const timestamp of ['2999-01-01T00:00:00Z', 'yesterday']) {
      const { run, left } = start();
      await run(receiptOf('undelivered', 59, { status: { state: 'undelivered', errorCode: 59, timestamp } }));
      expect(await left()).toBe(DAY_MS);
    }
  });
});

import { describe, expect, it, vi } from 'vitest';
import { createCalls } from '../../../src/call.ts';
import { StoreError } from '../../../src/errors.ts';
import { giveReason } from '../../../src/internal/store-reason.ts';
import type { LimitRule, LimitStore } from '../../../src/limits/limit-store.ts';
import { createLimiter, type Limiter, type StoreCall } from '../../../src/limits/limiter.ts';
import { memoryLimits } from '../../../src/limits/memory-limits.ts';
import { failureOf } from '../../support/transport.ts';

const rule: LimitRule = {
  kind: 'window',
  id: 'recipient:all',
  guard: 'recipient',
  key: 1,
  mode: 'enforce',
  limit: 1,
  windowMs: 1_000,
};

function limiterOver(states: unknown) {
  const inspect = vi.fn(async () => states);
  const limits = { inspect } as unknown as LimitStore;
  const emit = vi.fn();
  const limiter = createLimiter({ limits, scope: 'team', clock: { now: () => 0 }, emit });
  const read = (rules: readonly LimitRule[]) =>
    createCalls(undefined).run({}, (call) => limiter.inspect(rules, call, 'nothing was read.'));
  return { inspect, emit, read };
}

describe('inspect', () => {
  it('asks nobody about no rule', async () => {
    const { inspect, read } = limiterOver([]);
    expect(await read([])).toEqual([]);
    expect(inspect).not.toHaveBeenCalled();
  });

  it('returns the counters of the store', async () => {
    const states = [{ rule, count: 1 }];
    expect(await limiterOver(states).read([rule])).toBe(states);
  });

  it.each([[null], [[null]], [[undefined]], [[{}]], [[{ rule: {}, count: 1 }]], [[{ rule, count: '1' }]]])(
    'is a StoreError when the store answers %j',
    async (states) => {
      const { emit, read } = limiterOver(states);
      const error = await failureOf(read([rule]));
      expect(error).toMatchObject({ code: 'store', submission: 'not-submitted' });
      expect((error as Error).message).toBe('The limit store failed, so nothing was read.');
      expect(emit).toHaveBeenCalledWith({ type: 'store-failed', store: 'limits' }, undefined);
    },
  );
});

describe('a store that fails', () => {
  const failing = (error: Error) => {
    const inspect = () => Promise.reject(error);
    const limits = { inspect } as unknown as LimitStore;
    const limiter = createLimiter({ limits, scope: 'team', clock: { now: () => 0 }, emit: () => {} });
    return failureOf(
      createCalls(undefined).run({}, (call) => limiter.inspect([rule], call, 'nothing was read.')),
    );
  };

  it('is repeated with the reason of a store of this package, and with nothing else', async () => {
    const message = 'The limit store failed, so nothing was read.';
    expect(await failing(new Error('redis://:secret@10.0.0.7'))).toMatchObject({ message });
    const known = giveReason(new StoreError('10.0.0.7'), 'The server is full. Raise maxmemory.');
    expect(await failing(known)).toMatchObject({
      message: `${message} The server is full. Raise maxmemory.`,
    });
    expect(await failing(giveReason(new StoreError('10.0.0.7'), undefined))).toMatchObject({ message });
  });
});

describe('take', () => {
  it.each([
    [undefined, 'The limit store failed, so no message was admitted. Nothing was sent.'],
    ['the code was not checked.', 'The limit store failed, so the code was not checked.'],
  ])('says what did not happen when the store fails: %s', async (consequence, message) => {
    const limits = { take: () => Promise.reject(new Error('down')) } as unknown as LimitStore;
    const limiter = createLimiter({ limits, scope: 'team', clock: { now: () => 0 }, emit: () => {} });
    const error = await failureOf(
      createCalls(undefined).run({}, (call) => limiter.take([limiter.reserve([rule])], call, consequence)),
    );
    expect(error).toMatchObject({ code: 'store', submission: 'not-submitted', message });
  });

  it('lets a message through that guards only watch, and raises the event', async () => {
    const limits = { take: () => Promise.reject(new Error('down')) } as unknown as LimitStore;
    const emit = vi.fn();
    const limiter = createLimiter({ limits, scope: 'team', clock: { now: () => 0 }, emit });
    const watching: LimitRule = { ...rule, mode: 'monitor' };
    const take = (...rules: readonly LimitRule[]) =>
      createCalls(undefined).run({}, (call) => limiter.takeForGuards([limiter.reserve(rules)], call));
    expect(await take(watching)).toEqual([{ granted: true, observed: [] }]);
    expect(emit).toHaveBeenCalledWith({ type: 'store-failed', store: 'limits' }, undefined);
    expect(await failureOf(take(watching, rule))).toMatchObject({ code: 'store' });
    // Other features rest on what they recorded.
    const recording = createCalls(undefined).run({}, (call) =>
      limiter.take([limiter.reserve([watching])], call),
    );
    expect(await failureOf(recording)).toMatchObject({ code: 'store' });
  });

  it('raises an event for every table that is nearly full', async () => {
    const filling = [{ rule: rule.id, guard: 'recipient', entries: 8, maxEntries: 10 }];
    const limits = { take: async () => [{ granted: true, observed: [], filling }] } as unknown as LimitStore;
    const emit = vi.fn();
    const limiter = createLimiter({ limits, scope: 'team', clock: { now: () => 0 }, emit });
    await createCalls(undefined).run({ context: 'c' }, (call) =>
      limiter.take([limiter.reserve([rule])], call),
    );
    expect(emit.mock.calls).toEqual([[{ type: 'capacity', store: 'limits', ...filling[0] }, 'c']]);
  });
});

describe('records', () => {
  const answers = { read: undefined as unknown, write: undefined as unknown, remove: undefined as unknown };

  function limiterWith(given: Partial<typeof answers>) {
    const records = {
      read: vi.fn(async () => given.read),
      write: vi.fn(async () => given.write),
      remove: vi.fn(async () => given.remove),
    };
    const emit = vi.fn();
    const limits = { records } as unknown as LimitStore;
    const limiter = createLimiter({ limits, scope: 'team', clock: { now: () => 0 }, emit });
    const run = <Value>(work: (call: StoreCall) => Promise<Value>) => createCalls(undefined).run({}, work);
    return {
      emit,
      records,
      keepsRecords: limiter.keepsRecords,
      read: () => run((call) => limiter.readRecord('a', call, 'nothing was read.')),
      write: () =>
        run((call) =>
          limiter.writeRecord({ key: 'a', value: 'x', expected: '1', ttlMs: 5 }, call, 'nothing was sent.'),
        ),
      remove: () => run((call) => limiter.removeRecord({ key: 'a', expected: '1' }, call, 'it is kept.')),
    };
  }

  it('reach the store of the scope, and return what it says', async () => {
    const record = { value: 'x', version: '1', endsInMs: 5 };
    const verdict = { written: true, version: '2' };
    const { records, keepsRecords, read, write, remove } = limiterWith({
      read: record,
      write: verdict,
      remove: true,
    });
    expect(keepsRecords).toBe(true);
    expect(await read()).toBe(record);
    expect(await write()).toBe(verdict);
    expect(await remove()).toBe(true);
    expect(records.read).toHaveBeenCalledWith('team', 'a');
    expect(records.write).toHaveBeenCalledWith('team', 'a', 'x', { expected: '1', ttlMs: 5 });
    expect(records.remove).toHaveBeenCalledWith('team', 'a', { expected: '1' });
    expect(await limiterWith({}).read()).toBeUndefined();
  });

  it.each([
    { written: false, reason: 'conflict' },
    { written: false, reason: 'capacity', retryAfterMs: 5 },
  ])('return a refusal: %j', async (verdict) => {
    expect(await limiterWith({ write: verdict }).write()).toBe(verdict);
  });

  it.each([
    ['read', null],
    ['read', {}],
    ['read', { value: 1, version: '1', endsInMs: 5 }],
    ['read', { value: 'x', version: 1, endsInMs: 5 }],
    ['read', { value: 'x', version: '1' }],
    ['write', undefined],
    ['write', true],
    ['write', { written: true }],
    ['write', { written: false, reason: 'full' }],
    ['remove', 1],
  ] as const)('are a StoreError when the store answers %s with %j', async (method, answer) => {
    const { emit, ...limiter } = limiterWith({ [method]: answer });
    const error = await failureOf(limiter[method]());
    expect(error).toMatchObject({ code: 'store', submission: 'not-submitted' });
    expect(emit).toHaveBeenCalledWith({ type: 'store-failed', store: 'limits' }, undefined);
  });

  it('are a StoreError when the store keeps none', async () => {
    const limits = {} as LimitStore;
    const limiter = createLimiter({ limits, scope: 'team', clock: { now: () => 0 }, emit: () => undefined });
    expect(limiter.keepsRecords).toBe(false);
    const reading = createCalls(undefined).run({}, (call) =>
      limiter.readRecord('a', call, 'nothing was read.'),
    );
    expect(await failureOf(reading)).toMatchObject({ code: 'store' });
    expect(limiter.keepsDoubts).toBe(false);
    const asking = createCalls(undefined).run({}, (call) =>
      limiter.askDoubts((doubts, scope) => doubts.alerts(scope, 'doubt'), call, 'nothing was read.'),
    );
    expect(await failureOf(asking)).toMatchObject({ code: 'store' });
  });
});

describe('a memory store answers at once', () => {
  const emit = vi.fn();
  const limiterOf = (limits: LimitStore) =>
    createLimiter({ limits, scope: 'team', clock: { now: () => 0 }, emit });
  const inCall = <Result>(work: (call: StoreCall) => Result | Promise<Result>) =>
    createCalls(undefined).run({}, async (call) => work(call));
  const countOf = (limiter: Limiter, given: LimitRule = rule) =>
    inCall((call) => limiter.inspect([given], call, 'nothing was read.')).then(([state]) => state?.count);

  it('to a few messages, and settles them', async () => {
    const limiter = limiterOf(memoryLimits());
    const reservation = limiter.reserve([rule]);
    expect(await inCall((call) => limiter.takeNow([reservation], call))).toMatchObject([{ granted: true }]);
    expect(await inCall((call) => limiter.takeNow([limiter.reserve([rule])], call))).toMatchObject([
      { granted: false },
    ]);
    expect(limiter.settleNow([{ reservation, outcome: 'return' }])).toBe(true);
    expect(await countOf(limiter)).toBe(0);
    expect(limiter.settleNow([])).toBe(true);
  });

  it('to a question about counters, unless a rule is malformed: then inspect does', async () => {
    const limiter = limiterOf(memoryLimits());
    await inCall((call) => limiter.takeNow([limiter.reserve([rule])], call));
    expect(limiter.inspectNow([rule])).toMatchObject([{ count: 1 }]);
    expect(limiter.inspectNow([{ ...rule, limit: 0 }])).toBeUndefined();
  });

  it('with the events of a table that is nearly full', async () => {
    const limiter = limiterOf(memoryLimits({ maxRecipients: 1 }));
    await inCall((call) => limiter.takeNow([limiter.reserve([rule])], call));
    expect(emit).toHaveBeenCalledWith(
      { type: 'capacity', store: 'limits', guard: 'recipient', rule: rule.id, entries: 1, maxEntries: 1 },
      undefined,
    );
  });

  it('not for many messages, none that counts nothing, and none whose rules are malformed: then take does', async () => {
    const limiter = limiterOf(memoryLimits());
    const many = Array.from({ length: 17 }, (_, key) => limiter.reserve([{ ...rule, key }]));
    await inCall((call) => {
      expect(limiter.takeNow(many, call)).toBeUndefined();
      expect(limiter.takeNow([limiter.reserve([])], call)).toBeUndefined();
      expect(limiter.takeNow([limiter.reserve([{ ...rule, limit: 0 }])], call)).toBeUndefined();
    });
    const outcomes = many.map((reservation) => ({ reservation, outcome: 'keep' as const }));
    expect(limiter.settleNow(outcomes)).toBe(false);
    const wrong = [{ reservation: limiter.reserve([rule]), outcome: 'sell' as 'keep' }];
    expect(limiter.settleNow(wrong)).toBe(false);
  });

  it('not through a wrapper, and not when a method was replaced: both are called', async () => {
    const store = memoryLimits();
    const wrapper: LimitStore = Object.assign(Object.create(store), { take: store.take });
    const spied = memoryLimits();
    vi.spyOn(spied, 'settle');
    const watched = memoryLimits();
    vi.spyOn(watched, 'inspect');
    for (const limits of [wrapper, spied, watched, {} as LimitStore]) {
      const limiter = limiterOf(limits);
      const reservation = limiter.reserve([rule]);
      expect(await inCall((call) => limiter.takeNow([reservation], call))).toBeUndefined();
      expect(limiter.settleNow([{ reservation, outcome: 'keep' }])).toBe(false);
      expect(limiter.inspectNow([rule])).toBeUndefined();
    }
  });

  it('counts nothing twice when a later request of the call fails', async () => {
    const limiter = limiterOf(memoryLimits());
    const other: LimitRule = { ...rule, id: 'other' };
    await inCall((call) => limiter.takeNow([limiter.reserve([other])], call));
    const good = limiter.reserve([rule]);
    const bad = limiter.reserve([{ ...other, key: 2, limit: 2, weighted: true }]);
    await inCall(async (call) => {
      expect(limiter.takeNow([good, bad], call)).toBeUndefined();
      expect(await failureOf(limiter.take([good, bad], call))).toMatchObject({ code: 'store' });
    });
    expect(await countOf(limiter)).toBe(0);
  });

  it('counts a message once when its take is asked for again after a failure', async () => {
    const limiter = limiterOf(memoryLimits({ maxRecipients: 1 }));
    const reservation = limiter.reserve([rule]);
    emit.mockImplementationOnce(() => {
      throw new Error('the event of the nearly full table');
    });
    await inCall(async (call) => {
      expect(limiter.takeNow([reservation], call)).toBeUndefined();
      expect(await limiter.take([reservation], call)).toMatchObject([{ granted: true }]);
    });
    expect(await countOf(limiter)).toBe(1);
    expect(limiter.settleNow([{ reservation, outcome: 'return' }])).toBe(true);
    expect(await countOf(limiter)).toBe(0);
  });

  it('and not to a call that has ended', async () => {
    const limiter = limiterOf(memoryLimits());
    const call = {
      signal: AbortSignal.abort(),
      context: undefined,
      throwIfEnded: () => AbortSignal.abort().throwIfAborted(),
    };
    expect(() => limiter.takeNow([limiter.reserve([rule])], call)).toThrow(/abort/i);
    expect(await countOf(limiter)).toBe(0);
  });
});

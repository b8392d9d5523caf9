import { describe, expect, it, vi } from 'vitest';
import { createCalls } from '../../../src/call.ts';
import { StoreError } from '../../../src/errors.ts';
import { giveReason } from '../../../src/internal/store-reason.ts';
import type { LimitRule, LimitStore } from '../../../src/limits/limit-store.ts';
import { createLimiter, type StoreCall } from '../../../src/limits/limiter.ts';
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
    [undefined, 'The limit store failed, so no message was let through. Nothing was sent.'],
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
      createCalls(undefined).run({}, (call) => limiter.take([limiter.reserve(rules)], call));
    expect(await take(watching)).toEqual([{ granted: true, observed: [] }]);
    expect(emit).toHaveBeenCalledWith({ type: 'store-failed', store: 'limits' }, undefined);
    expect(await failureOf(take(watching, rule))).toMatchObject({ code: 'store' });
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

import { describe, expect, it, vi } from 'vitest';
import { createPrefixGuard, type PrefixGuardOptions, prefixField } from '../../../src/guards/prefix.ts';
import type { LimitStore } from '../../../src/limits/limit-store.ts';
import { createLimiter } from '../../../src/limits/limiter.ts';
import { memoryLimits } from '../../../src/limits/memory-limits.ts';
import type { RecordStore } from '../../../src/limits/record-store.ts';
import { validate } from '../../../src/schema.ts';
import { createFakeClock, NOON } from '../../support/fake-clock.ts';
import { guardNeeds } from '../../support/guard-needs.ts';
import { messageOf } from '../../support/outgoing-message.ts';

const DAY_MS = 86_400_000;
const create = (options: PrefixGuardOptions) => createPrefixGuard(options, guardNeeds());

describe('prefix', () => {
  it('counts neither a known subject nor, when it may be asked, a person', () => {
    const message = { ...messageOf(), subject: 'device' };
    const conditions = create({})
      .rules?.(message)
      .map(({ when }) => when);
    expect(conditions).toEqual(new Array(4).fill({ rule: 'known-subjects', found: false }));
    const human = { ...messageOf(), isHuman: true };
    expect(create({ action: 'ask' }).rules?.(human)).toEqual([]);
    expect(create({ action: 'ask' }).counters?.(human)).toEqual([]);
    expect(create({ action: 'refuse' }).rules?.(human)).toHaveLength(4);
    expect(create({ action: 'ask' }).rules?.({ ...human, isHuman: false })).toHaveLength(4);
  });

  it('counts different numbers that are equal but for their last digits', () => {
    const message = messageOf({ destination: '+6591234567' });
    const rules = create({}).rules?.(message);
    expect(rules).toMatchObject([
      { kind: 'distinct', id: 'prefix:2:600000', key: 65912345, member: 6591234567, limit: 5 },
      { kind: 'distinct', id: 'prefix:3:600000', key: 6591234, member: 6591234567, limit: 10 },
      { kind: 'distinct', id: 'prefix:4:600000', key: 659123, member: 6591234567, limit: 20 },
      { kind: 'distinct', id: 'prefix:day:4', key: 659123, member: 6591234567, limit: 150, mode: 'monitor' },
    ]);
    expect(create({}).counters?.(message)).toEqual(rules);
    expect(create({ day: false }).counters?.(message)).toHaveLength(3);
    expect(create({ day: false }).ask).toBeUndefined();
  });

  it('leaves campaigns alone unless asked', () => {
    const marketing = messageOf({ purpose: 'marketing' });
    expect(create({}).rules?.(marketing)).toEqual([]);
    expect(create({ purposes: ['marketing'], day: false }).rules?.(marketing)).toHaveLength(3);
    expect(create({ purposes: ['marketing'] }).rules?.(messageOf())).toEqual([]);
  });

  it('keeps its ranges when the arrays are changed', () => {
    const range = { removedDigits: 2, limit: 3, windowMs: 60_000 } as const;
    const ranges = [{ ...range }];
    const purposes = ['otp' as const];
    const guard = create({ ranges, purposes, day: false });
    (ranges[0] as { limit: number }).limit = Number.NaN;
    ranges.length = 0;
    purposes.length = 0;
    expect(guard.rules?.(messageOf({ purpose: 'otp' }))).toMatchObject([{ limit: 3, id: 'prefix:2:60000' }]);
  });

  it.each<[object, string]>([
    [{ floor: 0 }, 'day.floor'],
    [{ factor: 0.5 }, 'day.factor'],
    [{ removedDigits: 5 }, 'day.removedDigits'],
    [{ floor: 200 }, 'day'],
    [{ ceiling: 4 }, 'day'],
    [{ limit: 5 }, 'day.limit'],
  ])('refuses day: %j', (day, path) => {
    expect(validate(prefixField, { day })?.path).toBe(path);
  });

  it.each([{ day: false }, { day: {} }, { day: { removedDigits: 3, floor: 1, factor: 1, ceiling: 1 } }])(
    'takes %j',
    (options) => {
      expect(validate(prefixField, options)).toBeUndefined();
    },
  );
});

/** Several processes on one store and one clock. */
function service(
  options: PrefixGuardOptions = {},
  wrap: (limits: LimitStore) => LimitStore = (limits) => limits,
) {
  const clock = createFakeClock();
  const limits = wrap(memoryLimits({ clock }));
  const emit = vi.fn();
  const ranges = [{ removedDigits: 2, limit: 10_000, windowMs: 1_000 }] as const;

  function process() {
    const limiter = createLimiter({ limits, scope: 'test', clock, emit });
    const guard = createPrefixGuard({ ranges, ...options }, { limiter, clock });
    const call = { signal: new AbortController().signal, context: undefined, throwIfEnded() {} };
    const dayRule = (message = messageOf()) => guard.counters?.(message).at(-1);
    /** Sends to so many numbers of a block, from the first on; returns how many went out. */
    async function send(block: string, many: number, first = 0): Promise<number> {
      let sent = 0;
      for (let index = first; index < first + many; index += 1) {
        const message = messageOf({
          destination: `${block}${String(index).padStart(4, '0')}`,
          purpose: 'otp',
        });
        await guard.ask?.([message], { now: clock.now(), context: undefined });
        const reservation = limiter.reserve(guard.rules?.(message) ?? []);
        const [verdict] = await limiter.take([reservation], call);
        if (verdict?.granted !== true) continue;
        await limiter.settle([{ reservation, outcome: 'keep' }]);
        sent += 1;
      }
      return sent;
    }
    return { guard, send, dayRule };
  }

  return { clock, emit, process };
}

const BLOCK = '+659100';
const OTHER = '+659101';
const ABROAD = '+62812345';

describe('the limit of a day', () => {
  it('only watches until it knows a whole day', async () => {
    const { clock, process } = service();
    const one = process();
    expect(await one.send(BLOCK, 40)).toBe(40);
    clock.advance(DAY_MS);
    // The first day began at noon.
    expect(one.dayRule()).toMatchObject({ mode: 'monitor', limit: 150 });
    expect(await one.send(BLOCK, 40, 100)).toBe(40);
    clock.advance(DAY_MS);
    expect(one.dayRule()).toMatchObject({ mode: 'enforce' });
  });

  it('is 2.5 times the fullest block of the days before, for every process', async () => {
    const { clock, process } = service();
    const [one, two] = [process(), process()];
    await one.send(BLOCK, 1);
    clock.advance(DAY_MS);
    expect(await one.send(BLOCK, 10)).toBe(10);
    expect(await two.send(BLOCK, 10, 10)).toBe(10);
    await one.send(OTHER, 3);
    clock.advance(DAY_MS);
    const three = process();
    await three.send(OTHER, 1);
    const { limit } = three.dayRule() as { limit: number };
    // Every fourth message is looked at, so a few of the 21 may be missed.
    expect(limit).toBeGreaterThanOrEqual(40);
    expect(limit).toBeLessThanOrEqual(53);
    expect(await three.send('+659102', 80)).toBe(limit);
  });

  it('is 5 at least, and in a country where nothing was sent', async () => {
    const { clock, process } = service();
    const one = process();
    await one.send(BLOCK, 30);
    clock.advance(2 * DAY_MS);
    await one.send(OTHER, 1);
    expect(await one.send(ABROAD, 20)).toBe(5);
    expect(one.dayRule(messageOf({ destination: '+6281234567890' }))).toMatchObject({ limit: 5 });
  });

  it('is learnt for each country, and for numbers without one by calling code', async () => {
    const { clock, process } = service({ day: { ceiling: 1_000 } });
    const one = process();
    await one.send(BLOCK, 60);
    await one.send(ABROAD, 20);
    await one.send('+88161234', 40);
    clock.advance(2 * DAY_MS);
    const two = process();
    await two.send('+65921', 1);
    const limits = ['+6591234567', '+6281234567890', '+881612345678'].map(
      (destination) => (two.dayRule(messageOf({ destination })) as { limit: number }).limit,
    );
    expect(limits[0]).toBeGreaterThan(110);
    expect(limits[1]).toBeLessThanOrEqual(50);
    expect(limits[2]).toBeLessThanOrEqual(100);
    expect(limits[1]).toBeGreaterThan(25);
    expect(limits[2]).toBeGreaterThan(65);
  });

  it('has a floor, a factor, a ceiling and a size of its own', async () => {
    const day = { removedDigits: 3, floor: 2, factor: 4, ceiling: 20 } as const;
    const { clock, process } = service({ day });
    const one = process();
    expect(one.dayRule(messageOf({ destination: '+6591001234' }))).toMatchObject({
      id: 'prefix:day:3',
      key: 6_591_001,
    });
    await one.send(BLOCK, 9);
    clock.advance(2 * DAY_MS);
    await one.send(BLOCK, 1);
    expect(one.dayRule()).toMatchObject({ limit: 20 });
    expect(await one.send(ABROAD, 20)).toBe(2);
  });

  it('does not learn from a block that reaches its limit', async () => {
    const { clock, process } = service({ day: { floor: 6 } });
    const one = process();
    await one.send(BLOCK, 1);
    for (let day = 0; day < 6; day += 1) {
      clock.advance(DAY_MS);
      await one.send(OTHER, 1, day);
      await one.send(`+65920${day}`, 400);
    }
    // 150 in the days of watching, the limit of the last day would be 375 with them.
    const { limit } = one.dayRule() as { limit: number };
    expect(limit).toBeLessThanOrEqual(150);
  });

  it('forgets a tenth a day', async () => {
    const { clock, process } = service();
    const one = process();
    await one.send(BLOCK, 1);
    clock.advance(DAY_MS);
    await one.send(BLOCK, 21);
    clock.advance(DAY_MS);
    await one.send(OTHER, 1);
    const { limit } = one.dayRule() as { limit: number };
    clock.advance(3 * DAY_MS);
    expect(one.dayRule()).toMatchObject({ limit: Math.ceil(Math.floor(limit / 2.5) * 0.9 ** 3 * 2.5) });
    clock.advance(60 * DAY_MS);
    expect(one.dayRule()).toMatchObject({ limit: 5 });
  });

  it('keeps what it has learnt when the process ends', async () => {
    const { clock, process } = service();
    await process().send(BLOCK, 30);
    clock.advance(2 * DAY_MS);
    const fresh = process();
    await fresh.guard.ask?.([], { now: NOON, context: undefined });
    expect(fresh.dayRule()).toMatchObject({ mode: 'enforce' });
    expect((fresh.dayRule() as { limit: number }).limit).toBeGreaterThan(50);
  });

  it('learns in its own process when the store keeps no records', async () => {
    const { clock, process, emit } = service({}, (limits) => withRecords(limits, undefined));
    const one = process();
    await one.send(BLOCK, 30);
    clock.advance(2 * DAY_MS);
    await one.send(OTHER, 1);
    expect((one.dayRule() as { limit: number }).limit).toBeGreaterThan(50);
    expect(process().dayRule()).toMatchObject({ mode: 'monitor' });
    expect(emit).not.toHaveBeenCalled();
  });

  it.each(['', 'null', '{"since":5}', '{"since":1,"day":1,"before":{},"today":{}}', '{"before":{"SG":"x"}}'])(
    'writes over a record that it cannot read: %j',
    async (value) => {
      const { clock, process } = service({}, (limits) => {
        void limits.records?.write('test', 'prefix:peaks', value, { expected: undefined, ttlMs: DAY_MS });
        return limits;
      });
      await process().send(BLOCK, 30);
      clock.advance(2 * DAY_MS);
      const fresh = process();
      await fresh.send(OTHER, 1);
      expect((fresh.dayRule() as { limit: number }).limit).toBeGreaterThan(50);
    },
  );

  it('gives up on a record that others keep changing, and on a full store', async () => {
    for (const reason of ['conflict', 'capacity'] as const) {
      const write = vi.fn(async () => ({ written: false, reason }) as const);
      const { process, emit } = service({}, (limits) =>
        withRecords(limits, { ...(limits.records as RecordStore), read: async () => undefined, write }),
      );
      expect(await process().send(BLOCK, 1)).toBe(1);
      await vi.waitFor(() =>
        expect(write.mock.calls.length).toBeGreaterThanOrEqual(reason === 'conflict' ? 5 : 1),
      );
      expect(emit).not.toHaveBeenCalled();
    }
  });

  it('lets a message through when the record cannot be read, with an event', async () => {
    const { process, emit } = service({}, (limits) =>
      withRecords(limits, {
        ...(limits.records as RecordStore),
        read: async () => {
          throw new Error('down');
        },
      }),
    );
    expect(await process().send(BLOCK, 3)).toBe(3);
    expect(emit).toHaveBeenCalledWith({ type: 'store-failed', store: 'limits' }, undefined);
  });

  it('lets a message through when blocks cannot be read', async () => {
    const { process, emit } = service({}, (limits) => ({
      ...withRecords(limits, limits.records),
      inspect: async () => {
        throw new Error('down');
      },
    }));
    expect(await process().send(BLOCK, 3)).toBe(3);
    await vi.waitFor(() =>
      expect(emit).toHaveBeenCalledWith({ type: 'store-failed', store: 'limits' }, undefined),
    );
  });

  it('takes a store that says nothing about a block as an empty one', async () => {
    const { process, emit } = service({}, (limits) => ({
      ...withRecords(limits, limits.records),
      inspect: async () => [],
    }));
    expect(await process().send(BLOCK, 3)).toBe(3);
    expect(emit).not.toHaveBeenCalled();
  });

  it('is read by the next message when the first call ends before it is there', async () => {
    const { clock, process } = service();
    await process().send(BLOCK, 1);
    clock.advance(2 * DAY_MS);
    const one = process();
    const call = { now: clock.now(), context: undefined };
    expect(await one.guard.ask?.([], { ...call, signal: AbortSignal.abort() })).toEqual([]);
    expect(one.dayRule()).toMatchObject({ mode: 'monitor' });
    expect(await one.guard.ask?.([], call)).toEqual([]);
    expect(one.dayRule()).toMatchObject({ mode: 'enforce', limit: 5 });
  });

  it('waits a second for the record, and no longer than the call', async () => {
    vi.useFakeTimers();
    try {
      const read = () => new Promise<never>(() => {});
      const { process } = service({}, (limits) =>
        withRecords(limits, { ...(limits.records as RecordStore), read }),
      );
      const one = process();
      const loading = one.guard.ask?.([], { now: NOON, context: undefined });
      await vi.advanceTimersByTimeAsync(1_000);
      expect(await loading).toEqual([]);
      expect(
        await process().guard.ask?.([], { now: NOON, context: undefined, signal: AbortSignal.abort() }),
      ).toEqual([]);
      // It does not wait again.
      expect(one.guard.ask).toBeUndefined();
    } finally {
      vi.useRealTimers();
    }
  });
});

/** The same counters with other records. */
function withRecords(limits: LimitStore, records: RecordStore | undefined): LimitStore {
  return {
    take: (...args) => limits.take(...args),
    settle: (...args) => limits.settle(...args),
    inspect: (...args) => limits.inspect(...args),
    release: (...args) => limits.release(...args),
    records,
  };
}

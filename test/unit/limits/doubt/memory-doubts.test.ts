import { describe, expect, it } from 'vitest';
import { doubtEvent } from '../../../../src/limits/doubt/doubt-event.ts';
import { DoubtTable } from '../../../../src/limits/doubt/doubt-table.ts';
import { AddressRows, newOpenNumber, OpenRows } from '../../../../src/limits/doubt/person-rows.ts';
import { Places } from '../../../../src/limits/doubt/places.ts';
import type { DoubtStore } from '../../../../src/limits/doubt-store.ts';
import type { DoubtRule, LimitRule } from '../../../../src/limits/limit-store.ts';
import { MemoryLimitStore } from '../../../../src/limits/memory-limits.ts';
import { doubtRule } from '../../../../src/testing/limit-conformance/doubt-cases.ts';
import { windowRule } from '../../../../src/testing/limit-conformance/kit.ts';
import { memoryUnderTest } from '../memory-under-test.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const SEED = { first: 1, second: 2 };
const SIZES = { maxRecipients: 1_000, maxEntries: 1_000 };
const NUMBER = 6_281_200_000_000;

async function take(subject: ReturnType<typeof memoryUnderTest>, ...rules: LimitRule[]) {
  const [verdict] = await subject.store.take('team', [{ reservation: crypto.randomUUID(), rules }]);
  return verdict;
}

describe('a rule of doubt', () => {
  it('is refused when it is malformed', async () => {
    const subject = memoryUnderTest();
    for (const more of [
      { key: '6281200000000' },
      { key: 1e15 },
      { key: -1 },
      { country: '' },
      { country: 'Singapore' },
      { country: 65 },
      { member: '' },
      { address: '' },
      { action: 'captcha' },
      { allowance: 0 },
      { allowance: Number.NaN },
      { allowance: 1e9 },
      { mode: 'note' },
    ]) {
      await expect(
        take(subject, { ...doubtRule(NUMBER), ...more } as DoubtRule),
        JSON.stringify(more),
      ).rejects.toThrow(/^requests\[0\]\.rules\[0\]/);
    }
  });

  it('asks nobody whom another rule refuses as well', async () => {
    const subject = memoryUnderTest();
    const full = windowRule(1, 1, DAY_MS);
    await take(subject, full);
    for (let index = 0; index < 8; index += 1) await take(subject, doubtRule(NUMBER + index));
    for (let index = 8; index < 12; index += 1) {
      expect(await take(subject, doubtRule(NUMBER + index), full)).toMatchObject({ granted: false });
    }
    // Three who were asked, passed and entered end the alert, because nobody else counts as asked.
    for (let index = 8; index < 12; index += 1) {
      await take(subject, doubtRule(NUMBER + index));
      await take(subject, doubtRule(NUMBER + index, { isHuman: true }));
      await subject.store.doubts?.enter('team', [{ rule: doubtRule(NUMBER + index), outcome: 'entered' }]);
    }
    expect(await subject.store.doubts?.alerts('team', 'doubt')).toMatchObject([{ observed: 8, limit: 8 }]);
    for (let index = 12; index < 15; index += 1) {
      await take(subject, doubtRule(NUMBER + index));
      await take(subject, doubtRule(NUMBER + index, { isHuman: true }));
      await subject.store.doubts?.enter('team', [{ rule: doubtRule(NUMBER + index), outcome: 'entered' }]);
    }
    // The crowd is in alert again at once, with half of the doubt.
    await take(subject, doubtRule(NUMBER + 15));
    expect(await subject.store.doubts?.alerts('team', 'doubt')).toMatchObject([{ observed: 4, limit: 2 }]);
  });
});

describe('the doubts of a memory store', () => {
  it('refuse what they cannot read', async () => {
    const { doubts } = memoryUnderTest().store;
    const rule = doubtRule(NUMBER);
    for (const call of [
      doubts?.enter('team', [{ rule: windowRule(1, 1, 1) as never, outcome: 'entered' }]),
      doubts?.enter('team', [{ rule, outcome: 'failed' as never }]),
      doubts?.enter('', [{ rule, outcome: 'entered' }]),
      doubts?.forget('team', [windowRule(1, 1, 1) as never]),
      doubts?.lift('team', 'doubt', { prefix: '+62' }),
      doubts?.lift('team', 'doubt', { country: '' }),
      doubts?.lift('team', 'doubt', { address: '' }),
      doubts?.lift('team', 'doubt', { number: 0.5 }),
      doubts?.trust('team', 'doubt', { country: 'SG' }, -1),
      doubts?.trust('team', 'doubt', { country: 'SG' }, 367 * DAY_MS),
      doubts?.alerts('team', ''),
    ]) {
      await expect(call).rejects.toThrow(/must be/);
    }
  });

  it('know nothing of a scope or an id that nothing was taken in', async () => {
    const { doubts } = memoryUnderTest().store;
    expect(await doubts?.alerts('team', 'doubt')).toEqual([]);
    await doubts?.lift('team', 'doubt', { pool: true });
    await doubts?.forget('team', [doubtRule(NUMBER)]);
  });

  it('refuse an id that is in use for another kind', async () => {
    const subject = memoryUnderTest();
    await take(subject, { ...windowRule(1, 1, DAY_MS), id: 'doubt' });
    const entering = subject.store.doubts?.enter('team', [{ rule: doubtRule(NUMBER), outcome: 'entered' }]);
    await expect(entering).rejects.toThrow(/of one shape/);
    expect(await subject.store.doubts?.alerts('team', 'doubt')).toEqual([]);
  });

  it('remember nothing when there are too many tables', async () => {
    const time = { monotonicMs: () => 0, epochMs: () => 0 };
    const store = new MemoryLimitStore({ ...SIZES, maxIdempotencyKeys: 1 }, time, 1);
    await store.take('team', [{ reservation: '1', rules: [windowRule(1, 1, DAY_MS)] }]);
    await store.doubts.enter('team', [{ rule: doubtRule(NUMBER), outcome: 'entered' }]);
    expect(await store.doubts.trust('team', 'doubt', { country: 'SG' }, DAY_MS)).toBe(false);
    const [verdict] = await store.take('team', [{ reservation: '2', rules: [doubtRule(NUMBER)] }]);
    expect(verdict).toMatchObject({ granted: false, refusals: [{ reason: 'capacity' }] });
  });

  it('list the alerts of every place, and of numbers and addresses the worst, counted', async () => {
    const subject = memoryUnderTest();
    const doubts = subject.store.doubts as DoubtStore;
    const enter = (rule: DoubtRule) => doubts.enter('team', [{ rule, outcome: 'entered' }]);
    for (let index = 0; index < 20; index += 1) {
      const rule = doubtRule(659_100_000_000 + index * 10_000, { country: 'SG' });
      await take(subject, rule);
      await enter(rule);
    }
    for (let index = 0; index < 60; index += 1) {
      const address = index % 2 === 0 ? '203.0.113.1' : '203.0.113.2';
      await take(subject, doubtRule(NUMBER + index * 3_000, { address }));
      await subject.advance(2_000);
    }
    for (let index = 0; index < 30; index += 1) {
      await take(subject, doubtRule(700_000_000_000 + index * 1_000_000, { country: `X${index % 6}` }));
    }
    await subject.advance(10 * 60_000);
    await take(subject, doubtRule(800_000_000_000, { country: 'X0' }));
    for (let turn = 0; turn < 7; turn += 1) {
      for (const index of [0, 1])
        await take(subject, doubtRule(659_900_000_000 + index * 10_000, { country: 'SG' }));
    }
    await take(subject, doubtRule(NUMBER + 900_000, { address: '203.0.113.1' }));
    await take(subject, doubtRule(NUMBER + 900_001, { address: '203.0.113.2' }));
    const alerts = await doubts.alerts('team', 'doubt');
    const places = new Set(alerts.map(({ place }) => place));
    expect([...places].sort()).toEqual(['address', 'country', 'number', 'pool', 'range']);
    expect(alerts.find(({ place }) => place === 'number')).toMatchObject({ count: 2, observed: 4, limit: 4 });
    for (const target of [
      { address: '203.0.113.1' },
      { number: 659_900_000_000 },
      { country: 'XX' },
    ] as const) {
      await doubts.lift('team', 'doubt', target);
    }
    const after = await doubts.alerts('team', 'doubt');
    expect(after.find(({ place }) => place === 'number')).toMatchObject({ count: 1 });
  });

  it('list at most a thousand alerts', () => {
    const table = new DoubtTable(doubtRule(NUMBER), { maxRecipients: 10_000, maxEntries: 100_000 }, SEED);
    for (let block = 0; block < 1_010; block += 1) {
      for (let index = 0; index < 9; index += 1) {
        const rule = doubtRule(NUMBER + block * 10_000 + index);
        if (table.check(rule, 0) === undefined) table.write(rule, 0);
      }
    }
    expect(table.alerts(0)).toHaveLength(1_000);
  });
});

describe('a full table of doubt', () => {
  it('counts in no new block, and still holds by country', () => {
    const table = new DoubtTable(doubtRule(NUMBER), { maxRecipients: 10, maxEntries: 10 }, SEED);
    let nowMs = 0;
    const request = (number: number, enters: boolean) => {
      const rule = doubtRule(number);
      const violation = table.check(rule, nowMs);
      if (violation === undefined) table.write(rule, nowMs);
      if (enters) table.enter({ rule, outcome: 'entered' }, nowMs);
      nowMs += 1_000;
      return violation;
    };
    for (let index = 0; index < 30; index += 1) request(NUMBER + index * 10_000, true);
    let held = 0;
    for (let index = 0; index < 300; index += 1) {
      if (request(7_000_000_000 + index * 1_010_000, false) !== undefined) held += 1;
    }
    expect(table.size).toBe(10);
    expect(table.maxSize).toBe(10);
    expect(held).toBeGreaterThan(200);
  });

  it('makes room for a new place where another one has ended', () => {
    const table = new DoubtTable(doubtRule(NUMBER), { maxRecipients: 10, maxEntries: 2 }, SEED);
    for (let index = 0; index < 40; index += 1) {
      const rule = doubtRule(NUMBER + index * 1_000_000);
      expect(table.check(rule, index * DAY_MS)).toBeUndefined();
      table.write(rule, index * DAY_MS).keep(0, index * DAY_MS, undefined);
      expect(table.size).toBeLessThanOrEqual(2);
    }
    for (let turn = 0; turn < 5; turn += 1) table.write(doubtRule(NUMBER + 40_000_000), 41 * DAY_MS);
    expect(table.check(doubtRule(NUMBER + 40_000_000), 41 * DAY_MS)).toMatchObject({
      doubt: { place: 'number' },
    });
  });

  it('forgets the number whose code is oldest, and addresses after 14 days', () => {
    const rows = new OpenRows(2, SEED);
    const open = newOpenNumber();
    for (const key of [1, 2, 3]) rows.save(key, { ...open, sentMs: key, codes: 1 }, key);
    rows.load(1, 4, open);
    expect([open.codes, rows.size]).toEqual([0, 2]);
    rows.load(3, 4, open);
    expect(open.codes).toBe(1);
    const addresses = new AddressRows(10, SEED);
    addresses.enter(1, 0);
    addresses.enter(1, 0);
    expect([addresses.enteredAt(1, 14 * DAY_MS - 1), addresses.enteredAt(1, 14 * DAY_MS)]).toEqual([2, 0]);
    addresses.enter(2, 15 * DAY_MS);
    expect(addresses.size).toBe(1);
  });

  it('puts countries beyond a thousand together', () => {
    const places = new Places(10, SEED);
    for (let index = 0; index < 1_000; index += 1) places.countryOf(`C${index}`);
    expect(places.countryOf('new')).toBe(places.countryOf('newer'));
    expect(places.countryOf('C1')).not.toBe(places.countryOf('C2'));
  });
});

describe('one request after the other', () => {
  it('writes a rule that was not looked at last, and holds one', () => {
    const table = new DoubtTable(doubtRule(NUMBER), SIZES, SEED);
    for (let index = 0; index < 8; index += 1) table.write(doubtRule(NUMBER + index), 0);
    table.hold(doubtRule(NUMBER + 8), 0);
    expect(table.check(doubtRule(NUMBER + 8), 0)).toMatchObject({ observed: 8 });
    const crowd: unknown[] = [];
    table.places.rows[3]?.forEach((_key, { score }) => {
      crowd.push(score);
    });
    expect(crowd).toEqual([1]);
  });

  it('counts a stranger anew whose number got a code for an acquaintance, and leaves the code of a stranger alone', () => {
    const table = new DoubtTable(doubtRule(NUMBER), SIZES, SEED);
    const countOf = (rule: DoubtRule) => table.inspect(rule, 0).count;
    const known = doubtRule(NUMBER, { isReturning: true });
    table.write(known, 0);
    table.write(known, 0);
    const hold = table.write(doubtRule(NUMBER), 0);
    expect(countOf(doubtRule(NUMBER))).toBe(1);
    const other = table.write(known, 0);
    other.giveBack(0);
    hold.giveBack(0);
    hold.giveBack(0);
    expect(countOf(doubtRule(NUMBER))).toBe(0);
    table.enter({ rule: known, outcome: 'other-way' }, 0);
    table.enter({ rule: known, outcome: 'fraud' }, 0);
    expect(countOf(known)).toBe(0);
  });

  it('takes one acquaintance back, and lets a subject vouch again', () => {
    const table = new DoubtTable(doubtRule(NUMBER), SIZES, SEED);
    const subject = { member: 'device' };
    table.enter({ rule: doubtRule(NUMBER, subject), outcome: 'entered' }, 0);
    const later = 7 * HOUR_MS;
    for (let turn = 0; turn < 10; turn += 1)
      table.write(doubtRule(NUMBER + 1 + turn, subject), later).giveBack(later);
    for (let index = 20; index < 28; index += 1) table.write(doubtRule(NUMBER + index), later);
    expect(table.check(doubtRule(NUMBER + 30), later)).toMatchObject({ reason: 'captcha-needed' });
    expect(table.check(doubtRule(NUMBER + 30, subject), later)).toBeUndefined();
    table.write(doubtRule(NUMBER + 30, subject), later).giveBack(later);
    table.enter({ rule: doubtRule(NUMBER, { member: 'another' }), outcome: 'entered' }, later);
    expect(table.check(doubtRule(NUMBER + 31, subject), later)).toMatchObject({ reason: 'captcha-needed' });
  });

  it('counts a fourth code of a number in the number alone, also when it is the one stranger of a pause', () => {
    const table = new DoubtTable(doubtRule(NUMBER), SIZES, SEED);
    table.places.world.everEntered = 20;
    table.places.world.lastEnteredMs = 0;
    const country = table.places.countryOf('ID').cells[0];
    for (let turn = 0; turn < 3; turn += 1) table.write(doubtRule(NUMBER), 0);
    expect(country.doubt).toBe(1);
    Object.assign(country, {
      doubt: 40,
      isAlert: true,
      budget: 10,
      alertMs: 0,
      nextMs: 600_000,
      pauseMs: 600_000,
    });
    expect(table.check(doubtRule(NUMBER), 1_000)).toMatchObject({ doubt: { place: 'country' } });
    const hold = table.write(doubtRule(NUMBER), 600_000);
    expect([country.doubt, country.pauseMs, country.nextMs]).toEqual([40, 1_200_000, 1_800_000]);
    hold.giveBack(700_000);
    expect([country.doubt, country.pauseMs, country.nextMs]).toEqual([40, 600_000, 700_000]);
  });
});

describe('the event of a notice', () => {
  it('names the place, and nothing that is not known', () => {
    const alert = { isHuman: false, observed: 9, limit: 8, ageMs: 0, nextInMs: 0 } as const;
    expect(doubtEvent({ kind: 'alert', alert: { ...alert, place: 'country', country: 'ID' } })).toEqual({
      type: 'suspension-started',
      place: 'country',
      country: 'ID',
      afterTest: false,
      observed: 9,
      limit: 8,
      explanation: '9 codes to new numbers in Indonesia were not entered; up to 8 are normal there.',
    });
    expect(doubtEvent({ kind: 'alert', alert: { ...alert, place: 'pool' } })).not.toHaveProperty('range');
    expect(doubtEvent({ kind: 'outcomes', outcomes: 'none' })).toEqual({
      type: 'outcomes-missing',
      reason: 'none',
    });
  });
});

import { describe, expect, it } from 'vitest';
import { outcomesNotice } from '../../../../src/limits/doubt/outcomes.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../../src/limits/doubt/parameters.ts';
import {
  feedSiege,
  figuresOf,
  isNewborn,
  knownAsked,
  learnAsked,
  learnEntered,
  newCountry,
  newWorld,
  overdue,
  siegeOf,
} from '../../../../src/limits/doubt/statistics.ts';

const WEEK_MS = 7 * DAY_MS;
const LEARNT = { isLearnt: true, isCalm: true };

/** Lets strangers of a country be asked, and some of them enter. */
function traffic(
  { country, world }: { country: ReturnType<typeof newCountry>; world: ReturnType<typeof newWorld> },
  asked: number,
  entered: number,
  nowMs: number,
): void {
  for (let at = 0; at < asked; at += 1) learnAsked(country, world, true, 1, nowMs);
  for (let at = 0; at < entered; at += 1) learnEntered(country, world, LEARNT, nowMs);
}

function newTown() {
  return { country: newCountry(), world: newWorld() };
}

describe('the conversion of a country', () => {
  const conversion = (town: ReturnType<typeof newTown>, nowMs: number) =>
    figuresOf(town.country, town.world, nowMs).conversion;

  it('is 0.7 before anything is known, and drawn to everybody by 40 people', () => {
    const town = newTown();
    expect(conversion(town, 0)).toBe(0.7);
    traffic(town, 60, 60, MINUTE_MS);
    const everybody = (60 + 28) / (60 + 40);
    expect(conversion(town, 2 * MINUTE_MS)).toBeCloseTo((60 + 40 * everybody) / (60 + 40), 12);
  });

  it('is that of eight weeks, or the best of them less 1.5 standard errors', () => {
    const town = newTown();
    traffic(town, 1, 0, 0);
    for (let week = 1; week < 9; week += 1) traffic(town, 1_000, week === 3 ? 900 : 700, week * WEEK_MS);
    const everybody = town.world.entered / town.world.asked;
    expect(everybody).toBeCloseTo(0.725, 2);
    const best = (900 + 40 * everybody) / 1_040;
    const now = 8 * WEEK_MS + HOUR_MS;
    expect(conversion(town, now)).toBeCloseTo(best - 1.5 * Math.sqrt((best * (1 - best)) / 1_040), 3);
    // Eight weeks later the good week is forgotten.
    for (let week = 9; week < 12; week += 1) traffic(town, 1_000, 700, week * WEEK_MS);
    expect(conversion(town, 11 * WEEK_MS + HOUR_MS)).toBeCloseTo(0.7, 2);
  });

  it('forgets the first week, in which acquaintances count as strangers, once later ones are known', () => {
    const town = newTown();
    traffic(town, 1_000, 950, 0);
    expect(conversion(town, HOUR_MS)).toBeGreaterThan(0.9);
    traffic(town, 199, 140, WEEK_MS);
    expect(conversion(town, WEEK_MS + HOUR_MS)).toBeGreaterThan(0.85);
    traffic(town, 1, 0, WEEK_MS + HOUR_MS);
    expect(conversion(town, WEEK_MS + 2 * HOUR_MS)).toBeLessThan(0.78);
  });

  it('has bounds, and is a minute old at most', () => {
    const none = newTown();
    traffic(none, 1_000, 0, 0);
    expect(conversion(none, HOUR_MS)).toBe(0.05);
    const all = newTown();
    traffic(all, 2_000, 2_000, 0);
    expect(conversion(all, HOUR_MS)).toBe(0.98);
    traffic(all, 8_000, 0, HOUR_MS);
    expect(conversion(all, HOUR_MS + MINUTE_MS - 1)).toBe(0.98);
    expect(conversion(all, HOUR_MS + MINUTE_MS)).toBeLessThan(0.5);
  });

  it('prefers the newest codes of everybody: at 20,000 the older half counts half', () => {
    const town = newTown();
    traffic(town, 19_999, 10_000, 0);
    expect(town.world.asked).toBe(19_999);
    traffic(town, 1, 0, 0);
    expect([town.world.asked, town.world.entered]).toEqual([10_000, 5_000]);
    learnAsked(town.country, town.world, false, 1, 0);
    learnEntered(town.country, town.world, { isLearnt: true, isCalm: false }, 0);
    learnEntered(town.country, town.world, { isLearnt: false, isCalm: true }, 0);
    expect([town.world.asked, town.world.entered]).toEqual([10_000, 5_000]);
    expect([town.country.learntEntered, town.country.entered]).toEqual([10_001, 10_002]);
  });

  it('takes a message back that was not sent, and never counts below nothing', () => {
    const town = newTown();
    traffic(town, 1, 0, 0);
    for (let turn = 0; turn < 2; turn += 1) learnAsked(town.country, town.world, true, -1, 0);
    expect([town.country.learnt, town.world.asked, town.country.weeks[0]?.asked]).toEqual([0, 0, 0]);
  });

  it('is learnt from the first 150 people, while a quarter of them enters', () => {
    const country = newCountry();
    const at = (learnt: number, learntEntered: number) =>
      isNewborn(Object.assign(country, { learnt, learntEntered }));
    expect([at(0, 0), at(12, 0), at(13, 0), at(149, 35), at(149, 34), at(150, 150)]).toEqual([
      true,
      true,
      false,
      true,
      false,
      false,
    ]);
  });
});

describe('the figures of a country', () => {
  it('count the codes of a day that moves on, and of three minutes', () => {
    const town = newTown();
    traffic(town, 0, 100, DAY_MS - MINUTE_MS);
    const at = (nowMs: number) => ({ ...figuresOf(town.country, town.world, nowMs) });
    expect(at(DAY_MS - 30_000)).toMatchObject({ perDay: 100, soon: 100 });
    traffic(town, 0, 10, DAY_MS + MINUTE_MS);
    expect(at(DAY_MS + 2 * MINUTE_MS)).toMatchObject({ soon: 100 });
    const later = at(DAY_MS + 12 * HOUR_MS);
    expect(later).toMatchObject({ perDay: 60, soon: 0 });
    expect(at(3 * DAY_MS)).toMatchObject({ perDay: 0 });
  });

  it('read without keeping', () => {
    const town = newTown();
    expect(figuresOf(town.country, town.world, 0, true)).not.toBe(town.country.figures);
    expect(town.country.figures.minute).toBe(Number.NEGATIVE_INFINITY);
    expect(figuresOf(town.country, town.world, 0)).toBe(town.country.figures);
    expect(figuresOf(town.country, town.world, 0, true)).toBe(town.country.figures);
  });

  it('know the fullest block of a calm day: nine tenths of it the next day', () => {
    const town = newTown();
    const fullest = (nowMs: number) => figuresOf(town.country, town.world, nowMs).fullest;
    expect(fullest(0)).toBe(0);
    town.country.largestCrowd = 20;
    expect(fullest(DAY_MS)).toBe(20);
    expect(fullest(2 * DAY_MS)).toBe(18);
    town.country.largestCrowd = 500;
    expect(fullest(4 * DAY_MS)).toBeCloseTo(54, 9);
    expect(fullest(400 * DAY_MS)).toBeLessThan(0.01);
  });

  it('guess the fullest block of a busy country whose first day this is', () => {
    const town = newTown();
    traffic(town, 0, 401, 0);
    expect(figuresOf(town.country, town.world, HOUR_MS).fullest).toBe(10);
    expect(figuresOf(town.country, town.world, DAY_MS).fullest).toBe(10);
  });
});

describe('a siege', () => {
  it('takes 15 % of the budgets for each alert of three days, down to 35 %', () => {
    const world = newWorld();
    expect(siegeOf(world, 0)).toBe(1);
    feedSiege(world, 1, 0);
    expect(siegeOf(world, 0)).toBe(0.85);
    feedSiege(world, 0.3, DAY_MS);
    expect(siegeOf(world, DAY_MS)).toBeCloseTo(0.805, 12);
    expect(siegeOf(world, 3 * DAY_MS)).toBeCloseTo(0.955, 12);
    for (let alert = 0; alert < 40; alert += 1) feedSiege(world, 1, 3 * DAY_MS);
    expect(siegeOf(world, 3 * DAY_MS)).toBe(0.35);
    expect(world.alerts).toHaveLength(64);
  });
});

describe('outcomes that are missing', () => {
  it('are overdue by what is entered on a usual day, and days without any say nothing', () => {
    const town = newTown();
    expect(overdue(town.world, DAY_MS)).toBe(0);
    traffic(town, 0, 40, 0);
    expect(overdue(town.world, DAY_MS)).toBe(40);
    traffic(town, 0, 80, DAY_MS);
    expect(overdue(town.world, 2 * DAY_MS)).toBe(40);
    traffic(town, 0, 1, 9 * DAY_MS);
    expect(overdue(town.world, 10 * DAY_MS)).toBe(0.75 * 40 + 0.25 * 80);
  });

  it('are noticed at most once per day', () => {
    const world = newWorld();
    world.sent = 199;
    expect(outcomesNotice(world, 0)).toBeUndefined();
    world.sent = 200;
    expect(outcomesNotice(world, 0)).toEqual({ kind: 'outcomes', outcomes: 'none' });
    expect(outcomesNotice(world, DAY_MS - 1)).toBeUndefined();
    expect(outcomesNotice(world, DAY_MS)).toEqual({ kind: 'outcomes', outcomes: 'none' });
  });

  it('are few when less than three quarters of acquaintances enter', () => {
    const world = Object.assign(newWorld(), {
      everEntered: 20,
      lastEnteredMs: 0,
      knownAsked: 99,
      knownEntered: 0,
    });
    expect(outcomesNotice(world, 0)).toBeUndefined();
    knownAsked(world);
    world.knownEntered = 75;
    expect(outcomesNotice(world, 0)).toBeUndefined();
    world.knownEntered = 74;
    expect(outcomesNotice(world, 0)).toEqual({ kind: 'outcomes', outcomes: 'few', part: 0.74 });
    world.knownAsked = 999;
    knownAsked(world);
    expect([world.knownAsked, world.knownEntered]).toEqual([500, 37]);
  });
});

import { describe, expect, it } from 'vitest';
import {
  baseBudget,
  budgetOf,
  graceOf,
  longestPauseOf,
  oddsOf,
  type Setting,
} from '../../../../src/limits/doubt/budgets.ts';
import { newCell } from '../../../../src/limits/doubt/cell.ts';
import { explainDoubt } from '../../../../src/limits/doubt/explain.ts';
import {
  ADDRESS,
  BLOCK,
  COUNTRY,
  DAY_MS,
  HOUR_MS,
  NUMBER,
  PLACES,
  POLICIES,
  POOL,
  RANGE,
} from '../../../../src/limits/doubt/parameters.ts';

/** A busy country: 400 codes entered per day, 10 in three minutes, four of five strangers enter, 20 numbers in the fullest block. */
function settingOf(more: Partial<Setting> = {}): Setting {
  const figures = { minute: 0, conversion: 0.8, perDay: 400, soon: 10, fullest: 20 };
  const base = {
    policy: POLICIES.ask,
    isHuman: false,
    allowance: 10,
    figures,
    siege: 1,
    isWatched: false,
    enteredThere: 9,
  };
  return { ...base, ...more };
}

const all = PLACES.map((_, place) => place);

describe('budgets', () => {
  it('are what is normal at the size of the country', () => {
    const setting = settingOf();
    const budgets = all.map((place) => budgetOf(place, newCell(), setting, 0));
    // 10 + 1.5 x 20 + 0.01 x 400, 8 + 0.1 x 20, 0.6 x 20, 3 x 20, 8 + 3.
    expect(budgets).toEqual([44, 10, 12, 60, 11, 4, 15]);
  });

  it('are the floors for a country where nobody entered a code', () => {
    const figures = { minute: 0, conversion: 0.7, perDay: 0, soon: 0, fullest: 0 };
    const setting = settingOf({ figures, enteredThere: 0 });
    expect(all.map((place) => budgetOf(place, newCell(), setting, 0))).toEqual([10, 8, 5, 8, 8, 4, 15]);
  });

  it('are smaller in a siege, for some places, and larger for those who passed a test for people', () => {
    const siege = settingOf({ siege: 0.5, figures: { ...settingOf().figures, fullest: 0 } });
    expect(all.map((place) => budgetOf(place, newCell(), siege, 0))).toEqual([39, 6, 2.5, 8, 7, 4, 15]);
    const human = { ...siege, isHuman: true };
    expect(budgetOf(COUNTRY, newCell(), human, 0)).toBeCloseTo(1.6 * (7.5 + 30 + 4), 9);
    expect(budgetOf(RANGE, newCell(), human, 0)).toBe(16);
  });

  it('are smaller for ranges and blocks while their country is watched', () => {
    const watched = settingOf({ isWatched: true });
    expect(baseBudget(RANGE, watched, 1)).toBe(6);
    expect(baseBudget(BLOCK, watched, 1)).toBeCloseTo(7.2, 9);
    const refusing = { ...watched, policy: POLICIES.refuse };
    expect(baseBudget(RANGE, refusing, 1)).toBe(4.5);
    expect(baseBudget(BLOCK, refusing, 1)).toBeCloseTo(7.2, 9);
    expect(baseBudget(POOL, refusing, 1)).toBe(25);
  });

  it('are a third for two days after an alert, but that of the pool', () => {
    const cell = { ...newCell(), endedMs: 1_000 };
    for (const place of all) {
      const whole = budgetOf(place, newCell(), settingOf(), 0);
      const part = place === POOL ? 1 : 0.35;
      expect(budgetOf(place, cell, settingOf(), 1_000 + 2 * DAY_MS - 1)).toBeCloseTo(whole * part, 9);
      expect(budgetOf(place, cell, settingOf(), 1_000 + 2 * DAY_MS)).toBe(whole);
    }
  });

  it('leave room for codes that people may still be typing', () => {
    const { figures } = settingOf();
    expect(all.map((place) => graceOf(place, figures))).toEqual([20, 8, 3, 0, 6, 0, 10]);
  });
});

describe('odds', () => {
  it('are what honest strangers leave unentered for each that enters', () => {
    const setting = settingOf();
    expect(oddsOf(COUNTRY, setting)).toBeCloseTo(1.35 * 0.25, 12);
    expect(oddsOf(RANGE, setting)).toBe(0.8);
    expect(oddsOf(BLOCK, setting)).toBe(0.5);
    expect([NUMBER, POOL].map((place) => oddsOf(place, setting))).toEqual([3, 0.5]);
    const worse = settingOf({ figures: { ...setting.figures, conversion: 0.5 } });
    expect([COUNTRY, RANGE, ADDRESS, BLOCK].map((place) => oddsOf(place, worse))).toEqual([
      1.35, 2.2, 2.2, 1.5,
    ]);
  });

  it('have bounds for a country, and less slack in a siege', () => {
    const at = (conversion: number, more: Partial<Setting> = {}) =>
      oddsOf(COUNTRY, settingOf({ ...more, figures: { ...settingOf().figures, conversion } }));
    expect([at(0.98), at(0.1)]).toEqual([0.1, 2.5]);
    expect(at(0.5, { siege: 0.85 })).toBe(1.1);
    expect(at(0.5, { siege: 0.85, isHuman: true })).toBe(1.35);
  });
});

describe('the longest pause', () => {
  it('depends on the size of the country, where the place is large', () => {
    const pauses = (policy: 'ask' | 'refuse', perDay: number) =>
      all.map((place) => {
        const setting = settingOf({ policy: POLICIES[policy], figures: { ...settingOf().figures, perDay } });
        return longestPauseOf(place, setting) / HOUR_MS;
      });
    expect(pauses('ask', 400)).toEqual([6, 48, 96, 96, 48, 48, 6]);
    expect(pauses('ask', 100_000)).toEqual([2, 12, 96, 96, 48, 48, 6]);
    expect(pauses('refuse', 400)).toEqual([1.5, 15, 24, 12, 24, 12, 2]);
    expect(pauses('refuse', 0)).toEqual([12, 24, 24, 12, 24, 12, 2]);
  });
});

describe('a sentence about doubt', () => {
  it('has both numbers, and names no number', () => {
    const at = (place: (typeof PLACES)[number]) =>
      explainDoubt({ place, country: 'ID', prefix: '628123456', observed: 46, limit: 45 });
    expect(PLACES.map(at)).toEqual([
      '46 codes to new numbers in Indonesia were not entered; up to 45 are normal there.',
      '46 codes to new numbers of +628123456xxxxxx were not entered; up to 45 are normal there.',
      '46 codes to new numbers of +628123456xxxx were not entered; up to 45 are normal there.',
      '46 new numbers of +628123456xxxx today; up to 45 are normal.',
      '46 codes to new numbers were requested from one address and not entered; up to 45 are normal.',
      '46 codes to this number were not entered; up to 45 are normal.',
      'New numbers in countries where hardly anybody has entered a code yet: 46 of 45.',
    ]);
  });

  it('names a calling code, and copes with a country that nobody knows', () => {
    const at = (country: string | undefined, limit = 1) =>
      explainDoubt({ place: 'country', country, observed: 2, limit });
    expect(at('882')).toBe('2 codes to new numbers in +882 were not entered; up to 1 is normal there.');
    expect(at('ZX')).toContain(' in ZX were');
    expect(at(undefined)).toContain(' in + were');
    expect(explainDoubt({ place: 'range', observed: 2, limit: 0 })).toContain(
      'of +xxxxxx were not entered; up to 0 are',
    );
  });
});

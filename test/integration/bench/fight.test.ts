import { describe, expect, test } from 'vitest';
import { attackOf } from '../../../bench/attack/attacks.ts';
import { CONFIGURATIONS } from '../../../bench/attack/configurations.ts';
import { simulate } from '../../../bench/attack/world.ts';

const quick = { size: 200, seed: 1, historyDays: 0 } as const;

describe('the fight', () => {
  test('the defaults stop the hammer, and prefix the run of neighbours', async () => {
    const { figures: hammer } = await simulate({
      ...quick,
      attack: attackOf('hammer'),
      configuration: CONFIGURATIONS.defaults,
    });
    expect(hammer.tried).toBe(4_320);
    expect(hammer.stopped).toBeGreaterThanOrEqual(98);
    const { figures: sequential } = await simulate({
      ...quick,
      attack: attackOf('sequential'),
      configuration: CONFIGURATIONS['countries+prefix'],
    });
    expect(sequential.stopped).toBeGreaterThan(94);
    expect(sequential.stopped).toBeLessThan(96);
    expect(sequential.lost).toBeCloseTo(7_200 * 0.05 * 0.32, -1);
    expect(sequential.refused).toBeLessThanOrEqual(0.2);
  });

  test('without guards everything goes out, and nobody is refused', async () => {
    const attack = attackOf('newborn');
    const { figures } = await simulate({ ...quick, attack, configuration: CONFIGURATIONS.none });
    expect(figures.tried).toBeGreaterThan(1_300);
    expect(figures).toMatchObject({ stopped: 0, refused: 0, asked: 0, waited: 0, peopleLost: 0 });
    expect(figures.minutesToCutOff).toBeUndefined();
  });

  test('a run gives the same figures again, and so does the whole client with a fetch behind it', async () => {
    const run = {
      ...quick,
      attack: { ...attackOf('verify-route'), days: 1 },
      perDay: 600,
      configuration: CONFIGURATIONS['countries+prefix'],
    };
    const { figures } = await simulate(run);
    expect(figures.stopped).toBeGreaterThan(80);
    expect((await simulate(run)).figures).toEqual(figures);
    expect((await simulate({ ...run, isOnWire: true })).figures).toEqual(figures);
  });
});

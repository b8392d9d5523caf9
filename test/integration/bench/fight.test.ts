import { describe, expect, test } from 'vitest';
import type { Attack } from '../../../bench/attack/attack.ts';
import { type AttackName, attackOf } from '../../../bench/attack/attacks.ts';
import { CONFIGURATIONS } from '../../../bench/attack/configurations.ts';
import { runJobs } from '../../../bench/attack/jobs.ts';
import { simulate } from '../../../bench/attack/world.ts';

/** The first tries of an attack, and one day of honest traffic. */
function begin(name: AttackName, count: number): Attack {
  const attack = attackOf(name);
  return {
    ...attack,
    days: 1,
    *run(context) {
      const adversary = attack.run(context);
      let step = adversary.next();
      for (let index = 0; index < count && step.done !== true; index += 1) {
        step = adversary.next(yield step.value);
      }
    },
  };
}

describe('the guards without memory of days', () => {
  const service = { size: 200, seed: 1, historyDays: 0 } as const;

  test('the defaults stop the hammer', async () => {
    const attack = begin('hammer', 1_000);
    const { figures } = await simulate({ ...service, attack, configuration: CONFIGURATIONS.defaults });
    expect(figures).toMatchObject({ tried: 1_000, sent: 8, refused: 0 });
  });

  test('prefix stops the run of neighbours', async () => {
    const attack = begin('sequential', 2_000);
    const configuration = CONFIGURATIONS['countries+prefix-minutes'];
    const { figures } = await simulate({ ...service, attack, configuration });
    // Five of each hundred pass.
    expect(figures.stopped).toBeGreaterThan(94);
    expect(figures.stopped).toBeLessThan(96);
    expect(figures.lost).toBeCloseTo(figures.sent * 0.32);
    expect(figures.refused).toBe(0);
  });

  test('without guards everything goes out, and nobody is refused', async () => {
    const attack = begin('newborn', 2_000);
    const { figures } = await simulate({ ...service, attack, configuration: CONFIGURATIONS.none });
    expect(figures.tried).toBeGreaterThan(1_300);
    expect(figures).toMatchObject({ stopped: 0, refused: 0, asked: 0, waited: 0, peopleLost: 0 });
    expect(figures.minutesToCutOff).toBeUndefined();
  });

  test('a run gives the same figures again, and so does the whole client with a fetch behind it', async () => {
    const attack = begin('verify-route', 400);
    const run = { ...service, attack, configuration: CONFIGURATIONS['countries+prefix'] };
    const { figures } = await simulate(run);
    expect(figures.stopped).toBeGreaterThan(80);
    expect((await simulate(run)).figures).toEqual(figures);
    expect((await simulate({ ...run, isOnWire: true })).figures).toEqual(figures);
  });

  test('an attack that starts from a snapshot of its history gives the same figures', async () => {
    const shared = { configuration: 'countries+prefix', size: 200, seed: 2, historyDays: 1 } as const;
    const jobs = (['burst-3am', 'newborn'] as const).map((attack) => ({ ...shared, attack }));
    for (const { job, result } of await runJobs(jobs, { workers: 1 })) {
      const attack = attackOf(job.attack);
      const configuration = CONFIGURATIONS[job.configuration];
      const { figures } = await simulate({ ...shared, attack, configuration });
      expect(result.figures).toEqual(figures);
      expect(figures.tried).toBeGreaterThan(1_000);
    }
  });
});

describe('the doubt budget of a small service that can ask', () => {
  const service = {
    size: 200,
    seed: 3,
    historyDays: 4,
    configuration: CONFIGURATIONS['pumping-ask'],
  } as const;

  test.each([
    ['sequential', 3_000, 98, 25],
    ['operator-random', 2_500, 93, 100],
    ['flood', 5_000, 90, 200],
  ] as const)(
    '%s: of %i tries at least %i % are stopped, and at most $%i is lost',
    async (name, tries, stopped, lost) => {
      const attack = { ...begin(name, tries), days: 3 };
      const { figures } = await simulate({ ...service, attack });
      expect(figures.tried).toBe(tries);
      expect(figures.stopped).toBeGreaterThanOrEqual(stopped);
      expect(figures.lost).toBeLessThanOrEqual(lost);
      expect(figures.refused).toBeLessThanOrEqual(0.2);
      expect(figures.peopleLost).toBeLessThanOrEqual(1);
    },
  );

  test('nobody is held without an attack', async () => {
    const { figures } = await simulate({ ...service, attack: attackOf('none') });
    expect(figures.honest).toBeGreaterThan(400);
    expect(figures.refused).toBeLessThanOrEqual(0.2);
    expect(figures.asked).toBeLessThanOrEqual(0.5);
  });

  test('monitor mode says what it would have done, and stops nothing', async () => {
    const attack = begin('operator-random', 1_000);
    const configuration = CONFIGURATIONS['pumping-monitor'];
    const { figures } = await simulate({ ...service, attack, configuration });
    expect(figures.stopped).toBeGreaterThan(80);
    expect(figures.peopleLost).toBe(0);
  });
});

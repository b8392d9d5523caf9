import { ATTACK_NAMES, type AttackName, attackOf } from './attacks.ts';
import type { ConfigurationName } from './configurations.ts';
import type { Job } from './jobs.ts';

/** Seeds 1 to 99 are for tuning; reports and the acceptance use others, so that nobody tunes on them. */
export const TUNING_SEED = 11;
export const REPORT_SEED = 201;
export const ACCEPTANCE_SEED = 301;

/** The configuration that the acceptance is about. */
export const ASKING: ConfigurationName = 'pumping-ask';

/** Columns of the report. */
export const MAIN: readonly ConfigurationName[] = ['defaults', 'countries+prefix', 'pumping-refuse', ASKING];
/** Columns for the small service, whose runs are short. */
export const SMALL: readonly ConfigurationName[] = ['defaults', ASKING];
export const ALONE: readonly ConfigurationName[] = [
  'recipient',
  'backoff',
  'prefix',
  'client-ip',
  'countries',
];
/** The facts that a service hands in, or does not. */
export const HANDED_IN: readonly ConfigurationName[] = [
  ASKING,
  'pumping-captcha',
  'pumping-returning',
  'pumping-no-address',
  'pumping-half-outcomes',
  'pumping-no-outcomes',
  'pumping-monitor',
];

/** Attacks on a small service only, as long as they say. */
export const LONG_ATTACKS: readonly AttackName[] = ['flood', 'slow-growth'];
/** Attacks on a service of any size. */
export const USUAL_ATTACKS: readonly AttackName[] = ATTACK_NAMES.filter(
  (name) => !LONG_ATTACKS.includes(name),
);
/** Attacks for the table by tries per day. */
export const SIZED_ATTACKS: readonly AttackName[] = ['rotating', 'dear-market', 'prefix-spread'];
export const TRIED_PER_DAY: readonly number[] = [50, 250, 1_000, 5_000];

function jobsOf(
  attacks: readonly AttackName[],
  configurations: readonly ConfigurationName[],
  size: number,
  seeds: readonly number[],
): Job[] {
  return configurations.flatMap((configuration) =>
    seeds.flatMap((seed) =>
      attacks.map((attack) => ({ attack, configuration, size: attackOf(attack).size ?? size, seed })),
    ),
  );
}

function bySize(triedPerDay: readonly number[], seed: number): Job[] {
  return SIZED_ATTACKS.flatMap((attack) =>
    triedPerDay.map((perDay) => ({ attack, configuration: ASKING, size: 5_000, seed, perDay })),
  );
}

/** Under a minute: a small service, today's guards beside the doubt budget. */
export function quickJobs(seed: number): readonly Job[] {
  return jobsOf(USUAL_ATTACKS, ['countries+prefix', ASKING], 200, [seed]);
}

/** Everything that `docs/fraud-simulation.md` shows, about a quarter of an hour on two cores. */
export function reportJobs(seed: number): readonly Job[] {
  return [
    ...jobsOf(USUAL_ATTACKS, MAIN, 5_000, [seed]),
    ...bySize(TRIED_PER_DAY, seed),
    ...jobsOf(USUAL_ATTACKS, ['defaults'], 200, [seed]),
    ...jobsOf(USUAL_ATTACKS, [ASKING], 200, [seed, seed + 1]),
    ...jobsOf(LONG_ATTACKS, SMALL, 200, [seed]),
  ];
}

/** Each guard alone, and what the things are worth that a service hands in. */
export function partsJobs(seed: number): readonly Job[] {
  return [
    ...jobsOf(USUAL_ATTACKS, ALONE, 200, [seed]),
    ...jobsOf(['none', ...SIZED_ATTACKS], HANDED_IN, 5_000, [seed]),
  ];
}

/** A service of 100,000 per day, with four days of history: some minutes. */
export function largeJobs(seed: number): readonly Job[] {
  const jobs = jobsOf(['none', ...SIZED_ATTACKS, 'fake-30', 'adaptive'], [ASKING], 100_000, [seed]);
  return jobs.map((job) => ({ ...job, historyDays: 4 }));
}

/** The runs that the acceptance needs. */
export function acceptanceJobs(seed: number): readonly Job[] {
  return [
    ...jobsOf(USUAL_ATTACKS, [ASKING], 5_000, [seed]),
    ...jobsOf(USUAL_ATTACKS, [ASKING], 200, [seed]),
    ...jobsOf(['flood'], [ASKING], 200, [seed]),
    ...bySize([500, 1_500, 5_000], seed),
    ...jobsOf(['none'], ['pumping-no-outcomes'], 5_000, [seed]),
    ...jobsOf(['none'], ['pumping-no-outcomes'], 200, [seed]),
  ];
}

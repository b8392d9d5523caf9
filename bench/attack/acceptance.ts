import { type AttackName, CALM_NAMES } from './attacks.ts';
import { ASKING, SIZED_ATTACKS, USUAL_ATTACKS } from './plans.ts';
import { find, type Summary } from './summary.ts';
import { dollars, percent } from './table.ts';

/** One line of the acceptance. */
export interface Criterion {
  readonly name: string;
  readonly bound: string;
  readonly figure: string;
  readonly isMet: boolean;
}

/** Least per cent of the messages that is stopped: shield.md, end of section 6. */
const STOPPED: readonly (readonly [number, readonly AttackName[]])[] = [
  [98, ['hammer', 'sequential', 'drip']],
  [93, ['operator-random', 'rotating', 'verify-route', 'accounts', 'newborn']],
  [90, ['dear-market', 'burst-3am', 'flash-cover']],
  [85, ['launch-cover', 'rotating-markets', 'fake-10', 'few-numbers']],
  [75, ['captcha-farm', 'fake-30', 'prefix-spread', 'adaptive']],
];
const SIZES = [5_000, 200];
const MOST_LOST = 0.7;
const MOST_LOST_BY_REPLAY = 1.2;

function shown(size: number): string {
  return `${size.toLocaleString('en')} per day`;
}

function atMost(name: string, value: number, bound: number, unit: (value: number) => string): Criterion {
  return { name, bound: `at most ${unit(bound)}`, figure: unit(value), isMet: value <= bound };
}

const twoDigits = (value: number) => percent(value, 2);

/** Every criterion with the figure that decides it. A run that is missing fails. */
export function judge(all: readonly Summary[]): readonly Criterion[] {
  const criteria: Criterion[] = [];

  function look(
    attack: AttackName,
    size: number,
    add: (summary: Summary) => readonly Criterion[],
    more: { perDay?: number; configuration?: Summary['configuration'] } = {},
  ): void {
    const { perDay, configuration = ASKING } = more;
    const summary = find(all, { attack, configuration, size, perDay });
    const missing = { name: `${attack}, ${shown(size)}`, bound: 'a run', figure: 'none', isMet: false };
    criteria.push(...(summary === undefined ? [missing] : add(summary)));
  }

  for (const size of SIZES) {
    for (const name of ['none', 'outage'] as const) {
      look(name, size, ({ refused, asked }) => [
        atMost(`${name}, ${shown(size)}: honest refused`, refused, 0.05, twoDigits),
        atMost(`${name}, ${shown(size)}: honest asked`, asked, 0.5, twoDigits),
      ]);
    }
    for (const name of USUAL_ATTACKS.filter((each) => !CALM_NAMES.includes(each))) {
      const least = STOPPED.find(([, names]) => names.includes(name))?.[0];
      look(name, size, ({ stopped, refused, peopleLost }) => [
        ...(least === undefined
          ? []
          : [
              {
                name: `${name}, ${shown(size)}: stopped`,
                bound: `at least ${percent(least)}`,
                figure: percent(stopped),
                isMet: stopped >= least,
              },
            ]),
        ...(name === 'replay'
          ? []
          : [atMost(`${name}, ${shown(size)}: honest refused`, refused, 0.1, twoDigits)]),
        atMost(
          `${name}, ${shown(size)}: people lost`,
          peopleLost,
          name === 'replay' ? MOST_LOST_BY_REPLAY : MOST_LOST,
          twoDigits,
        ),
      ]);
    }
    look(
      'none',
      size,
      ({ asked }) => [atMost(`no outcomes, ${shown(size)}: honest asked`, asked, 0.5, twoDigits)],
      { configuration: 'pumping-no-outcomes' },
    );
  }
  look('flood', 200, ({ lost }) => [atMost('flood: lost', lost, 200, dollars)]);
  for (const attack of SIZED_ATTACKS) {
    for (const perDay of [500, 1_500, 5_000]) {
      const name = `${attack}, ${perDay.toLocaleString('en')} tried per day: lost per day`;
      look(attack, 5_000, ({ lostPerDay }) => [atMost(name, lostPerDay, 65, dollars)], { perDay });
    }
  }
  return criteria;
}

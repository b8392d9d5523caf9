import type { AttackName } from './attacks.ts';
import type { ConfigurationName } from './configurations.ts';
import type { Job, Outcome } from './jobs.ts';
import type { Figures } from './tally.ts';

/** The means of one attack under one configuration, over all seeds. */
export interface Summary {
  readonly attack: AttackName;
  readonly configuration: ConfigurationName;
  readonly size: number;
  readonly perDay?: number;
  readonly seeds: readonly number[];
  readonly tried: number;
  readonly stopped: number;
  /** US dollars. */
  readonly lost: number;
  readonly lostPerDay: number;
  readonly sentPerDay: number;
  /** The shortest and the longest over the seeds; absent when a seed was never cut off. */
  readonly minutesToCutOff?: readonly [number, number];
  readonly refused: number;
  readonly asked: number;
  readonly peopleLost: number;
  readonly worstGroup: Figures['worstGroup'];
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Figures with as many digits as they are worth. */
function rounded(value: number): number {
  return Number(value.toFixed(3));
}

function summarise(outcomes: readonly Outcome[]): Summary {
  const { attack, configuration, size, perDay } = (outcomes[0] as Outcome).job;
  const figures = outcomes.map(({ result }) => result.figures);
  const of = (name: keyof Figures & string) => rounded(mean(figures.map((each) => each[name] as number)));
  const minutes = figures.flatMap(({ minutesToCutOff }) => minutesToCutOff ?? []);
  const worst = figures
    .map(({ worstGroup }) => worstGroup)
    .sort((one, other) => other.lost - one.lost || other.asked - one.asked)[0] as Figures['worstGroup'];
  return {
    attack,
    configuration,
    size,
    ...(perDay !== undefined && { perDay }),
    seeds: outcomes.map(({ job }) => job.seed),
    tried: of('tried'),
    stopped: of('stopped'),
    lost: of('lost'),
    lostPerDay: of('lostPerDay'),
    sentPerDay: of('sentPerDay'),
    ...(minutes.length === figures.length && {
      minutesToCutOff: [Math.min(...minutes), Math.max(...minutes)] as const,
    }),
    refused: of('refused'),
    asked: of('asked'),
    peopleLost: of('peopleLost'),
    worstGroup: { ...worst, lost: rounded(worst.lost), asked: rounded(worst.asked) },
  };
}

/** One summary for each attack, configuration and size, in the order of the outcomes. */
export function summaries(outcomes: readonly Outcome[]): readonly Summary[] {
  const groups = new Map<string, Outcome[]>();
  for (const outcome of outcomes) {
    const { attack, configuration, size, perDay } = outcome.job;
    const name = [attack, configuration, size, perDay].join(' ');
    groups.set(name, [...(groups.get(name) ?? []), outcome]);
  }
  return [...groups.values()].map(summarise);
}

/** The summary of a job, whatever its seed. */
export function find(
  all: readonly Summary[],
  wanted: Pick<Job, 'attack' | 'configuration' | 'size' | 'perDay'>,
): Summary | undefined {
  return all.find(({ attack, configuration, size, perDay }) => {
    const isSame = attack === wanted.attack && configuration === wanted.configuration;
    return isSame && size === wanted.size && perDay === wanted.perDay;
  });
}

/** One summary a line, so that a difference between two runs can be read. */
export function toJson(all: readonly Summary[]): string {
  return `[\n${all.map((summary) => JSON.stringify(summary)).join(',\n')}\n]\n`;
}

/**
 * The fight: attacks on a simulated service, with the guards of the client in front.
 *
 *     node bench/attack/run.ts --quick                 a minute or two
 *     node bench/attack/run.ts                         the whole report; --write puts it into docs/
 *     node bench/attack/run.ts --parts                 each guard alone; what clientIp, outcomes and customers are worth
 *     node bench/attack/run.ts --large                 100,000 per day
 *     node bench/attack/run.ts --accept                the acceptance, each criterion with its figure
 *     node bench/attack/run.ts --attack rotating --config pumping-ask --size 5000 --seed 11 [--tried 500] [--groups]
 *
 * `--seed` takes another seed, `--workers` the processors (2), `--keep FILE` a file that outcomes are kept in, so that a run that
 * was stopped goes on where it was. Traffic is assumed, not real: places.ts, people.ts and traffic.ts hold every figure.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { judge } from './acceptance.ts';
import { ATTACK_NAMES, attackOf } from './attacks.ts';
import { CONFIGURATION_NAMES } from './configurations.ts';
import { writeDocuments } from './documents.ts';
import { type Job, type Outcome, runJobs } from './jobs.ts';
import {
  ACCEPTANCE_SEED,
  acceptanceJobs,
  largeJobs,
  MAIN,
  partsJobs,
  quickJobs,
  REPORT_SEED,
  reportJobs,
  TUNING_SEED,
} from './plans.ts';
import { aloneTable, handedInTable, tableOf } from './report.ts';
import { summaries, toJson } from './summary.ts';
import { attackCell, cutOffCell, honestCell, markdownTable, worstCell } from './table.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    large: { type: 'boolean', default: false },
    parts: { type: 'boolean', default: false },
    accept: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    attack: { type: 'string' },
    config: { type: 'string', default: 'defaults' },
    size: { type: 'string' },
    seed: { type: 'string' },
    tried: { type: 'string' },
    history: { type: 'string' },
    groups: { type: 'boolean', default: false },
    json: { type: 'string' },
    keep: { type: 'string' },
    workers: { type: 'string', default: '2' },
  },
});

function namesIn<Name extends string>(list: string, known: readonly Name[]): readonly Name[] {
  return list.split(',').map((name) => {
    const found = known.find((each) => each === name);
    if (found === undefined) throw new Error(`${name} is none of ${known.join(', ')}`);
    return found;
  });
}

function numberIn(text: string | undefined): number | undefined {
  const value = text === undefined ? undefined : Number(text);
  if (Number.isNaN(value)) throw new Error(`${text} is no number`);
  return value;
}

/** Single runs, as the options name them. */
function chosenJobs(attacks: string): readonly Job[] {
  return namesIn(values.config, CONFIGURATION_NAMES).flatMap((configuration) =>
    namesIn(attacks, ATTACK_NAMES).map((attack) => ({
      attack,
      configuration,
      size: numberIn(values.size) ?? attackOf(attack).size ?? 5_000,
      seed: numberIn(values.seed) ?? TUNING_SEED,
      perDay: numberIn(values.tried),
      historyDays: numberIn(values.history),
    })),
  );
}

function plannedJobs(): readonly Job[] {
  const seed = numberIn(values.seed);
  if (values.attack !== undefined) return chosenJobs(values.attack);
  if (values.quick) return quickJobs(seed ?? TUNING_SEED);
  if (values.accept) return acceptanceJobs(seed ?? ACCEPTANCE_SEED);
  if (values.parts) return partsJobs(seed ?? REPORT_SEED);
  if (values.large) return largeJobs(seed ?? REPORT_SEED);
  return reportJobs(seed ?? REPORT_SEED);
}

function showGroups({ result: { groups, reasons } }: Outcome): void {
  console.table(groups);
  console.log(reasons);
}

const jobs = plannedJobs();
let done = 0;
const outcomes = await runJobs(jobs, {
  workers: numberIn(values.workers) ?? 2,
  keep: values.keep,
  onOutcome({ job }) {
    done += 1;
    console.error(`${done} of ${jobs.length}: ${job.configuration}, ${job.attack}, ${job.size} per day`);
  },
});
const all = summaries(outcomes);

if (values.accept) {
  const criteria = judge(all);
  const rows = criteria.map(({ name, bound, figure, isMet }) => [
    isMet ? 'pass' : 'FAIL',
    name,
    bound,
    figure,
  ]);
  console.log(markdownTable(['', 'criterion', 'bound', 'figure'], rows));
  const failed = criteria.filter(({ isMet }) => !isMet).length;
  console.log(`\n${criteria.length - failed} of ${criteria.length} criteria met`);
  process.exitCode = failed > 0 ? 1 : 0;
} else if (values.attack !== undefined) {
  const rows = all.map((summary) => [
    summary.configuration,
    summary.attack,
    `${Math.round(summary.sentPerDay)} sent per day`,
    attackCell(summary),
    honestCell(summary),
    cutOffCell(summary),
    worstCell(summary),
  ]);
  console.log(
    markdownTable(
      ['configuration', 'attack', '', 'stopped, lost', 'refused / asked / lost, %', 'cut off', 'worst group'],
      rows,
    ),
  );
  if (values.groups) outcomes.forEach(showGroups);
} else if (values.parts) {
  console.log(`${aloneTable(all, 200)}\n\n${handedInTable(all, 5_000)}`);
} else {
  for (const size of new Set(all.map((summary) => summary.size))) {
    const ofSize = new Set(all.filter((summary) => summary.size === size).map((each) => each.configuration));
    const table = tableOf(
      all,
      size,
      MAIN.filter((name) => ofSize.has(name)),
    );
    console.log(`\n${size.toLocaleString('en')} per day\n\n${table}`);
  }
}
if (values.json !== undefined) writeFileSync(values.json, toJson(all));
if (values.write) {
  if (JSON.stringify(jobs) !== JSON.stringify(reportJobs(REPORT_SEED))) {
    throw new Error('--write is for the whole report on its own seed');
  }
  writeDocuments(all);
}

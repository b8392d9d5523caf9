import { execFile } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { type AttackName, attackOf } from './attacks.ts';
import { CONFIGURATIONS, type ConfigurationName } from './configurations.ts';
import { type RunResult, simulate } from './world.ts';

/** One run, as data. */
export interface Job {
  readonly attack: AttackName;
  readonly configuration: ConfigurationName;
  /** Honest requests per day. */
  readonly size: number;
  readonly seed: number;
  /** Tries of the fraudster per day. @default 1,500, and 30 % of the honest requests of a large service */
  readonly perDay?: number | undefined;
  readonly historyDays?: number | undefined;
}

export interface Outcome {
  readonly job: Job;
  readonly result: RunResult;
}

export interface JobsOptions {
  /** Processors to use. */
  readonly workers: number;
  /** A file that keeps outcomes, so that a run that was stopped goes on where it was. */
  readonly keep?: string | undefined;
  onOutcome?(outcome: Outcome): void;
}

const run = promisify(execFile);
const MAX_OUTPUT = { maxBuffer: 16 * 1024 * 1024 };

function nameOf({ attack, configuration, size, seed, perDay, historyDays }: Job): string {
  return [attack, configuration, size, seed, perDay, historyDays].join(' ');
}

/** Jobs of one history start from one snapshot. An attack that prepares itself has a history of its own. */
function historyOf({ attack, configuration, size, seed, historyDays }: Job): string {
  const { preparationDays = 0, historyDays: ownDays } = attackOf(attack);
  const days = historyDays ?? ownDays ?? CONFIGURATIONS[configuration].historyDays;
  return [configuration, size, seed, days, preparationDays > 0 ? attack : ''].join(' ');
}

async function runWhole({ attack, configuration, ...rest }: Job): Promise<RunResult> {
  return simulate({ ...rest, attack: attackOf(attack), configuration: CONFIGURATIONS[configuration] });
}

/** One file with everything but the transport. */
async function bundle(directory: string): Promise<string> {
  const outfile = join(directory, 'history.cjs');
  const instead = fileURLToPath(new URL('no-transport.ts', import.meta.url));
  await build({
    entryPoints: [fileURLToPath(new URL('history.ts', import.meta.url))],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    logLevel: 'error',
    plugins: [
      {
        name: 'no-transport',
        setup: ({ onResolve }) => onResolve({ filter: /\/create-transport\.ts$/ }, () => ({ path: instead })),
      },
    ],
  });
  return outfile;
}

/** The history of these jobs, played once. */
async function buildSnapshot(bundled: string, directory: string, job: Job, index: number): Promise<string> {
  const blob = join(directory, `${index}.blob`);
  const days = job.historyDays ?? attackOf(job.attack).historyDays;
  const options = JSON.stringify({ ...job, historyDays: days });
  await run(process.execPath, ['--snapshot-blob', blob, '--build-snapshot', bundled, options], MAX_OUTPUT);
  return blob;
}

async function runFromSnapshot(blob: string, job: Job): Promise<RunResult> {
  const { stdout } = await run(process.execPath, ['--snapshot-blob', blob, JSON.stringify(job)], MAX_OUTPUT);
  return JSON.parse(stdout) as RunResult;
}

function readKept(keep: string | undefined): Map<string, Outcome> {
  const lines = keep !== undefined && existsSync(keep) ? readFileSync(keep, 'utf8').trim().split('\n') : [];
  const outcomes = lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Outcome);
  return new Map(outcomes.map((outcome) => [nameOf(outcome.job), outcome]));
}

/** Calls `work` for every item, `workers` at a time. */
async function inParallel<Item>(
  items: readonly Item[],
  workers: number,
  work: (item: Item) => Promise<void>,
) {
  const left = items[Symbol.iterator]();
  async function takeTurns(): Promise<void> {
    for (const item of left) await work(item);
  }
  await Promise.all(Array.from({ length: workers }, takeTurns));
}

/** Runs all jobs and returns their outcomes in the order of the jobs. */
export async function runJobs(jobs: readonly Job[], options: JobsOptions): Promise<readonly Outcome[]> {
  const { workers, keep, onOutcome } = options;
  const outcomes = readKept(keep);
  const waiting = jobs.filter((job) => !outcomes.has(nameOf(job)));
  const histories = new Map<string, Job[]>();
  for (const job of waiting) {
    const name = historyOf(job);
    histories.set(name, [...(histories.get(name) ?? []), job]);
  }
  const directory = mkdtempSync(join(tmpdir(), 'attack-'));
  const bundled = await bundle(directory);

  function finish(job: Job, result: RunResult): void {
    const outcome = { job, result };
    outcomes.set(nameOf(job), outcome);
    if (keep !== undefined) appendFileSync(keep, `${JSON.stringify(outcome)}\n`);
    onOutcome?.(outcome);
  }

  async function runHistory([index, group]: [number, readonly Job[]]): Promise<void> {
    const first = group[0] as Job;
    if (group.length === 1) return finish(first, await runWhole(first));
    const blob = await buildSnapshot(bundled, directory, first, index);
    for (const job of group) finish(job, await runFromSnapshot(blob, job));
    rmSync(blob);
  }

  try {
    await inParallel([...[...histories.values()].entries()], workers, runHistory);
  } finally {
    rmSync(directory, { recursive: true });
  }
  return jobs.map((job) => outcomes.get(nameOf(job)) as Outcome);
}

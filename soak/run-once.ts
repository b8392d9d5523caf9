import type { WorkerReport } from '../test/redis/processes/commands.ts';
import { countsOf } from '../test/redis/processes/counter.ts';
import type { Arrival } from '../test/redis/processes/receiver.ts';
import { type Allowed, checkNoneTwice, checkTotals, checkWindows, tightestOf } from './check.ts';
import { injectFaults } from './faults.ts';
import {
  type Fixture,
  type FixtureConfig,
  LIMIT,
  machineMs,
  PROCESSES,
  pause,
  startFixture,
  WINDOW_MS,
} from './fixture.ts';

/** Longest time to recover; our number. */
const RECOVERY_MS = 60_000;
/** Includes frozen processes. Without our deadline the client libraries wait for 10 s and more. */
const LONGEST_DECISION_MS = 5_000;

export interface RunResult {
  readonly flaws: readonly string[];
  readonly summary: string;
}

/** Sends for a while under faults, then compares the messages sent with the counts. */
export async function runOnce(config: FixtureConfig & { readonly durationMs: number }): Promise<RunResult> {
  const { receiver, durationMs, tell } = config;
  const from = receiver.arrivals.length;
  const fixture = await startFixture(config);
  try {
    const faults = await injectFaults(fixture, machineMs() + durationMs);
    const reports = await settle(fixture);
    const arrivals = receiver.arrivals.slice(from);
    const flaws = [...checkSent(fixture, arrivals), ...checkReports(reports)];
    const totals = await untilRight(fixture, () => receiver.arrivals.slice(from));
    const tightest = tightestOf(arrivals, LIMIT);
    const summary = [
      `${arrivals.length} messages to ${fixture.numbers.length} numbers, ${faults} faults`,
      `server counts ${totals.counted}`,
      `${LIMIT + 1} to one number took ${tightest?.spanMs.toFixed(0) ?? 'longer than the run'} ms at least`,
      `slowest decision ${Math.max(...reports.map((report) => report.slowestDecisionMs)).toFixed(0)} ms`,
    ].join('; ');
    return { flaws: [...flaws, ...totals.flaws], summary };
  } finally {
    tell('end of the run');
    await fixture.stop();
  }
}

/** Waits until every process has recovered and nothing is in flight. */
async function settle({ workers, tell }: Fixture): Promise<WorkerReport[]> {
  tell('no more faults');
  const isWell = ({ events }: WorkerReport) => {
    const last = events.findLast((event) => event.type === 'limits-switched');
    return last === undefined || last.to === 'shared';
  };
  const ask = () => Promise.all(workers.map((worker) => worker.report()));
  const untilMs = machineMs() + RECOVERY_MS;
  for (let reports = await ask(); !reports.every(isWell); reports = await ask()) {
    if (machineMs() > untilMs) throw new Error('Not all processes count together again.');
    await pause(50);
  }
  return Promise.all(workers.map((worker) => worker.rest()));
}

/** Whether an arrival may have been counted by the server before or after it lost its memory. */
const isBetween = ({ askedMs, writtenMs }: Arrival, { fromMs, toMs }: Fixture['losses'][number]) =>
  askedMs < toMs && (writtenMs >= fromMs || writtenMs - askedMs > 250);

function checkSent({ kind, losses }: Fixture, arrivals: readonly Arrival[]): string[] {
  const flaws = checkNoneTwice(arrivals);
  if (kind === 'local') {
    return [...flaws, ...checkWindows(arrivals, LIMIT + Math.max(LIMIT, PROCESSES), WINDOW_MS)];
  }
  // Between two losses of memory the limit holds. Each loss within a window may add one limit.
  const certain = arrivals.filter((arrival) => !losses.some((loss) => isBetween(arrival, loss)));
  for (let epoch = 0; epoch <= losses.length; epoch += 1) {
    const after = losses[epoch - 1]?.toMs ?? 0;
    const before = losses[epoch]?.fromMs ?? Number.POSITIVE_INFINITY;
    const own = certain.filter(({ askedMs }) => askedMs >= after && askedMs < before);
    flaws.push(...checkWindows(own, LIMIT, WINDOW_MS));
  }
  const atOnce = losses.map(({ fromMs }) =>
    losses.filter(({ toMs }) => toMs <= fromMs && toMs > fromMs - WINDOW_MS),
  );
  const most = losses.length === 0 ? 1 : 2 + Math.max(...atOnce.map(({ length }) => length));
  return [...flaws, ...checkWindows(arrivals, LIMIT * most, WINDOW_MS)];
}

function checkReports(reports: readonly WorkerReport[]): string[] {
  return reports.flatMap(({ others, slowestDecisionMs, events }) => {
    const flaws = Object.entries(others).map(([code, times]) => `a send failed with ${code}, ${times} times`);
    if (slowestDecisionMs > LONGEST_DECISION_MS)
      flaws.push(`a send hung for ${slowestDecisionMs.toFixed(0)} ms`);
    if (events.some(({ type }) => type === 'grants-not-written-back'))
      flaws.push('grants were not written back');
    return flaws;
  });
}

/** The counts that the server may have, by number. */
function allowedOf({ numbers, losses }: Fixture, arrivals: readonly Arrival[]): Allowed[] {
  const loss = losses.at(-1) ?? { fromMs: 0, toMs: 0 };
  return numbers.map((number) => {
    const own = arrivals.filter(({ destination }) => destination === number);
    const least = own.filter(({ askedMs }) => askedMs >= loss.toMs).length;
    return { least, most: least + own.filter((arrival) => isBetween(arrival, loss)).length };
  });
}

/**
 * Polls until the counts are right or the time is over: what could not be given back during the faults is given back
 * now.
 */
async function untilRight(fixture: Fixture, arrivalsNow: () => readonly Arrival[]) {
  const { server, setup, numbers, mostSurplus } = fixture;
  const untilMs = machineMs() + RECOVERY_MS;
  for (;;) {
    const counts = await countsOf(server.port, setup, numbers);
    const flaws = checkTotals(numbers, counts, allowedOf(fixture, arrivalsNow()), mostSurplus);
    const counted = counts.reduce((sum, count) => sum + count, 0);
    if (flaws.length === 0 || machineMs() > untilMs) return { counted, flaws };
    await pause(200);
  }
}

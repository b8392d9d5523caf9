import { Redis } from 'ioredis';
import { best, comparedRow, median, type Row } from '../row.ts';
import { many } from './many.ts';
import { proveChecks } from './prove-checks.ts';
import { serverCpu } from './server-stats.ts';
import { type Contender, ours, oursOnNodeRedis, rateLimiterFlexible, upstash } from './six-checks.ts';

/** Numbers that get nine messages each: their window admits ten. */
const NUMBERS = 500;
const MESSAGES_A_NUMBER = 9;
const CYCLES = 6;
const ALONE_CYCLES = 2;
const ADDRESSES = 125;
const WARM_UPS = 4;
const TRIES = 3;
const AT_ONCE = [16, 64];

/** A multiple of the sends/s of rate-limiter-flexible, which is faster with automatic pipelines. */
const MIN_RATIO = 2;
const MIN_PIPELINED_RATIO = 2.5;
/** A part of its server time. */
const MAX_SERVER_SHARE = 0.55;

interface Runner {
  readonly contender: Contender;
  /** Messages in flight, at the best value for the contender. */
  readonly atOnce: number;
  /** One figure per round, in order. Times in microseconds per message. */
  readonly rates: number[];
  /** Time of the server's thread, sockets included; alone: one message after the other, so that none are combined. */
  readonly aloneTimes: number[];
  readonly serverTimes: number[];
  readonly clientTimes: number[];
}

let rounds = 0;

/** One message to every number, none refused. Messages per second. */
async function runRound({ decide, name }: Contender, atOnce: number): Promise<number> {
  rounds += 1;
  const run = rounds;
  let refused = 0;
  const startedAt = performance.now();
  await many(NUMBERS, atOnce, async (index) => {
    const message = {
      number: 6_591_000_000 + index,
      address: `10.0.0.${index % ADDRESSES}`,
      order: `order-${run}-${index}`,
    };
    if (!(await decide(message))) refused += 1;
  });
  const rate = (NUMBERS * 1000) / (performance.now() - startedAt);
  if (refused > 0) throw new Error(`${name} refused ${refused} messages that had room`);
  return rate;
}

/** Warm, with the number of messages in flight that suits it best. */
async function prepare(contender: Contender, admin: Redis): Promise<Runner> {
  async function startOver(): Promise<void> {
    await admin.flushdb();
    contender.startOver?.();
  }
  await startOver();
  await proveChecks(contender);
  for (let index = 0; index < WARM_UPS; index += 1) await runRound(contender, 64);
  await startOver();
  const rates = AT_ONCE.map((): number[] => []);
  for (let index = 0; index < TRIES; index += 1) {
    for (const [position, atOnce] of AT_ONCE.entries())
      rates[position]?.push(await runRound(contender, atOnce));
  }
  const middles = rates.map(median);
  const atOnce = AT_ONCE[middles.indexOf(Math.max(...middles))] as number;
  const aloneTimes: number[] = [];
  for (let cycle = 0; cycle < ALONE_CYCLES; cycle += 1) {
    await startOver();
    for (let index = 0; index < MESSAGES_A_NUMBER; index += 1) {
      const before = await serverCpu(admin);
      await runRound(contender, 1);
      aloneTimes.push(((await serverCpu(admin)) - before) / NUMBERS);
    }
  }
  return {
    contender,
    atOnce,
    rates: [],
    aloneTimes,
    serverTimes: [],
    clientTimes: [],
  };
}

function clientCpu(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}

async function measureRound(runner: Runner, admin: Redis): Promise<void> {
  const serverBefore = await serverCpu(admin);
  const clientBefore = clientCpu();
  runner.rates.push(await runRound(runner.contender, runner.atOnce));
  runner.clientTimes.push((clientCpu() - clientBefore) / NUMBERS);
  runner.serverTimes.push(((await serverCpu(admin)) - serverBefore) / NUMBERS);
}

/** The mean of the fastest cycles for the first message to a number, the second, and so on. */
function bestOfCycles(times: readonly number[]): number {
  let sum = 0;
  for (let position = 0; position < MESSAGES_A_NUMBER; position += 1) {
    sum += best(times.filter((_, index) => index % MESSAGES_A_NUMBER === position));
  }
  return sum / MESSAGES_A_NUMBER;
}

const showRate = ({ contender, atOnce, rates }: Runner) =>
  `${contender.name} ${Math.round(median(rates))}/s (${atOnce} at once)`;

function rateRow(way: string, own: Runner, other: Runner, least?: number): Row {
  const ratio = median(own.rates.map((rate, index) => rate / (other.rates[index] as number)));
  return {
    measure: `sends/s of one process, six checks on Redis, ${way}`,
    ours: showRate(own),
    compared: showRate(other),
    ratio: `${ratio.toFixed(2)}x`,
    ...(least === undefined
      ? { target: 'no target' }
      : { target: `at least ${least}x`, met: ratio >= least }),
  };
}

const showTimes = (times: readonly number[]) =>
  `${bestOfCycles(times).toFixed(1)} µs (median ${median(times).toFixed(1)} µs)`;

function serverRow(
  own: Runner,
  other: Runner,
  when: string,
  timesOf: (runner: Runner) => readonly number[],
): Row {
  const share = bestOfCycles(timesOf(own)) / bestOfCycles(timesOf(other));
  const hasGoal = other.contender.name === 'rate-limiter-flexible';
  return comparedRow(
    `the server's thread per send, sockets included: six rules, reservation, deadline; ${when}`,
    showTimes(timesOf(own)),
    `${other.contender.name} ${showTimes(timesOf(other))}`,
    `${share.toFixed(2)} of theirs`,
    hasGoal ? { text: `at most ${MAX_SERVER_SHARE}`, met: share <= MAX_SERVER_SHARE } : undefined,
  );
}

/** The figure that other load on the machine disturbs least: sends/s depend on the larger of the two. */
function cpuRow(way: string, own: Runner, other: Runner): Row {
  const show = ({ clientTimes, serverTimes }: Runner) =>
    `client ${bestOfCycles(clientTimes).toFixed(1)}, server ${bestOfCycles(serverTimes).toFixed(1)} µs`;
  const slower = ({ clientTimes, serverTimes }: Runner) =>
    Math.max(bestOfCycles(clientTimes), bestOfCycles(serverTimes));
  return {
    measure: `CPU time per send, ${way}`,
    ours: show(own),
    compared: `${other.contender.name} ${show(other)}`,
    ratio: `${(slower(other) / slower(own)).toFixed(2)}x by the busier side`,
    target: 'no target',
  };
}

async function race(contenders: readonly Contender[], admin: Redis): Promise<readonly Runner[]> {
  const runners: Runner[] = [];
  for (const contender of contenders) runners.push(await prepare(contender, admin));
  for (let cycle = 0; cycle < CYCLES; cycle += 1) {
    await admin.flushdb();
    for (const { contender } of runners) contender.startOver?.();
    for (let index = 0; index < MESSAGES_A_NUMBER; index += 1) {
      for (const runner of runners) await measureRound(runner, admin);
    }
  }
  return runners;
}

/** Ours and the two others, all on ioredis with the same settings. */
function contendersOf(port: number, isPipelined: boolean): Contender[] {
  const scope = `bench-${isPipelined}`;
  return [
    ours('ours', port, scope, 'refuse', isPipelined),
    rateLimiterFlexible(port, isPipelined),
    upstash(port, isPipelined),
  ];
}

/** The six checks: ours in one command, the others in six. Alternating on one server, each with its best settings. */
export async function benchRace(port: number): Promise<Row[]> {
  const admin = new Redis(port);
  const plain = [
    ...contendersOf(port, false),
    ours("ours, 'local'", port, 'bench-local', { local: { processes: 4 } }, false),
    await oursOnNodeRedis(port),
  ];
  const pipelined = contendersOf(port, true);
  try {
    const [own, rlf, up, local, nodeRedis] = (await race(plain, admin)) as [
      Runner,
      Runner,
      Runner,
      Runner,
      Runner,
    ];
    const [ownPiped, rlfPiped, upPiped] = (await race(pipelined, admin)) as [Runner, Runner, Runner];
    const defaults = 'ioredis';
    const piped = 'ioredis with enableAutoPipelining';
    return [
      rateRow(defaults, own, rlf, MIN_RATIO),
      rateRow(defaults, own, up, MIN_RATIO),
      rateRow(piped, ownPiped, rlfPiped, MIN_PIPELINED_RATIO),
      rateRow(piped, ownPiped, upPiped),
      rateRow(`onStoreError local`, local, rlf, MIN_RATIO),
      rateRow(`onStoreError local`, local, up),
      rateRow('ours on node-redis', nodeRedis, rlf),
      rateRow('ours on node-redis', nodeRedis, up),
      ...[rlf, up].flatMap((other) => [
        serverRow(own, other, 'one after the other', ({ aloneTimes }) => aloneTimes),
        serverRow(own, other, 'many at once', ({ serverTimes }) => serverTimes),
      ]),
      cpuRow(defaults, own, rlf),
      cpuRow(defaults, own, up),
      cpuRow(piped, ownPiped, rlfPiped),
      cpuRow(piped, ownPiped, upPiped),
    ];
  } finally {
    for (const { close } of [...plain, ...pipelined]) await close();
    admin.disconnect();
  }
}

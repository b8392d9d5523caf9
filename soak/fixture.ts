import { startTcpProxy, type TcpProxy } from '../test/redis/failover/tcp-proxy.ts';
import type { WorkerSetup } from '../test/redis/processes/commands.ts';
import type { Receiver } from '../test/redis/processes/receiver.ts';
import { SHIFTS_MINUTES, startWorker, type Worker } from '../test/redis/processes/worker-pool.ts';
import { type RedisServer, startRedis } from '../test/support/redis-server.ts';
import type { Random } from './random.ts';

/** The scenario of a run. */
export type RunKind =
  /** Nothing is sent without the server, which keeps all its writes. */
  | 'refuse'
  /** The same, but the server loses its memory when it is killed. */
  | 'refuse, server forgets'
  /** The processes continue with their shares. */
  | 'local';

/** Milliseconds of the machine's clock, which is the same in every process. */
export const machineMs = () => Number(process.hrtime.bigint() / 1000n) / 1000;
export const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export const LIMIT = 5;
export const WINDOW_MS = 10_000;
/** Counts all messages of a run. */
const TOTAL = { limit: 1_000_000, windowMs: 86_400_000 };
export const PROCESSES = SHIFTS_MINUTES.length;
const LANES = 4;
/** Takes of a killed process that never became messages: those in flight, and those of an outage, one per second. */
const LOST_WITH_A_PROCESS = 3 * LANES + 5;

/** Four processes, two proxies to one server, and a record of events. */
export interface Fixture {
  readonly kind: RunKind;
  readonly random: Random;
  readonly server: RedisServer;
  readonly proxies: readonly TcpProxy[];
  readonly workers: readonly Worker[];
  readonly setup: WorkerSetup;
  readonly numbers: readonly string[];
  /** Times at which the server was gone and came back empty. */
  readonly losses: { readonly fromMs: number; readonly toMs: number }[];
  /** Takes that may stay counted although nothing was sent. */
  mostSurplus: number;
  tell(line: string): void;
  /** `kill -KILL` of one worker; a new one replaces it. */
  killWorker(): Promise<string>;
  stop(): Promise<void>;
}

export interface FixtureConfig {
  readonly kind: RunKind;
  readonly runIndex: number;
  readonly random: Random;
  readonly receiver: Receiver;
  readonly tell: (line: string) => void;
}

const numberAt = (run: number, index: number) => `+65${91_000_000 + run * 1_000 + index}`;

export async function startFixture({
  kind,
  runIndex,
  random,
  receiver,
  tell,
}: FixtureConfig): Promise<Fixture> {
  const flags = kind === 'refuse, server forgets' ? [] : ['--appendonly', 'yes', '--appendfsync', 'always'];
  const server = await startRedis(...flags);
  const proxies = await Promise.all([startTcpProxy(server.port), startTcpProxy(server.port)]);
  const workers: Worker[] = [];
  const numbers = Array.from({ length: random.between(20, 120) }, (_, index) => numberAt(runIndex, index));
  const setup: WorkerSetup = {
    redisPort: server.port,
    receiverUrl: receiver.url,
    scope: `run-${runIndex}`,
    windows: [{ limit: LIMIT, windowMs: WINDOW_MS }, TOTAL],
    onStoreError: kind === 'local' ? { local: { processes: PROCESSES } } : 'refuse',
    lanes: LANES,
    restMs: 10,
  };

  async function addWorker(index: number): Promise<void> {
    const worker = await startWorker(SHIFTS_MINUTES[index]);
    workers[index] = worker;
    await worker.setUp({ ...setup, redisPort: proxies[index % proxies.length]?.port ?? server.port });
    await worker.run(numbers);
  }

  const fixture: Fixture = {
    kind,
    random,
    server,
    proxies,
    workers,
    setup,
    numbers,
    losses: [],
    mostSurplus: 0,
    tell,
    async killWorker() {
      const index = random.between(0, workers.length - 1);
      const worker = workers[index] as Worker;
      fixture.mostSurplus += LOST_WITH_A_PROCESS;
      await worker.kill();
      await addWorker(index);
      return worker.name;
    },
    async stop() {
      await Promise.all(workers.map((worker) => worker.kill()));
      await Promise.all(proxies.map((proxy) => proxy.stop()));
      await server.stop();
    },
  };
  await Promise.all(SHIFTS_MINUTES.map((_, index) => addWorker(index)));
  return fixture;
}

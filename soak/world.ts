import { startTcpProxy, type TcpProxy } from '../test/redis/failover/tcp-proxy.ts';
import { SHIFTS_MINUTES, startWorker, type Worker } from '../test/redis/processes/fleet.ts';
import type { WorkerSetup } from '../test/redis/processes/orders.ts';
import type { Receiver } from '../test/redis/processes/receiver.ts';
import { type RedisServer, startRedis } from '../test/support/redis-server.ts';
import type { Random } from './random.ts';

/** What a lap is about. */
export type LapKind =
  /** Nothing is sent without the server, which keeps all it has written. */
  | 'refuse'
  /** The same, and the server loses its memory when it is killed. */
  | 'refuse, server forgets'
  /** The processes go on with their shares. */
  | 'local';

/** Milliseconds of the machine: the same in every process. */
export const machineMs = () => Number(process.hrtime.bigint() / 1000n) / 1000;
export const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export const LIMIT = 5;
export const WINDOW_MS = 10_000;
/** Counts all that was sent in a lap. */
const TOTAL = { limit: 1_000_000, windowMs: 86_400_000 };
export const PROCESSES = SHIFTS_MINUTES.length;
const LANES = 4;
/** Takes of a killed process that never became messages: those on their way, and those of an outage, one a second. */
const LOST_WITH_A_PROCESS = 3 * LANES + 5;

/** Four processes, two ways to one server, and what has happened to them. */
export interface World {
  readonly kind: LapKind;
  readonly random: Random;
  readonly server: RedisServer;
  readonly ways: readonly TcpProxy[];
  readonly workers: readonly Worker[];
  readonly setup: WorkerSetup;
  readonly numbers: readonly string[];
  /** Between which times the server was gone, and came back empty. */
  readonly losses: { readonly fromMs: number; readonly toMs: number }[];
  /** Takes that may stay counted although nothing was sent. */
  mostSurplus: number;
  tell(line: string): void;
  /** `kill -KILL` of one; another takes its place. */
  killWorker(): Promise<string>;
  stop(): Promise<void>;
}

export interface WorldConfig {
  readonly kind: LapKind;
  readonly lap: number;
  readonly random: Random;
  readonly receiver: Receiver;
  readonly tell: (line: string) => void;
}

const numberAt = (lap: number, index: number) => `+65${91_000_000 + lap * 1_000 + index}`;

export async function startWorld({ kind, lap, random, receiver, tell }: WorldConfig): Promise<World> {
  const flags = kind === 'refuse, server forgets' ? [] : ['--appendonly', 'yes', '--appendfsync', 'always'];
  const server = await startRedis(...flags);
  const ways = await Promise.all([startTcpProxy(server.port), startTcpProxy(server.port)]);
  const workers: Worker[] = [];
  const numbers = Array.from({ length: random.between(20, 120) }, (_, index) => numberAt(lap, index));
  const setup: WorkerSetup = {
    redisPort: server.port,
    receiverUrl: receiver.url,
    scope: `lap-${lap}`,
    windows: [{ limit: LIMIT, windowMs: WINDOW_MS }, TOTAL],
    onStoreError: kind === 'local' ? { local: { processes: PROCESSES } } : 'refuse',
    lanes: LANES,
    restMs: 10,
  };

  async function addWorker(place: number): Promise<void> {
    const worker = await startWorker(SHIFTS_MINUTES[place]);
    workers[place] = worker;
    await worker.setUp({ ...setup, redisPort: ways[place % ways.length]?.port ?? server.port });
    await worker.run(numbers);
  }

  const world: World = {
    kind,
    random,
    server,
    ways,
    workers,
    setup,
    numbers,
    losses: [],
    mostSurplus: 0,
    tell,
    async killWorker() {
      const place = random.between(0, workers.length - 1);
      const worker = workers[place] as Worker;
      world.mostSurplus += LOST_WITH_A_PROCESS;
      await worker.kill();
      await addWorker(place);
      return worker.name;
    },
    async stop() {
      await Promise.all(workers.map((worker) => worker.kill()));
      await Promise.all(ways.map((way) => way.stop()));
      await server.stop();
    },
  };
  await Promise.all(SHIFTS_MINUTES.map((_, place) => addWorker(place)));
  return world;
}

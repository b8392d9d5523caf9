import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Reply, WorkerCommand, WorkerReport, WorkerSetup } from './commands.ts';

type WithoutId<Each> = Each extends unknown ? Omit<Each, 'id'> : never;

/** A process that sends. */
export interface Worker {
  readonly name: string;
  setUp(setup: WorkerSetup): Promise<WorkerReport>;
  burst(numbers: readonly string[], times: number): Promise<WorkerReport>;
  run(numbers: readonly string[]): Promise<WorkerReport>;
  /** Ends `run`; resolves when nothing is in flight. */
  rest(): Promise<WorkerReport>;
  report(): Promise<WorkerReport>;
  /** `kill` with another signal. */
  signal(name: 'SIGSTOP' | 'SIGCONT'): void;
  /** `kill -KILL`. */
  kill(): Promise<void>;
}

const PROGRAM = fileURLToPath(new URL('./worker.ts', import.meta.url));
const SHIFT = fileURLToPath(new URL('./shift-clock.ts', import.meta.url));

/** Minutes by which the clocks of the hosts of four workers differ from ours. */
export const SHIFTS_MINUTES = [0, 31, -31, 62] as const;

let started = 0;

/** Includes frozen processes, which do not notice that their parent has exited. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts a worker on a host whose clock is that many minutes ahead. */
export async function startWorker(shiftMinutes = 0): Promise<Worker> {
  started += 1;
  const name = `w${started}`;
  const child = fork(PROGRAM, [name], {
    execArgv: ['--import', SHIFT],
    env: { PATH: process.env.PATH, CLOCK_SHIFT_MS: `${shiftMinutes * 60_000}` },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  running.add(child);
  const waiting = new Map<number, { resolve(report: WorkerReport): void; reject(error: Error): void }>();
  let lastId = 0;
  child.on('message', ({ id, report }: Reply) => {
    waiting.get(id)?.resolve(report);
    waiting.delete(id);
  });
  child.on('exit', (code, signal) => {
    running.delete(child);
    for (const { reject } of waiting.values()) reject(new Error(`${name} ended: ${signal ?? code}`));
    waiting.clear();
  });

  function send(command: WithoutId<WorkerCommand>): Promise<WorkerReport> {
    return new Promise((resolve, reject) => {
      lastId += 1;
      waiting.set(lastId, { resolve, reject });
      child.send({ ...command, id: lastId }, (error) => {
        if (error !== null) reject(error);
      });
    });
  }

  await once(child, 'spawn');
  return {
    name,
    setUp: (setup) => send({ type: 'setup', setup }),
    burst: (numbers, times) => send({ type: 'burst', numbers, times }),
    run: (numbers) => send({ type: 'run', numbers }),
    rest: () => send({ type: 'rest' }),
    report: () => send({ type: 'report' }),
    signal: (signal) => void child.kill(signal),
    kill: () => kill(child),
  };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

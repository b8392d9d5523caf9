import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';

/** The kind of server; both speak the same protocol. */
export type ServerKind = 'redis' | 'valkey';

/** A server of the tests on the loopback interface. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  /** A different process after a restart. */
  readonly process: ChildProcess;
  /** Runs one command through `redis-cli`. */
  cli(...words: string[]): string;
  /** `kill -KILL`: nothing is saved. */
  kill(): Promise<void>;
  /** Restarts it on the same port after `kill`, with the data that its flags persist: none by default. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const isInstalled = (kind: ServerKind): boolean =>
  ['server', 'cli'].every(
    (part) => spawnSync(`${kind}-${part}`, ['--version'], { stdio: 'ignore' }).status === 0,
  );

/** `TEST_SERVER=valkey` runs every Redis test on Valkey instead. */
export const USUAL: ServerKind = process.env.TEST_SERVER === 'valkey' ? 'valkey' : 'redis';

/** Whether the binaries are installed. In CI they must be: nothing is skipped there. */
export function hasRedisServer(): boolean {
  const isThere = isInstalled(USUAL);
  const wanted = `${USUAL}-server and ${USUAL}-cli`;
  if (!isThere && (process.env.CI || process.env.TEST_SERVER))
    throw new Error(`${wanted} must be installed.`);
  if (!isThere) console.warn(`Tests on a real Redis: NOT RUN. ${wanted} are not installed.`);
  return isThere;
}

/** Whether Valkey is installed too. Debian 12 has none, so CI may lack it; the tests report that. */
export function hasValkeyServer(): boolean {
  if (USUAL === 'valkey') return false;
  const isThere = isInstalled('valkey');
  if (!isThere) console.warn('Tests on Valkey: NOT RUN. valkey-server and valkey-cli are not installed.');
  return isThere;
}

export function cliOf(kind: ServerKind, port: number): RedisServer['cli'] {
  return (...words) => {
    const { status, stdout, stderr } = spawnSync(`${kind}-cli`, ['-p', `${port}`, ...words], {
      encoding: 'utf8',
      // This blocks the whole process, so no time limit of a test would end it.
      timeout: 30_000,
    });
    if (status !== 0) throw new Error(`${kind}-cli ${words[0]}: ${stderr}`);
    return stdout.trim();
  };
}

/** Servers end with a program that exits without stopping them. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Ends a server with this program, if nothing has stopped it before. */
function keepUntilExit(child: ChildProcess): void {
  running.add(child);
  child.on('exit', () => running.delete(child));
}

const READY_MS = 30_000;

export async function until(isReady: () => boolean, what: string): Promise<void> {
  for (const end = Date.now() + READY_MS; Date.now() < end; ) {
    try {
      if (isReady()) return;
    } catch {
      // Not ready yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${what} is not ready after ${READY_MS / 1_000} s.`);
}

/** The log of a server, in its directory. */
export const LOG = 'server.log';

/** The server exited at once, most often because another process has taken its port. */
class DidNotStart extends Error {}

/**
 * Spawns a server or a sentinel and waits until this very process answers on the port, not another one that took it.
 *
 * @param words the arguments, with {@link LOG} as the log file
 * @throws {DidNotStart} with the end of the log, if the process exits
 */
export async function spawnServer(
  kind: ServerKind,
  port: number,
  directory: string,
  words: readonly string[],
): Promise<ChildProcess> {
  const child = spawn(`${kind}-server`, words, { stdio: 'ignore' });
  keepUntilExit(child);
  const cli = cliOf(kind, port);
  const hasExited = () => child.exitCode !== null || child.signalCode !== null;
  await until(
    () => hasExited() || cli('INFO', 'server').includes(`process_id:${child.pid}\r`),
    `${kind}-server on port ${port}`,
  );
  if (hasExited()) {
    const log = await readFile(join(directory, LOG), 'utf8').catch(() => '');
    throw new DidNotStart(`${kind}-server on port ${port} exited.\n${log.slice(-2_000)}`);
  }
  return child;
}

/** Another process may take a port before the server does: then the server is started on another one. */
export async function onFreePort<Server>(start: (port: number) => Promise<Server>): Promise<Server> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await start(await freePort());
    } catch (error) {
      if (!(error instanceof DidNotStart) || tries === 5) throw error;
    }
  }
}

/** Starts a server on a free port, without persistence unless flags enable it. */
export function startServer(kind: ServerKind, ...flags: readonly string[]): Promise<RedisServer> {
  return onFreePort((port) => startOn(port, kind, flags));
}

async function startOn(port: number, kind: ServerKind, flags: readonly string[]): Promise<RedisServer> {
  const directory = await mkdtemp(join(tmpdir(), `${kind}-`));
  const words = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', directory, '--logfile', LOG];
  words.push('--save', '', '--appendonly', 'no', ...flags);
  // The bus of a cluster listens 10,000 ports higher by default, which may not be free.
  if (flags.includes('--cluster-enabled')) words.push('--cluster-port', `${await freePort()}`);
  let current: ChildProcess;

  async function start(): Promise<void> {
    current = await spawnServer(kind, port, directory, words);
  }

  async function kill(): Promise<void> {
    if (current.exitCode !== null || current.signalCode !== null) return;
    current.kill('SIGKILL');
    await once(current, 'exit');
  }

  try {
    await start();
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    get process() {
      return current;
    },
    cli: cliOf(kind, port),
    kill,
    restart: start,
    async stop() {
      await kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export function startRedis(...flags: readonly string[]): Promise<RedisServer> {
  return startServer(USUAL, ...flags);
}

export interface RedisCluster {
  readonly nodes: readonly RedisServer[];
  stop(): Promise<void>;
}

/** Three masters, each with that many replicas that take over after a second. */
export async function startRedisCluster(kind: ServerKind = USUAL, replicas = 0): Promise<RedisCluster> {
  const flags = ['--cluster-enabled', 'yes', '--cluster-config-file', 'nodes.conf'];
  if (replicas > 0) flags.push('--cluster-node-timeout', '1000');
  const nodes = await Promise.all(
    Array.from({ length: 3 * (1 + replicas) }, () => startServer(kind, ...flags)),
  );
  const [first] = nodes as [RedisServer];
  const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
  first.cli('--cluster', 'create', ...addresses, '--cluster-replicas', `${replicas}`, '--cluster-yes');
  // A node may serve all slots before it has heard which nodes are replicas.
  const knowsReplicas = (node: RedisServer) =>
    (node.cli('CLUSTER', 'NODES').match(/ (?:myself,)?slave /g) ?? []).length === 3 * replicas;
  for (const node of nodes) {
    await until(
      () => node.cli('CLUSTER', 'INFO').includes('cluster_state:ok') && knowsReplicas(node),
      'the cluster',
    );
  }
  return {
    nodes,
    async stop() {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}

/** Servers given by address, each with the name of its variable. */
export function givenServers(): readonly (readonly [name: string, url: string])[] {
  return ['REDIS_URL', 'VALKEY_URL'].flatMap((name) => {
    const url = process.env[name];
    return url ? [[name, url] as const] : [];
  });
}

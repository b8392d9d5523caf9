import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

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

export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

export function cliOf(kind: ServerKind, port: number): RedisServer['cli'] {
  return (...words) => {
    const { status, stdout, stderr } = spawnSync(`${kind}-cli`, ['-p', `${port}`, ...words], {
      encoding: 'utf8',
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
export function keepUntilExit(child: ChildProcess): void {
  running.add(child);
  child.on('exit', () => running.delete(child));
}

export async function until(isReady: () => boolean, what: string): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    try {
      if (isReady()) return;
    } catch {
      // Not ready yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${what} is not ready after 10 s.`);
}

/** Starts a server on a free port, without persistence unless flags enable it. */
export async function startServer(kind: ServerKind, ...flags: readonly string[]): Promise<RedisServer> {
  const port = await freePort();
  const directory = await mkdtemp(join(tmpdir(), `${kind}-`));
  const words = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', directory];
  const cli = cliOf(kind, port);
  let current: ChildProcess;

  async function start(): Promise<void> {
    const child = spawn(`${kind}-server`, [...words, '--save', '', '--appendonly', 'no', ...flags], {
      stdio: 'ignore',
    });
    current = child;
    keepUntilExit(child);
    await until(() => cli('PING') === 'PONG', `${kind}-server`);
  }

  async function kill(): Promise<void> {
    if (current.exitCode !== null || current.signalCode !== null) return;
    current.kill('SIGKILL');
    await once(current, 'exit');
  }

  await start();
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    get process() {
      return current;
    },
    cli,
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
  // The cluster bus listens 10,000 ports higher by default, which may not be a valid port.
  const nodes = await Promise.all(
    Array.from({ length: 3 * (1 + replicas) }, async () =>
      startServer(kind, ...flags, '--cluster-port', `${await freePort()}`),
    ),
  );
  const [first] = nodes as [RedisServer];
  const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
  first.cli('--cluster', 'create', ...addresses, '--cluster-replicas', `${replicas}`, '--cluster-yes');
  for (const node of nodes) {
    await until(() => node.cli('CLUSTER', 'INFO').includes('cluster_state:ok'), 'the cluster');
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

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A server of our own on the loopback interface. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  readonly process: ChildProcess;
  /** One command through `redis-cli`. */
  cli(...words: string[]): string;
  stop(): Promise<void>;
}

/** Whether the binaries are there. In CI they must be: nothing is skipped there. */
export function hasRedisServer(): boolean {
  const isThere = ['redis-server', 'redis-cli'].every(
    (name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0,
  );
  if (!isThere && process.env.CI) throw new Error('redis-server and redis-cli must be installed in CI.');
  if (!isThere) console.warn('Tests on a real Redis: NOT RUN. redis-server and redis-cli are not installed.');
  return isThere;
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

function cliOf(port: number): RedisServer['cli'] {
  return (...words) => {
    const { status, stdout, stderr } = spawnSync('redis-cli', ['-p', `${port}`, ...words], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`redis-cli ${words[0]}: ${stderr}`);
    return stdout.trim();
  };
}

async function until(isReady: () => boolean, what: string): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    try {
      if (isReady()) return;
    } catch {
      // Not yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${what} is not ready after 10 s.`);
}

/** Starts a `redis-server` on a free port, without persistence. */
export async function startRedis(...flags: readonly string[]): Promise<RedisServer> {
  const port = await freePort();
  const directory = await mkdtemp(join(tmpdir(), 'redis-'));
  const words = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', directory];
  const child = spawn('redis-server', [...words, '--save', '', '--appendonly', 'no', ...flags], {
    stdio: 'ignore',
  });
  const cli = cliOf(port);
  await until(() => cli('PING') === 'PONG', 'redis-server');
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    process: child,
    cli,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export interface RedisCluster {
  readonly nodes: readonly RedisServer[];
  stop(): Promise<void>;
}

/** Three masters without replicas. */
export async function startRedisCluster(): Promise<RedisCluster> {
  const flags = ['--cluster-enabled', 'yes', '--cluster-config-file', 'nodes.conf'];
  // The bus listens 10,000 ports higher by default, which is not always a port.
  const nodes = await Promise.all(
    [0, 1, 2].map(async () => startRedis(...flags, '--cluster-port', `${await freePort()}`)),
  );
  const [first] = nodes as [RedisServer];
  const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
  first.cli('--cluster', 'create', ...addresses, '--cluster-yes');
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

/** The address of a server that is given, or undefined. */
export function givenRedisUrl(): string | undefined {
  return process.env.REDIS_URL || undefined;
}

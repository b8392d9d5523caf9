import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cliOf, LOG, onFreePort, spawnServer, USUAL, until } from './redis-server.ts';

/** The name under which a sentinel of the tests watches its server. */
export const SENTINEL_NAME = 'limits';

/** A sentinel of the tests on the loopback interface. */
export interface RedisSentinel {
  readonly port: number;
  /** Runs one command through `redis-cli`. */
  cli(...words: string[]): string;
  /** The port of the server that is the primary now. */
  primaryPort(): number;
  stop(): Promise<void>;
}

/**
 * Starts a sentinel for a server and its replicas. It is alone, so that its vote is enough.
 *
 * @param downAfterMs milliseconds without a reply after which the server is replaced
 */
export function startSentinel(serverPort: number, downAfterMs: number): Promise<RedisSentinel> {
  return onFreePort((port) => startOn(port, serverPort, downAfterMs));
}

async function startOn(port: number, serverPort: number, downAfterMs: number): Promise<RedisSentinel> {
  const directory = await mkdtemp(join(tmpdir(), 'sentinel-'));
  const removeDirectory = () => rm(directory, { recursive: true, force: true });
  const file = join(directory, 'sentinel.conf');
  await writeFile(
    file,
    [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${directory}`,
      `logfile ${LOG}`,
      `sentinel monitor ${SENTINEL_NAME} 127.0.0.1 ${serverPort} 1`,
      `sentinel down-after-milliseconds ${SENTINEL_NAME} ${downAfterMs}`,
      `sentinel failover-timeout ${SENTINEL_NAME} 10000`,
      '',
    ].join('\n'),
  );
  const child = await spawnServer(USUAL, port, directory, [file, '--sentinel']).catch(async (error) => {
    await removeDirectory();
    throw error;
  });
  const cli = cliOf(USUAL, port);
  const primaryPort = () => Number(cli('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', SENTINEL_NAME).split('\n')[1]);
  await until(() => primaryPort() === serverPort, 'the sentinel');
  return {
    port,
    cli,
    primaryPort,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      await removeDirectory();
    },
  };
}

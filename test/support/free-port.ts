import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below every system's range for outgoing connections (Linux: 32768 to 60999). A port of that range is free when it is
 * asked for and may belong to another connection of the tests a moment later. It may even connect to itself: a client
 * that keeps trying a port where nothing listens yet can get that very port as its own.
 */
const FIRST = 10_000;
const LAST = 32_000;

const given = new Set<number>();

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}

/**
 * A port for a server that cannot choose one by itself. This process gives each port once; another process may take it
 * before the server does, so whoever starts a server must be ready to try another port.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 200; tries += 1) {
    const port = randomInt(FIRST, LAST);
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(port)) return port;
  }
  throw new Error(`Found no free port between ${FIRST} and ${LAST} in 200 tries.`);
}

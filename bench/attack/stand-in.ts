import type { Transport } from '../../src/transport/transport.ts';
import type { Clock, Fetch } from '../../src/types.ts';

/** Letters only: the client refuses an id that repeats digits of the message. */
function idOf(serial: number): string {
  return `id-${String(serial).replaceAll(/\d/g, (digit) => 'abcdefghij'[Number(digit)] as string)}`;
}

/**
 * The cheapest 8x8 that the client believes: accepts every message, session and report. The emulator does the same at
 * several times the price.
 */
function createResponder({ now }: Clock): (path: string) => unknown {
  let serial = 0;
  return (path) => {
    serial += 1;
    if (path.endsWith('/messages')) return { umid: idOf(serial), status: { code: 'QUEUED' } };
    if (path.endsWith('/sessions')) {
      const expiresAt = new Date(now() + 300_000).toISOString();
      return {
        sessionId: idOf(serial),
        destination: '+6591234567',
        status: 'WAITING',
        attempt: 0,
        expiresAt,
      };
    }
    if (path.endsWith('/feedback')) return undefined;
    throw new Error(`the stand-in does not answer ${path}`);
  };
}

/** In place of the network. */
export function standInFetch(clock: Clock): Fetch {
  const respond = createResponder(clock);
  const headers = { 'content-type': 'application/json' };
  return async (input) => {
    const body = respond(new URL(input instanceof Request ? input.url : input).pathname);
    return new Response(body === undefined ? undefined : JSON.stringify(body), { headers });
  };
}

/** In place of the client's transport, which costs more than everything before it. */
export function standInTransport(clock: Clock): Transport {
  const respond = createResponder(clock);
  return {
    request: async ({ operation }) => ({ status: 200, body: respond(operation.path), attempts: 1 }),
    download: () => Promise.reject(new Error('the stand-in has no files')),
  };
}

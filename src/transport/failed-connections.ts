import { builtinModule } from '../internal/builtin-module.ts';

/** Published by undici, Node's own and npm's, before it judges the error. */
const CHANNEL = 'undici:client:connectError';

interface ConnectError {
  readonly connectParams: { readonly hostname: string; readonly port: string };
  readonly error: object & { readonly code?: unknown };
}

interface ChannelModule {
  subscribe?(channel: string, listener: (message: unknown) => void): void;
}

/** undici's code for a tunnel that a proxy dropped before it was there. */
export const TUNNEL_DROPPED = 'UND_ERR_PRX_CONN';

/** Far more than the addresses of all clients. Those of downloads come from responses. */
const MAX_HOSTS = 1_000;

/** Host and port of each address, the one that was used last at the end. */
const hosts = new Set<string>();
const failed = new WeakSet<object>();
const elsewhere = new WeakSet<object>();
let isWatching = false;

/** Whether this is the error of a connection that was not made. undici hands it only to requests that wait for one. */
export function isFailedConnection(error: object): boolean {
  return failed.has(error);
}

/** Whether this is the error of a connection to an address that no client asked for. */
export function isConnectionElsewhere(error: object): boolean {
  return elsewhere.has(error) && !failed.has(error);
}

/**
 * Recognises the errors of connections to this address that were not made, and ends the loop of a dropped tunnel: when a proxy drops
 * the connection in answer to CONNECT, undici 6 and 7 (Node 20 to 24) ask it again thousands of times a second, without end, and no
 * request can be taken back. They take the error for that of a connection that worked before (nodejs/undici#3897). undici 8 gives it
 * another code, which ends the requests that wait; this gives it the same.
 */
export function watchConnections(url: string): void {
  const host = hostOf(new URL(url));
  if (!hosts.delete(host) && hosts.size >= MAX_HOSTS) hosts.delete(hosts.values().next().value as string);
  hosts.add(host);
  if (isWatching) return;
  isWatching = true;
  builtinModule<ChannelModule>('node:diagnostics_channel')?.subscribe?.(CHANNEL, (message) => {
    try {
      examine(message as ConnectError);
    } catch {
      // Anybody's connector may make the error, and an exception here would end the process.
    }
  });
}

function examine({ connectParams, error }: ConnectError): void {
  if (!hosts.has(hostOf(connectParams))) {
    elsewhere.add(error);
    return;
  }
  // Behind a proxy the error was that of the connection to the proxy before.
  failed.add(error);
  if (error.code === 'UND_ERR_SOCKET') Object.defineProperty(error, 'code', { value: TUNNEL_DROPPED });
}

/** undici takes the brackets from an IPv6 address. */
function hostOf({ hostname, port }: ConnectError['connectParams']): string {
  return `${hostname.replace(/^\[|\]$/g, '')}|${port}`;
}

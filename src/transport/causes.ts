import type { ConnectionFailure } from '../errors.ts';
import { isConnectionElsewhere, isFailedConnection, TUNNEL_DROPPED } from './failed-connections.ts';

/** Meaning of an exception of `fetch`. */
export interface FailureCause {
  readonly reason: ConnectionFailure;
  /**
   * True when the request was provably never written. A request with any cause not listed below may have been
   * written.
   */
  readonly neverLeft: boolean;
}

/**
 * Causes that occur before a request can be written. Codes of Node (`undici`) and of Bun, which uses the same since
 * 1.3; the two camel-case codes are from older versions of Bun. Measured on Node 20 and 24 and Bun 1.4.5.
 */
const PROOF: ReadonlyMap<string, ConnectionFailure> = new Map([
  ['ENOTFOUND', 'dns'],
  ['EAI_AGAIN', 'dns'],
  ['ECONNREFUSED', 'refused'],
  ['ConnectionRefused', 'refused'],
  ['UND_ERR_CONNECT_TIMEOUT', 'timeout'],
  ['CERT_HAS_EXPIRED', 'tls'],
  ['CERT_NOT_YET_VALID', 'tls'],
  ['CERT_REVOKED', 'tls'],
  ['CERT_UNTRUSTED', 'tls'],
  ['CERT_REJECTED', 'tls'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'tls'],
  ['UNABLE_TO_GET_ISSUER_CERT', 'tls'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'tls'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls'],
  ['UND_ERR_PRX_TLS', 'tls'],
  [TUNNEL_DROPPED, 'proxy'],
]);

/** Codes with another meaning when they end a connection before it is made: any answer of a proxy to CONNECT but 200. */
const FAILED_CONNECTION: ReadonlyMap<unknown, ConnectionFailure> = new Map([['UND_ERR_ABORTED', 'proxy']]);

const LOST: ReadonlyMap<string, ConnectionFailure> = new Map([
  ['ECONNRESET', 'reset'],
  ['EPIPE', 'reset'],
  ['UND_ERR_SOCKET', 'reset'],
  ['ETIMEDOUT', 'timeout'],
  ['UND_ERR_HEADERS_TIMEOUT', 'timeout'],
  ['UND_ERR_BODY_TIMEOUT', 'timeout'],
]);

/** Deno 2 has no codes, but hyper's phase is in the message. The address in it cannot contain a space. */
const DENO_CONNECT = /^error sending request for url \((\S*)\): client error \(Connect\): (.*)$/s;
const DENO_REASONS: readonly (readonly [RegExp, ConnectionFailure])[] = [
  [/^dns error/, 'dns'],
  [/Connection refused/, 'refused'],
  [/certificate/, 'tls'],
];
/** Deno, workerd and older runtimes, for the `reason` only. */
const LOST_MESSAGE =
  /connection reset|connection closed|network connection lost|socket connection was closed|reading a body from connection/i;

const MAX_DEPTH = 8;
const OTHER: FailureCause = { reason: 'other', neverLeft: false };

/**
 * Assesses an exception of `fetch` by its chain of causes. Nothing has left when no connection was made, or when every cause with a
 * code proves it; in an `AggregateError`, every member must.
 *
 * @param url where a `fetch` of the team was to send the request. It may have sent it, and then failed to reach its own log:
 * an error that names another address proves nothing
 */
export function judgeCause(error: unknown, url?: string): FailureCause {
  try {
    return judgeChain(error, 0, url === undefined ? undefined : new URL(url));
  } catch {
    // A getter of the exception threw.
    return OTHER;
  }
}

function judgeChain(error: unknown, depth: number, target: URL | undefined): FailureCause {
  if (typeof error !== 'object' || error === null || depth > MAX_DEPTH) return OTHER;
  const { code, errors, cause } = error as { code?: unknown; errors?: unknown; cause?: unknown };
  const verdicts = judgeLink(error, target);
  if (Array.isArray(errors)) {
    for (const member of errors) verdicts.push(judgeChain(member, depth + 1, target));
  }
  if (cause !== undefined) {
    const deeper = judgeChain(cause, depth + 1, target);
    if (deeper !== OTHER || verdicts.length === 0) verdicts.push(deeper);
  }
  const [first = OTHER] = verdicts;
  if (isFailedConnection(error)) {
    return { reason: FAILED_CONNECTION.get(code) ?? first.reason, neverLeft: true };
  }
  return verdicts.find((verdict) => !verdict.neverLeft) ?? first;
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'https:': '443', 'http:': '80' };

/**
 * Whether an error is about another address: Node names the host of a failed look-up, the port of a failed connection, or the file of a
 * socket, and Bun the URL.
 */
function isElsewhere(error: object, target: URL): boolean {
  if (isConnectionElsewhere(error)) return true;
  const { hostname, port, address, path } = error as Readonly<Record<string, unknown>>;
  if (typeof hostname === 'string' && hostname.toLowerCase() !== target.hostname) return true;
  if (typeof address === 'string' && address.startsWith('/')) return true;
  if (typeof path === 'string' && isOtherHost(path, target)) return true;
  return typeof port === 'number' && `${port}` !== (target.port || DEFAULT_PORTS[target.protocol]);
}

function isOtherHost(url: string, target: URL): boolean {
  return URL.canParse(url) && new URL(url).host !== target.host;
}

/** The meaning of one link of the chain; undefined when it only wraps another. */
function judgeLink(error: object, target: URL | undefined): FailureCause[] {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code === 'string') {
    const proof = PROOF.get(code);
    if (proof !== undefined && target !== undefined && isElsewhere(error, target)) return [OTHER];
    if (proof !== undefined) return [{ reason: proof, neverLeft: true }];
    return [{ reason: LOST.get(code) ?? 'other', neverLeft: false }];
  }
  if (typeof message !== 'string') return [];
  const [, url = '', connect] = ('Deno' in globalThis && DENO_CONNECT.exec(message)) || [];
  if (connect !== undefined) {
    if (target !== undefined && isOtherHost(url, target)) return [OTHER];
    const reason = DENO_REASONS.find(([pattern]) => pattern.test(connect))?.[1] ?? 'other';
    return [{ reason, neverLeft: true }];
  }
  return LOST_MESSAGE.test(message) ? [{ reason: 'reset', neverLeft: false }] : [];
}

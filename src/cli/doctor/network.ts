import { lookup } from 'node:dns/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { describeDuration } from '../../internal/describe-duration.ts';
import { type Examined, type Finding, ok, problem, QUESTION_TIMEOUT_MS, warning } from './finding.ts';

/** More than the rounding of a `Date` header and a slow answer. */
const CLOCK_WARNING_MS = 10_000;
/** Consent that lies further in the future is refused; see docs/consent.md. */
const CLOCK_PROBLEM_MS = 5 * 60_000;

const CERTIFICATE_ERROR = /CERT|UNABLE_TO_|SELF_SIGNED/;
const HANDSHAKE_ERROR = /SSL|TLS|EPROTO/;

/** The addresses of every host of the client. */
async function checkNames(hosts: readonly string[]): Promise<readonly Finding[]> {
  const names = hosts.filter((host) => isIP(host.replace(/^\[|\]$/g, '')) === 0);
  const results = await Promise.allSettled(names.map((name) => lookup(name, { all: true })));
  const failed = results.flatMap((result, at) =>
    result.status === 'rejected'
      ? [{ name: names[at] as string, error: result.reason as NodeJS.ErrnoException }]
      : [],
  );
  if (failed.length === 0) return names.length === 0 ? [] : [ok('dns', `${names.join(', ')} found`)];
  return failed.map(({ name, error }) =>
    problem(
      'dns',
      `${name} has no address (${error.code}).`,
      error.code === 'ENOTFOUND'
        ? 'Check the spelling of region and baseUrl, and whether the resolver of this machine can resolve external names.'
        : 'The resolver does not answer: check /etc/resolv.conf and the firewall for port 53.',
    ),
  );
}

interface Connection {
  readonly response: IncomingMessage;
  /** When the response was requested and received, in epoch milliseconds. */
  readonly from: number;
  readonly to: number;
}

/** Asks for nothing, without a key, over a new connection. */
function connect(url: URL, signal: AbortSignal): Promise<Connection> {
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const from = Date.now();
  return new Promise((resolve, reject) => {
    const asked = request(url, { method: 'HEAD', agent: false, signal, timeout: QUESTION_TIMEOUT_MS });
    asked.on('timeout', () => asked.destroy(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })));
    asked.on('error', reject);
    asked.on('response', (response) => {
      response.resume();
      resolve({ response, from, to: Date.now() });
    });
    asked.end();
  });
}

function connectionProblem({ host }: URL, { code = 'unknown reason' }: NodeJS.ErrnoException): Finding {
  if (CERTIFICATE_ERROR.test(code)) {
    return problem(
      'tls',
      `The certificate of ${host} is not trusted (${code}).`,
      'If a company proxy intercepts the connection, set NODE_EXTRA_CA_CERTS to the file with its certificate. Otherwise somebody may be intercepting the connection.',
    );
  }
  if (HANDSHAKE_ERROR.test(code)) {
    return problem(
      'tls',
      `No TLS connection to ${host} (${code}).`,
      'Something between this machine and 8x8 terminates TLS or does not support it: check proxy and firewall.',
    );
  }
  const advice =
    code === 'ECONNREFUSED'
      ? 'Nothing listens there: check baseUrl and its port; a sandbox must be running.'
      : 'Allow connections to this host and port in the firewall, or set a proxy.';
  return problem('connection', `No connection to ${host} (${code}).`, advice);
}

/** The key exchange, by name. Node 22 names no hybrid group; every other group has a name. */
function describeGroup(socket: TLSSocket): string {
  const { name } = socket.getEphemeralKeyInfo() as { readonly name?: string };
  if (name === undefined) return 'key exchange with a post-quantum hybrid that this Node does not name';
  return /MLKEM|KYBER/i.test(name)
    ? `key exchange ${name}, a post-quantum hybrid`
    : `key exchange ${name}, no post-quantum hybrid`;
}

function checkTls({ protocol, host }: URL, socket: TLSSocket): Finding {
  if (protocol === 'http:') {
    return ok('tls', 'none: plain http, which only a sandbox gets');
  }
  const version = socket.getProtocol() ?? 'unknown';
  if (version !== 'TLSv1.3') {
    return problem(
      'tls',
      `${host} answers with ${version}: 8x8 refuses messages to Singapore with HTTP 426.`,
      'Allow TLS 1.3 in the proxy in between, and do not set --tls-max-v1.2.',
    );
  }
  return ok('tls', `TLS 1.3, ${describeGroup(socket)}`);
}

function checkClock({ response, from, to }: Connection): Finding {
  const date = Date.parse(response.headers.date ?? '');
  if (Number.isNaN(date))
    return warning('clock', 'The host sends no time.', 'Check the clock by hand (NTP).');
  // The header has whole seconds, so the true time lies within one second after it.
  const ahead = Math.max(0, from - (date + 1_000));
  const behind = Math.max(0, date - to);
  const skew = Math.max(ahead, behind);
  if (skew < CLOCK_WARNING_MS) return ok('clock', 'agrees with the host');
  const text = `This machine is ${describeDuration(skew)} ${ahead > 0 ? 'ahead' : 'behind'}.`;
  const advice =
    'Synchronise the clock (NTP): limits, scheduled messages and access tokens of webhooks depend on it.';
  return skew < CLOCK_PROBLEM_MS ? warning('clock', text, advice) : problem('clock', text, advice);
}

/** Names, connection, TLS and clock. */
export async function checkNetwork({ settings, signal }: Examined): Promise<readonly Finding[]> {
  const hosts = new Set(Object.values(settings.hosts).map((host) => new URL(host).hostname));
  const names = await checkNames([...hosts]);
  const url = new URL(settings.hosts.sms);
  if (names.some(({ level, text }) => level === 'problem' && text.startsWith(`${url.hostname} `)))
    return names;
  try {
    const connection = await connect(url, signal);
    const socket = connection.response.socket as TLSSocket;
    return [...names, checkTls(url, socket), checkClock(connection)];
  } catch (error) {
    signal.throwIfAborted();
    return [...names, connectionProblem(url, error as NodeJS.ErrnoException)];
  }
}

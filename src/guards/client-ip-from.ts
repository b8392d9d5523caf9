import { ValidationError } from '../errors.ts';
import { createEndUserAddressReader } from '../internal/client-address.ts';
import { parseRange } from '../internal/ip-address.ts';
import {
  type Fields,
  integer,
  list,
  object,
  pattern,
  refine,
  switchOn,
  text,
  validate,
  word,
} from '../schema.ts';

/** How {@link clientIpFrom} finds the end user behind your proxies. */
export interface ClientIpOptions {
  /**
   * Your own proxies, by addresses or ranges such as `10.0.0.0/8`; or how many of them every request passes, for an
   * application that can only be reached through them. `header` is read only behind a proxy, because everybody else can
   * write it. @default none: the end user is the other end of the connection
   */
  readonly trustedProxies?: readonly string[] | number | undefined;
  /**
   * The header in which your proxies pass on the address; needs `trustedProxies`. `X-Forwarded-For` and `Forwarded`
   * ([RFC 7239](https://www.rfc-editor.org/rfc/rfc7239)) are read from the right, past trusted proxies: what the end user
   * wrote on the left never counts. Any other header holds one address, such as `CF-Connecting-IP`: your proxy must
   * overwrite it. @default 'X-Forwarded-For'
   */
  readonly header?: string | undefined;
  /**
   * The other end of the connection, for a request that does not carry it: `Deno.serve` gives `info.remoteAddr.hostname`,
   * `Bun.serve` `server.requestIP(request)?.address`, a Lambda `event.requestContext.http.sourceIp`.
   * @default `request.socket.remoteAddress`
   */
  readonly remoteAddress?: string | undefined;
}

/** Headers by name: of the Fetch API, of Node.js, of Express, of a Lambda event. */
export type HeadersLike =
  | {
      /** Returns a header by name; `null` when there is none. */
      get(name: string): string | null;
    }
  | Readonly<Record<string, string | readonly string[] | undefined>>;

/** A request of Node.js, Express, Fastify or the Fetch API. */
export interface RequestLike {
  /** The headers. */
  readonly headers: HeadersLike;
  /** The connection; a request of the Fetch API has none. */
  readonly socket?:
    | {
        /** IP address of the other end; absent when the connection is gone. */
        readonly remoteAddress?: string | undefined;
      }
    | null
    | undefined;
}

/** No chain of proxies is longer. */
const MAX_PROXIES = 32;

const rangeField = word(
  (range) => parseRange(range) !== undefined,
  'an IP address, or a range such as 10.0.0.0/8 (IPv4 as IPv4; not /0)',
);
const fields: Fields<ClientIpOptions> = {
  trustedProxies: switchOn(
    Array.isArray,
    list(rangeField, { min: 1, max: 1_000 }),
    integer({ min: 0, max: MAX_PROXIES, unit: 'proxies, or a list of their addresses' }),
  ),
  header: pattern(/^[\w-]{1,100}$/, 'the name of a header, such as CF-Connecting-IP'),
  remoteAddress: text({ min: 0, max: 200 }),
};
const schema = refine<ClientIpOptions>(
  object(fields, 'an object { trustedProxies, header, remoteAddress }'),
  ({ header, trustedProxies = 0 }) => header === undefined || trustedProxies !== 0,
  'has header without trustedProxies, so the header would never be read: name your proxies, or their number.',
);

function partsOf(request: RequestLike | HeadersLike): RequestLike {
  if (typeof request === 'object' && request !== null) {
    // A header that a stranger calls `headers` is a text, or a list of them.
    const isHeader =
      'headers' in request && (typeof request.headers === 'string' || Array.isArray(request.headers));
    if (isHeader || !('headers' in request)) return { headers: request as HeadersLike };
    if (typeof request.headers === 'object' && request.headers !== null) return request as RequestLike;
  }
  throw new ValidationError('request must be a request with headers, or its headers.', 'request');
}

function headerOf(headers: HeadersLike, name: string): string | undefined {
  if (typeof headers.get === 'function') return headers.get(name) ?? undefined;
  const key = Object.keys(headers).find((each) => each.toLowerCase() === name);
  const value = key === undefined ? undefined : (headers as Readonly<Record<string, unknown>>)[key];
  const joined = Array.isArray(value) ? value.join(',') : value;
  return typeof joined === 'string' ? joined : undefined;
}

/**
 * The IP address of the end user behind a request, for `clientIp` of a message. Header values that the end user wrote
 * never count. If a header is missing or unreadable, the result is the nearest address that is certain, at worst that
 * of a proxy, so nobody escapes the limits of an address that way. Undefined when the connection is gone.
 *
 * @param request a request of Node.js, Express, Fastify or the Fetch API, or its headers
 * @throws ValidationError an option is unknown or malformed, or nothing tells the other end of the connection
 * @example
 * ```ts
 * const clientIp = clientIpFrom(request, { trustedProxies: ['10.0.0.0/8'] });
 * const behindCloudflare = clientIpFrom(request, { trustedProxies: 1, header: 'CF-Connecting-IP' });
 * ```
 */
export function clientIpFrom(
  request: RequestLike | HeadersLike,
  options: ClientIpOptions = {},
): string | undefined {
  const flaw = validate(schema, options, 'options');
  if (flaw !== undefined) throw new ValidationError(flaw.message, flaw.path);
  const { trustedProxies = 0, header = 'X-Forwarded-For' } = options;
  const { headers, socket } = partsOf(request);
  const isCounted = typeof trustedProxies === 'number';
  // A connection that is gone has no address any more, which is no fault of the caller's.
  const hasRemote = 'remoteAddress' in options || (socket !== undefined && socket !== null);
  if (!hasRemote && !(isCounted && trustedProxies > 0)) {
    throw new ValidationError(
      'options.remoteAddress is missing, and the request does not carry it: pass the other end of the connection, or the number of your proxies as trustedProxies.',
      'options.remoteAddress',
    );
  }
  const proxies = isCounted
    ? trustedProxies
    : trustedProxies.map(parseRange).filter((range) => range !== undefined);
  const read = createEndUserAddressReader(header, proxies);
  const address = read(options.remoteAddress ?? socket?.remoteAddress, (name) => headerOf(headers, name));
  return address?.toString().split('%', 1)[0];
}

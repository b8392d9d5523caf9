import { PROBLEMS, type Problem, quotaExceeded } from './problems.ts';

/** A request as the emulator received it: the argument of `match`, and an element of `requests`. */
export interface EmulatedRequest {
  /** Time of arrival in epoch milliseconds. */
  readonly at: number;
  /** HTTP method. */
  readonly method: string;
  /** Path without query, as sent (percent-encoded). */
  readonly path: string;
  /** 8x8's `operationId`; absent for downloads and for paths that 8x8 does not have. */
  readonly operationId?: string;
  /** Parsed JSON; the text when it is not JSON; absent without a body. */
  readonly body?: unknown;
  /** Whether the request had an `Authorization` header. */
  readonly authorized: boolean;
  /** 1 for the first request with this method, path and body, 2 for its repetition, and so on. */
  readonly attempt: number;
  /** Status of the response; absent when the connection broke before one was sent. */
  readonly status?: number;
  /** The fault that was played: its name, or `response` for your own response. */
  readonly fault?: FaultName | 'response';
}

/**
 * The name of a fault.
 *
 * Before 8x8 accepts anything: `429` (with `Retry-After`), `500`, `503`, `tls` (426, TLS 1.3 required), `html` (a proxy's
 * page), `reset` (ECONNRESET), `refused` (ECONNREFUSED), `dns` (ENOTFOUND).
 *
 * After 8x8 carried out the request: `lost-response` (ECONNRESET), `slow`, `truncated` (half of the JSON), `empty` (no
 * body).
 *
 * `reject`: every message of the request is REJECTED inside HTTP 200.
 */
export type FaultName =
  | '429'
  | '500'
  | '503'
  | 'tls'
  | 'html'
  | 'reset'
  | 'refused'
  | 'dns'
  | 'lost-response'
  | 'slow'
  | 'truncated'
  | 'empty'
  | 'reject';

/**
 * A response of your own as a fault: one of 8x8's error codes, a redirect, a header of a proxy.
 *
 * @example emulator.failNext({ status: 400, body: { code: 2007, message: 'Not enough balance' } })
 */
export interface FaultResponse {
  /** HTTP status, 200 to 599. */
  readonly status: number;
  /** The body: a text, or an object that is sent as JSON. @default none */
  readonly body?: string | object | undefined;
  /** The headers. @default none */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** The requests that a fault hits, and its details. */
export interface FaultOptions {
  /** Number of requests that the fault hits; `Infinity` for all. @default 1 */
  readonly times?: number | undefined;
  /** Selects the requests that the fault hits. @default all requests */
  readonly match?: ((request: EmulatedRequest) => boolean) | undefined;
  /** For `429`: whole seconds in `Retry-After`. @default 1 */
  readonly retryAfterSeconds?: number | undefined;
  /** For `slow`: milliseconds until the response. @default 1,000 */
  readonly delayMs?: number | undefined;
  /** For `html`: status of the page; 200 emulates a proxy whose own page looks like a success. @default 502 */
  readonly status?: number | undefined;
  /**
   * For faults with a response: carries out the request first, so that the response misreports what happened.
   * @default false
   */
  readonly accepted?: boolean | undefined;
  /** For `reject`: 8x8's reason. @default `Internal server error` */
  readonly description?: string | undefined;
}

/** A fault that waits for its requests. */
export interface PlannedFault {
  readonly fault: FaultName | FaultResponse;
  readonly options: FaultOptions;
}

export interface FaultQueue {
  plan(fault: FaultName | FaultResponse, options: FaultOptions): void;
  /** Returns the first planned fault that matches, and counts down its `times`. */
  next(request: EmulatedRequest): PlannedFault | undefined;
  clear(): void;
}

export function createFaultQueue(): FaultQueue {
  let planned: { readonly entry: PlannedFault; left: number }[] = [];
  return {
    plan(fault, options) {
      planned.push({ entry: { fault, options }, left: options.times ?? 1 });
    },
    next(request) {
      const found = planned.find(({ entry }) => entry.options.match?.(request) ?? true);
      if (found === undefined) return undefined;
      found.left -= 1;
      if (found.left < 1) planned = planned.filter((other) => other !== found);
      return found.entry;
    },
    clear() {
      planned = [];
    },
  };
}

/** The error of a broken connection in Node: `TypeError: fetch failed` with the system error as its cause. */
export function networkError(kind: 'reset' | 'refused' | 'dns', url: URL): TypeError {
  const address = `${url.hostname}:${url.port || (url.protocol === 'https:' ? '443' : '80')}`;
  const cause = {
    reset: () => Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' }),
    refused: () =>
      Object.assign(new Error(`connect ECONNREFUSED ${address}`), {
        code: 'ECONNREFUSED',
        syscall: 'connect',
      }),
    dns: () =>
      Object.assign(new Error(`getaddrinfo ENOTFOUND ${url.hostname}`), {
        code: 'ENOTFOUND',
        syscall: 'getaddrinfo',
        hostname: url.hostname,
      }),
  }[kind]();
  return new TypeError('fetch failed', { cause });
}

/** The error that 8x8 sends for a fault. */
export function faultProblem(fault: '429' | '500' | '503' | 'tls', options: FaultOptions): Problem {
  if (fault === '429') return quotaExceeded(options.retryAfterSeconds ?? 1);
  return { '500': PROBLEMS.internal, '503': PROBLEMS.unavailable, tls: PROBLEMS.insecureProtocol }[fault];
}

/** An error page of a proxy between the client and 8x8. */
export const HTML_PAGE =
  '<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head>\n<body><h1>502 Bad Gateway</h1></body></html>\n';

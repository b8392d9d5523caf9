import { PROBLEMS, type Problem, quotaExceeded } from './problems.ts';

/** A request as the emulator saw it: what `match` looks at, and what `requests` keeps. */
export interface EmulatedRequest {
  /** Epoch milliseconds of its arrival. */
  readonly at: number;
  readonly method: string;
  /** Path without query, as it came over the wire (percent-encoded). */
  readonly path: string;
  /** 8x8's `operationId`; absent for a path that 8x8 does not have and for downloads. */
  readonly operationId?: string;
  /** Parsed JSON; the bare text when it is none; undefined when there was no body. */
  readonly body?: unknown;
  /** True when an `Authorization` header came with it. */
  readonly authorized: boolean;
  /** 1 for the first request with this method, path and body, 2 when the same comes again. */
  readonly attempt: number;
  /** Status of the answer; undefined when the connection broke before one was given. */
  readonly status?: number;
  /** The fault that was played, by name. */
  readonly fault?: FaultName | 'response';
}

/**
 * Faults by name.
 *
 * Before 8x8 accepted anything: `429` (with `Retry-After`), `500`, `503`, `tls` (426, TLS 1.3 wanted), `html` (a proxy's
 * page), `reset` (ECONNRESET), `refused` (ECONNREFUSED), `dns` (ENOTFOUND).
 * After the request was carried out: `lost-response` (ECONNRESET), `slow`, `truncated` (half of the JSON), `empty` (no
 * body). `reject`: every message of the request is REJECTED inside HTTP 200.
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

/** Any other answer: a redirect, a 408, a header of a proxy. */
export interface FaultResponse {
  readonly status: number;
  readonly body?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Which requests a fault hits, and what it is like. */
export interface FaultOptions {
  /** How many requests it hits. Default 1. `Infinity` for all. */
  readonly times?: number | undefined;
  /** Which requests it hits. Default: any. */
  readonly match?: ((request: EmulatedRequest) => boolean) | undefined;
  /** `429`: whole seconds in `Retry-After`. Default 1. */
  readonly retryAfterSeconds?: number | undefined;
  /** `slow`: milliseconds until the answer. Default 1000. */
  readonly delayMs?: number | undefined;
  /** `html`: status of the page, 502 by default; 200 for the proxy that calls its own page a success. */
  readonly status?: number | undefined;
  /** For faults that answer: carry the request out first, so that the answer is a lie. Default false. */
  readonly accepted?: boolean | undefined;
  /** `reject`: 8x8's reason. Default `Internal server error`. */
  readonly description?: string | undefined;
}

/** A fault waiting for its requests. */
export interface PlannedFault {
  readonly fault: FaultName | FaultResponse;
  readonly options: FaultOptions;
}

export interface FaultQueue {
  plan(fault: FaultName | FaultResponse, options: FaultOptions): void;
  /** The first planned fault that matches; it is used up by one. */
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

/** The error a broken connection gives in Node: `TypeError: fetch failed` with the system's error as its cause. */
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

/** Faults that are an error of 8x8. */
export function faultProblem(fault: '429' | '500' | '503' | 'tls', options: FaultOptions): Problem {
  if (fault === '429') return quotaExceeded(options.retryAfterSeconds ?? 1);
  return { '500': PROBLEMS.internal, '503': PROBLEMS.unavailable, tls: PROBLEMS.insecureProtocol }[fault];
}

/** A page of a proxy between the client and 8x8. */
export const HTML_PAGE =
  '<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head>\n<body><h1>502 Bad Gateway</h1></body></html>\n';

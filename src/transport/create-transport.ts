import type { Call } from '../call.ts';
import type { Credentials } from '../config/credentials.ts';
import { ConfigurationError } from '../errors.ts';
import type { Emit } from '../events.ts';
import type { SharedState } from '../internal/shared-state.ts';
import { isEchoOf } from '../internal/user-code.ts';
import type { Clock, Fetch } from '../types.ts';
import { runAttempts } from './attempts.ts';
import { judgeCause } from './causes.ts';
import { download } from './download.ts';
import { createLanes } from './lanes.ts';
import type { Operation, Product } from './operation.ts';
import type { Pace } from './pacer.ts';
import { encodeQuery, expandPath } from './path.ts';
import type { RequestContext, TransportEnvironment } from './request-context.ts';
import { DEFAULT_RETRY, type RetryOptions } from './retry-policy.ts';
import type { SharedPace } from './shared-pace.ts';
import type { Transport, TransportRequest } from './transport.ts';

/** Configuration of a transport: the resolved options of the client. */
export interface TransportConfig {
  /** Origin of each product's host, for example `https://sms.8x8.com`. */
  readonly hosts: Readonly<Record<Product, string>>;
  readonly credentials: Credentials;
  readonly subAccountId: string;
  /** Default: the global `fetch`, looked up at every call. */
  readonly fetch?: Fetch | undefined;
  /** `fetch`: no message goes straight to Node's HTTP client. Default `auto`. */
  readonly transport?: 'auto' | 'fetch' | undefined;
  /** Whether requests name the package and its version. Default true. */
  readonly userAgent?: boolean | undefined;
  readonly retry: false | RetryOptions;
  readonly pace: false | Pace;
  /** Default: 10 s per attempt, 60 s when it carries several messages or a file. */
  readonly timeoutMs?: number | undefined;
  readonly emit: Emit;
  readonly clock: Clock;
  /** Shares the pace with the other clients of this process, with those that have the same state, or with none. */
  readonly sharedState: boolean | SharedState;
  /** Source of permits when other processes send too. */
  readonly sharedPace?: SharedPace | undefined;
  /** Random numbers from 0 to below 1, for the jitter. Default `Math.random`. */
  readonly random?: (() => number) | undefined;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_BATCH_TIMEOUT_MS = 60_000;

/** 8x8 gives such a sub-account with its Verification product; it can do nothing else. */
const VERIFICATION_ONLY = '_verif8';

/** The response to a full batch of 10,000 has about 2.4 MB. */
const MAX_RESPONSE_BYTES = 64 * 1024;
const MAX_RESPONSE_BYTES_PER_MESSAGE = 2 * 1024;
/**
 * Limit for reads: they carry no messages, and the size of a price list or a page of 500 contacts is not known
 * beforehand.
 */
const MAX_READ_BYTES = 16 * 1024 * 1024;

interface Address {
  readonly url: string;
  readonly host: string;
}

/** Creates the transport of a client. Reads no clock, starts no timer and draws no random number yet. */
export function createTransport(config: TransportConfig): Transport {
  const lanes = createLanes(config);
  const fetch = config.fetch && watchFetch(config.fetch, config.emit);
  const elapsed = () => config.clock.monotonic?.() ?? performance.now();
  const environment: TransportEnvironment = {
    credentials: config.credentials,
    fetch,
    direct: config.transport !== 'fetch',
    userAgent: config.userAgent ?? true,
    emit: config.emit,
    clock: config.clock,
    random: config.random ?? (() => Math.random()),
    elapsed,
  };

  /** By the segments of messages, which are frozen: the address of every send is the same. */
  const addresses = new WeakMap<object, Map<Operation, Address>>();

  function addressOf(request: TransportRequest): Address {
    const { operation, segments, query } = request;
    if (query !== undefined || !Object.isFrozen(segments)) return createAddress(request);
    let known = addresses.get(segments);
    if (known === undefined) {
      known = new Map();
      addresses.set(segments, known);
    }
    let address = known.get(operation);
    if (address === undefined) {
      address = createAddress(request);
      known.set(operation, address);
    }
    return address;
  }

  function createAddress({ operation, segments, query = {} }: TransportRequest): Address {
    if (segments.subAccountId?.endsWith(VERIFICATION_ONLY) && operation.product !== 'verification') {
      throw new ConfigurationError(
        `${operation.name}: a sub-account that ends in ${VERIFICATION_ONLY} works with verifications only. Set subAccountId to a sub-account of the ${operation.product} product. Nothing was sent.`,
        'subAccountId',
      );
    }
    const path = expandPath(operation.path, segments) + encodeQuery(query);
    const { href: url, host } = new URL(path, config.hosts[operation.product]);
    return { url, host };
  }

  const retry = config.retry === false ? { ...DEFAULT_RETRY, maxAttempts: 1 } : config.retry;

  function createContext(request: TransportRequest, call: Call): RequestContext {
    const { operation, upload, messageCount = 1 } = request;
    const { url, host } = addressOf(request);
    const isLarge = messageCount > 1 || upload !== undefined;
    const { maxAttempts } = call;
    return {
      request,
      url,
      host,
      contentType: upload?.contentType ?? 'application/json',
      call,
      lane: lanes(host, operation),
      retry: maxAttempts === undefined ? retry : { ...retry, maxAttempts },
      timeoutMs:
        call.timeoutMs ?? config.timeoutMs ?? (isLarge ? DEFAULT_BATCH_TIMEOUT_MS : DEFAULT_TIMEOUT_MS),
      maxBytes:
        operation.repeat === 'safe' || operation.responseBody === 'any'
          ? MAX_READ_BYTES
          : MAX_RESPONSE_BYTES + MAX_RESPONSE_BYTES_PER_MESSAGE * messageCount,
    };
  }

  return {
    async request(request, call) {
      return await runAttempts(createContext(request, call), environment);
    },

    async download(url, call) {
      return await download({
        url,
        call,
        timeoutMs: call.timeoutMs ?? config.timeoutMs ?? DEFAULT_TIMEOUT_MS,
        fetch,
        trustedOrigins: Object.values(config.hosts).map((host) => new URL(host).origin),
      });
    },
  };
}

/** Tells the author of a `fetch` about an exception that is no failure of a connection, but maybe a fault in it. */
function watchFetch(fetch: Fetch, emit: Emit): Fetch {
  return async (input, init) => {
    try {
      return await fetch(input, init);
    } catch (error) {
      const isUnexplained = judgeCause(error, String(input)).reason === 'other';
      if (isUnexplained && !isEchoOf(init?.signal, error)) emit.reportError?.(error, 'fetch');
      throw error;
    }
  };
}

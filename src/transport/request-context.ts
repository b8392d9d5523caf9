import type { Call } from '../call.ts';
import type { Credentials } from '../config/credentials.ts';
import type { Emit } from '../events.ts';
import type { Clock, Fetch } from '../types.ts';
import type { Lane } from './lane.ts';
import type { RetryOptions } from './retry-policy.ts';
import type { TransportRequest } from './transport.ts';

/** One request of a call, ready to be sent. */
export interface RequestContext {
  readonly request: TransportRequest;
  readonly url: string;
  readonly host: string;
  readonly contentType: string;
  readonly call: Call;
  readonly lane: Lane;
  readonly retry: RetryOptions;
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

/** The parts that all requests of a client share. */
export interface TransportEnvironment {
  readonly credentials: Credentials;
  readonly fetch: Fetch | undefined;
  /** Whether messages may go straight to Node's HTTP client, past `fetch`. */
  readonly direct: boolean;
  /** Whether requests name the package and its version. */
  readonly userAgent: boolean;
  readonly emit: Emit;
  readonly clock: Clock;
  readonly random: () => number;
  /** Monotonic milliseconds. */
  readonly elapsed: () => number;
}

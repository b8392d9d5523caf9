import type { CallScope } from '../call-scope.ts';
import type { Credentials } from '../credentials.ts';
import type { Emit } from '../events.ts';
import type { Clock, Fetch } from '../types.ts';
import type { Lane } from './lane.ts';
import type { RetryOptions } from './retry-policy.ts';
import type { TransportRequest } from './transport.ts';

/** One call, ready to go. */
export interface PreparedCall {
  readonly request: TransportRequest;
  readonly url: string;
  readonly host: string;
  /** Serialised once, for all attempts. */
  readonly body: string | Uint8Array<ArrayBuffer> | undefined;
  readonly contentType: string;
  readonly scope: CallScope;
  readonly lane: Lane;
  readonly retry: RetryOptions;
  readonly timeoutMs: number;
  readonly deadlineMs: number | undefined;
  readonly maxBytes: number;
  /** Monotonic milliseconds at which the call began. */
  readonly startedAt: number;
}

/** What all calls of a client share. */
export interface CallEnvironment {
  readonly credentials: Credentials;
  readonly fetch: Fetch | undefined;
  readonly emit: Emit;
  readonly clock: Clock;
  readonly random: () => number;
  /** Monotonic milliseconds. */
  readonly elapsed: () => number;
}

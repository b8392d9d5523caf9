import type { LimitWindow } from '../../../src/guards/recipient.ts';
import type { LimitsEvent } from '../../../src/redis/failover/limits-event.ts';
import type { RedisLimitsOptions } from '../../../src/redis/redis-limits.ts';

/** The setup of a worker: its own client on a server that all workers share. */
export interface WorkerSetup {
  readonly redisPort: number;
  /** Whether the server is a node of a cluster. */
  readonly isCluster?: boolean;
  readonly receiverUrl: string;
  readonly scope: string;
  readonly windows: readonly LimitWindow[];
  readonly onStoreError: RedisLimitsOptions['onStoreError'];
  readonly timeoutMs?: number;
  /** Concurrent sends per process. */
  readonly lanes: number;
  /** Milliseconds that a lane rests between two sends. */
  readonly restMs?: number;
}

/** A command to a worker. Each is answered with its ID. */
export type WorkerCommand =
  | { readonly id: number; readonly type: 'setup'; readonly setup: WorkerSetup }
  /** Sends to each number that many times; answered when done. */
  | {
      readonly id: number;
      readonly type: 'burst';
      readonly numbers: readonly string[];
      readonly times: number;
    }
  /** Starts to send to these numbers in turn, until `rest`. */
  | { readonly id: number; readonly type: 'run'; readonly numbers: readonly string[] }
  /** Answered when nothing is in flight. */
  | { readonly id: number; readonly type: 'rest' }
  | { readonly id: number; readonly type: 'report' };

/** The results of a worker since its setup. */
export interface WorkerReport {
  readonly accepted: number;
  /** Refused because the number reached its limit. */
  readonly limited: number;
  /** Refused because the store did not answer. */
  readonly storeErrors: number;
  /** Other errors, by code. */
  readonly others: Readonly<Record<string, number>>;
  /** Sends in flight. */
  readonly open: number;
  /** Longest time from a call of `send` to its refusal or its first byte to 8x8, in milliseconds. */
  readonly slowestDecisionMs: number;
  readonly events: readonly LimitsEvent[];
  /** Of the last refusal because of the limit. */
  readonly retryAfterMs: number | undefined;
  /** `Date.now()` of this process. */
  readonly now: number;
}

/** The reply of a worker. */
export interface Reply {
  readonly id: number;
  readonly report: WorkerReport;
}

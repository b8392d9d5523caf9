import type { LimitWindow } from '../../../src/guards/recipient.ts';
import type { LimitsEvent } from '../../../src/redis/failover/limits-event.ts';
import type { RedisLimitsOptions } from '../../../src/redis/redis-limits.ts';

/** What a worker sends with: a client of its own on a server that all share. */
export interface WorkerSetup {
  readonly redisPort: number;
  /** The server is a node of a cluster. */
  readonly isCluster?: boolean;
  readonly receiverUrl: string;
  readonly scope: string;
  readonly windows: readonly LimitWindow[];
  readonly onStoreError: RedisLimitsOptions['onStoreError'];
  readonly timeoutMs?: number;
  /** Sends of one process that are on their way at one time. */
  readonly lanes: number;
  /** Milliseconds that a lane rests between two sends. */
  readonly restMs?: number;
}

/** To a worker. Each is answered with its id. */
export type WorkerCommand =
  | { readonly id: number; readonly type: 'setup'; readonly setup: WorkerSetup }
  /** Sends to each of these numbers so many times; answered when it is done. */
  | {
      readonly id: number;
      readonly type: 'burst';
      readonly numbers: readonly string[];
      readonly times: number;
    }
  /** Begins to send to these numbers in turn, until `rest`. */
  | { readonly id: number; readonly type: 'run'; readonly numbers: readonly string[] }
  /** Answered when nothing is on its way any more. */
  | { readonly id: number; readonly type: 'rest' }
  | { readonly id: number; readonly type: 'report' };

/** What a worker did since it was set up. */
export interface WorkerReport {
  readonly accepted: number;
  /** Refused because the number had enough. */
  readonly limited: number;
  /** Refused because the store did not answer. */
  readonly storeErrors: number;
  /** Whatever else was thrown, by code. */
  readonly others: Readonly<Record<string, number>>;
  /** Sends on their way. */
  readonly open: number;
  /** Milliseconds from a call of `send` to its refusal or its first byte to 8x8; the longest. */
  readonly slowestDecisionMs: number;
  readonly events: readonly LimitsEvent[];
  /** Of the last refusal for the limit. */
  readonly retryAfterMs: number | undefined;
  /** `Date.now()` of this process. */
  readonly now: number;
}

/** From a worker. */
export interface Reply {
  readonly id: number;
  readonly report: WorkerReport;
}

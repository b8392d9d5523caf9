/**
 * The pace of a sub-account over all processes that share a limit store. The store grants permits; the transport uses
 * them or lets them expire. Permits are never given back.
 *
 * @experimental
 */
export interface SharedPace {
  /**
   * Returns the lane of one sub-account at one host. Called once per lane; sends nothing yet.
   *
   * @param kind `details` is 8x8's endpoint for message details, which takes one request per second
   */
  lane(host: string, subAccountId: string, kind: 'fast' | 'details'): RateLane;
}

/** Grants permits for one sub-account at one host. */
export interface RateLane {
  /**
   * Leases permits for this process, in order; none when all available ones are granted. Must settle within a second.
   *
   * @throws StoreError permits cannot be granted, and the team chose to refuse then
   */
  lease(request: PermitRequest): Promise<PermitLease>;
  /**
   * 8x8 asked for a pause: no process sends for `ms` from now, except a probe; 0 ends the pause. Runs in the background and
   * never throws.
   */
  pause(ms: number): void;
}

/** A request for permits. */
export interface PermitRequest {
  /** Most permits in any half-open `periodMs`, over all processes. */
  readonly permits: number;
  /** Length of the period in milliseconds. */
  readonly periodMs: number;
  /** Number of callers that wait for a permit; at least 1. */
  readonly waiting: number;
  /** Number of further callers expected while such permits last. They get permits only when no other process waits. */
  readonly expected: number;
  /** Whether this process missed all permits of its last leases. It then gets longer ones, at the cost of the rate. */
  readonly isSlow: boolean;
}

/** Permits for one process. */
export interface PermitLease {
  /** Permits in order of their time. */
  readonly permits: readonly Permit[];
  /** Milliseconds until the next request makes sense; 0 for as soon as these permits are used. */
  readonly retryAfterMs: number;
  /**
   * Milliseconds left of a pause that 8x8 asked one of the processes for; 0 without a pause. A permit during a pause is for
   * the one request that probes it.
   */
  readonly pauseMs: number;
  /** Milliseconds until a process may probe the pause. Absent when no server was asked, which then ends no pause either. */
  readonly probeInMs?: number | undefined;
}

/**
 * Allows one request to leave between two times, inclusive, in milliseconds of `performance.now()`. It expires after.
 */
export interface Permit {
  /** Earliest time to leave. */
  readonly fromMs: number;
  /** Latest time to leave. */
  readonly untilMs: number;
}

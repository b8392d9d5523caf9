/**
 * The pace of a sub-account over all processes that share a limit store. The store gives out permits, the transport uses
 * them or lets them go; nothing is given back.
 *
 * @experimental
 */
export interface SharedPace {
  /**
   * Where the permits of one sub-account at one host come from. Called once a lane; nothing is asked yet.
   *
   * @param kind `details` is the endpoint of 8x8 that takes one request a second
   */
  lane(host: string, subAccountId: string, kind: 'fast' | 'details'): RateLane;
}

/** The permits of one sub-account at one host. */
export interface RateLane {
  /**
   * Turns for this process, in order; none when all that may be given out by now are. Must settle within a second.
   *
   * @throws StoreError nobody can tell whose turn it is, and the team chose to refuse then
   */
  lease(request: PermitRequest): Promise<PermitLease>;
  /** 8x8 asked for a pause: no process goes for `ms` from now. Nobody waits for it, and it never throws. */
  pause(ms: number): void;
}

/** What a process asks for. */
export interface PermitRequest {
  /** Most permits in any half-open `periodMs`, over all processes. */
  readonly permits: number;
  readonly periodMs: number;
  /** How many callers wait for a permit; at least 1. */
  readonly waiting: number;
  /** How many more callers are expected while such permits last. They get permits only when nobody else waits. */
  readonly expected: number;
  /** This process missed all permits of its last leases: it asks for such that last longer, at the cost of the rate. */
  readonly isSlow: boolean;
}

/** What it gets. */
export interface PermitLease {
  readonly permits: readonly Permit[];
  /** Milliseconds until asking again makes sense; 0: as soon as these permits are used. */
  readonly retryAfterMs: number;
  /** Milliseconds that are left of a pause 8x8 asked one of the processes for; 0 without one. */
  readonly pauseMs: number;
}

/** One request may leave in this time, both ends included, in milliseconds of `performance.now()`; later it is void. */
export interface Permit {
  readonly fromMs: number;
  readonly untilMs: number;
}

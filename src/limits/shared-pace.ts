/**
 * The pace of a sub-account over all processes that share a limit store. The store gives out turns, the transport uses
 * them or lets them go; nothing is given back.
 *
 * @experimental
 */
export interface SharedPace {
  /**
   * Where the turns of one sub-account at one host come from. Called once a lane; nothing is asked yet.
   *
   * @param kind `details` is the endpoint of 8x8 that takes one request a second
   */
  lane(host: string, subAccountId: string, kind: 'fast' | 'details'): PaceLane;
}

/** The turns of one sub-account at one host. */
export interface PaceLane {
  /**
   * Turns for this process, in order; none when all that may be given out by now are. Must settle within a second.
   *
   * @throws StoreError nobody can tell whose turn it is, and the team chose to refuse then
   */
  lease(wish: PaceWish): Promise<PaceLease>;
  /** 8x8 asked for a pause: no process goes for `ms` from now. Nobody waits for it, and it never throws. */
  pause(ms: number): void;
}

/** What a process asks for. */
export interface PaceWish {
  /** Most turns in any half-open `periodMs`, over all processes. */
  readonly turns: number;
  readonly periodMs: number;
  /** How many callers wait for a turn; at least 1. */
  readonly waiting: number;
  /** How many more callers are expected while such turns last. They get turns only when nobody else waits. */
  readonly expected: number;
  /** This process missed all turns of its last leases: it asks for such that last longer, at the cost of the rate. */
  readonly isSlow: boolean;
}

/** What it gets. */
export interface PaceLease {
  readonly turns: readonly PaceTurn[];
  /** Milliseconds until asking again makes sense; 0: as soon as these turns are used. */
  readonly retryAfterMs: number;
  /** Milliseconds that are left of a pause 8x8 asked one of the processes for; 0 without one. */
  readonly pauseMs: number;
}

/** One request may leave in this time, both ends included, in milliseconds of `performance.now()`; later it is void. */
export interface PaceTurn {
  readonly fromMs: number;
  readonly untilMs: number;
}

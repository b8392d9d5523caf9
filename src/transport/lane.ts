/** To be called at the moment the request would leave. False: the turn is over, and it must not leave. */
export type Turn = () => boolean;

/** Where a request waits for its turn. */
export interface Lane {
  /**
   * @throws PaceRefusal
   * @throws StoreError the turns are shared, and nobody can tell whose it is
   */
  take(signal: AbortSignal): Promise<Turn>;
  pause(ms: number): void;
  /** How many may wait, for the error. */
  readonly maxQueued: number;
}

/** Hosts and sub-accounts whose pace is kept at a time. */
export const MAX_LANES = 1000;

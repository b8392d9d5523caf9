/** To be called at the moment the request would leave. False: the permit has expired, and it must not leave. */
export type UsePermit = () => boolean;

/** Where a request waits for its turn. */
export interface Lane {
  /**
   * @throws PaceRefusal
   * @throws StoreError the turns are shared, and nobody can tell whose it is
   */
  take(signal: AbortSignal): Promise<UsePermit>;
  pause(ms: number): void;
  /** How many may wait, for the error. */
  readonly maxQueued: number;
}

/** Hosts and sub-accounts whose pace is kept at a time. */
export const MAX_LANES = 1000;

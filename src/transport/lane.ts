import type { PassOutcome } from './pause-gate.ts';
import type { SubjectPauses } from './subject-pauses.ts';

/** Lets one request go. */
export interface LanePermit {
  /** Called at the moment the request would leave. False: the permit has expired, and it must not leave. */
  use(): boolean;
  /** Called once, when the request ended or did not leave after all. Returns true when that ended a pause. */
  finish(outcome: PassOutcome): boolean;
}

/** Where a request waits for its turn. */
export interface Lane {
  /**
   * @throws NoPermitError
   * @throws StoreError the turns are shared, and nobody can tell whose it is
   */
  take(signal: AbortSignal): Promise<LanePermit>;
  pause(ms: number): void;
  /** Pauses of a single number or address. */
  readonly subjects: SubjectPauses;
  /** How many may wait, for the error. */
  readonly maxQueued: number;
}

/** Hosts and sub-accounts whose pace is kept at a time. */
export const MAX_LANES = 1000;

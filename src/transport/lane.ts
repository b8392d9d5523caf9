import type { PassOutcome } from './pause-gate.ts';
import type { SubjectPauses } from './subject-pauses.ts';

/** Lets one request go. */
export interface LanePermit {
  /** Called at the moment the request would leave. False: the permit has expired, and it must not leave. */
  use(): boolean;
  /** Called once, when the request ended or did not leave after all. Returns true when that ended a pause. */
  finish(outcome: PassOutcome): boolean;
}

/** The queue in which a request waits for its permit. */
export interface Lane {
  /**
   * A permit at once; undefined when the request has to wait for `take`.
   *
   * @throws NoPermitError
   */
  takeNow(): LanePermit | undefined;
  /**
   * @throws NoPermitError
   * @throws StoreError the pace is shared, and the store that grants permits failed
   */
  take(signal: AbortSignal): Promise<LanePermit>;
  pause(ms: number): void;
  /** Pauses of a single number or address. */
  readonly subjects: SubjectPauses;
  /** Maximum number of waiting callers, for the error message. */
  readonly maxQueued: number;
}

/** Maximum number of lanes kept at a time, one per host and sub-account. */
export const MAX_LANES = 1000;

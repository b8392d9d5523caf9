import type { Operation } from '../api/operation.ts';
import { getOrCreate, type SharedState, sharedState } from '../shared-state.ts';
import { createPacer, type Pace, type Pacer } from './pacer.ts';
import { createSlowLane, SLOW_MAX_QUEUED, type SlowLane } from './slow-lane.ts';

/** How many may wait out a pause of 8x8's when the client itself has no pace. */
const UNPACED_MAX_QUEUED = 10_000;
/** Hosts and sub-accounts whose pace is kept at a time. */
const MAX_LANES = 1000;

/** The pace of one host and sub-account. A pause of the slow lane does not hold up the fast one. */
interface LanePair {
  readonly fast: Pacer;
  readonly slow: SlowLane;
  readonly slowPause: Pacer;
}

/** To be called at the moment the request leaves. */
export type Turn = () => void;

/** Where a request waits for its turn. */
export interface Lane {
  /** @throws PaceRefusal */
  take(signal: AbortSignal): Promise<Turn>;
  pause(ms: number): void;
  /** How many may wait, for the error. */
  readonly maxQueued: number;
}

export interface LanesConfig {
  readonly subAccountId: string;
  readonly pace: false | Pace;
  /** Share with the other clients of this process, or with those that have the same state. */
  readonly sharedState: boolean | SharedState;
}

/** System time, looked up when needed: the pace protects the real network, whatever the client's clock says. */
const now = () => performance.now();

/** Gives the lane of an operation at a host. Without a pace only 8x8's own pauses and the slow lane remain. */
export function createLanes(config: LanesConfig): (host: string, operation: Operation) => Lane {
  const own: SharedState =
    typeof config.sharedState === 'object' ? config.sharedState : { pacers: new Map() };
  const fastPace: Pace = config.pace || {
    requestsPerSecond: Number.POSITIVE_INFINITY,
    maxQueued: UNPACED_MAX_QUEUED,
  };
  const unpaced: Pace = { requestsPerSecond: Number.POSITIVE_INFINITY, maxQueued: SLOW_MAX_QUEUED };

  function pairOf(host: string): LanePair {
    const { pacers } = config.sharedState === true ? sharedState() : own;
    return getOrCreate<LanePair>(
      pacers,
      `${host} ${config.subAccountId}`,
      MAX_LANES,
      ({ fast, slow, slowPause }) => fast.isIdle() && slow.isIdle() && slowPause.isIdle(),
      () => ({ fast: createPacer(now), slow: createSlowLane(now), slowPause: createPacer(now) }),
    );
  }

  return (host, operation) => {
    const { fast, slow, slowPause } = pairOf(host);
    if (operation.lane !== 'details') {
      return {
        async take(signal) {
          const turn = await fast.take(fastPace, signal);
          return () => fast.leave(turn);
        },
        pause: (ms) => fast.pause(ms),
        maxQueued: fastPace.maxQueued,
      };
    }
    return {
      async take(signal) {
        await slowPause.take(unpaced, signal);
        await slow.take(signal);
        // A pause may have come while this one waited.
        await slowPause.take(unpaced, signal);
        return () => {};
      },
      pause: (ms) => slowPause.pause(ms),
      maxQueued: SLOW_MAX_QUEUED,
    };
  };
}

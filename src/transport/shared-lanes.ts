import { StoreError } from '../errors.ts';
import { getOrCreate } from '../internal/shared-state.ts';
import { DETAILS_INTERVAL_MS, DETAILS_MAX_QUEUED } from './details-lane.ts';
import { type Lane, type LanePermit, MAX_LANES } from './lane.ts';
import type { Operation } from './operation.ts';
import { type Pace, SECOND_MS } from './pacer.ts';
import type { SharedPace } from './shared-pace.ts';
import { createSharedPacer, type SharedPacer } from './shared-pacer.ts';

const SLOW_PACE: Pace = { requestsPerSecond: 1, maxQueued: DETAILS_MAX_QUEUED };

/** The pace of one host and sub-account. A pause of the details lane does not delay the fast one. */
interface SharedPair {
  readonly fast: SharedPacer;
  readonly slow: SharedPacer;
}

/** Clients with one store share a queue. */
const pairsOfPaces = new WeakMap<SharedPace, Map<string, unknown>>();

export interface SharedLanesConfig {
  readonly sharedPace: SharedPace;
  readonly subAccountId: string;
  readonly pace: false | Pace;
  readonly now: () => number;
}

/** Returns the lane that is shared with other processes; `own` is the lane of this process. */
export function createSharedLanes(config: SharedLanesConfig) {
  const { sharedPace, subAccountId, pace, now } = config;

  function pacerOf(host: string, kind: 'fast' | 'details', periodMs: number): SharedPacer {
    return createSharedPacer(sharedPace.lane(host, subAccountId, kind), periodMs, now);
  }

  function pairOf(host: string): SharedPair {
    let pairs = pairsOfPaces.get(sharedPace);
    if (pairs === undefined) {
      pairs = new Map();
      pairsOfPaces.set(sharedPace, pairs);
    }
    return getOrCreate<SharedPair>(
      pairs,
      `${host} ${subAccountId}`,
      MAX_LANES,
      ({ fast, slow }) => fast.isIdle() && slow.isIdle(),
      () => ({
        fast: pacerOf(host, 'fast', SECOND_MS),
        slow: pacerOf(host, 'details', DETAILS_INTERVAL_MS),
      }),
    );
  }

  return (host: string, operation: Operation, own: Lane): Lane => {
    const isSlow = operation.lane === 'details';
    const lanePace = isSlow ? SLOW_PACE : pace;
    if (lanePace === false) return own;
    const { fast, slow } = pairOf(host);
    const pacer = isSlow ? slow : fast;
    return {
      // Another process may have the permits.
      takeNow: () => undefined,
      async take(signal): Promise<LanePermit> {
        try {
          const permit = await pacer.take(lanePace, signal);
          return {
            use: () => pacer.leave(permit),
            finish: (outcome) => pacer.finish(permit, outcome),
          };
        } catch (error) {
          // A read may continue without the store, because no sends use the rate then.
          if (!StoreError.isInstance(error) || operation.repeat === 'never') throw error;
          return own.take(signal);
        }
      },
      pause(ms) {
        pacer.pause(ms);
        own.pause(ms);
      },
      subjects: own.subjects,
      maxQueued: lanePace.maxQueued,
    };
  };
}

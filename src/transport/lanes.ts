import { getOrCreate, type SharedState, sharedState } from '../internal/shared-state.ts';
import { createDetailsLane, DETAILS_MAX_QUEUED, type DetailsLane } from './details-lane.ts';
import { type Lane, type LanePermit, MAX_LANES } from './lane.ts';
import type { Operation } from './operation.ts';
import { createPacer, type Pace, type Pacer } from './pacer.ts';
import type { PassOutcome } from './pause-gate.ts';
import { createSharedLanes } from './shared-lanes.ts';
import type { SharedPace } from './shared-pace.ts';
import { createSubjectPauses, type SubjectPauses } from './subject-pauses.ts';

/** How many callers may wait during a pause by 8x8 when the client has no pace. */
const UNPACED_MAX_QUEUED = 10_000;

/** The pace of one host and sub-account. A pause of the details lane does not delay the fast one. */
interface LanePair {
  readonly fast: Pacer;
  readonly slow: DetailsLane;
  readonly slowPause: Pacer;
  readonly subjects: SubjectPauses;
}

/** The lanes of one host, as long as its pair is the one that is shared. */
interface KnownLanes {
  readonly key: string;
  readonly pair: LanePair;
  readonly fast: Lane;
  readonly slow: Lane;
}

export interface LanesConfig {
  readonly subAccountId: string;
  readonly pace: false | Pace;
  /** Shares the pace with the other clients of this process, or with those that have the same state. */
  readonly sharedState: boolean | SharedState;
  /** Shares the pace with other processes. Without a pace, only the details lane is shared. */
  readonly sharedPace?: SharedPace | undefined;
}

/** System time, not the client's clock, because the pace protects the real network. */
const now = () => performance.now();

/** Returns the lane of an operation at a host. Without a pace, only pauses by 8x8 and the details lane apply. */
export function createLanes(config: LanesConfig): (host: string, operation: Operation) => Lane {
  const own: SharedState =
    typeof config.sharedState === 'object' ? config.sharedState : { pacers: new Map() };
  const fastPace: Pace = config.pace || {
    requestsPerSecond: Number.POSITIVE_INFINITY,
    maxQueued: UNPACED_MAX_QUEUED,
  };
  const unpaced: Pace = { requestsPerSecond: Number.POSITIVE_INFINITY, maxQueued: DETAILS_MAX_QUEUED };

  /** By host: one per product. */
  const known = new Map<string, KnownLanes>();

  function lanesOf(host: string): KnownLanes {
    const before = known.get(host);
    const key = before?.key ?? `${host} ${config.subAccountId}`;
    const { pacers } = config.sharedState === true ? sharedState() : own;
    const pair = getOrCreate<LanePair>(
      pacers,
      key,
      MAX_LANES,
      ({ fast, slow, slowPause, subjects }) =>
        fast.isIdle() && slow.isIdle() && slowPause.isIdle() && subjects.isIdle(),
      () => ({
        fast: createPacer(now),
        slow: createDetailsLane(now),
        slowPause: createPacer(now),
        subjects: createSubjectPauses(now),
      }),
    );
    if (before?.pair === pair) return before;
    const lanes = { key, pair, fast: fastLane(pair), slow: slowLane(pair) };
    known.set(host, lanes);
    return lanes;
  }

  function fastLane({ fast, subjects }: LanePair): Lane {
    return {
      takeNow() {
        const permit = fast.takeNow(fastPace);
        return permit === undefined ? undefined : new FastPermit(fast, permit);
      },
      take: async (signal) => new FastPermit(fast, await fast.take(fastPace, signal)),
      pause: (ms) => fast.pause(ms),
      subjects,
      maxQueued: fastPace.maxQueued,
    };
  }

  function slowLane({ slow, slowPause, subjects }: LanePair): Lane {
    return {
      takeNow: () => undefined,
      async take(signal) {
        let permit = await slowPause.take(unpaced, signal);
        try {
          await slow.take(signal);
          // A pause may have begun while this caller waited. The probe of one does not wait for itself.
          if (!slowPause.isProbe(permit)) permit = await slowPause.take(unpaced, signal);
        } catch (error) {
          slowPause.finish(permit, 'unused');
          throw error;
        }
        return { use: () => true, finish: (outcome) => slowPause.finish(permit, outcome) };
      },
      pause: (ms) => slowPause.pause(ms),
      subjects,
      maxQueued: DETAILS_MAX_QUEUED,
    };
  }

  function ownLane(host: string, operation: Operation): Lane {
    const { fast, slow } = lanesOf(host);
    return operation.lane === 'details' ? slow : fast;
  }

  const { sharedPace, subAccountId, pace } = config;
  if (sharedPace === undefined) return ownLane;
  const sharedLane = createSharedLanes({ sharedPace, subAccountId, pace, now });
  return (host, operation) => sharedLane(host, operation, ownLane(host, operation));
}

class FastPermit implements LanePermit {
  readonly #pacer: Pacer;
  readonly #permit: number;

  constructor(pacer: Pacer, permit: number) {
    this.#pacer = pacer;
    this.#permit = permit;
  }

  use(): boolean {
    this.#pacer.leave(this.#permit);
    return true;
  }

  finish(outcome: PassOutcome): boolean {
    return this.#pacer.finish(this.#permit, outcome);
  }
}

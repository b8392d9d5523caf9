import { createPauseGate, type PassOutcome } from './pause-gate.ts';
import { createPermitQueue, type PermitAttempt } from './permit-queue.ts';

/**
 * Keeps requests under a rate: never more than `requestsPerSecond` in any half-open second, measured at the moment at
 * which each one really left, in order of arrival, and close to the full rate (bench/pacer.ts).
 */
export interface Pacer {
  /**
   * Takes a permit at once; undefined when the caller has to wait.
   *
   * @throws NoPermitError when a long pause is on
   */
  takeNow(pace: Pace): number | undefined;
  /**
   * Takes a permit, at once or later, and returns its number. The promise rejects with the signal's reason, or with a
   * `NoPermitError` when a pause turns out too long.
   *
   * @throws NoPermitError when too many wait or a long pause is on
   */
  take(pace: Pace, signal: AbortSignal): number | Promise<number>;
  /** Records that the request of that permit leaves now: a burst takes time to get out, and the rate is about that time. */
  leave(permit: number): void;
  /** No request except a probe leaves for `ms` from now; the longest pause wins. */
  pause(ms: number): void;
  /** Whether the request of that permit is the probe of a pause. */
  isProbe(permit: number): boolean;
  /** How the request of that permit ended. Returns true when that ended a pause. */
  finish(permit: number, outcome: PassOutcome): boolean;
  /** No caller waits, there is no pause, and no permit was granted within the last second. */
  isIdle(): boolean;
}

export interface Pace {
  /** A whole number of at least 1; `Infinity` for no rate, so that only pauses apply. */
  readonly requestsPerSecond: number;
  /** Maximum number of waiting callers. */
  readonly maxQueued: number;
}

/** Thrown when a caller gets no permit. Recognised by its name, because the pacer may come from the other module format. */
export class NoPermitError extends Error {
  override readonly name = 'NoPermitError';
  /** Milliseconds until the pause ends or a probe may go; undefined when the queue is full. */
  readonly retryAfterMs: number | undefined;

  constructor(retryAfterMs?: number) {
    super('no permit');
    this.retryAfterMs = retryAfterMs;
  }
}

export function isNoPermitError(error: unknown): error is NoPermitError {
  return error instanceof Error && error.name === 'NoPermitError';
}

/** Callers do not wait for a longer pause. */
export const MAX_PAUSE_MS = 30_000;
/** One second and a microsecond, so that rounding of the clock never puts two permits closer than a second. */
export const SECOND_MS = 1000.001;
/** @param now monotonic milliseconds */
export function createPacer(now: () => number): Pacer {
  /** Times of the last grants, as a ring over their numbers. */
  let grants = new Float64Array(1).fill(Number.NEGATIVE_INFINITY);
  let granted = 0;
  /** The permit of the last probe. */
  let probe = -1;
  const gate = createPauseGate();
  const queue = createPermitQueue(now);

  /** Makes room for `limit` grants. Grants that the smaller ring dropped are over a second old. */
  function remember(limit: number): void {
    if (limit <= grants.length || limit === Number.POSITIVE_INFINITY) return;
    const larger = new Float64Array(2 ** Math.ceil(Math.log2(limit))).fill(Number.NEGATIVE_INFINITY);
    for (let number = Math.max(0, granted - grants.length); number < granted; number++) {
      larger[number % larger.length] = grantedAt(number);
    }
    grants = larger;
  }

  /** Time of the grant with that number; long ago for numbers before the first. */
  function grantedAt(number: number): number {
    return number < 0 ? Number.NEGATIVE_INFINITY : (grants[number % grants.length] as number);
  }

  function grant(time: number): number {
    if (gate.isPaused(time)) {
      gate.probe(time);
      probe = granted;
    }
    grants[granted % grants.length] = time;
    return granted++;
  }

  /** Milliseconds until the caller behind `ahead` others may leave, if all of them do. */
  function readyIn(time: number, limit: number, ahead: number): number {
    const rounds = Math.floor(ahead / limit);
    const previous = granted + (ahead % limit) - limit;
    const free = Math.max(grantedAt(previous) + SECOND_MS, time) + rounds * SECOND_MS;
    return Math.max(free - time, gate.waitMs(time));
  }

  function refuseLongPause(time: number): void {
    const pauseMs = gate.waitMs(time);
    if (pauseMs > MAX_PAUSE_MS) throw new NoPermitError(pauseMs);
  }

  function takeNow({ requestsPerSecond: limit }: Pace): number | undefined {
    const time = now();
    refuseLongPause(time);
    remember(limit);
    return queue.size(time) === 0 && readyIn(time, limit, 0) <= 0 ? grant(time) : undefined;
  }

  function take(pace: Pace, signal: AbortSignal): number | Promise<number> {
    const permit = takeNow(pace);
    if (permit !== undefined) return permit;
    const { requestsPerSecond: limit, maxQueued } = pace;
    if (queue.size(now()) >= maxQueued) throw new NoPermitError();
    return queue.wait((time, ahead) => tryPermit(time, limit, ahead), signal);
  }

  function tryPermit(time: number, limit: number, ahead: number): PermitAttempt<number> {
    refuseLongPause(time);
    const waitMs = readyIn(time, limit, ahead);
    return waitMs <= 0 && ahead === 0 ? { permit: grant(time) } : { waitMs };
  }

  return {
    takeNow,
    take,
    leave(permit) {
      if (granted - permit <= grants.length) grants[permit % grants.length] = now();
    },
    pause: (ms) => gate.pause(ms, now()),
    isProbe: (permit) => permit === probe,
    finish(permit, outcome) {
      if (permit !== probe) return false;
      probe = -1;
      return gate.finish(outcome, now());
    },
    isIdle() {
      const time = now();
      return queue.size(time) === 0 && !gate.isPaused(time) && time - grantedAt(granted - 1) >= SECOND_MS;
    },
  };
}

import { createPauseGate, type PassOutcome } from './pause-gate.ts';
import { createTurnQueue, type Look } from './permit-queue.ts';

/**
 * Keeps requests under a rate: never more than `requestsPerSecond` in any half-open second, measured at the moment
 * each one was really let go, in the order of their arrival, and close to the full rate (bench/pacer.ts).
 */
export interface Pacer {
  /**
   * The number of the turn, at once or later. The promise rejects with the signal's reason, or with a `PaceRefusal`
   * when a pause turns out too long.
   *
   * @throws PaceRefusal when too many wait or a long pause is on
   */
  take(pace: Pace, signal: AbortSignal): number | Promise<number>;
  /** The request of that turn leaves only now: a burst takes its time to get out, and the rate is about that time. */
  leave(turn: number): void;
  /** Nobody goes for `ms` from now, except a probe; the longest pause wins. */
  pause(ms: number): void;
  /** Whether the request of that turn is the probe of a pause. */
  isProbe(turn: number): boolean;
  /** How the request of that turn ended. Returns true when that ended a pause. */
  finish(turn: number, outcome: PassOutcome): boolean;
  /** Nobody waits, nothing is paused, and nothing was granted within the last second. */
  isIdle(): boolean;
}

export interface Pace {
  /** A whole number from 1 up; `Infinity` for no rate, so that only pauses count. */
  readonly requestsPerSecond: number;
  /** How many may wait. */
  readonly maxQueued: number;
}

/** Why there is no turn. Known by its name: the pacer may come from the package's other module format. */
export class PaceRefusal extends Error {
  override readonly name = 'PaceRefusal';
  /** Milliseconds until the pause ends or a probe may go; undefined when the queue is full. */
  readonly retryAfterMs: number | undefined;

  constructor(retryAfterMs?: number) {
    super('no turn');
    this.retryAfterMs = retryAfterMs;
  }
}

export function isPaceRefusal(error: unknown): error is PaceRefusal {
  return error instanceof Error && error.name === 'PaceRefusal';
}

/** A longer pause is not waited for. */
export const MAX_PAUSE_MS = 30_000;
/** A microsecond more than a second, so that rounding of the clock's fractions never shows two as closer. */
export const SECOND_MS = 1000.001;
/** @param now monotonic milliseconds */
export function createPacer(now: () => number): Pacer {
  /** The times of the last grants, as a ring over the grant's number. */
  let grants = new Float64Array(1).fill(Number.NEGATIVE_INFINITY);
  let granted = 0;
  /** The turn of the last probe. */
  let probeTurn = -1;
  const gate = createPauseGate();
  const queue = createTurnQueue(now);

  /** Makes room to remember `limit` grants. What the smaller ring forgot is over a second old. */
  function remember(limit: number): void {
    if (limit <= grants.length || limit === Number.POSITIVE_INFINITY) return;
    const larger = new Float64Array(2 ** Math.ceil(Math.log2(limit))).fill(Number.NEGATIVE_INFINITY);
    for (let number = Math.max(0, granted - grants.length); number < granted; number++) {
      larger[number % larger.length] = grantedAt(number);
    }
    grants = larger;
  }

  /** When the grant of that number was; before the first one, long ago. */
  function grantedAt(number: number): number {
    return number < 0 ? Number.NEGATIVE_INFINITY : (grants[number % grants.length] as number);
  }

  function grant(time: number): number {
    if (gate.isPaused(time)) {
      gate.probe(time);
      probeTurn = granted;
    }
    grants[granted % grants.length] = time;
    return granted++;
  }

  /** Milliseconds until the one with `ahead` others before it may go, if all of them do. */
  function readyIn(time: number, limit: number, ahead: number): number {
    const rounds = Math.floor(ahead / limit);
    const previous = granted + (ahead % limit) - limit;
    const free = Math.max(grantedAt(previous) + SECOND_MS, time) + rounds * SECOND_MS;
    return Math.max(free - time, gate.waitMs(time));
  }

  function refuseLongPause(time: number): void {
    const pauseMs = gate.waitMs(time);
    if (pauseMs > MAX_PAUSE_MS) throw new PaceRefusal(pauseMs);
  }

  function take(pace: Pace, signal: AbortSignal): number | Promise<number> {
    const time = now();
    const limit = pace.requestsPerSecond;
    refuseLongPause(time);
    remember(limit);
    const ahead = queue.size(time);
    if (ahead === 0 && readyIn(time, limit, 0) <= 0) return grant(time);
    if (ahead >= pace.maxQueued) throw new PaceRefusal();
    return queue.wait((time, ahead) => look(time, limit, ahead), signal);
  }

  function look(time: number, limit: number, ahead: number): Look<number> {
    refuseLongPause(time);
    const waitMs = readyIn(time, limit, ahead);
    return waitMs <= 0 && ahead === 0 ? { turn: grant(time) } : { waitMs };
  }

  return {
    take,
    leave(turn) {
      if (granted - turn <= grants.length) grants[turn % grants.length] = now();
    },
    pause: (ms) => gate.pause(ms, now()),
    isProbe: (turn) => turn === probeTurn,
    finish(turn, outcome) {
      if (turn !== probeTurn) return false;
      probeTurn = -1;
      return gate.finish(outcome, now());
    },
    isIdle() {
      const time = now();
      return queue.size(time) === 0 && !gate.isPaused(time) && time - grantedAt(granted - 1) >= SECOND_MS;
    },
  };
}

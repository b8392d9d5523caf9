import type { Permit, PermitLease, RateLane } from '../limits/shared-pace.ts';
import { createDemand, createMisses, SLOT_MS } from './pace-habits.ts';
import { MAX_PAUSE_MS, type Pace, PaceRefusal } from './pacer.ts';
import { createTurnQueue, type Look, type Waiter } from './turn-queue.ts';

/** A permit, and how many such may be used in a period. */
export interface HeldPermit extends Permit {
  readonly rate: number;
}

/**
 * Keeps requests under a rate together with other processes: permits come by the list from a shared store, and are used
 * in the order of arrival, give or take a millisecond, or not at all.
 */
export interface SharedPacer {
  /**
   * A permit, at once or later. Rejects with the signal's reason, with a `PaceRefusal` when a pause turns out too long, or
   * with what the shared store refuses with.
   *
   * @throws PaceRefusal when too many wait or a long pause is on
   */
  take(pace: Pace, signal: AbortSignal): HeldPermit | Promise<HeldPermit>;
  /** The request of that permit would leave only now. False: it is too late, and must not. */
  leave(permit: HeldPermit): boolean;
  /** No process goes for `ms` from now. */
  pause(ms: number): void;
  /** Nobody waits, and nothing is paused. */
  isIdle(): boolean;
}

/** The next permits are asked for so many milliseconds before the last one comes; ours, many round trips. */
const AHEAD_MS = 50;
/** A lease without an answer for so long lost its timer (a Worker's request that ended). */
const LOST_MS = 1_000;
/** How often the first who waits for somebody else's answer looks. */
const POLL_MS = 2;

/**
 * @param periodMs within which at most `requestsPerSecond` go: a second, or what takes its place
 * @param now the clock of the permits
 */
export function createSharedPacer(lane: RateLane, periodMs: number, now: () => number): SharedPacer {
  const queue = createTurnQueue(now);
  let permits: HeldPermit[] = [];
  let pausedUntil = Number.NEGATIVE_INFINITY;
  /** When the lease that is on its way was asked for. */
  let askedAt = Number.NEGATIVE_INFINITY;
  let askAgainAt = Number.NEGATIVE_INFINITY;
  const demand = createDemand();
  const misses = createMisses();

  /** Forgets permits that nobody used in time. Those that nobody waited for were not missed. */
  function dropVoid(time: number): void {
    while (permits[0] !== undefined && permits[0].untilMs < time) {
      permits.shift();
      if (queue.size(time) > 0) misses.miss(time);
    }
  }

  /**
   * The first permit, when that of everybody `ahead` is due too. Those ahead need not have gone: their timers fire in the
   * same millisecond, and to wait for each other would take until the permits are void. Of permits for a faster pace there
   * may be too many in a second.
   */
  function next(time: number, rate: number, ahead = 0): HeldPermit | undefined {
    dropVoid(time);
    const held = permits[ahead];
    const isDue = held !== undefined && Math.max(held.fromMs, pausedUntil) <= time;
    return isDue && (permits[0] as HeldPermit).rate <= rate ? permits.shift() : undefined;
  }

  /** Makes way for such as the first who waits may use: nobody goes before it. */
  function dropFaster(rate: number): void {
    while (permits[0] !== undefined && permits[0].rate > rate) permits.shift();
  }

  function refuseLongPause(time: number): void {
    if (pausedUntil - time > MAX_PAUSE_MS) throw new PaceRefusal(pausedUntil - time);
  }

  function pauseUntil(time: number): void {
    pausedUntil = Math.max(pausedUntil, time);
    permits = permits.filter(({ untilMs }) => untilMs >= pausedUntil);
  }

  /** Whether somebody should ask now: the last permit is near, there are more callers, and no answer is on its way. */
  function isTimeToAsk(time: number, waiting: number): boolean {
    const lastMs = permits.at(-1)?.fromMs ?? time;
    return (
      waiting > permits.length &&
      lastMs - time <= AHEAD_MS &&
      time >= askAgainAt &&
      time - askedAt > LOST_MS &&
      time >= pausedUntil
    );
  }

  function ask(time: number, waiting: number, pace: Pace, waiter: Waiter): void {
    askedAt = time;
    const request = {
      permits: pace.requestsPerSecond,
      periodMs,
      waiting: waiting - permits.length,
      expected: demand.expected(time),
      isSlow: misses.areMany(time),
    };
    lane.lease(request).then(
      (lease) => {
        // One that was taken for lost has others in its place, and its permits are over.
        if (askedAt === time) receive(lease, request.permits);
        waiter.look();
      },
      (error) => {
        if (askedAt === time) askedAt = Number.NEGATIVE_INFINITY;
        waiter.fail(error);
      },
    );
  }

  function receive(lease: PermitLease, rate: number): void {
    const time = now();
    askedAt = Number.NEGATIVE_INFINITY;
    askAgainAt = time + lease.retryAfterMs;
    misses.begin();
    // Those of this process alone may reach beyond the first ones of a server that is back.
    const more = lease.permits.map((permit) => ({ ...permit, rate }));
    permits = [...permits, ...more].sort((first, second) => first.fromMs - second.fromMs);
    if (lease.pauseMs > 0) pauseUntil(time + lease.pauseMs);
  }

  function look(time: number, ahead: number, pace: Pace, waiter: Waiter): Look<HeldPermit> {
    refuseLongPause(time);
    if (ahead === 0) dropFaster(pace.requestsPerSecond);
    const permit = next(time, pace.requestsPerSecond, ahead);
    if (permit !== undefined) return { turn: permit };
    const waiting = queue.size(time);
    if (isTimeToAsk(time, waiting)) ask(time, waiting, pace, waiter);
    return { waitMs: waitMs(time, ahead, pace) };
  }

  /** Never too long: permits of all processes lie at least one space apart. */
  function waitMs(time: number, ahead: number, pace: Pace): number {
    const held = permits[ahead];
    if (held !== undefined) return Math.max(held.fromMs, pausedUntil) - time;
    const last = permits.at(-1);
    const askAt = Math.max(last === undefined ? time : last.fromMs - AHEAD_MS, askAgainAt, pausedUntil);
    const behind = ((ahead - permits.length) * periodMs) / pace.requestsPerSecond;
    return Math.max(POLL_MS, askAt - time + behind);
  }

  return {
    take(pace, signal) {
      const time = now();
      refuseLongPause(time);
      demand.count(time);
      const waiting = queue.size(time);
      const permit = waiting === 0 ? next(time, pace.requestsPerSecond) : undefined;
      if (permit !== undefined) return permit;
      // Beside those whom one lease may serve: they do not wait for the rate, but for the answer.
      const room = pace.maxQueued + Math.ceil((pace.requestsPerSecond * SLOT_MS) / periodMs);
      if (waiting >= room) throw new PaceRefusal();
      return queue.wait((time, ahead, waiter) => look(time, ahead, pace, waiter), signal);
    },
    leave(permit) {
      const time = now();
      // Who is late may have the permit of the one behind, who then waits a little longer.
      const isInTime = time <= permit.untilMs || next(time, permit.rate) !== undefined;
      if (isInTime) misses.hit();
      else misses.miss(time);
      return isInTime;
    },
    pause(ms) {
      pauseUntil(now() + ms);
      lane.pause(ms);
    },
    isIdle() {
      const time = now();
      return queue.size(time) === 0 && pausedUntil <= time;
    },
  };
}

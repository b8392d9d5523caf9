import { StoreError } from '../errors.ts';
import { hideOriginal } from '../internal/user-code.ts';
import { createDemand, createMisses, SLOT_MS } from './pace-estimates.ts';
import { MAX_PAUSE_MS, NoPermitError, type Pace } from './pacer.ts';
import { createPauseGate, type PassOutcome } from './pause-gate.ts';
import { createPermitQueue, type PermitAttempt, type Waiter } from './permit-queue.ts';
import { readLease } from './read-lease.ts';
import type { Permit, PermitLease, PermitRequest, RateLane } from './shared-pace.ts';

/** A permit, and the rate that it was leased for. */
export interface HeldPermit extends Permit {
  readonly rate: number;
}

/**
 * Keeps requests under a rate that other processes share. Permits come in leases from a shared store. They are used in
 * order of arrival, within a millisecond, or expire.
 */
export interface SharedPacer {
  /**
   * Takes a permit, at once or later. Rejects with the signal's reason, with a `NoPermitError` when a pause turns out too
   * long, or with the refusal of the shared store.
   *
   * @throws NoPermitError too many callers wait, or a long pause is on
   */
  take(pace: Pace, signal: AbortSignal): HeldPermit | Promise<HeldPermit>;
  /**
   * Marks the moment at which the request of that permit leaves. Returns false when it is too late and the request must
   * not leave.
   */
  leave(permit: HeldPermit): boolean;
  /** No process sends for `ms` from now, except a probe. */
  pause(ms: number): void;
  /** How the request of that permit ended. Returns true when that ended a pause. */
  finish(permit: HeldPermit, outcome: PassOutcome): boolean;
  /** No caller waits, and there is no pause. */
  isIdle(): boolean;
}

/** How long before the last permit the next lease is requested; chosen by this package: many round trips. */
const AHEAD_MS = 50;
/** A lease without a reply for so long has lost its timer (a Worker's request that ended). */
const LOST_MS = 1_000;
/** How often the first caller looks while another caller's lease is in flight. */
const POLL_MS = 2;
/** How often the server is asked during a pause: a probe of another process may have ended it. Our number. */
const RECHECK_MS = 5_000;
const BROKEN = 'The shared pace of the limit store failed. Nothing was sent.';

/**
 * @param periodMs period in which at most `requestsPerSecond` requests leave, normally a second
 * @param now clock of the permits
 */
export function createSharedPacer(lane: RateLane, periodMs: number, now: () => number): SharedPacer {
  const queue = createPermitQueue(now);
  let permits: HeldPermit[] = [];
  const gate = createPauseGate();
  let probePermit: HeldPermit | undefined;
  /** When the server is asked again whether the pause still holds. */
  let recheckAt = Number.NEGATIVE_INFINITY;
  /** When the lease in flight was requested. */
  let askedAt = Number.NEGATIVE_INFINITY;
  let askAgainAt = Number.NEGATIVE_INFINITY;
  const demand = createDemand();
  const misses = createMisses();

  /** Drops expired permits. Those that no caller waited for were not missed. */
  function dropVoid(time: number): void {
    while (permits[0] !== undefined && permits[0].untilMs < time) {
      permits.shift();
      if (queue.size(time) > 0) misses.miss(time);
    }
  }

  /**
   * The first permit, once that of all `ahead` callers is due too. Those ahead need not have left: their timers fire in
   * the same millisecond, and waiting for each other would outlast the permits. Permits for a faster pace are not used,
   * because too many may fall into a second.
   */
  function next(time: number, rate: number, ahead = 0): HeldPermit | undefined {
    dropVoid(time);
    const held = permits[ahead];
    const isDue = held !== undefined && held.fromMs <= time && gate.waitMs(time) === 0;
    if (!isDue || (permits[0] as HeldPermit).rate > rate) return undefined;
    const permit = permits.shift();
    if (gate.isPaused(time)) {
      gate.probe(time);
      probePermit = permit;
      permits = [];
    }
    return permit;
  }

  /** Drops permits that are too fast for the first caller, because nobody may overtake it. */
  function dropFaster(rate: number): void {
    while (permits[0] !== undefined && permits[0].rate > rate) permits.shift();
  }

  function refuseLongPause(time: number): void {
    const pauseMs = gate.waitMs(time);
    if (pauseMs > MAX_PAUSE_MS && time < recheckAt) throw new NoPermitError(pauseMs);
  }

  function keepPermitsAfter(endMs: number): void {
    permits = permits.filter(({ untilMs }) => untilMs >= endMs);
  }

  /** Whether to request a lease: the last permit is near, there are more callers, and no lease is in flight. */
  function isTimeToAsk(time: number, waiting: number): boolean {
    const lastMs = permits.at(-1)?.fromMs ?? time;
    return (
      waiting > permits.length &&
      lastMs - time <= AHEAD_MS &&
      time >= askAgainAt &&
      time - askedAt > LOST_MS &&
      (gate.waitMs(time) === 0 || time >= recheckAt)
    );
  }

  function ask(time: number, waiting: number, pace: Pace, waiter: Waiter): void {
    askedAt = time;
    const isRecheck = gate.isPaused(time) && time >= recheckAt;
    const request = {
      permits: pace.requestsPerSecond,
      periodMs,
      waiting: waiting - permits.length,
      expected: demand.expected(time),
      isSlow: misses.areMany(time),
    };
    void lease(request, time, isRecheck, waiter);
  }

  /** Never rejects: the waiter that asked gets the error. */
  async function lease(
    request: PermitRequest,
    time: number,
    isRecheck: boolean,
    waiter: Waiter,
  ): Promise<void> {
    try {
      const granted = readLease(await lane.lease(request), now());
      // A lease that was considered lost has been replaced, and its permits are over.
      if (askedAt === time) receive(granted, request.permits, isRecheck);
    } catch (error) {
      if (askedAt === time) askedAt = Number.NEGATIVE_INFINITY;
      waiter.fail(StoreError.isInstance(error) ? error : hideOriginal(new StoreError(BROKEN), error));
      return;
    }
    waiter.look();
  }

  function receive(lease: PermitLease, rate: number, isRecheck: boolean): void {
    const time = now();
    askedAt = Number.NEGATIVE_INFINITY;
    // A store that answers without I/O and grants nothing would otherwise be asked without a pause.
    askAgainAt = time + Math.max(lease.retryAfterMs, lease.permits.length === 0 ? POLL_MS : 0);
    misses.begin();
    // Local permits may reach beyond the first permits of a server that is back.
    const more = lease.permits.map((permit) => ({ ...permit, rate }));
    permits = [...permits, ...more].sort((first, second) => first.fromMs - second.fromMs);
    const { pauseMs, probeInMs } = lease;
    if (isRecheck) recheckAt = time + RECHECK_MS;
    // An answer to a question from before the pause does not know of it.
    if (pauseMs === 0 && !(isRecheck && probeInMs !== undefined)) return;
    recheckAt = time + RECHECK_MS;
    if (more.length === 0) keepPermitsAfter(time + pauseMs);
    gate.sync(pauseMs, more.length > 0 ? 0 : (probeInMs ?? pauseMs), time);
  }

  function tryPermit(time: number, ahead: number, pace: Pace, waiter: Waiter): PermitAttempt<HeldPermit> {
    refuseLongPause(time);
    if (ahead === 0) dropFaster(pace.requestsPerSecond);
    const permit = next(time, pace.requestsPerSecond, ahead);
    if (permit !== undefined) return { permit };
    const waiting = queue.size(time);
    if (isTimeToAsk(time, waiting)) ask(time, waiting, pace, waiter);
    return { waitMs: waitMs(time, ahead, pace) };
  }

  /** Never too long: permits of all processes are at least one space apart. */
  function waitMs(time: number, ahead: number, pace: Pace): number {
    const held = permits[ahead];
    const pauseMs = gate.waitMs(time);
    if (held !== undefined) return Math.max(held.fromMs - time, pauseMs);
    const last = permits.at(-1);
    const openAt = Math.min(time + pauseMs, Math.max(time, recheckAt));
    const askAt = Math.max(last === undefined ? time : last.fromMs - AHEAD_MS, askAgainAt, openAt);
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
      // In addition to the callers that one lease can serve: they wait for the reply, not for the rate.
      const room = pace.maxQueued + Math.ceil((pace.requestsPerSecond * SLOT_MS) / periodMs);
      if (waiting >= room) throw new NoPermitError();
      return queue.wait((time, ahead, waiter) => tryPermit(time, ahead, pace, waiter), signal);
    },
    leave(permit) {
      const time = now();
      // A late caller may use the permit of the next one, which then waits a little longer.
      const isInTime = time <= permit.untilMs || next(time, permit.rate) !== undefined;
      if (isInTime) misses.hit();
      else misses.miss(time);
      return isInTime;
    },
    pause(ms) {
      const time = now();
      gate.pause(ms, time);
      keepPermitsAfter(time + ms);
      recheckAt = time + RECHECK_MS;
      lane.pause(ms);
    },
    finish(permit, outcome) {
      if (permit !== probePermit) return false;
      probePermit = undefined;
      const hasEnded = gate.finish(outcome, now());
      if (hasEnded) lane.pause(0);
      return hasEnded;
    },
    isIdle() {
      const time = now();
      return queue.size(time) === 0 && !gate.isPaused(time);
    },
  };
}

import { onAbort } from '../internal/on-abort.ts';

/** The result when a waiter tries: its permit, or how long it may sleep. */
export type PermitAttempt<Permit> = { readonly permit: Permit } | { readonly waitMs: number };

/** Callbacks of a waiter, for a request that it started itself. */
export interface Waiter {
  look(): void;
  fail(error: unknown): void;
}

/**
 * Callers that wait in the order of their arrival.
 *
 * No waiter wakes another. Each one has its own timer and checks for its own permit, because in Workers a timer or
 * promise dies with the request that created it, and the others would wait for ever.
 */
export interface PermitQueue {
  /** Number of waiters, without those that left or will not come back. */
  size(time: number): number;
  /**
   * Waits until `tryPermit` gives a permit; `ahead` is the maximum number of waiters in front. Rejects with the error
   * that it throws, or with the signal's reason.
   */
  wait<Permit>(
    tryPermit: (time: number, ahead: number, waiter: Waiter) => PermitAttempt<Permit>,
    signal: AbortSignal,
  ): Promise<Permit>;
}

/** Longest sleep of a waiter before it tries again, because those ahead may have left. */
const MAX_SLEEP_MS = 500;
/** A waiter that is this late has lost its timer (a Worker's request that ended) and is skipped. */
const GRACE_MS = 50;

/** @param now monotonic milliseconds */
export function createPermitQueue(now: () => number): PermitQueue {
  /** Time at which each waiter tries again, by ticket. */
  const waiting = new Map<number, number>();
  let firstTicket = 0;
  let nextTicket = 0;

  /** Advances to the first waiter that is still there, past those that left or will not come back. */
  function skipGone(time: number): void {
    for (; firstTicket < nextTicket; firstTicket++) {
      const wakesAt = waiting.get(firstTicket);
      if (wakesAt === undefined) continue;
      if (wakesAt + GRACE_MS >= time) return;
      waiting.delete(firstTicket);
    }
  }

  return {
    size(time) {
      skipGone(time);
      return waiting.size;
    },
    wait(tryPermit, signal) {
      return new Promise((resolve, reject) => {
        const ticket = nextTicket++;
        let timer: ReturnType<typeof setTimeout>;
        let isWaiting = true;
        const leave = () => {
          isWaiting = false;
          clearTimeout(timer);
          waiting.delete(ticket);
          forget();
        };
        const fail = (error: unknown) => {
          if (!isWaiting) return;
          leave();
          reject(error);
        };
        const stop = () => fail(signal.reason);
        const look = () => {
          if (!isWaiting) return;
          clearTimeout(timer);
          const time = now();
          // A skipped waiter that tries again gets its place back.
          firstTicket = Math.min(firstTicket, ticket);
          waiting.set(ticket, time);
          skipGone(time);
          const ahead = Math.min(ticket - firstTicket, waiting.size - 1);
          const found = tryPermit(time, ahead, waiter);
          if ('permit' in found) {
            leave();
            resolve(found.permit);
            return;
          }
          // The request that it started has failed at once.
          if (!isWaiting) return;
          const sleepMs = Math.max(1, Math.ceil(Math.min(found.waitMs, MAX_SLEEP_MS)));
          waiting.set(ticket, time + sleepMs);
          timer = setTimeout(tryLook, sleepMs);
        };
        const tryLook = () => {
          try {
            look();
          } catch (error) {
            fail(error);
          }
        };
        const waiter: Waiter = { look: tryLook, fail };
        const forget = onAbort(signal, stop);
        if (signal.aborted) stop();
        else tryLook();
      });
    },
  };
}

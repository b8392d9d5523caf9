/** The result when a waiter tries: its permit, or how long it may sleep. */
export type PermitAttempt<Permit> = { readonly permit: Permit } | { readonly waitMs: number };

/** How one who waits is told of something that it asked for itself. */
export interface Waiter {
  look(): void;
  fail(error: unknown): void;
}

/**
 * Callers that wait in the order of their arrival.
 *
 * Nobody is woken by somebody else. Each waiter has its own timer and looks for itself whether its turn has come,
 * because in Workers a timer or promise dies with the request that made it, and would take the others along.
 */
export interface PermitQueue {
  /** How many wait, without those who left or are not coming back. */
  size(time: number): number;
  /**
   * Waits until `tryPermit` gives a permit; `ahead` is how many others wait in front, at most. Rejects with what it throws,
   * or with the signal's reason.
   */
  wait<Permit>(
    tryPermit: (time: number, ahead: number, waiter: Waiter) => PermitAttempt<Permit>,
    signal: AbortSignal,
  ): Promise<Permit>;
}

/** How long a waiter sleeps at most before it looks again: those ahead may have left. */
const MAX_SLEEP_MS = 500;
/** A waiter that is this late at its own turn lost its timer (a Worker's request that ended) and is passed by. */
const GRACE_MS = 50;

/** @param now monotonic milliseconds */
export function createPermitQueue(now: () => number): PermitQueue {
  /** When each waiter will look again, by ticket. */
  const waiting = new Map<number, number>();
  let firstTicket = 0;
  let nextTicket = 0;

  /** Moves to the first who still waits, past those who left or are not coming back. */
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
          signal.removeEventListener('abort', stop);
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
          // Who was passed by and comes all the same has its place again.
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
        signal.addEventListener('abort', stop, { once: true });
        if (signal.aborted) stop();
        else tryLook();
      });
    },
  };
}

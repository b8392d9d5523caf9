import { reservationKey } from './reservation-key.ts';
import type { TakeCall } from './script-calls.ts';

/**
 * Take commands without a reply: the server may have counted them, or may still do so. Bounded: beyond 100,000 messages
 * the oldest stay counted until they leave their windows.
 */
export interface UnansweredTakes {
  add(scope: string, call: TakeCall): void;
  /** Forgets the messages of a command whose fate is known. */
  remove(scope: string, call: TakeCall): void;
  callOf(scope: string, reservation: string): TakeCall | undefined;
}

const MAX_UNANSWERED = 100_000;

export function createUnansweredTakes(): UnansweredTakes {
  const calls = new Map<string, TakeCall>();
  return {
    add(scope, call) {
      for (const { reservation } of call.requests) calls.set(reservationKey(scope, reservation), call);
      for (const key of calls.keys()) {
        if (calls.size <= MAX_UNANSWERED) return;
        calls.delete(key);
      }
    },
    remove(scope, call) {
      if (calls.size === 0) return;
      for (const { reservation } of call.requests) calls.delete(reservationKey(scope, reservation));
    },
    callOf: (scope, reservation) =>
      calls.size === 0 ? undefined : calls.get(reservationKey(scope, reservation)),
  };
}

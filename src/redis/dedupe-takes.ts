import type { TakeRequest, TakeVerdict } from '../limits/limit-store.ts';
import type { OpenReservations } from './open-reservations.ts';
import { reservationKey } from './reservation-key.ts';
import type { TakeCall } from './script-calls.ts';
import type { UnansweredTakes } from './unanswered-takes.ts';

export interface DedupeTakesConfig {
  readonly openReservations: OpenReservations;
  readonly unanswered: UnansweredTakes;
  take(scope: string, request: TakeRequest): Promise<TakeVerdict>;
  takeCall(scope: string, call: TakeCall): Promise<readonly TakeVerdict[]>;
}

/**
 * Takes one message. A repeated call gets the same take: while it is in flight, after its verdict, or after a lost
 * reply. After a lost reply the whole command is sent again, because the server recognises it by its record.
 */
export function createDedupeTakes({ openReservations, unanswered, take, takeCall }: DedupeTakesConfig) {
  const inFlight = new Map<string, Promise<TakeVerdict>>();

  async function follow(key: string, taking: Promise<TakeVerdict>): Promise<TakeVerdict> {
    inFlight.set(key, taking);
    try {
      return await taking;
    } finally {
      inFlight.delete(key);
    }
  }

  function takeAgain(scope: string, call: TakeCall): void {
    const asking = takeCall(scope, call);
    call.requests.forEach(({ reservation }, at) => {
      const taking = asking.then((verdicts) => verdicts[at] as TakeVerdict);
      // Nobody may have repeated this message.
      follow(reservationKey(scope, reservation), taking).catch(() => undefined);
    });
  }

  return {
    async take(scope: string, request: TakeRequest): Promise<TakeVerdict> {
      const { reservation } = request;
      const key = reservationKey(scope, reservation);
      const unansweredCall = unanswered.callOf(scope, reservation);
      if (unansweredCall !== undefined) takeAgain(scope, unansweredCall);
      const known = inFlight.get(key) ?? openReservations.verdictOf(scope, reservation);
      return known ?? (await follow(key, take(scope, request)));
    },
    /**
     * Waits for a message in flight; undefined when none is. A command that is sent again for one message carries the others
     * along.
     */
    whenAnswered(scope: string, reservation: string): Promise<unknown> | undefined {
      if (inFlight.size === 0) return undefined;
      return inFlight.get(reservationKey(scope, reservation))?.catch(() => undefined);
    },
  };
}

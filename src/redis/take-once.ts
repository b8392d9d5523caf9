import type { TakeRequest, TakeVerdict } from '../limits/limit-store.ts';
import type { LostTakes } from './lost-takes.ts';
import type { OpenTakes } from './open-takes.ts';
import { reservationKey } from './reservation-key.ts';
import type { TakeCall } from './script-calls.ts';

export interface TakeOnceConfig {
  readonly open: OpenTakes;
  readonly lost: LostTakes;
  take(scope: string, request: TakeRequest): Promise<TakeVerdict>;
  takeCall(scope: string, call: TakeCall): Promise<readonly TakeVerdict[]>;
}

/**
 * One message. Asked for again it is the same take: on its way, answered, or with a lost answer, and then the same
 * command goes again, which the server knows by the record of all that went in it.
 */
export function createTakeOnce({ open, lost, take, takeCall }: TakeOnceConfig) {
  const onTheWay = new Map<string, Promise<TakeVerdict>>();

  async function follow(key: string, taking: Promise<TakeVerdict>): Promise<TakeVerdict> {
    onTheWay.set(key, taking);
    try {
      return await taking;
    } finally {
      onTheWay.delete(key);
    }
  }

  function takeAgain(scope: string, call: TakeCall): void {
    const asking = takeCall(scope, call);
    call.requests.forEach(({ reservation }, at) => {
      const taking = asking.then((verdicts) => verdicts[at] as TakeVerdict);
      // Nobody may have asked for this one again.
      follow(reservationKey(scope, reservation), taking).catch(() => undefined);
    });
  }

  return {
    async take(scope: string, request: TakeRequest): Promise<TakeVerdict> {
      const { reservation } = request;
      const key = reservationKey(scope, reservation);
      const lostCall = lost.callOf(scope, reservation);
      if (lostCall !== undefined) takeAgain(scope, lostCall);
      const known = onTheWay.get(key) ?? open.verdictOf(scope, reservation);
      return known ?? (await follow(key, take(scope, request)));
    },
    /** A command that goes again for the sake of one message carries the others along: their answer comes first. */
    async whenAnswered(scope: string, reservation: string): Promise<void> {
      await onTheWay.get(reservationKey(scope, reservation))?.catch(() => undefined);
    },
  };
}

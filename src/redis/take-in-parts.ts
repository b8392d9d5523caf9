import type { TakeRequest, TakeVerdict } from '../limits/limit-store.ts';
import type { TakeCall } from './script-calls.ts';

/** What is done with the parts of a batch. */
export interface TakeSteps {
  take(call: TakeCall): Promise<readonly TakeVerdict[]>;
  /** What other parts took belongs to a call that throws. */
  giveBack(granted: readonly TakeRequest[]): Promise<void>;
  /** Throws when no further part may be asked. */
  check(): void;
}

/** Parts on their way together: one that the server works on, and one that waits there. */
const MAX_ON_THE_WAY = 2;

/** Part by part, two on their way together, so that neither side waits for the other. All of them, or none. */
export async function takeInParts(
  calls: Iterable<TakeCall>,
  { take, giveBack, check }: TakeSteps,
): Promise<readonly TakeVerdict[]> {
  const parts: { readonly call: TakeCall; readonly taking: Promise<readonly TakeVerdict[]> }[] = [];
  const takingOf = ({ taking }: (typeof parts)[number]) => taking;
  try {
    for (const call of calls) {
      // What shares a counter with one before goes after it, whatever way the commands take.
      if (call.isAfter) await Promise.all(parts.slice(-MAX_ON_THE_WAY).map(takingOf));
      await parts.at(-MAX_ON_THE_WAY)?.taking;
      check();
      const taking = take(call);
      // Whoever waits for it is told.
      taking.catch(() => undefined);
      parts.push({ call, taking });
    }
    return (await Promise.all(parts.map(takingOf))).flat();
  } catch (error) {
    const answers = await Promise.allSettled(parts.map(takingOf));
    const granted = parts.flatMap(({ call }, part) => {
      const answer = answers[part];
      return call.requests.filter((_, at) => answer?.status === 'fulfilled' && answer.value[at]?.granted);
    });
    await giveBack(granted);
    throw error;
  }
}

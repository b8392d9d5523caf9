import type { TakeRequest, TakeVerdict } from '../limits/limit-store.ts';
import type { TakeCall } from './script-calls.ts';

/** What is done with the parts of a batch. */
export interface ChunkedTakeSteps {
  take(call: TakeCall): Promise<readonly TakeVerdict[]>;
  /** What other parts took belongs to a call that throws. */
  giveBack(granted: readonly TakeRequest[]): Promise<void>;
  /** Throws when no further part may be asked. */
  throwIfAborted(): void;
}

/** Parts on their way together: one that the server works on, and one that waits there. */
const MAX_IN_FLIGHT = 2;

/** Part by part, two on their way together, so that neither side waits for the other. All of them, or none. */
export async function takeInChunks(
  calls: Iterable<TakeCall>,
  { take, giveBack, throwIfAborted }: ChunkedTakeSteps,
): Promise<readonly TakeVerdict[]> {
  const chunks: { readonly call: TakeCall; readonly taking: Promise<readonly TakeVerdict[]> }[] = [];
  const takingOf = ({ taking }: (typeof chunks)[number]) => taking;
  try {
    for (const call of calls) {
      // What shares a counter with one before goes after it, whatever way the commands take.
      if (call.dependsOnEarlier) await Promise.all(chunks.slice(-MAX_IN_FLIGHT).map(takingOf));
      await chunks.at(-MAX_IN_FLIGHT)?.taking;
      throwIfAborted();
      const taking = take(call);
      // Whoever waits for it is told.
      taking.catch(() => undefined);
      chunks.push({ call, taking });
    }
    return (await Promise.all(chunks.map(takingOf))).flat();
  } catch (error) {
    const results = await Promise.allSettled(chunks.map(takingOf));
    const granted = chunks.flatMap(({ call }, index) => {
      const result = results[index];
      return call.requests.filter((_, at) => result?.status === 'fulfilled' && result.value[at]?.granted);
    });
    await giveBack(granted);
    throw error;
  }
}

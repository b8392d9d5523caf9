import type { TakeRequest, TakeVerdict } from '../limits/limit-store.ts';
import type { TakeCall } from './script-calls.ts';

/** The operations on the chunks of a batch. */
export interface ChunkedTakeSteps {
  take(call: TakeCall): Promise<readonly TakeVerdict[]>;
  /** Gives back what other chunks took, for a call that throws. */
  giveBack(granted: readonly TakeRequest[]): Promise<void>;
  /** Throws when no further chunk may be sent. */
  throwIfAborted(): void;
}

/** Chunks in flight: the server runs one while the other waits there. */
const MAX_IN_FLIGHT = 2;

/** Sends a batch in chunks, two in flight, so that neither side waits for the other. All chunks are taken, or none. */
export async function takeInChunks(
  calls: Iterable<TakeCall>,
  { take, giveBack, throwIfAborted }: ChunkedTakeSteps,
): Promise<readonly TakeVerdict[]> {
  const chunks: { readonly call: TakeCall; readonly taking: Promise<readonly TakeVerdict[]> }[] = [];
  const takingOf = ({ taking }: (typeof chunks)[number]) => taking;
  try {
    for (const call of calls) {
      // A chunk that shares a counter with an earlier one follows it, whatever connection the commands use.
      if (call.dependsOnEarlier) await Promise.all(chunks.slice(-MAX_IN_FLIGHT).map(takingOf));
      await chunks.at(-MAX_IN_FLIGHT)?.taking;
      throwIfAborted();
      const taking = take(call);
      // The error reaches the caller through the awaits below.
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

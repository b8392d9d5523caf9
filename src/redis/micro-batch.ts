import type { TakeRequest, TakeVerdict } from '../limits/limit-store.ts';
import type { TakeCall } from './script-calls.ts';

/** Most messages that go together, so that several commands are on their way when there are more; ours. */
const MAX_BATCH = 16;
/**
 * Steps of the event loop's current turn that are waited for others: whoever was woken by one answer asks again within a
 * few. Less than a microsecond for a message that comes alone.
 */
const MICROTASK_STEPS = 8;

interface PendingTake {
  readonly request: TakeRequest;
  resolve(verdict: TakeVerdict): void;
  reject(error: unknown): void;
}

export interface MicroBatchConfig {
  calls(scope: string, requests: readonly TakeRequest[]): Iterable<TakeCall>;
  take(scope: string, call: TakeCall): Promise<readonly TakeVerdict[]>;
}

/**
 * Messages of one scope that are taken in the same turn of the event loop go to the server in one command, each decided
 * by itself: a command costs more than a message in it. Nobody waits for an answer or a timer to come together with
 * others, so in Workers no request depends on another.
 */
export function createMicroBatch({ calls, take }: MicroBatchConfig) {
  const batches = new Map<string, PendingTake[]>();

  async function send(scope: string, batch: readonly PendingTake[]): Promise<void> {
    const waiting = new Map(batch.map((each) => [each.request, each]));
    try {
      const requests = batch.map(({ request }) => request);
      // A group of many rules is cut. The commands need not keep an order: all of it was asked at once.
      await Promise.all(Array.from(calls(scope, requests), (call) => sendCall(scope, call, waiting)));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  async function sendCall(
    scope: string,
    call: TakeCall,
    waiting: ReadonlyMap<TakeRequest, PendingTake>,
  ): Promise<void> {
    try {
      const verdicts = await take(scope, call);
      call.requests.forEach((request, at) => {
        waiting.get(request)?.resolve(verdicts[at] as TakeVerdict);
      });
    } catch (error) {
      for (const request of call.requests) waiting.get(request)?.reject(error);
    }
  }

  async function sendSoon(scope: string, batch: readonly PendingTake[]): Promise<void> {
    for (let step = 0; step < MICROTASK_STEPS; step += 1) await undefined;
    if (batches.get(scope) !== batch) return;
    batches.delete(scope);
    await send(scope, batch);
  }

  return (scope: string, request: TakeRequest): Promise<TakeVerdict> =>
    new Promise((resolve, reject) => {
      let batch = batches.get(scope);
      if (batch === undefined) {
        batch = [];
        batches.set(scope, batch);
        void sendSoon(scope, batch);
      }
      batch.push({ request, resolve, reject });
      if (batch.length < MAX_BATCH) return;
      batches.delete(scope);
      void send(scope, batch);
    });
}

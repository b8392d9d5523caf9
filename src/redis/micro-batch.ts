import type { TakeRequest, TakeVerdict } from '../limits/limit-store.ts';
import type { TakeCall } from './script-calls.ts';

/** Most messages per command, so that several commands are in flight under load. Our number. */
const MAX_BATCH = 16;
/**
 * Microtasks to wait for more messages: callers that resume from one reply take again within a few. Costs a lone
 * message less than a microsecond.
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
 * Sends the messages of one scope that are taken in the same event loop turn in one command, because a command costs
 * more than a message in it. Each message is decided on its own. No message waits for a reply or a timer of another
 * one, so that requests of a Worker stay independent.
 */
export function createMicroBatch({ calls, take }: MicroBatchConfig) {
  const batches = new Map<string, PendingTake[]>();

  async function send(scope: string, batch: readonly PendingTake[]): Promise<void> {
    const waiting = new Map(batch.map((each) => [each.request, each]));
    try {
      const requests = batch.map(({ request }) => request);
      // A batch with many rules is split. The order of the commands does not matter, because all messages were taken at
      // once.
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

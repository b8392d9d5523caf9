import type { TakeRequest, TakeVerdict } from '../limits/limit-store.ts';
import type { TakeCall } from './script-calls.ts';

/** Most messages that go together, so that several commands are on their way when there are more; ours. */
const MAX_TOGETHER = 16;
/**
 * Steps of the event loop's current turn that are waited for others: whoever was woken by one answer asks again within a
 * few. Less than a microsecond for a message that comes alone.
 */
const STEPS = 8;

interface Waiting {
  readonly request: TakeRequest;
  resolve(verdict: TakeVerdict): void;
  reject(error: unknown): void;
}

export interface GatherConfig {
  calls(scope: string, requests: readonly TakeRequest[]): Iterable<TakeCall>;
  take(scope: string, call: TakeCall): Promise<readonly TakeVerdict[]>;
}

/**
 * Messages of one scope that are taken in the same turn of the event loop go to the server in one command, each decided
 * by itself: a command costs more than a message in it. Nobody waits for an answer or a timer to come together with
 * others, so in Workers no request depends on another.
 */
export function createGatherTakes({ calls, take }: GatherConfig) {
  const groups = new Map<string, Waiting[]>();

  async function send(scope: string, group: readonly Waiting[]): Promise<void> {
    const waiting = new Map(group.map((each) => [each.request, each]));
    try {
      const requests = group.map(({ request }) => request);
      // A group of many rules is cut. The commands need not keep an order: all of it was asked at once.
      await Promise.all(Array.from(calls(scope, requests), (call) => sendCall(scope, call, waiting)));
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }

  async function sendCall(
    scope: string,
    call: TakeCall,
    waiting: ReadonlyMap<TakeRequest, Waiting>,
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

  async function sendSoon(scope: string, group: readonly Waiting[]): Promise<void> {
    for (let step = 0; step < STEPS; step += 1) await undefined;
    if (groups.get(scope) !== group) return;
    groups.delete(scope);
    await send(scope, group);
  }

  return (scope: string, request: TakeRequest): Promise<TakeVerdict> =>
    new Promise((resolve, reject) => {
      let group = groups.get(scope);
      if (group === undefined) {
        group = [];
        groups.set(scope, group);
        void sendSoon(scope, group);
      }
      group.push({ request, resolve, reject });
      if (group.length < MAX_TOGETHER) return;
      groups.delete(scope);
      void send(scope, group);
    });
}

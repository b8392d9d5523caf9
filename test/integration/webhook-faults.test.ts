import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryConsentLedger } from '../../src/consent/memory-consent-ledger.ts';
import type { LimitStore } from '../../src/limits/limit-store.ts';
import { memoryLimits } from '../../src/limits/memory-limits.ts';
import { numberOf } from '../support/client.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { inboundBody, post, receiptBody, testReceiver } from '../support/webhooks.ts';

/** Longer than `timeoutMs` and 5 s: claims of a dead process have expired by then. */
const AFTER_LEASE_MS = 20_000;
const NUMBER = numberOf(1);

/** A fault before or after the work, as of a broken connection. */
type Fault = 'none' | 'before' | 'after';
const faults = fc.array(fc.constantFrom<Fault>('none', 'none', 'before', 'after'), { maxLength: 12 });

/** Makes every method take its next fault from one list, until the list is empty. */
function breakable<Target extends object>(target: Target, left: Fault[]): Target {
  return new Proxy(target, {
    get(from, name) {
      const method = Reflect.get(from, name) as unknown;
      if (typeof method !== 'function') return method;
      return async (...values: unknown[]) => {
        const fault = left.shift();
        if (fault === 'before') throw new Error('no connection');
        const answer: unknown = await method.apply(from, values);
        if (fault === 'after') throw new Error('the answer was lost');
        return answer;
      };
    },
  });
}

/** Two processes with one store and one ledger. Events arrive in any order, repeatedly, together, at either process. */
interface Post {
  readonly event: 'stop' | 'thanks' | 'receipt';
  readonly process: 0 | 1;
  /** Whether it arrives together with the one before. */
  readonly together: boolean;
}
const posts: fc.Arbitrary<readonly Post[]> = fc.array(
  fc.record({
    event: fc.constantFrom('stop', 'thanks', 'receipt'),
    process: fc.constantFrom(0, 1),
    together: fc.boolean(),
  }),
  { minLength: 1, maxLength: 12 },
);
const BODIES = {
  stop: inboundBody({ umid: 'stop', source: NUMBER, body: 'STOP' }),
  thanks: inboundBody({ umid: 'thanks', source: NUMBER, body: 'Thanks' }),
  receipt: receiptBody({ umid: 'receipt', destination: NUMBER }, { state: 'undelivered', errorCode: 59 }),
} as const;

describe('after any faults on the way', () => {
  it('an event that was acknowledged was handled, a STOP counts, and every event gets through in the end', async () => {
    await fc.assert(
      fc.asyncProperty(posts, faults, faults, faults, async (sequence, ofStore, ofLedger, ofHandler) => {
        const clock = createFakeClock();
        const [storeFaults, ledgerFaults, handlerFaults] = [[...ofStore], [...ofLedger], [...ofHandler]];
        const limits: LimitStore = breakable(memoryLimits({ clock }), storeFaults);
        const ledger = memoryConsentLedger();
        const guards = { consent: { ledger: breakable(ledger, ledgerFaults) } };
        const handled: string[] = [];
        const handle = async ({ umid }: { readonly umid: string }) => {
          if ((handlerFaults.shift() ?? 'none') !== 'none') throw new Error('the database is down');
          handled.push(umid);
        };
        const handlers = { onInbound: handle, onDeliveryReceipt: handle };
        const processes = [0, 1].map(() => testReceiver({ handlers }, { guards, limits, clock }));
        const isOut = async () => (await ledger.history(NUMBER)).at(-1)?.state === 'opted-out';

        async function deliver({ event, process }: Pick<Post, 'event' | 'process'>): Promise<number> {
          const response = await processes[process]?.receiver.handle(post(BODIES[event]));
          const status = response?.status ?? 0;
          expect([200, 500, 503]).toContain(status);
          if (status === 200) expect(handled).toContain(event);
          if (status === 200 && event === 'stop') expect(await isOut()).toBe(true);
          return status;
        }

        let under: Promise<number>[] = [];
        for (const each of sequence) {
          if (!each.together) {
            await Promise.all(under);
            under = [];
          }
          under.push(deliver(each));
        }
        await Promise.all(under);

        for (const faultList of [storeFaults, ledgerFaults, handlerFaults]) faultList.length = 0;
        clock.advance(AFTER_LEASE_MS);
        for (const event of ['stop', 'thanks', 'receipt'] as const) {
          expect(await deliver({ event, process: 0 })).toBe(200);
          expect(await deliver({ event, process: 1 })).toBe(200);
        }
        expect((await ledger.history(NUMBER)).length).toBe(1);
        if ([...ofStore, ...ofHandler].every((fault) => fault === 'none')) {
          expect([...handled].sort()).toEqual(['receipt', 'stop', 'thanks']);
        }
      }),
      { numRuns: 150 },
    );
  });
});

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SmsClient } from '../../src/client.ts';
import type { ConsentLedger } from '../../src/consent/consent-ledger.ts';
import { memoryConsentLedger } from '../../src/consent/memory-consent-ledger.ts';
import type { SmsEvent } from '../../src/events.ts';
import type { LimitStore } from '../../src/limits/limit-store.ts';
import { memoryLimits } from '../../src/limits/memory-limits.ts';
import type { RecordStore } from '../../src/limits/record-store.ts';
import { API_KEY, numberOf, SUB_ACCOUNT_ID, testClient } from '../support/client.ts';
import { NOON } from '../support/fake-clock.ts';
import { OUR_NUMBER, textOf } from '../support/inbound.ts';

const DAY_MS = 86_400_000;

/** A step that fails: before it is carried out, or after, as when an answer is lost. */
interface Fault {
  readonly step: number;
  readonly isCarriedOut: boolean;
}

/** Methods that wait for their turn before and after, and of which one may fail. */
function createSteps(scheduler: fc.Scheduler, fault: Fault | undefined) {
  let steps = 0;
  const turn = () => scheduler.schedule(Promise.resolve());
  async function play<Result>(run: () => Promise<Result>): Promise<Result> {
    await turn();
    steps += 1;
    const isFaulty = steps === fault?.step;
    if (isFaulty && !fault.isCarriedOut) throw new Error('refused');
    const result = await run();
    await turn();
    if (isFaulty) throw new Error('the answer was lost');
    return result;
  }
  function slow<Target extends object>(target: Target, names: readonly (keyof Target & string)[]): Target {
    const methods = names.map((name) => {
      const method = target[name] as (...inputs: unknown[]) => Promise<unknown>;
      return [name, (...inputs: unknown[]) => play(() => method.apply(target, inputs))];
    });
    return Object.fromEntries(methods) as Target;
  }
  return { turn, play, slow };
}

const fault = fc.option(fc.record({ step: fc.integer({ min: 1, max: 40 }), isCarriedOut: fc.boolean() }), {
  nil: undefined,
});

it('an opt-out reaches every scheduled message, or says which may still be sent, in any order and whatever fails once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fault,
      fc.integer({ min: 1, max: 3 }),
      fc.nat(14),
      fc.constantFrom('revoke' as const, 'all' as const, 'sender' as const),
      async (scheduler, failing, sends, waits, how) => {
        const { turn, play, slow } = createSteps(scheduler, failing);
        const { clock, emulator } = testClient();
        const counters = memoryLimits({ clock });
        const limits: LimitStore = {
          ...slow<LimitStore>(counters, ['take', 'settle', 'inspect', 'release']),
          records: slow(counters.records as RecordStore, ['read', 'write', 'remove']),
        };
        const ledger = slow<ConsentLedger>(memoryConsentLedger(), ['get', 'append', 'history', 'forget']);
        const events: SmsEvent[] = [];
        const optOutScope = how === 'sender' ? how : 'all';
        const sms = new SmsClient({
          apiKey: API_KEY,
          subAccountId: SUB_ACCOUNT_ID,
          clock,
          limits,
          retry: false,
          guards: { recipient: false, consent: { ledger, inbound: { optOutScope } } },
          onEvent: (event) => void events.push(event),
          onError: () => {},
          fetch: (url, init) => play(() => emulator.fetch(url, init)),
        });
        const scheduled = new Date(NOON + DAY_MS);
        const message = { destination: numberOf(1), text: 'Later', source: OUR_NUMBER, scheduled };
        async function optOut(): Promise<void> {
          for (let wait = 0; wait < waits; wait += 1) await turn();
          const stop = textOf('STOP');
          // 8x8 sends a text again that was not taken, and a caller repeats a call that failed.
          for (let isDone = false; !isDone; ) {
            const stopping =
              how === 'revoke'
                ? sms.consent.revoke(numberOf(1), { source: 'support' })
                : sms.consent.handleInbound(stop);
            isDone = await stopping.then(
              () => true,
              () => false,
            );
          }
        }
        const sending = Array.from({ length: sends }, () => sms.messages.send(message).catch(() => {}));
        await scheduler.waitFor(Promise.all([...sending, optOut()]));
        await scheduler.waitFor(sms.close());
        const told = events.flatMap((event) =>
          event.type === 'scheduled-not-cancelled' ? [event.clientMessageId] : [],
        );
        const left = emulator.messages.filter(({ state }) => state === 'scheduled');
        expect(told).toEqual(expect.arrayContaining(left.map(({ clientMessageId }) => clientMessageId)));
      },
    ),
    { numRuns: 100 },
  );
});

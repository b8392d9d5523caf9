import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { memoryConsentLedger } from '../../src/consent/memory-consent-ledger.ts';
import { SmsError } from '../../src/errors.ts';
import { memoryLimits } from '../../src/limits/memory-limits.ts';
import type { CallOptions } from '../../src/types.ts';
import { API_KEY, numberOf, testClient } from '../support/client.ts';
import { useFakeTimeouts } from '../support/drive.ts';
import { jsonResponse, lostConnection, refusedConnection } from '../support/respond-with.ts';

/** Whatever ends a call, and whenever: when 8x8 did what it was asked to, no error says that it did not. */

const STEP_MS = 10;
const destination = numberOf(1);
const text = 'Hello';

type Sms = ReturnType<typeof testClient>['sms'];

/** Every kind of call that makes 8x8 do something that must not be done twice. */
const CALLS = {
  'messages.send': (sms: Sms, options: CallOptions) => sms.messages.send({ destination, text }, options),
  'messages.send with a key': (sms: Sms, options: CallOptions) =>
    sms.messages.send({ destination, text, idempotencyKey: 'order-7' }, options),
  'messages.sendBatch': (sms: Sms, options: CallOptions) =>
    firstOf(sms.messages.sendBatch({ messages: [{ destination, text }] }, options)),
  'messages.sendMany': (sms: Sms, options: CallOptions) =>
    firstOfRun(sms.messages.sendMany([{ destination, text }], options)),
  'surveys.send': (sms: Sms, options: CallOptions) =>
    sms.surveys.send({ surveyId: 'nps', destination, templateBody: 'How was it? {{url}}' }, options),
  'surveys.sendBatch': (sms: Sms, options: CallOptions) =>
    firstOf(
      sms.surveys.sendBatch(
        { surveyId: 'nps', messages: [{ destination, templateBody: 'How was it? {{url}}' }] },
        options,
      ),
    ),
  'surveys.sendMany': (sms: Sms, options: CallOptions) =>
    firstOfRun(
      sms.surveys.sendMany([{ destination, templateBody: 'How was it? {{url}}' }], {
        ...options,
        surveyId: 'nps',
      }),
    ),
  'verifications.start': (sms: Sms, options: CallOptions) =>
    sms.verifications.start({ destination }, options),
  'oneTimePasswords.issue': (sms: Sms, options: CallOptions) =>
    sms.oneTimePasswords.issue({ destination, subject: 'visitor', text: ({ code }) => code }, options),
  'consent.requestOptIn': (sms: Sms, options: CallOptions) =>
    sms.consent.requestOptIn(destination, { text: 'Reply YES to get our offers.' }, options),
  'contactJobs.createContacts': (sms: Sms, options: CallOptions) =>
    sms.contactJobs.createContacts({ file: 'msisdn\n6591234567\n' }, options),
  'contacts.create': (sms: Sms, options: CallOptions) =>
    sms.contacts.create({ firstName: 'Mei', addresses: { msisdn: destination } } as never, options),
  'exports.start': (sms: Sms, options: CallOptions) => sms.exports.start({}, options),
} as const;

interface AnyResult {
  readonly status: string;
  readonly error?: SmsError;
}

async function firstOf(batch: Promise<{ readonly results: readonly AnyResult[] }>): Promise<AnyResult> {
  const [result] = (await batch).results;
  if (result?.error !== undefined) throw result.error;
  return result as AnyResult;
}

async function firstOfRun(run: AsyncIterable<AnyResult>): Promise<AnyResult> {
  const results: AnyResult[] = [];
  try {
    for await (const result of run) results.push(result);
  } catch (error) {
    // It speaks of rows that have no result.
    if (results.length === 0) throw error;
  }
  return firstOf(Promise.resolve({ results }));
}

function pause(ms: number): Promise<void> {
  return ms === 0 ? Promise.resolve() : new Promise((resolve) => void setTimeout(resolve, ms));
}

const steps = (max: number) => fc.integer({ min: 0, max }).map((count) => count * STEP_MS);

const plan = fc.record({
  end: fc.constantFrom('signal', 'deadline', 'close', 'nothing'),
  endMs: fc.integer({ min: 1, max: 30 }).map((count) => count * STEP_MS),
  /** How long each step takes: the question for consent, the ledger, the key, the way to 8x8 and back, the store. */
  consentMs: steps(4),
  ledgerMs: steps(4),
  keyMs: steps(4),
  beforeMs: steps(8),
  afterMs: steps(8),
  storeMs: steps(3),
  fault: fc.constantFrom('lost', 'refused', '500', '429', undefined, undefined),
  storeFails: fc.constantFrom('take', 'settle', undefined, undefined, undefined),
});

beforeEach(useFakeTimeouts);
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

type Plan = typeof plan extends fc.Arbitrary<infer Value> ? Value : never;

const calm: Plan = {
  end: 'nothing',
  endMs: STEP_MS,
  consentMs: 0,
  ledgerMs: 0,
  keyMs: 0,
  beforeMs: 0,
  afterMs: 0,
  storeMs: 0,
  fault: undefined,
  storeFails: undefined,
};

describe('submission', () => {
  it.each(Object.keys(CALLS) as (keyof typeof CALLS)[])(
    'after %s never denies what 8x8 did',
    async (name) => {
      const seen = new Set<string>();
      await fc.assert(
        fc.asyncProperty(plan, async (how) => {
          const ledger = memoryConsentLedger();
          const append = ledger.append.bind(ledger);
          ledger.append = async (entries) => {
            await pause(how.ledgerMs);
            return append(entries);
          };
          const limits = memoryLimits();
          const { take, settle } = limits;
          limits.take = async (...given) => {
            await pause(how.storeMs);
            if (how.storeFails === 'take') throw new Error('down');
            return take.apply(limits, given);
          };
          limits.settle = async (...given) => {
            await pause(how.storeMs);
            if (how.storeFails === 'settle') throw new Error('down');
            return settle.apply(limits, given);
          };
          let isDone = false;
          const { emulator } = testClient({}, { accountId: 'acc-1' });
          async function fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
            if (how.fault === 'refused') throw refusedConnection();
            await pause(how.beforeMs);
            if (how.fault === '500' || how.fault === '429')
              return jsonResponse({ code: 1 }, Number(how.fault));
            // A connection that is given up still has the request.
            const answer = await emulator.fetch(input, { ...init, signal: null });
            isDone ||= answer.ok;
            await pause(how.afterMs);
            if (how.fault === 'lost') throw lostConnection();
            return answer;
          }
          const { sms } = testClient({
            limits,
            fetch,
            accountId: 'acc-1',
            apiKey: () => pause(how.keyMs).then(() => API_KEY),
            guards: { consent: { ledger, check: () => pause(how.consentMs).then(() => true) } },
          });
          const controller = new AbortController();
          let outcome: string | undefined;
          const calling = CALLS[name](sms, {
            ...(how.end === 'signal' && { signal: controller.signal }),
            ...(how.end === 'deadline' && { deadlineMs: how.endMs }),
          }).then(
            () => {
              outcome = 'accepted';
            },
            (error: unknown) => {
              if (!SmsError.isInstance(error)) throw error;
              outcome = error.submission;
              if (outcome === 'unknown') expect(error.message).not.toContain('Nothing was sent');
            },
          );
          if (how.end === 'signal') void pause(how.endMs).then(() => controller.abort());
          if (how.end === 'close') void pause(how.endMs).then(() => sms.close({ drainMs: 0 }));
          while (outcome === undefined) {
            await vi.advanceTimersByTimeAsync(STEP_MS);
            await new Promise((resolve) => void setImmediate(resolve));
          }
          await calling;
          // Requests that are still on their way arrive.
          await vi.advanceTimersByTimeAsync(10_000);
          await new Promise((resolve) => void setImmediate(resolve));
          await vi.advanceTimersByTimeAsync(10_000);
          seen.add(outcome);
          if (isDone) expect(['accepted', 'unknown']).toContain(outcome);
          if (outcome === 'accepted') expect(isDone).toBe(true);
        }),
        {
          numRuns: 40,
          examples: [
            [calm],
            [{ ...calm, fault: 'lost' }],
            [{ ...calm, fault: 'refused' }],
            [{ ...calm, fault: '429' }],
          ],
        },
      );
      expect([...seen].sort()).toEqual(['accepted', 'not-submitted', 'rejected', 'unknown']);
    },
  );
});

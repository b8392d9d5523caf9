import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SmsClient } from '../../src/client.ts';
import { memoryConsentLedger } from '../../src/consent/memory-consent-ledger.ts';
import { LimitError } from '../../src/errors.ts';
import { memoryLimits } from '../../src/limits/memory-limits.ts';
import { API_KEY, numberOf, SUB_ACCOUNT_ID, testClient } from '../support/client.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import { textOf } from '../support/inbound.ts';
import { jsonResponse, lostConnection, refusedConnection } from '../support/respond-with.ts';
import { collect } from '../support/send-many.ts';

const WINDOW_MS = 60_000;

/** What the pretend network does with one send. */
type Fate = 'accept' | 'reject' | 'refuse' | 'lose' | 'hold';

/** One step of a random story. */
const stepOf = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('send' as const),
      client: fc.nat(2),
      person: fc.nat(1),
      fate: fc.constantFrom<Fate>('accept', 'accept', 'reject', 'refuse', 'lose', 'hold'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      ms: fc.constantFrom(
        1,
        249,
        251,
        5_000,
        WINDOW_MS / 2 - 1,
        WINDOW_MS / 2,
        WINDOW_MS - 1,
        WINDOW_MS,
        WINDOW_MS + 1,
      ),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('answer' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('calendar' as const),
      ms: fc.constantFrom(-3_600_000, 3_600_000, -1),
    }),
  },
);

interface Write {
  readonly destination: string;
  readonly at: number;
}

/** Lets everything that needs no time happen. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

/** Several clients of one scope in front of one pretend network, which writes down when each request came. */
function createWorld(limit: number, clock: FakeClock) {
  const limits = memoryLimits({ clock });
  const writes: (Write & { readonly left: boolean })[] = [];
  const held: (() => void)[] = [];
  const fates: Fate[] = [];
  const accepted = () => jsonResponse({ umid: 'u-1', status: { code: 'QUEUED' } });
  async function fetch(_url: unknown, init?: RequestInit): Promise<Response> {
    const { destination } = JSON.parse(String(init?.body)) as { destination: string };
    const fate = fates.shift() ?? 'accept';
    writes.push({ destination, at: clock.monotonic(), left: fate !== 'refuse' && fate !== 'reject' });
    if (fate === 'refuse') throw refusedConnection();
    if (fate === 'lose') throw lostConnection();
    if (fate === 'hold') await new Promise<void>((resolve) => held.push(resolve));
    if (fate === 'reject') return jsonResponse({ umid: 'u-1', status: { code: 'REJECTED' } });
    return accepted();
  }
  const clients = [0, 1, 2].map(
    () =>
      new SmsClient({
        apiKey: API_KEY,
        subAccountId: SUB_ACCOUNT_ID,
        scope: 'one',
        clock,
        limits,
        fetch,
        retry: false,
        guards: { recipient: { limit, windowMs: WINDOW_MS }, backoff: false },
      }),
  );
  return { clients, writes, held, fates };
}

/** The most first writes to one person in any half-open window. */
function mostInAnyWindow(writes: readonly Write[]): number {
  let most = 0;
  for (const { destination, at } of writes) {
    const inside = writes.filter(
      (other) => other.destination === destination && other.at > at - WINDOW_MS && other.at <= at,
    );
    most = Math.max(most, inside.length);
  }
  return most;
}

describe('every method that sends passes the guards (invariant 1)', () => {
  const refused = { destination: '+6591234567', purpose: 'marketing' } as const;
  const survey = { surveyId: 'nps', templateBody: 'a' } as const;
  const ways: Record<string, (sms: SmsClient) => Promise<unknown>> = {
    'messages.send': (sms) => sms.messages.send({ ...refused, text: 'a' }),
    'messages.sendBatch': (sms) => sms.messages.sendBatch({ messages: [{ ...refused, text: 'a' }] }),
    'messages.sendMany': (sms) => collect(sms.messages.sendMany([{ ...refused, text: 'a' }])),
    'surveys.send': (sms) => sms.surveys.send({ ...survey, ...refused }),
    'surveys.sendBatch': (sms) =>
      sms.surveys.sendBatch({ surveyId: 'nps', messages: [{ templateBody: 'a', ...refused }] }),
    'surveys.sendMany': (sms) =>
      collect(sms.surveys.sendMany([{ templateBody: 'a', ...refused }], { surveyId: 'nps' })),
  };
  it.each(Object.entries(ways))('%s', async (_, way) => {
    const { sms, emulator, of } = testClient();
    await way(sms).catch(() => {});
    expect(of('message-blocked')).toMatchObject([{ decision: { guard: 'consent', reason: 'no-store' } }]);
    expect(emulator.requests).toHaveLength(0);
  });

  it('verifications.start', async () => {
    const { sms, emulator, of } = testClient({ guards: { countries: { allow: ['ID'] } } });
    await sms.verifications.start({ destination: numberOf(1) }).catch(() => {});
    expect(of('message-blocked')).toMatchObject([{ decision: { guard: 'countries' }, purpose: 'otp' }]);
    expect(emulator.requests).toHaveLength(0);
  });

  it('consent.requestOptIn, and every answer to a text', async () => {
    const inbound = { optOutReply: 'Out.', optInReply: 'In.', helpReply: 'Help.' };
    const guards = { countries: { allow: ['ID'] }, consent: { ledger: memoryConsentLedger(), inbound } };
    const { sms, emulator, of } = testClient({ guards });
    await sms.consent.requestOptIn(numberOf(1), { text: 'Reply YES' }).catch(() => {});
    for (const word of ['STOP', 'START', 'HELP']) await sms.consent.handleInbound(textOf(word));
    expect(of('message-blocked').map(({ decision }) => decision.guard)).toEqual(
      new Array(4).fill('countries'),
    );
    expect(emulator.requests).toHaveLength(0);
  });
});

describe('no window holds more than its limit (invariant 2)', () => {
  it('whatever several clients of a scope do at the same time', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        fc.array(stepOf, { minLength: 5, maxLength: 60 }),
        async (limit, steps) => {
          const clock = createFakeClock();
          const { clients, writes, held, fates } = createWorld(limit, clock);
          const pending: Promise<unknown>[] = [];
          const refusals: { readonly destination: string; readonly readyAt: number }[] = [];
          for (const step of steps) {
            if (step.kind === 'wait') clock.advance(step.ms);
            else if (step.kind === 'calendar') clock.setCalendar(clock.now() + step.ms);
            else if (step.kind === 'answer') held.shift()?.();
            else {
              const destination = numberOf(step.person);
              const before = writes.length;
              fates[0] = step.fate;
              const sent = clients[step.client]?.messages.send({ destination, text: 'a' });
              const noted = (sent as Promise<unknown>).catch((error: unknown) => {
                if (!LimitError.isInstance(error)) return;
                refusals.push({
                  destination,
                  readyAt: clock.monotonic() + (error.retryAfterMs ?? Number.NaN),
                });
              });
              pending.push(noted);
              await settle();
              if (writes.length === before) fates.length = 0;
            }
            await settle();
          }
          for (const answer of held) answer();
          await Promise.all(pending);
          const left = writes.filter((write) => write.left);
          expect(mostInAnyWindow(left)).toBeLessThanOrEqual(limit);
          for (const { readyAt } of refusals) expect(readyAt).toBeGreaterThan(0);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('also when hundreds race', async () => {
    const clock = createFakeClock();
    const { clients, writes } = createWorld(3, clock);
    const racing = Array.from({ length: 300 }, (_, index) =>
      clients[index % 3]?.messages.send({ destination: numberOf(index % 2), text: 'a' }).catch(() => {}),
    );
    await Promise.all(racing);
    expect(writes).toHaveLength(6);
  });

  it('also when the write comes long after the take', async () => {
    const clock = createFakeClock();
    const limits = memoryLimits({ clock });
    const writes: Write[] = [];
    const waiting: (() => void)[] = [];
    const sms = new SmsClient({
      // The key is asked for between the take and the write: here it takes half a window.
      apiKey: () => new Promise((resolve) => waiting.push(() => resolve({ key: API_KEY, expiresAt: 0 }))),
      subAccountId: SUB_ACCOUNT_ID,
      clock,
      limits,
      retry: false,
      guards: { recipient: { limit: 1, windowMs: WINDOW_MS } },
      async fetch() {
        writes.push({ destination: 'x', at: clock.monotonic() });
        return jsonResponse({ umid: 'u-1', status: { code: 'QUEUED' } });
      },
    });
    const send = () => sms.messages.send({ destination: numberOf(1), text: 'a' });
    const first = send();
    await settle();
    clock.advance(WINDOW_MS / 2);
    waiting.shift()?.();
    await first;
    clock.advance(WINDOW_MS / 2);
    await expect(send()).rejects.toMatchObject({ code: 'limit', retryAfterMs: WINDOW_MS / 2 });
    clock.advance(WINDOW_MS / 2);
    const second = send();
    await settle();
    waiting.shift()?.();
    await second;
    expect(mostInAnyWindow(writes)).toBe(1);
    expect(writes).toHaveLength(2);
  });

  it('also when the write comes a whole window after the take', async () => {
    const clock = createFakeClock();
    const writes: Write[] = [];
    const waiting: (() => void)[] = [];
    const sms = new SmsClient({
      apiKey: () => new Promise((resolve) => waiting.push(() => resolve({ key: API_KEY, expiresAt: 0 }))),
      subAccountId: SUB_ACCOUNT_ID,
      clock,
      retry: false,
      guards: { recipient: { limit: 1, windowMs: 10_000 } },
      async fetch() {
        writes.push({ destination: 'x', at: clock.monotonic() });
        return jsonResponse({ umid: 'u-1', status: { code: 'QUEUED' } });
      },
    });
    const send = () =>
      sms.messages.send({ destination: numberOf(1), text: 'a' }).catch((error: unknown) => error);
    const first = send();
    await settle();
    clock.advance(12_000);
    const second = send();
    await settle();
    for (const answer of waiting.splice(0)) answer();
    await settle();
    clock.advance(3_000);
    for (const answer of waiting.splice(0)) answer();
    await Promise.all([first, second]);
    expect(writes).toHaveLength(1);
  });

  it('a refusal says when: then, with nothing granted in between, it is admitted', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.integer({ min: 0, max: WINDOW_MS }), { minLength: 4, maxLength: 12 }),
        async (limit, pauses) => {
          const clock = createFakeClock();
          const { clients } = createWorld(limit, clock);
          const [sms] = clients as [SmsClient];
          const send = () => sms.messages.send({ destination: numberOf(1), text: 'a' });
          for (const pause of pauses) {
            const error = await send().catch((thrown: unknown) => thrown);
            if (LimitError.isInstance(error)) {
              const { retryAfterMs = 0 } = error;
              if (retryAfterMs > 1) {
                clock.advance(retryAfterMs - 1);
                await expect(send()).rejects.toMatchObject({ retryAfterMs: 1 });
                clock.advance(1);
              } else clock.advance(retryAfterMs);
              await expect(send()).resolves.toMatchObject({ status: 'accepted' });
            }
            clock.advance(pause);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

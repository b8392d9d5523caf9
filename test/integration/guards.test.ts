import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConsentError, GuardError, InvalidPhoneNumberError, LimitError } from '../../src/errors.ts';
import type { GuardsOptions } from '../../src/guards/registry.ts';
import { memoryLimits } from '../../src/limits/memory-limits.ts';
import type { SmsMessage } from '../../src/sending/sms-message.ts';
import { CANARY_NUMBER, expectNoCanary } from '../support/canary.ts';
import { API_KEY, numberOf, testClient } from '../support/client.ts';
import { drive, useFakeTimeouts } from '../support/drive.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { ledgerWith } from '../support/ledger.ts';
import { jsonResponse, refusedConnection, respondWith } from '../support/respond-with.ts';
import { failureOf } from '../support/transport.ts';

const message = { destination: numberOf(1), text: 'Hello' };
const otp = { ...message, purpose: 'otp' } as const;
const minute = 60_000;

beforeEach(useFakeTimeouts);
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

/** Sends after another, and tells each outcome: `ok`, or the reason. */
async function sendAll(
  sms: ReturnType<typeof testClient>['sms'],
  messages: readonly SmsMessage[],
): Promise<string[]> {
  const outcomes: string[] = [];
  for (const each of messages) {
    const outcome = await sms.messages.send(each).then(
      () => 'ok',
      (error: unknown) => (error instanceof GuardError ? error.reason : String(error)),
    );
    outcomes.push(outcome);
  }
  return outcomes;
}

describe('enforce, monitor, off', () => {
  const cases: [
    keyof GuardsOptions,
    object,
    readonly SmsMessage[],
    { readonly reason: string; readonly errorClass: typeof GuardError },
  ][] = [
    [
      'phone',
      {},
      [{ ...message, destination: '+6561234567' }],
      { reason: 'number-type', errorClass: InvalidPhoneNumberError },
    ],
    [
      'content',
      {},
      [{ ...message, text: 'Hi {{name}}' }],
      { reason: 'unresolved-placeholder', errorClass: GuardError },
    ],
    ['countries', { allow: ['ID'] }, [message], { reason: 'country-not-allowed', errorClass: GuardError }],
    ['consent', {}, [{ ...message, purpose: 'marketing' }], { reason: 'no-store', errorClass: ConsentError }],
    [
      'recipient',
      { windows: [{ limit: 1, windowMs: minute }] },
      [message, message],
      { reason: 'over-limit', errorClass: LimitError },
    ],
    ['backoff', {}, [otp, otp], { reason: 'too-soon', errorClass: LimitError }],
    [
      'prefix',
      { ranges: [{ removedDigits: 2, limit: 1, windowMs: minute }] },
      [message, { ...message, destination: numberOf(2) }],
      { reason: 'over-limit', errorClass: LimitError },
    ],
  ];

  it.each(cases)('%s', async (guard, options, messages, { reason, errorClass }) => {
    const last = messages.at(-1) as SmsMessage;
    const before = messages.slice(0, -1);

    const enforcing = testClient({ guards: { [guard]: options } });
    await sendAll(enforcing.sms, before);
    const error = await failureOf(enforcing.sms.messages.send(last));
    expect(error).toBeInstanceOf(errorClass);
    const decision = {
      guard,
      reason,
      mode: 'enforce',
      destination: expect.stringMatching(/^\+65\*{6}\d\d$/),
    };
    expect(error).toMatchObject({ guard, reason, submission: 'not-submitted', decision });
    expect(enforcing.of('message-blocked')).toMatchObject([{ decision }]);
    expect(enforcing.emulator.messages).toHaveLength(before.length);

    const watching = testClient({ guards: { [guard]: { ...options, mode: 'monitor' } } });
    expect(await sendAll(watching.sms, messages)).toEqual(messages.map(() => 'ok'));
    expect(watching.of('guard-observed')).toMatchObject([{ decision: { ...decision, mode: 'monitor' } }]);
    expect(watching.of('message-blocked')).toEqual([]);

    const off = testClient({ guards: { [guard]: false } });
    expect(await sendAll(off.sms, messages)).toEqual(messages.map(() => 'ok'));
    expect([...off.of('guard-observed'), ...off.of('message-blocked')]).toEqual([]);
  });
});

describe('phone', () => {
  it('types and calling codes are those of the options', async () => {
    const fixed = { ...message, destination: '+6561234567' };
    const { sms } = testClient({ guards: { phone: { types: ['FIXED_LINE'] } } });
    expect(await sendAll(sms, [fixed, message])).toEqual(['ok', 'number-type']);
    const allow = testClient({ guards: { phone: { callingCodes: { allow: ['62'] } } } });
    expect(await sendAll(allow.sms, [message, { ...message, destination: '+6281234567890' }])).toEqual([
      'calling-code-not-allowed',
      'ok',
    ]);
    const block = testClient({ guards: { phone: { callingCodes: { block: ['65'] } } } });
    expect(await sendAll(block.sms, [message])).toEqual(['calling-code-blocked']);
  });

  it('accept: possible lets through a plan that is newer than the library', async () => {
    const unknown = { ...message, destination: '+6511111111' };
    expect(await sendAll(testClient().sms, [unknown])).toEqual(['not-valid']);
    const { sms } = testClient({ guards: { phone: { accept: 'possible' } } });
    expect(await sendAll(sms, [unknown])).toEqual(['ok']);
  });

  it('a destination that is no number is refused in every mode: nothing could be counted', async () => {
    for (const phone of [undefined, { mode: 'monitor' }, false] as const) {
      const { sms } = testClient({ guards: { phone } });
      expect(
        await sendAll(sms, [
          { ...message, destination: 'nobody' },
          { ...message, destination: '91234567' },
          { ...message, destination: '+65' },
        ]),
      ).not.toContain('ok');
    }
  });

  it('off: a calling code that nobody knows is counted like any other, in whatever digits it is written', async () => {
    const { fetch, written } = respondWith([jsonResponse({ umid: 'u-1', status: { code: 'QUEUED' } })]);
    const { sms } = testClient({
      fetch,
      guards: { phone: false, recipient: { limit: 1, windowMs: minute } },
    });
    const spellings = [
      '+999123456789',
      '+99 9123-456789',
      '00999123456789',
      '+٩٩٩١٢٣٤٥٦٧٨٩',
      '＋９９９１２３４５６７８９',
    ];
    const outcomes = await sendAll(
      sms,
      spellings.map((destination) => ({ ...message, destination })),
    );
    expect(outcomes.filter((outcome) => outcome === 'ok')).toHaveLength(1);
    expect(written.map(({ body }) => (body as SmsMessage).destination)).toEqual(['+999123456789']);
    expect(await sendAll(testClient().sms, [{ ...message, destination: '+999123456789' }])).toEqual([
      'unknown-calling-code',
    ]);
  });
});

describe('content', () => {
  it('never lets the API key out, in no mode but off', async () => {
    const leaking = { ...message, text: `Use ${API_KEY}` };
    for (const content of [undefined, { mode: 'monitor' }] as const) {
      const { sms, emulator, events } = testClient({ guards: { content } });
      const error = await failureOf(sms.messages.send(leaking));
      expect(error).toMatchObject({ guard: 'content', reason: 'api-key-in-text' });
      expect(JSON.stringify([error, events])).not.toContain(API_KEY);
      expect(emulator.requests).toHaveLength(0);
    }
  });

  it('knows the key of a function once it was used', async () => {
    const { sms } = testClient({ apiKey: async () => API_KEY });
    await sms.messages.send(message);
    expect(await failureOf(sms.messages.send({ ...message, text: API_KEY }))).toMatchObject({
      reason: 'api-key-in-text',
    });
  });

  it('off: a date before 1970 does not make the store fail', async () => {
    const { sms } = testClient({ guards: { content: false } });
    const { results } = await sms.messages.sendBatch({
      messages: [
        { ...message, scheduled: '1950-01-01T00:00:00Z' },
        { ...message, destination: numberOf(2) },
      ],
    });
    expect(results[1]).toMatchObject({ status: 'accepted' });
    expect('error' in (results[0] ?? {}) && results[0]).not.toMatchObject({ error: { code: 'store' } });
  });
});

describe('recipient', () => {
  it('7 in any 30 minutes, to the millisecond, and 3 more for one-time passwords', async () => {
    const { sms, clock } = testClient({ guards: { backoff: false } });
    for (let sent = 0; sent < 7; sent += 1) {
      expect(await sendAll(sms, [message])).toEqual(['ok']);
      clock.advance(minute);
    }
    const error = await failureOf(sms.messages.send(message));
    expect(error).toMatchObject({
      code: 'limit',
      retryAfterMs: 23 * minute,
      decision: { rule: 'recipient:all', observed: 7, limit: 7, windowMs: 30 * minute },
      message: expect.stringContaining('already got 7 of 7 messages allowed in 30 min. Try again in 23 min.'),
    });
    clock.advance(23 * minute - 1);
    expect(await sendAll(sms, [message])).toEqual(['over-limit']);
    clock.advance(1);
    expect(await sendAll(sms, [message, message])).toEqual(['ok', 'over-limit']);
    clock.advance(minute);
    expect(await sendAll(sms, [message, message])).toEqual(['ok', 'over-limit']);
  });

  it('perPurpose adds to the windows for all', async () => {
    const { sms } = testClient({
      guards: {
        backoff: false,
        consent: false,
        recipient: {
          windows: [{ limit: 3, windowMs: minute }],
          perPurpose: { otp: [{ limit: 1, windowMs: minute }], marketing: [{ limit: 1, windowMs: minute }] },
        },
      },
    });
    const marketing = { ...message, purpose: 'marketing' } as const;
    expect(await sendAll(sms, [otp, otp, marketing, marketing, message, message])).toEqual([
      'ok',
      'over-limit',
      'ok',
      'over-limit',
      'ok',
      'over-limit',
    ]);
  });

  it.each([
    [{ limit: 2, windowMs: minute }],
    [[{ limit: 2, windowMs: minute }]],
    [{ windows: [{ limit: 2, windowMs: minute }] }],
  ])('%j is 2 a minute', async (recipient) => {
    const { sms } = testClient({ guards: { recipient } });
    expect(await sendAll(sms, [message, message, message])).toEqual(['ok', 'ok', 'over-limit']);
  });

  it('every spelling of a number is one person', async () => {
    const { sms } = testClient({ guards: { recipient: { limit: 1, windowMs: minute } } });
    expect(
      await sendAll(sms, [
        message,
        { ...message, destination: '9100 0001', country: 'SG' },
        { ...message, destination: '+65 (9100) 00-01' },
        { ...message, destination: '００６５９１０００００１' },
        { ...message, destination: '+65\u200b91000001' },
        { ...message, destination: 'tel:+6591000001' },
      ]),
    ).toEqual(['ok', ...new Array(5).fill('over-limit')]);
  });

  it('scheduled messages also count where they arrive', async () => {
    const { sms, clock } = testClient({ guards: { recipient: { limit: 2, windowMs: minute } } });
    const scheduled = new Date(clock.now() + 3_600_000);
    const later = { ...message, scheduled };
    expect(await sendAll(sms, [later, later])).toEqual(['ok', 'ok']);
    clock.advance(2 * minute);
    expect(await sendAll(sms, [later, message])).toEqual(['over-limit', 'ok']);
    const error = await failureOf(sms.messages.send(later));
    expect(error).toMatchObject({ decision: { rule: 'recipient-due:all' } });
    const afterwards = new Date(scheduled.getTime() + 3 * minute);
    expect(await sendAll(sms, [{ ...message, scheduled: afterwards }])).toEqual(['ok']);
  });

  it('monitor counts what it lets through', async () => {
    const clock = createFakeClock();
    const limits = memoryLimits({ clock });
    const window = { limit: 1, windowMs: minute };
    const { sms, of } = testClient({
      clock,
      limits,
      guards: { recipient: { mode: 'monitor', windows: [window] } },
    });
    expect(await sendAll(sms, [message, message, message])).toEqual(['ok', 'ok', 'ok']);
    expect(of('guard-observed')).toMatchObject([
      { decision: { guard: 'recipient', mode: 'monitor', observed: 1, limit: 1 } },
      { decision: { guard: 'recipient', mode: 'monitor', observed: 1, limit: 1 } },
    ]);
    const enforcing = testClient({ clock, limits, guards: { recipient: window } });
    expect(await sendAll(enforcing.sms, [message])).toEqual(['over-limit']);
  });
});

describe('backoff', () => {
  it('0, 30 s, 1 min, 2 min … 1 h, and no further', async () => {
    const { sms, clock, of } = testClient({ guards: { recipient: false } });
    const waits: number[] = [];
    for (let index = 0; index < 10; index += 1) {
      expect(await sendAll(sms, [otp])).toEqual(['ok']);
      const error = (await failureOf(sms.messages.send(otp))) as LimitError;
      expect(error).toMatchObject({ code: 'limit', guard: 'backoff', reason: 'too-soon' });
      const wait = error.retryAfterMs ?? 0;
      waits.push(wait / 1_000);
      clock.advance(wait - 1);
      expect(await sendAll(sms, [otp])).toEqual(['too-soon']);
      clock.advance(1);
    }
    // Doubled up to 32 min; an hour passes at the last steps, which forgets one each time.
    expect(waits.slice(0, 8)).toEqual([30, 60, 120, 240, 480, 960, 1_920, 3_600]);
    expect(Math.max(...waits)).toBe(3_600);
    expect(of('backoff-started').map(({ waitMs }) => waitMs / 1_000)).toEqual(waits);
  });

  it('a refused try never lengthens it', async () => {
    const { sms, clock } = testClient({ guards: { recipient: false } });
    await sms.messages.send(otp);
    for (let tries = 0; tries < 29; tries += 1) {
      clock.advance(1_000);
      expect(await failureOf(sms.messages.send(otp))).toMatchObject({ retryAfterMs: 29_000 - tries * 1_000 });
    }
    clock.advance(1_000);
    expect(await sendAll(sms, [otp])).toEqual(['ok']);
  });

  it('is for one-time passwords only, and for each number by itself', async () => {
    const { sms } = testClient();
    expect(await sendAll(sms, [otp, message, { ...otp, destination: numberOf(2) }, otp])).toEqual([
      'ok',
      'ok',
      'ok',
      'too-soon',
    ]);
  });

  it('two at the same time: one of them', async () => {
    const { sms } = testClient();
    const both = await Promise.allSettled([sms.messages.send(otp), sms.messages.send(otp)]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('success clears it: guards.release, or feedback', async () => {
    const { sms, emulator } = testClient();
    expect(await sendAll(sms, [otp, otp])).toEqual(['ok', 'too-soon']);
    await sms.guards.release(otp.destination, { guard: 'backoff' });
    expect(await sendAll(sms, [otp, otp])).toEqual(['ok', 'too-soon']);
    const umid = emulator.messages.at(-1)?.umid ?? '';
    await sms.messages.feedback(umid, { outcome: 'success', destination: otp.destination });
    expect(await sendAll(sms, [otp])).toEqual(['ok']);
  });

  it('a quiet hour forgets one step', async () => {
    const { sms, clock } = testClient({ guards: { recipient: false } });
    for (const wait of [30_000, 60_000, 120_000]) {
      await sms.messages.send(otp);
      clock.advance(wait);
    }
    clock.advance(3_600_000);
    await sms.messages.send(otp);
    // Three before, one forgotten, one more: the third step again.
    expect(await failureOf(sms.messages.send(otp))).toMatchObject({ retryAfterMs: 120_000 });
  });

  it('baseMs, maxMs and forgetMs are those of the options', async () => {
    const { sms, clock } = testClient({
      guards: { recipient: false, backoff: { baseMs: 1_000, maxMs: 2_000, forgetMs: 10_000 } },
    });
    const waits: unknown[] = [];
    for (let index = 0; index < 4; index += 1) {
      await sms.messages.send(otp);
      const { retryAfterMs = 0 } = (await failureOf(sms.messages.send(otp))) as LimitError;
      waits.push(retryAfterMs);
      clock.advance(retryAfterMs);
    }
    expect(waits).toEqual([1_000, 2_000, 2_000, 2_000]);
    clock.advance(40_000);
    await sms.messages.send(otp);
    expect(await failureOf(sms.messages.send(otp))).toMatchObject({ retryAfterMs: 1_000 });
  });

  it('a message that was provably not sent does not start it', async () => {
    const { sms, emulator } = testClient();
    emulator.failNext('refused');
    await failureOf(sms.messages.send(otp));
    expect(await sendAll(sms, [otp, otp])).toEqual(['ok', 'too-soon']);
  });
});

describe('prefix', () => {
  it('stops a walk through neighbouring numbers, and lets known ones go on', async () => {
    const { sms, clock } = testClient({ guards: { prefix: {}, backoff: false } });
    const walk = Array.from({ length: 8 }, (_, index) => ({ ...otp, destination: numberOf(100 + index) }));
    expect(await sendAll(sms, walk)).toEqual([
      ...new Array(5).fill('ok'),
      ...new Array(3).fill('over-limit'),
    ]);
    expect(await sendAll(sms, walk.slice(0, 5))).toEqual(new Array(5).fill('ok'));
    expect(await sendAll(sms, [{ ...otp, destination: '+6598765432' }])).toEqual(['ok']);
    expect(await failureOf(sms.messages.send(walk[7] as SmsMessage))).toMatchObject({
      guard: 'prefix',
      retryAfterMs: 10 * minute,
      decision: { rule: 'prefix:2:600000', limit: 5, observed: 5 },
    });
    clock.advance(10 * minute);
    expect(await sendAll(sms, [walk[7] as SmsMessage])).toEqual(['ok']);
  });

  it('watches the purposes of the options', async () => {
    const ranges = [{ removedDigits: 2, limit: 1, windowMs: minute }] as const;
    const { sms } = testClient({ guards: { consent: false, prefix: { ranges, purposes: ['marketing'] } } });
    const neighbours = [1, 2].map((index) => ({ ...message, destination: numberOf(index) }));
    expect(await sendAll(sms, neighbours)).toEqual(['ok', 'ok']);
    const campaign = neighbours.map((each) => ({ ...each, purpose: 'marketing' as const }));
    expect(await sendAll(sms, campaign)).toEqual(['ok', 'over-limit']);
  });
});

describe('a message that was not sent costs nothing', () => {
  it('seven racing sends that were refused a connection', async () => {
    const answers = [...new Array(7).fill(refusedConnection())];
    const { fetch } = respondWith(answers);
    const { sms, emulator, of } = testClient({
      fetch: async (...request) =>
        of('attempt-started').length <= 7 ? fetch(...request) : emulator.fetch(...request),
    });
    const racing = await Promise.allSettled(Array.from({ length: 7 }, () => sms.messages.send(message)));
    expect(racing.every(({ status }) => status === 'rejected')).toBe(true);
    expect((await sms.guards.inspect(message.destination)).counters).toMatchObject([
      { guard: 'recipient', count: 0 },
      { guard: 'undeliverable', count: 0 },
      { guard: 'backoff', count: 0 },
      { guard: 'pumping', count: 0 },
      { guard: 'verificationAttempts', count: 0 },
      { guard: 'verificationAttempts', count: 0 },
    ]);
    expect(await sendAll(sms, new Array(8).fill(message))).toEqual([
      ...new Array(7).fill('ok'),
      'over-limit',
    ]);
  });

  it('a message whose outcome is unknown costs', async () => {
    const { sms, emulator } = testClient({ guards: { recipient: { limit: 1, windowMs: minute } } });
    emulator.failNext('lost-response');
    await failureOf(sms.messages.send(message));
    expect(await sendAll(sms, [message])).toEqual(['over-limit']);
  });

  it('a message that was aborted before it was written', async () => {
    const { sms } = testClient({
      guards: { recipient: { limit: 1, windowMs: minute } },
      pace: { requestsPerSecond: 1, maxQueued: 5 },
    });
    await sms.messages.send({ ...message, destination: numberOf(2) });
    const controller = new AbortController();
    const waiting = failureOf(sms.messages.send(message, { signal: controller.signal }));
    await vi.advanceTimersByTimeAsync(100);
    controller.abort();
    expect(await waiting).toMatchObject({ code: 'aborted', submission: 'not-submitted' });
    expect(await drive(sendAll(sms, [message]))).toEqual(['ok']);
  });
});

describe('guards.inspect and guards.release', () => {
  it('show what is counted, what would be refused and until when, and change nothing', async () => {
    const { sms, clock } = testClient({ guards: { countries: { allow: ['SG', 'ID'] } } });
    await sms.messages.send(otp);
    clock.advance(10_000);
    for (let index = 0; index < 2; index += 1) {
      expect(await sms.guards.inspect(otp.destination)).toEqual({
        destination: '+65******01',
        counters: [
          { guard: 'recipient', rule: 'recipient:all', count: 1, limit: 10, windowMs: 1_800_000 },
          { guard: 'undeliverable', rule: 'undeliverable', count: 0, windowMs: 86_400_000 },
          { guard: 'backoff', rule: 'backoff:otp', count: 1 },
          { guard: 'pumping', rule: 'pumping', count: 0 },
          {
            guard: 'verificationAttempts',
            rule: 'verification-attempts:number',
            count: 0,
            limit: 20,
            windowMs: 3_600_000,
          },
          {
            guard: 'verificationAttempts',
            rule: 'verification-attempts:number:2',
            count: 0,
            limit: 60,
            windowMs: 86_400_000,
          },
        ],
        refusals: [
          { guard: 'consent', purpose: 'marketing', reason: 'no-store', message: expect.any(String) },
          {
            guard: 'backoff',
            purpose: 'otp',
            reason: 'too-soon',
            message: expect.stringContaining('Try again in 20 s.'),
            retryAfterMs: 20_000,
          },
        ],
      });
    }
    expect((await sms.guards.inspect('+6681234567')).refusals).toContainEqual(
      expect.objectContaining({ guard: 'countries', purpose: 'otp' }),
    );
  });

  it('one guard only, and a limit that is full', async () => {
    const { sms } = testClient({ guards: { recipient: { limit: 1, windowMs: minute } } });
    await sms.messages.send(message);
    const { counters, refusals } = await sms.guards.inspect('9100 0001', {
      country: 'SG',
      guard: 'recipient',
    });
    expect(counters).toHaveLength(1);
    expect(refusals).toMatchObject(
      ['transactional', 'otp', 'marketing'].map((purpose) => ({
        purpose,
        reason: 'over-limit',
        retryAfterMs: minute,
      })),
    );
    await sms.guards.release('9100 0001', { country: 'SG' });
    expect((await sms.guards.inspect(message.destination, { guard: 'recipient' })).refusals).toEqual([]);
  });

  it('monitor mode refuses nothing, but for an opt-out', async () => {
    const record = { state: 'opted-out', scope: 'all', source: 'sms', at: 0 } as const;
    const ledger = ledgerWith({ get: async () => [record, record, record] });
    const { sms } = testClient({
      guards: {
        consent: { mode: 'monitor', ledger },
        recipient: { mode: 'monitor', windows: [{ limit: 1, windowMs: minute }] },
        countries: { mode: 'monitor', allow: ['ID'] },
      },
    });
    expect((await sms.guards.inspect(message.destination)).refusals.map(({ guard }) => guard)).toEqual([
      'consent',
      'consent',
      'consent',
    ]);
  });

  it('say when a count may be too high', async () => {
    const clock = createFakeClock();
    const { sms } = testClient({ clock, limits: memoryLimits({ clock, maxRecipients: 1 }) });
    for (let index = 1; index <= 40; index += 1) {
      await sms.messages.send({ ...message, destination: numberOf(index) });
    }
    const { counters } = await sms.guards.inspect(message.destination, { guard: 'recipient' });
    expect(counters).toMatchObject([{ approximate: true }]);
  });

  it('release leaves ranges alone unless they are named, and raises an event without the number', async () => {
    const { sms, of, events } = testClient({ guards: { prefix: {} } });
    await sms.messages.send({ ...otp, destination: CANARY_NUMBER });
    await sms.guards.release(CANARY_NUMBER);
    expect(of('limits-released')).toMatchObject([
      {
        destination: '+65******54',
        guards: ['recipient', 'undeliverable', 'backoff', 'pumping', 'verificationAttempts'],
      },
    ]);
    const counts = async () =>
      (await sms.guards.inspect(CANARY_NUMBER)).counters.filter(({ count }) => count > 0);
    expect((await counts()).map(({ guard }) => guard)).toEqual(['prefix', 'prefix', 'prefix', 'prefix']);
    await sms.guards.release(CANARY_NUMBER, { guard: 'prefix' });
    expect(await counts()).toEqual([]);
    await sms.guards.release(CANARY_NUMBER, { guard: 'content' });
    expect(of('limits-released').at(-1)).toMatchObject({ guards: [] });
    expectNoCanary(events);
  });

  it.each([
    [5, {}, 'invalid-phone-number'],
    ['nobody', {}, 'invalid-phone-number'],
    [numberOf(1), { guard: 'recipients' }, 'validation'],
    [numberOf(1), { gaurd: 'recipient' }, 'validation'],
    [numberOf(1), [], 'validation'],
    [numberOf(1), null, 'validation'],
  ])('refuse %j %j', async (destination, query, code) => {
    const { sms } = testClient();
    for (const method of ['inspect', 'release'] as const) {
      expect(await failureOf(sms.guards[method](destination as string, query as never))).toMatchObject({
        code,
      });
    }
  });

  it('a store that fails is a StoreError that says no more, one that hangs ends with the call', async () => {
    const secret = `redis://secret@host ${CANARY_NUMBER}`;
    const failing = {
      ...memoryLimits(),
      inspect: async () => Promise.reject(new Error(secret)),
      release: () => {
        throw new Error(secret);
      },
    };
    const { sms, of } = testClient({ limits: { ...failing, take: async () => [], settle: async () => {} } });
    for (const call of [sms.guards.inspect(CANARY_NUMBER), sms.guards.release(CANARY_NUMBER)]) {
      const error = await failureOf(call);
      expect(error).toMatchObject({ code: 'store', submission: 'not-submitted' });
      expectNoCanary(error);
      expect(String(error)).not.toContain('secret');
    }
    expect(of('store-failed')).toHaveLength(2);
    const hangs = () => new Promise<never>(() => {});
    const stuck = testClient({ limits: { take: hangs, settle: hangs, inspect: hangs, release: hangs } });
    for (const method of ['inspect', 'release'] as const) {
      const waiting = failureOf(stuck.sms.guards[method](numberOf(1), {}, { deadlineMs: 100 }));
      expect(await drive(waiting)).toMatchObject({ code: 'timeout' });
    }
    expect(stuck.of('store-failed')).toEqual([]);
  });

  it('a store of your own may leave a time or a counter out', async () => {
    const limits = memoryLimits();
    limits.inspect = async (_, [rule]) => (rule === undefined ? [] : [{ rule, count: 99 }]);
    const { sms } = testClient({ limits });
    const { counters, refusals } = await sms.guards.inspect(numberOf(1));
    expect(counters).toMatchObject([{ rule: 'recipient:all', count: 99 }]);
    expect(refusals.find(({ guard }) => guard === 'recipient')).toEqual({
      guard: 'recipient',
      purpose: 'transactional',
      reason: 'over-limit',
      message: expect.stringContaining('already got 99 of'),
    });
  });

  it('feedback that cannot clear the wait says so', async () => {
    const limits = memoryLimits();
    limits.release = async () => Promise.reject(new Error(CANARY_NUMBER));
    const { sms, emulator, of } = testClient({ limits });
    await sms.messages.send({ ...otp, destination: CANARY_NUMBER });
    const umid = emulator.messages[0]?.umid ?? '';
    const error = await failureOf(
      sms.messages.feedback(umid, { outcome: 'success', destination: CANARY_NUMBER }),
    );
    expect(error).toMatchObject({ code: 'store' });
    expectNoCanary(error);
    expect(of('store-failed')).toHaveLength(1);
  });

  it('a clock that is broken is said as it is', async () => {
    const { sms } = testClient({ clock: { now: () => Number.NaN } });
    expect(await failureOf(sms.guards.inspect(numberOf(1)))).toMatchObject({ code: 'store' });
    expect(await failureOf(sms.messages.send(message))).toMatchObject({
      code: 'store',
      submission: 'not-submitted',
    });
  });

  it('ends with the call while a hook is asked', async () => {
    const check = () => new Promise<never>(() => {});
    const { sms } = testClient({ guards: { consent: { check } } });
    const waiting = failureOf(sms.guards.inspect(numberOf(1), {}, { deadlineMs: 100 }));
    expect(await drive(waiting)).toMatchObject({ code: 'timeout' });
  });
});

describe('clients of one scope with different windows', () => {
  const tenIn = (windowMs: number) => ({ recipient: { limit: 10, windowMs } }) as const;

  it('count together, each in its own window', async () => {
    const { sms, clock } = testClient({ guards: tenIn(30 * minute) });
    const child = sms.withOptions({ guards: tenIn(29 * minute) });
    const ten = new Array(10).fill(message);
    expect(await sendAll(sms, ten)).toEqual(new Array(10).fill('ok'));
    expect(await sendAll(child, ten)).toEqual(new Array(10).fill('over-limit'));
    expect(await failureOf(child.messages.send(message))).toMatchObject({ retryAfterMs: 29 * minute });
    clock.advance(29 * minute);
    expect(await sendAll(sms, [message])).toEqual(['over-limit']);
    expect(await sendAll(child, ten)).toEqual(new Array(10).fill('ok'));
    clock.advance(minute);
    expect(await sendAll(sms, [message])).toEqual(['over-limit']);
    const { counters } = await sms.guards.inspect(message.destination, { guard: 'recipient' });
    expect(counters).toMatchObject([{ rule: 'recipient:all', count: 10 }]);
  });

  it('count scheduled messages together', async () => {
    const { sms, clock } = testClient({ guards: { recipient: { limit: 2, windowMs: 30 * minute } } });
    const child = sms.withOptions({ guards: { recipient: { limit: 2, windowMs: 20 * minute } } });
    const at = (ms: number) => ({ ...message, scheduled: new Date(clock.now() + ms) });
    const day = 24 * 60 * minute;
    expect(await sendAll(sms, [at(day)])).toEqual(['ok']);
    clock.advance(40 * minute);
    expect(await sendAll(child, [at(day - 40 * minute)])).toEqual(['ok']);
    clock.advance(40 * minute);
    expect(await sendAll(sms, [at(day - 80 * minute)])).toEqual(['over-limit']);
    expect(await sendAll(child, [at(day - 80 * minute)])).toEqual(['over-limit']);
  });

  it('count the shortest windows together when one has more of them', async () => {
    const { sms } = testClient({ guards: { recipient: [{ limit: 3, windowMs: minute }] } });
    const windows = [
      { limit: 9, windowMs: 60 * minute },
      { limit: 3, windowMs: 2 * minute },
    ];
    const child = sms.withOptions({ guards: { recipient: windows } });
    expect(await sendAll(child, [message, message])).toEqual(['ok', 'ok']);
    expect(await sendAll(sms, [message, message])).toEqual(['ok', 'over-limit']);
    expect(await sendAll(child, [message])).toEqual(['over-limit']);
    const { counters } = await child.guards.inspect(message.destination, { guard: 'recipient' });
    expect(counters).toMatchObject([
      { rule: 'recipient:all', count: 3, windowMs: 2 * minute },
      { rule: 'recipient:all:2', count: 2, windowMs: 60 * minute },
    ]);
  });
});

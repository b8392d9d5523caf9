import { describe, expect, it } from 'vitest';
import {
  type LimitStore,
  memoryConsentLedger,
  memoryLimits,
  type PumpingGuardOptions,
} from '../../src/index.ts';
import { createWebhookReceiver } from '../../src/webhooks/index.ts';
import { numberOf, testClient } from '../support/client.ts';
import { AUTHORIZATION, post, receiptBody } from '../support/webhooks.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** The error of a call, or undefined when it was let through. */
async function failureOf(request: Promise<unknown>): Promise<unknown> {
  return request.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** A client that limits nothing but pumping. */
function pumpingClient(
  pumping: false | PumpingGuardOptions | undefined,
  options: Parameters<typeof testClient>[0] = {},
) {
  const client = testClient({
    ...options,
    guards: {
      recipient: false,
      backoff: false,
      ...options.guards,
      ...(pumping !== undefined && { pumping }),
    },
  });
  const { sms, clock } = client;
  const code = (index: number, more: object = {}) =>
    sms.messages.send({ destination: numberOf(index), text: 'Your code is 4711', purpose: 'otp', ...more });
  /** Codes to as many strangers of one block of ten thousand as are normal there: eight. */
  const fillBlock = async (more: object = {}, from = 0) => {
    for (let index = from; index < from + 8; index += 1) await code(index, more);
  };
  const succeed = (index: number, more: object = {}) =>
    sms.guards.reportOutcome({ destination: numberOf(index), outcome: 'success', ...more });
  /** Twenty people enter codes, so that outcomes are known to be reported. */
  const reportOutcomes = async () => {
    for (let index = 0; index < 20; index += 1) {
      const other = 20_000 + index * 10_000;
      await code(other);
      clock.advance(MINUTE_MS);
      await succeed(other);
    }
  };
  return { ...client, code, fillBlock, succeed, reportOutcomes };
}

describe('pumping in monitor mode, which is on without being asked for', () => {
  it('lets a message pass and says what it would have refused, with both numbers', async () => {
    const { code, fillBlock, of, sms, clock } = pumpingClient(undefined);
    await fillBlock();
    expect(of('guard-observed')).toEqual([]);
    await code(8);
    const sentence = '8 new numbers of +659100xxxx today; up to 8 are normal.';
    expect(of('guard-observed')).toMatchObject([
      {
        decision: {
          guard: 'pumping',
          reason: 'suspended',
          mode: 'monitor',
          observed: 8,
          limit: 8,
          explanation: sentence,
        },
      },
    ]);
    expect(of('suspension-started')).toMatchObject([
      { place: 'crowd', range: '+659100', afterTest: false, observed: 8, limit: 8, explanation: sentence },
    ]);
    clock.advance(HOUR_MS);
    const now = clock.now();
    expect(await sms.guards.suspensions()).toEqual([
      {
        kind: 'crowd',
        place: { range: '+659100' },
        count: 1,
        afterTest: false,
        observed: 7,
        limit: 8,
        explanation: '7 new numbers of +659100xxxx today; up to 8 are normal.',
        startedAt: now - HOUR_MS,
        nextAt: now + 11 * HOUR_MS,
      },
    ]);
    expect(of('suspension-started')).toHaveLength(1);
  });

  it('counts one-time passwords only, unless other purposes are named', async () => {
    const { sms, fillBlock, of } = pumpingClient(undefined);
    await fillBlock({ purpose: 'transactional' });
    await sms.messages.send({ destination: numberOf(8), text: 'Hello' });
    expect(of('guard-observed')).toEqual([]);
    const named = pumpingClient({ purposes: ['transactional'] });
    await named.fillBlock({ purpose: 'transactional' });
    await named.code(8, { purpose: 'transactional' });
    expect(named.of('guard-observed')).toHaveLength(1);
    await named.code(9);
    expect(named.of('guard-observed')).toHaveLength(1);
  });

  it('is off when it is false', async () => {
    const { sms, code, fillBlock, of, succeed } = pumpingClient(false);
    await fillBlock();
    await code(8);
    expect(of('guard-observed')).toEqual([]);
    await succeed(8);
    await sms.guards.reportOutcome({ destination: numberOf(1), outcome: 'other-way' });
    for (const call of [
      sms.guards.suspensions(),
      sms.guards.lift({ pool: true }),
      sms.guards.trust({ country: 'SG' }),
    ]) {
      expect(await failureOf(call)).toMatchObject({ code: 'configuration', option: 'guards.pumping' });
    }
  });
});

describe('pumping that enforces', () => {
  it('refuses where nobody can be asked, and says when the next stranger passes', async () => {
    const { code, fillBlock, of, clock } = pumpingClient({ mode: 'enforce' });
    await fillBlock();
    const error = await failureOf(code(8));
    expect(error).toMatchObject({
      name: 'GuardError',
      code: 'guard',
      guard: 'pumping',
      reason: 'suspended',
      action: 'refuse',
      retryAfterMs: 12 * HOUR_MS,
      submission: 'not-submitted',
      message: '8 new numbers of +659100xxxx today; up to 8 are normal. Try again in 12 h. Nothing was sent.',
      decision: { rule: 'pumping', observed: 8, limit: 8 },
    });
    expect(of('message-blocked')).toHaveLength(1);
    // One stranger passes, and the next one waits.
    clock.advance(12 * HOUR_MS);
    await fillBlock({}, 8).catch(() => {});
    expect(await failureOf(code(17))).toMatchObject({ reason: 'suspended' });
  });

  it('asks for a captcha, and then for another channel', async () => {
    const { sms, code, fillBlock } = pumpingClient({ mode: 'enforce', action: 'ask' });
    await fillBlock();
    const asked = await failureOf(code(8));
    expect(asked).toMatchObject({ reason: 'captcha-needed', action: 'ask', retryAfterMs: 12 * HOUR_MS });
    expect((asked as Error).message).toContain('human: { passed: true }. Without that, try again in 12 h.');
    expect(await failureOf(code(8, { human: { passed: false } }))).toMatchObject({
      reason: 'captcha-needed',
    });
    expect(await failureOf(code(8, { human: { token: 'never verified' } }))).toMatchObject({
      guard: 'human',
    });
    await fillBlock({ human: { passed: true } }, 8);
    const channel = await failureOf(code(16, { human: { passed: true } }));
    expect(channel).toMatchObject({ reason: 'other-channel-needed', action: 'refuse' });
    expect((channel as Error).message).toContain('such as WhatsApp. Without that, try again in 12 h.');
    expect(await failureOf(sms.verifications.start({ destination: numberOf(17) }))).toMatchObject({
      reason: 'captcha-needed',
    });
    const call = { channel: 'call', template: '{code}', language: 'en-US' } as const;
    expect(await failureOf(sms.verifications.start({ destination: numberOf(17), ...call }))).toMatchObject({
      guard: 'pumping',
    });
    await sms.verifications.start({
      destination: numberOf(17),
      channel: 'whatsapp',
      whatsapp: { templateName: 'code' },
    });
    expect((await sms.guards.suspensions()).map(({ afterTest }) => afterTest)).toEqual([false, true]);
  });

  it('counts nothing for a message that another guard refuses, or that provably never left', async () => {
    const { sms, code, emulator } = pumpingClient(
      { mode: 'enforce', action: 'ask' },
      { guards: { recipient: { limit: 2, windowMs: HOUR_MS } } },
    );
    const counted = async () => {
      const { counters } = await sms.guards.inspect(numberOf(0), { guard: 'pumping' });
      return counters;
    };
    for (let turn = 0; turn < 5; turn += 1) await failureOf(code(0));
    expect(await counted()).toEqual([{ guard: 'pumping', rule: 'pumping', count: 2 }]);
    emulator.failNext('refused', { times: 20 });
    for (let index = 1; index < 12; index += 1) {
      expect(await failureOf(code(index))).toMatchObject({ code: 'connection', submission: 'not-submitted' });
    }
    expect(await sms.guards.suspensions()).toEqual([]);
  });

  it('holds a number whose codes are not entered, and nobody else', async () => {
    const { sms, code, clock } = pumpingClient({ mode: 'enforce', action: 'ask' });
    for (let turn = 0; turn < 5; turn += 1) {
      await code(1);
      clock.advance(10_000);
    }
    expect(await failureOf(code(1))).toMatchObject({
      reason: 'captcha-needed',
      decision: {
        observed: 4,
        limit: 4,
        explanation: '4 codes to this number were not entered; up to 4 are normal.',
      },
    });
    await code(2);
    const { refusals } = await sms.guards.inspect(numberOf(1), { guard: 'pumping' });
    expect(refusals).toMatchObject([
      { guard: 'pumping', purpose: 'otp', reason: 'captcha-needed', retryAfterMs: 12 * HOUR_MS },
    ]);
    expect((await sms.guards.inspect(numberOf(2), { guard: 'pumping' })).refusals).toEqual([]);
    expect(await sms.guards.suspensions()).toMatchObject([{ kind: 'number', count: 1, afterTest: false }]);
    await sms.guards.release(numberOf(1), { guard: 'pumping' });
    await code(1);
  });

  it('suspends a number where nobody can be asked, and inspect says so', async () => {
    const { sms, code, clock } = pumpingClient({ mode: 'enforce', action: 'refuse' });
    for (let turn = 0; turn < 5; turn += 1) {
      await code(1);
      clock.advance(10_000);
    }
    expect(await failureOf(code(1))).toMatchObject({ reason: 'suspended' });
    const { refusals } = await sms.guards.inspect(numberOf(1), { guard: 'pumping' });
    expect(refusals).toMatchObject([{ guard: 'pumping', purpose: 'otp', reason: 'suspended' }]);
  });

  it('lets acquaintances pass: who entered a code more than 6 hours ago, or is known to the application', async () => {
    const { code, fillBlock, succeed, clock, sms } = pumpingClient({ mode: 'enforce', action: 'ask' });
    await code(8, { subject: 'device' });
    await succeed(8, { subject: 'device' });
    clock.advance(6 * HOUR_MS);
    await fillBlock();
    await code(8);
    await code(9, { returning: true });
    await code(10, { subject: 'device' });
    expect(await failureOf(code(11))).toMatchObject({ reason: 'captcha-needed' });
    // A subject vouches for three new numbers a day.
    await code(12, { subject: 'device' });
    await code(13, { subject: 'device' });
    expect(await failureOf(code(14, { subject: 'device' }))).toMatchObject({ reason: 'captcha-needed' });
    clock.advance(12 * HOUR_MS);
    await sms.guards.release(numberOf(8), { guard: 'pumping' });
    await code(8);
    await sms.guards.release(numberOf(8));
    // The one stranger of twelve hours, who asks for the code again; not a fourth time.
    for (let turn = 0; turn < 3; turn += 1) await code(8);
    expect(await failureOf(code(8))).toMatchObject({ reason: 'captcha-needed' });
  });
});

describe('the outcomes of pumping', () => {
  /** A client that sent two codes to a number, and how many of them count in it. */
  async function withCodes(options: Parameters<typeof testClient>[0] = {}) {
    const client = pumpingClient({ mode: 'enforce', action: 'ask' }, options);
    const { sms } = client;
    const count = async (destination: string) => {
      const { counters } = await sms.guards.inspect(destination, { guard: 'pumping' });
      return counters[0]?.count;
    };
    return { ...client, count };
  }
  const destination = numberOf(1);

  it('are what verifications.check says', async () => {
    const { sms, count, emulator } = await withCodes();
    const { sessionId } = await sms.verifications.start({ destination });
    expect(await count(destination)).toBe(1);
    await failureOf(sms.verifications.check(sessionId, { destination, code: '000' }));
    expect(await count(destination)).toBe(1);
    const code = emulator.verifications[0]?.code ?? '';
    expect(await sms.verifications.check(sessionId, { destination, code })).toMatchObject({ verified: true });
    expect(await count(destination)).toBe(0);
  });

  it('are a silent authentication that ended well, as soon as its state is read', async () => {
    const { sms, count, code, emulator } = await withCodes();
    await code(1);
    expect(await count(destination)).toBe(1);
    const subject = 'device';
    const { sessionId, sma } = await sms.verifications.start({ destination, channel: 'sma', subject });
    await sms.verifications.get(sessionId, { destination, subject });
    expect(await count(destination)).toBe(1);
    await emulator.fetch(sma?.verificationUrl ?? '');
    await sms.verifications.get(sessionId, { destination, subject });
    expect(await count(destination)).toBe(0);
  });

  it('are what oneTimePasswords.check says', async () => {
    const { sms, count } = await withCodes();
    let code = '';
    const text = (values: { code: string }) => {
      code = values.code;
      return `Your code is ${code}`;
    };
    await sms.oneTimePasswords.issue({ destination, subject: 'device', text });
    expect(await count(destination)).toBe(1);
    await sms.oneTimePasswords.check({ destination, subject: 'device', code });
    expect(await count(destination)).toBe(0);
  });

  it('are what messages.feedback says with the number, also late, and not what it says without', async () => {
    const { sms, count, code, clock, of } = await withCodes();
    const { umid } = await code(1);
    await sms.messages.feedback(umid, { outcome: 'success' });
    await sms.messages.feedback(umid, { outcome: 'failure', destination });
    expect(await count(destination)).toBe(1);
    clock.advance(20 * MINUTE_MS);
    await sms.messages.feedback(umid, { outcome: 'success', destination, sentAt: new Date(0) });
    expect(of('feedback-late')).toHaveLength(1);
    expect(await count(destination)).toBe(0);
  });

  it('are what guards.reportOutcome says', async () => {
    const { sms, count, code, of } = await withCodes();
    for (let turn = 0; turn < 3; turn += 1) await code(1);
    await sms.guards.reportOutcome({ destination: '9100 0001', country: 'SG', outcome: 'other-way' });
    expect(await count(destination)).toBe(2);
    expect(of('backoff-cleared')).toEqual([]);
    await code(2);
    await sms.guards.reportOutcome({ destination: numberOf(2), outcome: 'success', subject: 'device' });
    expect(await count(numberOf(2))).toBe(0);
    expect(of('backoff-cleared')).toHaveLength(1);
    for (const [report, path] of [
      [{ destination }, 'report.outcome'],
      [{ destination, outcome: 'failure' }, 'report.outcome'],
      [{ outcome: 'success' }, 'report.destination'],
    ] as const) {
      expect(await failureOf(sms.guards.reportOutcome(report as never))).toMatchObject({
        code: 'validation',
        path,
      });
    }
  });

  it('are what a receipt says that calls the message fraud, and no other receipt', async () => {
    const client = await withCodes();
    const { sms, count, code } = client;
    const receiver = createWebhookReceiver({
      client: sms,
      authentication: { authorization: AUTHORIZATION },
      handlers: {},
    });
    const { umid } = await code(1);
    const status = { timestamp: '2026-11-22T09:00:00Z' };
    await receiver.receive(post(receiptBody({ umid, destination }, { state: 'delivered', ...status })));
    expect(await count(destination)).toBe(1);
    for (const detail of ['first', 'again']) {
      const fraud = { state: 'undelivered', errorCode: 99, detail, ...status };
      await receiver.receive(post(receiptBody({ umid, destination }, fraud)));
      expect(await count(destination), detail).toBe(2);
    }
  });

  it('are missed when they stop, when there are none, and when few are reported', async () => {
    const none = pumpingClient(undefined);
    for (let index = 0; index < 205; index += 1) await none.code(index * 2_000);
    expect(none.of('outcomes-missing')).toMatchObject([{ reason: 'none' }]);
    none.clock.advance(DAY_MS);
    await none.code(500_000);
    expect(none.of('outcomes-missing')).toHaveLength(2);

    const stopped = pumpingClient(undefined);
    await stopped.reportOutcomes();
    stopped.clock.advance(10 * DAY_MS);
    await stopped.code(500_000);
    expect(stopped.of('outcomes-missing')).toEqual([]);
    stopped.clock.advance(DAY_MS);
    await stopped.code(500_001);
    expect(stopped.of('outcomes-missing')).toMatchObject([{ reason: 'stopped', expected: 220 }]);

    const few = pumpingClient(undefined);
    await few.reportOutcomes();
    for (let index = 0; index < 110; index += 1) {
      await few.code(index * 1_000, { returning: true });
      if (index % 2 === 0) await few.succeed(index * 1_000);
    }
    expect(few.of('outcomes-missing')).toMatchObject([{ reason: 'few', part: 0.45 }]);
  });
});

describe('the desk of pumping', () => {
  it('lifts a place, and says so', async () => {
    const { sms, code, fillBlock, of } = pumpingClient({ mode: 'enforce' });
    await fillBlock();
    expect(await failureOf(code(8))).toMatchObject({ reason: 'suspended' });
    const [suspension] = await sms.guards.suspensions();
    await sms.guards.lift(suspension?.place as { range: string });
    expect(await sms.guards.suspensions()).toEqual([]);
    await code(8);
    for (const place of [
      { country: 'SG' },
      { country: '882' },
      { number: numberOf(1) },
      { clientIp: '203.0.113.7' },
      { pool: true },
    ] as const) {
      await sms.guards.lift(place);
    }
    expect(of('suspension-lifted').map(({ place }) => place)).toEqual([
      '+659100',
      'SG',
      '882',
      '+65******01',
      'address',
      'pool',
    ]);
  });

  it('trusts a country, a range or a number for some days', async () => {
    const places = [{ country: 'SG' }, { range: '+6591' }, { number: numberOf(8) }] as const;
    for (const place of places) {
      const { sms, code, fillBlock, clock } = pumpingClient({ mode: 'enforce' });
      await sms.guards.trust(place);
      for (let turn = 0; turn < 9; turn += 1) await code(8);
      clock.advance(30 * DAY_MS);
      await fillBlock();
      expect(await failureOf(code(8)), JSON.stringify(place)).toMatchObject({ reason: 'suspended' });
      await sms.guards.trust({ ...place, days: 366 });
      await code(8);
      clock.advance(HOUR_MS);
      await sms.guards.trust({ ...place, days: 0 });
      expect(await failureOf(code(8)), JSON.stringify(place)).toMatchObject({ reason: 'suspended' });
    }
  });

  it('refuses a place that it cannot read', async () => {
    const { sms } = pumpingClient(undefined);
    for (const place of [
      {},
      { country: 'SG', pool: true },
      { country: 'Singapore' },
      { range: '6591' },
      { pool: false },
      { clientIp: 'x' },
      { ranges: '+65' },
    ]) {
      expect(await failureOf(sms.guards.lift(place as never)), JSON.stringify(place)).toMatchObject({
        code: 'validation',
      });
      expect(await failureOf(sms.guards.trust(place as never))).toMatchObject({ code: 'validation' });
    }
    expect(await failureOf(sms.guards.trust({ country: 'SG', days: 367 }))).toMatchObject({
      path: 'place.days',
    });
    expect(await failureOf(sms.guards.lift({ number: '+65123' }))).toMatchObject({
      code: 'invalid-phone-number',
    });
  });

  it('trusts at most a thousand places', async () => {
    const { sms } = pumpingClient(undefined);
    for (let index = 0; index < 1_000; index += 1) await sms.guards.trust({ range: `+${1_000 + index}` });
    expect(await failureOf(sms.guards.trust({ country: 'SG' }))).toMatchObject({
      code: 'validation',
      message: '1,000 places are trusted already. Remove one with days: 0.',
    });
    await sms.guards.trust({ range: '+1000', days: 0 });
    await sms.guards.trust({ country: 'SG' });
  });
});

describe('the suspensions of pumping', () => {
  it('name a country, and all countries in which hardly anybody enters codes', async () => {
    const { sms, code, reportOutcomes, clock } = pumpingClient({
      mode: 'enforce',
      action: 'ask',
      tolerance: { money: 0.8 },
    });
    await reportOutcomes();
    const inIndonesia = (index: number) => ({ destination: `+62812${30_000_000 + index * 1_010_101}` });
    for (let index = 0; index < 17; index += 1) await failureOf(code(0, inIndonesia(index)));
    for (let index = 0; index < 30; index += 1) {
      await failureOf(code(0, { destination: `+6013${3_000_000 + index * 11_111}` }));
    }
    clock.advance(5 * MINUTE_MS);
    for (const destination of [inIndonesia(40).destination, '+60139999999']) {
      expect(await failureOf(code(0, { destination }))).toMatchObject({ reason: 'captcha-needed' });
    }
    const suspensions = await sms.guards.suspensions();
    expect(suspensions.filter(({ kind }) => kind === 'country' || kind === 'pool')).toMatchObject([
      { kind: 'pool', place: { pool: true }, limit: 15 },
      { kind: 'country', place: { country: 'ID' } },
      { kind: 'country', place: { country: 'MY' } },
    ]);
    for (const { place } of suspensions) if (place !== undefined) await sms.guards.lift(place);
    expect(await sms.guards.suspensions()).toEqual([]);
  });
});

describe('pumping and a person', () => {
  it('is forgotten by consent.forget, with the subject that entered codes with the number', async () => {
    const { sms, code, fillBlock, succeed, clock } = pumpingClient(
      { mode: 'enforce' },
      { guards: { consent: { ledger: memoryConsentLedger(), forgetSecret: 'x'.repeat(32) } } },
    );
    await code(8, { subject: 'device' });
    await succeed(8, { subject: 'device' });
    await sms.guards.trust({ number: numberOf(8) });
    clock.advance(6 * HOUR_MS);
    await code(8);
    await sms.consent.forget(numberOf(8));
    await fillBlock();
    expect(await failureOf(code(8))).toMatchObject({ reason: 'suspended' });
    expect(await failureOf(code(9, { subject: 'device' }))).toMatchObject({ reason: 'suspended' });
  });

  it('shows no number and no address, and keeps what it counts per account', async () => {
    const limits = memoryLimits();
    const { sms, code, events } = pumpingClient({ mode: 'enforce' }, { limits });
    for (let turn = 0; turn < 9; turn += 1) await failureOf(code(1, { clientIp: '203.0.113.7' }));
    const shown = JSON.stringify([await sms.guards.suspensions(), events]);
    expect(shown).toContain('suspended');
    expect(shown).not.toMatch(/91000001|203\.0\.113/);
    await sms.withOptions({ scope: 'another' }).messages.send({
      destination: numberOf(1),
      text: 'Your code is 4711',
      purpose: 'otp',
    });
  });
});

describe('a limit store that keeps no doubt', () => {
  function withoutDoubts(): LimitStore {
    const store = memoryLimits();
    return {
      take: (...args) => store.take(...args),
      settle: (...args) => store.settle(...args),
      inspect: (...args) => store.inspect(...args),
      release: (...args) => store.release(...args),
    };
  }

  it('is not asked to by default, and refuses to be asked', async () => {
    const { code, fillBlock, of, sms, succeed } = pumpingClient(undefined, { limits: withoutDoubts() });
    await fillBlock();
    await code(8);
    await succeed(8);
    expect(of('guard-observed')).toEqual([]);
    expect(await failureOf(sms.guards.suspensions())).toMatchObject({ code: 'configuration' });
    await sms.guards.release(numberOf(1));
    for (const mode of ['monitor', 'enforce'] as const) {
      expect(() => pumpingClient({ mode }, { limits: withoutDoubts() })).toThrow(
        /guards\.pumping needs a limit store that keeps doubt/,
      );
    }
  });
});

describe('the options of pumping', () => {
  it('are read', () => {
    for (const pumping of [
      { mode: 'on' },
      { action: 'captcha' },
      { tolerance: { money: 0 } },
      { tolerance: { currency: 'usd' } },
      { prices: { Singapore: 0.1 } },
      { prices: { SG: -1 } },
      { purposes: ['marketing'] },
      { budget: 1 },
    ]) {
      expect(() => pumpingClient(pumping as never), JSON.stringify(pumping)).toThrow(/guards\.pumping/);
    }
  });
});

import { describe, expect, it } from 'vitest';
import { type ClientIpGuardOptions, LimitError, memoryLimits } from '../../src/index.ts';
import { numberOf, testClient } from '../support/client.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const OFFICE = '203.0.113.7';

/** A client whose other limits let everything through. */
function clientWith(clientIp: ClientIpGuardOptions, more: Parameters<typeof testClient>[0] = {}) {
  const guards = { recipient: false, backoff: false, clientIp } as const;
  const client = testClient({ ...more, guards });
  const { sms } = client;
  const send = (destination: string, visitor: object = { clientIp: OFFICE }) =>
    sms.messages.send({ destination, text: 'Your code is 4711', purpose: 'otp', ...visitor });
  /** How many of them are let through. */
  const count = async (destinations: readonly string[], visitor?: object) => {
    let sent = 0;
    for (const destination of destinations) {
      await send(destination, visitor).then(
        () => {
          sent += 1;
        },
        (error: unknown) => expect(error).toMatchObject({ guard: 'clientIp' }),
      );
    }
    return sent;
  };
  /** The person of a number enters the code that was requested from an address. */
  const succeed = async (destination: string, clientIp = OFFICE, subject?: string) => {
    const { umid } = await send(destination, { clientIp, subject });
    await sms.messages.feedback(umid, { outcome: 'success', destination, clientIp, subject });
  };
  return { ...client, send, count, succeed };
}

async function failureOf(request: Promise<unknown>): Promise<LimitError> {
  return request.then(
    () => expect.fail('it was let through'),
    (error: unknown) => error as LimitError,
  );
}

const neighbours = (many: number, first = 0) =>
  Array.from({ length: many }, (_, index) => numberOf(first + index));
const same = (many: number) => Array.from({ length: many }, () => numberOf(1));
const ABROAD = ['+6591234567', '+6281234567890', '+639171234567', '+60123456789', '+66812345678'];

describe('the guard clientIp', () => {
  it('lets 20 messages an hour through from one address', async () => {
    const { send, count, clock } = clientWith({});
    expect(await count(same(25))).toBe(20);
    const error = await failureOf(send(numberOf(1)));
    expect(error).toBeInstanceOf(LimitError);
    expect(error).toMatchObject({
      guard: 'clientIp',
      reason: 'over-limit',
      action: 'refuse',
      retryAfterMs: HOUR_MS,
      decision: { rule: 'client-ip:messages:3600000', observed: 20, limit: 20, windowMs: HOUR_MS },
    });
    expect(error.message).toBe(
      '20 of 20 messages allowed in 1 h were requested from this client address. Try again in 1 h. Nothing was sent.',
    );
    expect(await count(same(1), { clientIp: '203.0.113.8' })).toBe(1);
    expect(await count(same(1), {})).toBe(1);
    clock.advance(HOUR_MS);
    expect(await count(same(25))).toBe(20);
  });

  it('lets 10 different numbers an hour through, and 3 countries a day', async () => {
    const { count, send, clock } = clientWith({});
    expect(await count(neighbours(15))).toBe(10);
    // A number that is counted is not refused.
    expect(await count(neighbours(9))).toBe(9);
    const error = await failureOf(send(numberOf(11)));
    expect(error.message).toContain('10 of 10 different numbers allowed in 1 h were requested');
    clock.advance(HOUR_MS);
    expect(await count(ABROAD)).toBe(3);
    clock.advance(2 * HOUR_MS);
    expect((await failureOf(send('+60123456789'))).message).toContain('different countries allowed in 1 d');
    clock.advance(DAY_MS);
    expect(await count(['+60123456789'])).toBe(1);
  });

  it('counts an IPv6 address by its /64', async () => {
    const { count } = clientWith({ messages: { limit: 2, windowMs: HOUR_MS } });
    expect(await count(same(2), { clientIp: '2001:db8:1:2::1' })).toBe(2);
    expect(await count(same(1), { clientIp: '2001:db8:1:2:ffff::9' })).toBe(0);
    expect(await count(same(1), { clientIp: '2001:db8:1:3::1' })).toBe(1);
  });

  it('counts one country for all numbers of a calling code without one', async () => {
    const { count } = clientWith({ countries: { limit: 1, windowMs: HOUR_MS } }, {});
    const guards = { phone: false, recipient: false, backoff: false } as const;
    expect(await count(['+6591234567'])).toBe(1);
    const { sms } = testClient({
      guards: { ...guards, clientIp: { countries: { limit: 1, windowMs: HOUR_MS } } },
    });
    const toSatellite = (destination: string) =>
      sms.messages.send({ destination, text: 'Hello', clientIp: OFFICE });
    await toSatellite('+881612345678');
    await toSatellite('+881612345679');
    expect(await failureOf(toSatellite('+870301234567'))).toMatchObject({ guard: 'clientIp' });
  });

  it('has each limit on its own, several windows, and purposes', async () => {
    const off = { messages: false, numbers: false, countries: false } as const;
    expect(await clientWith(off).count(same(60))).toBe(60);
    expect(await clientWith({ ...off, numbers: { limit: 1, windowMs: HOUR_MS } }).count(neighbours(3))).toBe(
      1,
    );
    const windows = [
      { limit: 2, windowMs: 60_000 },
      { limit: 3, windowMs: HOUR_MS },
    ];
    const { count, clock } = clientWith({ ...off, messages: windows });
    expect(await count(same(4))).toBe(2);
    clock.advance(60_000);
    expect(await count(same(4))).toBe(1);
    const marketing = { purpose: 'transactional', clientIp: OFFICE };
    expect(await clientWith({ messages: windows, purposes: ['otp'] }).count(same(9), marketing)).toBe(9);
    expect(await clientWith({ messages: windows }).count(same(9), marketing)).toBe(2);
  });

  it('only reports in monitor mode', async () => {
    const { count, of } = clientWith({ mode: 'monitor', messages: { limit: 1, windowMs: HOUR_MS } });
    expect(await count(same(3))).toBe(3);
    expect(of('guard-observed').map(({ decision }) => decision.rule)).toEqual([
      'client-ip:messages:3600000',
      'client-ip:messages:3600000',
    ]);
  });

  it('asks for a captcha instead of refusing, and lets a person through', async () => {
    const { count, send } = clientWith({ action: 'ask', numbers: { limit: 2, windowMs: HOUR_MS } });
    expect(await count(neighbours(3))).toBe(2);
    const error = await failureOf(send(numberOf(3)));
    expect(error).toMatchObject({ action: 'ask', reason: 'captcha-needed', decision: { action: 'ask' } });
    expect(error.message).toContain('human: { passed: true }');
    await send(numberOf(3), { clientIp: OFFICE, human: { passed: true } });
    await failureOf(send(numberOf(4), { clientIp: OFFICE, human: { passed: false } }));
    // Without action: 'ask' a captcha lifts nothing.
    const strict = clientWith({ numbers: { limit: 1, windowMs: HOUR_MS } });
    expect(await strict.count(neighbours(3), { clientIp: OFFICE, human: { passed: true } })).toBe(1);
  });
});

describe('an address that many people share', () => {
  it('has ten times as much once two of them entered their codes', async () => {
    const { count, succeed } = clientWith({});
    await succeed(numberOf(500_001));
    await succeed(numberOf(500_002));
    // Those two count as well.
    expect(await count(neighbours(150))).toBe(98);
    expect(await count(neighbours(10), { clientIp: '203.0.113.8' })).toBe(10);
  });

  it('is not proven by one person, however often', async () => {
    const { count, succeed } = clientWith({});
    for (let turn = 0; turn < 5; turn += 1) await succeed(numberOf(1));
    expect(await count(neighbours(15))).toBe(10);
  });

  it('is proven for 14 days', async () => {
    const { count, succeed, clock } = clientWith({ provenFactor: 2 });
    await succeed(numberOf(500_001));
    await succeed(numberOf(500_002));
    clock.advance(14 * DAY_MS - 1);
    expect(await count(neighbours(25))).toBe(20);
    clock.advance(HOUR_MS);
    expect(await count(neighbours(25))).toBe(10);
  });

  it('is proven through verifications and one-time passwords too', async () => {
    const { sms, count, emulator } = clientWith({});
    const destination = numberOf(500_001);
    const { sessionId } = await sms.verifications.start({ destination, clientIp: OFFICE });
    const code = emulator.verifications[0]?.code ?? '';
    const checked = await sms.verifications.check(sessionId, { destination, code, clientIp: OFFICE });
    expect(checked.verified).toBe(true);
    const visitor = { destination: numberOf(500_002), subject: 'visitor-7', clientIp: OFFICE };
    await sms.oneTimePasswords.issue({ ...visitor, text: ({ code: issued }) => `Your code is ${issued}` });
    const issued = /\d+$/.exec(emulator.messages.at(-1)?.text ?? '')?.[0] ?? '';
    expect(await sms.oneTimePasswords.check({ ...visitor, code: issued })).toMatchObject({ verified: true });
    expect(await count(neighbours(30))).toBe(30);
  });

  it('does not hold up a visitor who is known with the number', async () => {
    const { count, succeed, send } = clientWith({ numbers: { limit: 2, windowMs: HOUR_MS } });
    const destination = numberOf(700_001);
    await succeed(destination, '198.51.100.1', 'device-7');
    expect(await count(neighbours(5), { clientIp: OFFICE, subject: 'device-8' })).toBe(2);
    await send(destination, { clientIp: OFFICE, subject: 'device-7' });
    expect(await failureOf(send(destination, { clientIp: OFFICE, subject: 'device-8' }))).toMatchObject({
      guard: 'clientIp',
    });
  });

  it('stays unproven when the store has no room for its success', async () => {
    const messagesOnly = {
      messages: { limit: 5, windowMs: HOUR_MS },
      numbers: false,
      countries: false,
    } as const;
    const limits = memoryLimits({ maxEntries: 1 });
    const { count, succeed, of } = clientWith(messagesOnly, { limits });
    await succeed(numberOf(500_001), '198.51.100.1');
    await succeed(numberOf(500_001));
    await succeed(numberOf(500_002));
    expect(of('store-failed')).toEqual([]);
    expect(await count(same(10))).toBe(3);
  });

  it('is not remembered by a client without the guard', async () => {
    const limits = memoryLimits();
    const { sms } = testClient({ limits, guards: { recipient: false, backoff: false } });
    for (const destination of neighbours(3, 500_001)) {
      const { umid } = await sms.messages.send({ destination, text: 'Hello', clientIp: OFFICE });
      await sms.messages.feedback(umid, { outcome: 'success', destination, clientIp: OFFICE });
    }
    expect(await clientWith({}, { limits }).count(neighbours(15))).toBe(10);
  });
});

describe('feedback with clientIp', () => {
  it('wants the number, and sends neither to 8x8', async () => {
    const { sms, emulator, send } = clientWith({});
    const { umid } = await send(numberOf(1));
    const feedback = sms.messages.feedback(umid, { outcome: 'success', clientIp: OFFICE });
    expect((await failureOf(feedback)).message).toContain('must have a destination');
    const wrong = sms.messages.feedback(umid, {
      outcome: 'success',
      destination: numberOf(1),
      clientIp: 'home',
    });
    expect((await failureOf(wrong)).message).toContain('feedback.clientIp');
    await sms.messages.feedback(umid, { outcome: 'success', destination: numberOf(1), clientIp: OFFICE });
    expect(emulator.requests.at(-1)?.body).toEqual({ outcome: 'success' });
  });
});

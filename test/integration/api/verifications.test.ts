import { describe, expect, it } from 'vitest';
import {
  GuardError,
  LimitError,
  memoryLimits,
  NotFoundError,
  type SmsClientOptions,
  StoreError,
  ValidationError,
} from '../../../src/index.ts';
import { CANARY_KEY, CANARY_NUMBER, expectNoCanary, shown } from '../../support/canary.ts';
import { numberOf, SUB_ACCOUNT_ID, testClient } from '../../support/client.ts';
import { createFakeClock, NOON } from '../../support/fake-clock.ts';
import { jsonResponse, lostConnection, refusedConnection, respondWith } from '../../support/respond-with.ts';
import { failureOf } from '../../support/transport.ts';

const NUMBER = numberOf(1);
const OTHER = numberOf(2);
const START = { destination: NUMBER } as const;

const session = {
  sessionId: 'a44a91be5ea5ea118169020897df5459',
  verifyUri: '/api/v2/subaccounts/team_otp/sessions/a44a91be5ea5ea118169020897df5459',
  destination: NUMBER,
  status: 'WAITING',
  attempt: 0,
  expiresAt: '2026-11-22T09:05:00Z',
  retryAfter: '2026-11-22T09:00:10Z',
};

function codeOf(client: ReturnType<typeof testClient>): string {
  return client.emulator.verifications.at(-1)?.code ?? '';
}

/** A code of the same length that is another one. */
function wrongCode(code: string): string {
  return code.replace(/./g, (digit) => String((Number(digit) + 1) % 10));
}

function operations(client: ReturnType<typeof testClient>): readonly (string | undefined)[] {
  return client.emulator.requests.map(({ operationId }) => operationId);
}

/** A client whose 8x8 gives these answers. */
function answering(answers: Parameters<typeof respondWith>[0], options: SmsClientOptions = {}) {
  const network = respondWith(answers);
  return { ...testClient({ fetch: network.fetch, ...options }), written: network.written };
}

describe('verifications.start', () => {
  it('makes 8x8 send a code and gives the session', async () => {
    const client = testClient({ defaultCountry: 'SG' });
    const started = await client.sms.verifications.start({ destination: '9100 0001', brand: 'Team' });
    const [emulated] = client.emulator.verifications;
    expect(started).toEqual({
      sessionId: emulated?.sessionId,
      verifyUri: `/api/v2/subaccounts/${SUB_ACCOUNT_ID}/sessions/${emulated?.sessionId}`,
      destination: NUMBER,
      status: 'WAITING',
      attempt: 0,
      expiresAt: '2026-11-22T09:05:00.000Z',
      retryAfter: '2026-11-22T09:00:10.000Z',
      // The backoff guard asks for more.
      retryAt: NOON + 30_000,
    });
    expect(client.emulator.messages[0]?.text).toBe(`Team: Your verification code is ${emulated?.code}`);
    expect(client.emulator.requests[0]?.body).toEqual({ destination: NUMBER, brand: 'Team' });
  });

  it('sends every field as 8x8 names it, and nothing of ours', async () => {
    const { sms, written } = answering([jsonResponse(session)]);
    const fields = {
      channel: 'call',
      brand: 'Team',
      codeLength: 6,
      codeValidity: 600,
      codeType: 'ALPHANUMERIC_EASY',
      template: 'Your {brand} code is {code}',
      language: 'en-US',
      resetSession: true,
      resendingInterval: 30,
      callbackUrl: 'https://team.example/verified',
      clientIp: '203.0.113.7',
      sms: { source: 'Team', encoding: 'AUTO' },
      call: { source: '+6561234567', speed: 0.8, repetition: 3, voiceProfile: 'en-US-Kimberly' },
      whatsapp: { templateName: 'otp' },
    } as const;
    await sms.verifications.start({
      ...fields,
      destination: '91000001',
      country: 'SG',
      subject: 'account-7',
    });
    expect(written[0]?.url).toBe('https://verify.8x8.com/api/v2/subaccounts/team_otp/sessions');
    expect(written[0]?.body).toEqual({ ...fields, destination: NUMBER });
  });

  it('sends templateKey, the name of a saved template', async () => {
    const { sms, written } = answering([jsonResponse(session)]);
    await sms.verifications.start({ destination: NUMBER, templateKey: 'login' });
    expect(written[0]?.body).toEqual({ destination: NUMBER, templateKey: 'login' });
  });

  it('uses the saved template that templateKey names, and is refused for a name that 8x8 does not know', async () => {
    const verificationTemplates = { login: '{code} logs you in', pay: '{code} pays' };
    const { sms, emulator } = testClient({}, { verificationTemplates });
    await sms.verifications.start({ destination: NUMBER, templateKey: 'pay' });
    expect(emulator.messages[0]?.text).toMatch(/^\d{4} pays$/);
    for (const templateKey of ['unknown', undefined]) {
      const error = await failureOf(sms.verifications.start({ destination: '+6591000002', templateKey }));
      expect(error).toMatchObject({ status: 400, submission: 'rejected' });
    }
  });

  it.each([
    [{ template: '{code}', templateKey: 'login' }, 'either a template or a templateKey'],
    [{ templateKey: '' }, 'templateKey'],
    [{ channel: 'call', template: 'Your code is {code}' }, 'must have a language'],
  ])('refuses %j', async (fields, message) => {
    const { sms, written } = answering([]);
    const error = await failureOf(sms.verifications.start({ destination: NUMBER, ...fields } as never));
    expect(error).toMatchObject({ code: 'validation', message: expect.stringContaining(message) });
    expect(written).toEqual([]);
  });

  it('reads a session as one tutorial of 8x8 writes it: sessionID, and the number as a number', async () => {
    const { sessionId, ...rest } = session;
    const { sms } = answering([jsonResponse({ ...rest, sessionID: sessionId, destination: 6_591_000_001 })]);
    expect(await sms.verifications.start({ destination: NUMBER })).toMatchObject({
      sessionId,
      destination: '+6591000001',
    });
  });

  it('is checked and copied before the first wait: changing it afterwards changes nothing', async () => {
    const { sms, written } = answering([jsonResponse(session)]);
    const nested = { source: 'Team' };
    const request = { ...START, sms: nested };
    const started = sms.verifications.start(request);
    nested.source = '!';
    request.destination = OTHER as never;
    await started;
    expect(written[0]?.body).toEqual({ destination: NUMBER, sms: { source: 'Team' } });
  });

  it('passes the guards as a one-time password', async () => {
    const client = testClient({ guards: { countries: { allow: ['SG'] } } });
    const { verifications } = client.sms;
    await verifications.start(START);
    expect(client.of('message-admitted')).toMatchObject([{ purpose: 'otp', destination: '+65******01' }]);
    expect(client.of('backoff-started')).toMatchObject([{ waitMs: 30_000 }]);
    expect(await failureOf(verifications.start(START))).toMatchObject({
      guard: 'backoff',
      reason: 'too-soon',
      retryAfterMs: 30_000,
      submission: 'not-submitted',
    });
    expect(await failureOf(verifications.start({ destination: '+6561234567' }))).toMatchObject({
      reason: 'number-type',
    });
    expect(await failureOf(verifications.start({ destination: '+6281234567890' }))).toMatchObject({
      reason: 'country-not-allowed',
    });
    expect(client.of('message-blocked')).toHaveLength(3);
    expect(operations(client)).toEqual(['verify-request-v2']);
  });

  it('counts together with messages of one number', async () => {
    const client = testClient({ guards: { recipient: { limit: 1, windowMs: 60_000 } } });
    await client.sms.messages.send({ destination: NUMBER, text: 'Hello' });
    expect(await failureOf(client.sms.verifications.start(START))).toMatchObject({ guard: 'recipient' });
  });

  it.each([
    ['Your code', 'no-code'],
    ['Your {brand} code is {code}', 'unresolved-placeholder'],
    ['{code} for {name}', 'unresolved-placeholder'],
    ['{code} {{name}}', 'unresolved-placeholder'],
    [`{code}${'x'.repeat(1_600)}`, 'too-many-parts'],
    [`{code} ${CANARY_KEY}`, 'api-key-in-text'],
    ['{code}\u0000', 'control-character'],
  ])('refuses the template %j: %s', async (template, reason) => {
    const client = testClient({ apiKey: CANARY_KEY });
    const error = await failureOf(client.sms.verifications.start({ ...START, template }));
    expect(error).toBeInstanceOf(GuardError);
    expect(error).toMatchObject({ guard: 'content', reason });
    expectNoCanary(error);
    expect(client.emulator.requests).toEqual([]);
  });

  it('lets a template through in monitor mode, and tells', async () => {
    const client = testClient({ guards: { content: { mode: 'monitor' } } });
    await client.sms.verifications.start({ ...START, template: 'Your code' });
    expect(client.of('guard-observed')).toMatchObject([
      { decision: { guard: 'content', reason: 'no-code' } },
    ]);
  });

  it('refuses a sender ID that no handset shows, and replaces typography when told to', async () => {
    const client = testClient({ guards: { content: { replaceTypography: true } } });
    const bad = { ...START, sms: { source: 'Team!' } };
    expect(await failureOf(client.sms.verifications.start(bad))).toMatchObject({ reason: 'bad-sender-id' });
    await client.sms.verifications.start({ ...START, template: '{brand}’s code: {code}', brand: 'Team' });
    expect(client.emulator.messages[0]?.text).toBe(`Team's code: ${codeOf(client)}`);
  });

  it.each([
    [{}, 'destination'],
    [{ ...START, purpose: 'otp' }, 'purpose'],
    [{ ...START, idempotencyKey: 'a' }, 'idempotencyKey'],
    [{ ...START, chanel: 'sms' }, 'chanel'],
    [{ ...START, channel: 'email' }, 'channel'],
    [{ ...START, brand: 'x'.repeat(31) }, 'brand'],
    [{ ...START, codeLength: 2 }, 'codeLength'],
    [{ ...START, codeLength: 11 }, 'codeLength'],
    [{ ...START, codeValidity: 29 }, 'codeValidity'],
    [{ ...START, resendingInterval: 9 }, 'resendingInterval'],
    [{ ...START, codeType: 'NUMBERS' }, 'codeType'],
    [{ ...START, language: 'English!' }, 'language'],
    [{ ...START, callbackUrl: 'team.example' }, 'callbackUrl'],
    [{ ...START, clientIp: 'localhost' }, 'clientIp'],
    [{ ...START, call: { speed: 2.1 } }, 'call.speed'],
    [{ ...START, call: { speed: Number.NaN } }, 'call.speed'],
    [{ ...START, call: { repetition: 4 } }, 'call.repetition'],
    [{ ...START, sms: { text: 'x' } }, 'sms.text'],
    [{ ...START, whatsapp: {} }, 'whatsapp.templateName'],
    [{ ...START, subject: '' }, 'subject'],
    [{ ...START, channel: 'whatsapp' }, ''],
    [{ ...START, channel: 'viber', template: '{code}' }, ''],
    [null, ''],
    [[], ''],
  ])('refuses %j', async (request, path) => {
    const client = testClient();
    const error = await failureOf(client.sms.verifications.start(request as never));
    expect(error).toBeInstanceOf(ValidationError);
    expect(error).toMatchObject({ path, submission: 'not-submitted' });
    expectNoCanary(error);
    expect(client.emulator.requests).toEqual([]);
  });

  it('refuses what cannot be read', async () => {
    const { sms, emulator } = testClient();
    const request = {
      ...START,
      get sms(): never {
        throw new Error(CANARY_NUMBER);
      },
    };
    const error = await failureOf(sms.verifications.start(request));
    expect(error).toBeInstanceOf(ValidationError);
    expectNoCanary(error);
    expect(emulator.requests).toEqual([]);
  });

  it('keeps what it took when the answer is lost, and is not repeated', async () => {
    const { sms, written } = answering([lostConnection()], { retry: { baseMs: 1, maxMs: 1 } });
    const error = await failureOf(sms.verifications.start(START));
    expect(error).toMatchObject({ code: 'connection', submission: 'unknown' });
    expect((error as Error).message).toContain('8x8 may have sent a code.');
    expect(written).toHaveLength(1);
    expect(await failureOf(sms.verifications.start(START))).toMatchObject({ guard: 'backoff' });
  });

  it.each([
    [refusedConnection(), 'connection'],
    [jsonResponse({ code: 1000, message: 'Invalid parameter' }, 400), 'bad-request'],
  ])('gives back what it took when 8x8 sent nothing', async (answer, code) => {
    const { sms } = answering([answer, jsonResponse(session)]);
    expect(await failureOf(sms.verifications.start(START))).toMatchObject({ code });
    expect((await sms.verifications.start(START)).sessionId).toBe(session.sessionId);
  });

  it.each(['sessionId', 'destination', 'status', 'expiresAt'])(
    'takes an answer without %s for an unknown outcome',
    async (name) => {
      const { sms } = answering([jsonResponse({ ...session, [name]: null })]);
      const error = await failureOf(sms.verifications.start(START));
      expect(error).toMatchObject({ code: 'api', submission: 'unknown' });
      expect((error as Error).message).toContain(`${name} is not a text`);
    },
  );

  it('takes values of the future, and null for what is missing', async () => {
    const odd = { ...session, status: 'PAUSED', attempt: null, retryAfter: null, sma: null, future: 1 };
    const { sms } = answering([jsonResponse(odd)]);
    const { retryAfter: _, ...known } = session;
    expect(await sms.verifications.start(START)).toEqual({
      ...known,
      status: 'PAUSED',
      attempt: 0,
      retryAt: NOON + 30_000,
    });
  });

  it('gives the address to open for silent mobile authentication', async () => {
    const client = testClient();
    const { sma, sessionId } = await client.sms.verifications.start({ ...START, channel: 'sma' });
    expect(sma?.verificationUrl).toContain(sessionId);
    expect(client.of('verification-started')).toMatchObject([{ channel: 'sma' }]);
    await client.emulator.fetch(sma?.verificationUrl ?? '');
    expect((await client.sms.verifications.get(sessionId)).status).toBe('VERIFIED');
  });

  it('shows no session id in its events', async () => {
    const client = testClient();
    const { sessionId } = await client.sms.verifications.start(START);
    await client.sms.verifications.check(sessionId, { code: codeOf(client), destination: NUMBER });
    expect(client.of('verification-started')).toMatchObject([
      { destination: '+65******01', channel: 'sms', purpose: 'otp' },
    ]);
    expect(client.of('message-sent')).toEqual([]);
    expect(shown(client.events)).not.toContain(sessionId);
  });
});

describe('the resending interval of 8x8', () => {
  const tooEarly = { code: 1400, message: 'Resending interval violation' };
  const off = { guards: { backoff: false } } as const;

  it('is a LimitError with the wait that 8x8 named with the last code', async () => {
    const client = testClient(off);
    await client.sms.verifications.start({ ...START, resendingInterval: 60 });
    client.clock.advance(20_000);
    const error = await failureOf(client.sms.verifications.start(START));
    expect(error).toBeInstanceOf(LimitError);
    expect(error).toMatchObject({
      guard: 'verification',
      reason: 'resending-interval',
      submission: 'not-submitted',
      retryAfterMs: 40_000,
      decision: { destination: '+65******01', mode: 'enforce' },
    });
    client.clock.advance(40_000);
    expect((await client.sms.verifications.start(START)).status).toBe('WAITING');
  });

  it('is the wait of the Retry-After header when there is one', async () => {
    const headers = { 'retry-after': '7' };
    const refusal = new Response(JSON.stringify(tooEarly), { status: 403, headers });
    const { sms } = answering([jsonResponse(session), refusal], off);
    await sms.verifications.start(START);
    expect(await failureOf(sms.verifications.start(START))).toMatchObject({ retryAfterMs: 7_000 });
  });

  it.each([
    [session.retryAfter, {}, 10_000],
    ['soon', { resendingInterval: 45 }, 45_000],
    ['2027-01-01T00:00:00Z', {}, 10_000],
    [undefined, {}, 10_000],
  ])(
    'is the interval that was asked for when 8x8 names none (%s)',
    async (retryAfter, fields, retryAfterMs) => {
      const { sms, clock } = answering(
        [jsonResponse({ ...session, retryAfter }), jsonResponse(tooEarly, 403)],
        off,
      );
      await sms.verifications.start(START);
      clock.advance(11_000);
      expect(await failureOf(sms.verifications.start({ ...START, ...fields }))).toMatchObject({
        retryAfterMs,
      });
    },
  );

  it('gives back what was taken', async () => {
    const { sms } = answering([jsonResponse(tooEarly, 403), jsonResponse(session)]);
    expect(await failureOf(sms.verifications.start(START))).toMatchObject({ reason: 'resending-interval' });
    expect((await sms.verifications.start(START)).status).toBe('WAITING');
  });

  it('is no other 403', async () => {
    const { sms } = answering([jsonResponse({ code: 1201, message: 'Access forbidden' }, 403)]);
    expect(await failureOf(sms.verifications.start(START))).toMatchObject({ code: 'permission-denied' });
  });
});

describe('verifications.check', () => {
  it('tells a right code from a wrong one', async () => {
    const client = testClient();
    const { sessionId } = await client.sms.verifications.start(START);
    const code = codeOf(client);
    const wrong = await client.sms.verifications.check(sessionId, {
      code: wrongCode(code),
      destination: NUMBER,
    });
    expect(wrong).toMatchObject({ verified: false, status: 'WAITING', attempt: 1 });
    const right = await client.sms.verifications.check(sessionId, {
      code: ` ${code}\n`,
      destination: NUMBER,
    });
    expect(right).toMatchObject({ verified: true, status: 'VERIFIED' });
    expect(client.of('verification-checked')).toMatchObject([
      { status: 'WAITING', destination: '+65******01' },
      { status: 'VERIFIED' },
    ]);
    expect(operations(client)).toEqual(['verify-request-v2', 'code-validation-v2', 'code-validation-v2']);
  });

  it.each<[string, (code: string) => string]>([
    [
      'in Arabic digits',
      (code) => code.replace(/\d/g, (digit) => String.fromCharCode(0x660 + Number(digit))),
    ],
    [
      'in full-width digits',
      (code) => code.replace(/\d/g, (digit) => String.fromCharCode(0xff10 + Number(digit))),
    ],
    ['with invisible characters of a copied message', (code) => `\u2068${code}\u2069`],
  ])('passes on a code that is typed %s as 8x8 sent it', async (_, typed) => {
    const client = testClient();
    const { sessionId } = await client.sms.verifications.start(START);
    const check = { code: typed(codeOf(client)), destination: NUMBER };
    expect(await client.sms.verifications.check(sessionId, check)).toMatchObject({ verified: true });
  });

  it('success clears the backoff; a wrong, failed or expired code keeps it', async () => {
    const client = testClient();
    const { verifications } = client.sms;
    const { sessionId } = await verifications.start(START);
    const code = codeOf(client);
    for (let index = 0; index < 5; index += 1) {
      await verifications.check(sessionId, { code: wrongCode(code), destination: NUMBER });
    }
    const failed = await verifications.check(sessionId, { code, destination: NUMBER });
    expect(failed).toMatchObject({ verified: false, status: 'FAILED' });
    expect(await failureOf(verifications.start(START))).toMatchObject({ retryAfterMs: 30_000 });
    client.clock.advance(30_000);
    const second = await verifications.start({ ...START, codeValidity: 30 });
    client.clock.advance(31_000);
    const expired = await verifications.check(second.sessionId, {
      code: codeOf(client),
      destination: NUMBER,
    });
    expect(expired).toMatchObject({ verified: false, status: 'EXPIRED' });
    expect(await failureOf(verifications.start(START))).toMatchObject({ retryAfterMs: 29_000 });
    client.clock.advance(29_000);
    const third = await verifications.start(START);
    expect(client.of('backoff-cleared')).toEqual([]);
    await verifications.check(third.sessionId, { code: codeOf(client), destination: NUMBER });
    expect(client.of('backoff-cleared')).toHaveLength(1);
    client.clock.advance(10_000);
    expect((await verifications.start(START)).status).toBe('WAITING');
  });

  it('a session is good for one success, of two at once too', async () => {
    const client = testClient();
    const { verifications } = client.sms;
    const { sessionId } = await verifications.start(START);
    const check = () => verifications.check(sessionId, { code: codeOf(client), destination: NUMBER });
    const both = await Promise.allSettled([check(), check()]);
    // Whose digests are ready first is up to the threads of the runtime.
    const [one, other] = both.sort((left, right) => left.status.localeCompare(right.status));
    expect(one).toMatchObject({ status: 'fulfilled', value: { verified: true } });
    expect(other).toMatchObject({
      status: 'rejected',
      reason: { guard: 'verification', reason: 'session-used' },
    });
    const asked = client.emulator.requests.length;
    expect(
      await failureOf(verifications.check(sessionId, { code: 'XXXX', destination: NUMBER })),
    ).toMatchObject({
      reason: 'session-used',
      submission: 'not-submitted',
    });
    expect(client.emulator.requests).toHaveLength(asked);
    expect((await verifications.get(sessionId, { destination: NUMBER })).status).toBe('VERIFIED');
    expect(client.of('backoff-cleared')).toHaveLength(1);
  });

  it('a right code whose answer was lost may be checked again', async () => {
    const client = testClient();
    const { verifications } = client.sms;
    const { sessionId } = await verifications.start(START);
    const check = () => verifications.check(sessionId, { code: codeOf(client), destination: NUMBER });
    client.emulator.failNext('lost-response');
    expect(await failureOf(check())).toMatchObject({ submission: 'unknown' });
    expect(await check()).toMatchObject({ verified: true });
  });

  it('a right code that the store cannot record is no success yet', async () => {
    const clock = createFakeClock();
    const limits = memoryLimits({ clock });
    const client = testClient({ limits, clock, guards: { verificationAttempts: false } }, { clock });
    const { sessionId } = await client.sms.verifications.start(START);
    const { take } = limits;
    limits.take = async () => Promise.reject(new Error(CANARY_NUMBER));
    const check = () =>
      client.sms.verifications.check(sessionId, { code: codeOf(client), destination: NUMBER });
    expect(await failureOf(check())).toBeInstanceOf(StoreError);
    limits.take = take;
    expect(await check()).toMatchObject({ verified: true });
  });

  it('asks nothing when the process stood still for longer than its claim', async () => {
    const clock = createFakeClock();
    const limits = memoryLimits({ clock });
    const client = testClient({ limits, clock }, { clock });
    const { sessionId } = await client.sms.verifications.start(START);
    const { take } = limits;
    limits.take = (scope, requests, options) => {
      if (requests[0]?.rules[0]?.guard === 'verificationAttempts') clock.advance(60_000);
      return take.call(limits, scope, requests, options);
    };
    const check = { code: codeOf(client), destination: NUMBER };
    expect(await failureOf(client.sms.verifications.check(sessionId, check))).toMatchObject({
      code: 'limit',
      reason: 'session-busy',
      retryAfterMs: 1_000,
    });
    expect(client.emulator.verifications[0]).toMatchObject({ status: 'WAITING' });
    limits.take = take;
    expect(await client.sms.verifications.check(sessionId, check)).toMatchObject({ verified: true });
  });

  it('a status of the future is no success', async () => {
    const { sms, of } = answering([jsonResponse(session), jsonResponse({ ...session, status: 'ALMOST' })]);
    await sms.verifications.start(START);
    const checked = await sms.verifications.check(session.sessionId, { code: '4711', destination: NUMBER });
    expect(checked).toMatchObject({ verified: false, status: 'ALMOST' });
    expect(of('verification-checked')).toMatchObject([{ status: 'other' }]);
  });

  it('is never repeated when the answer is lost, and the try counts', async () => {
    const verificationAttempts = { perNumber: { limit: 1, windowMs: 60_000 } };
    const { sms, written } = answering([jsonResponse(session), lostConnection(), jsonResponse(session)], {
      retry: { maxAttempts: 3, baseMs: 1, maxMs: 1 },
      guards: { verificationAttempts },
    });
    await sms.verifications.start(START);
    const check = () => sms.verifications.check(session.sessionId, { code: '4711', destination: NUMBER });
    const error = await failureOf(check());
    expect(error).toMatchObject({ submission: 'unknown' });
    expect((error as Error).message).toContain('verifications.get');
    expect(written).toHaveLength(2);
    expect(await failureOf(check())).toBeInstanceOf(LimitError);
  });

  it('a session that nobody knows is a NotFoundError, and counts with all such, not against the number', async () => {
    const verificationAttempts = {
      perNumber: { limit: 1, windowMs: 60_000 },
      unknownSessions: { limit: 2, windowMs: 60_000 },
    };
    const client = testClient({ guards: { verificationAttempts } });
    const check = () =>
      client.sms.verifications.check('no-such-session', { code: '4711', destination: NUMBER });
    const error = await failureOf(check());
    expect(error).toBeInstanceOf(NotFoundError);
    expect(error).toMatchObject({ apiCode: 1404 });
    expect(shown(error)).not.toContain('no-such-session');
    await failureOf(check());
    const asked = client.emulator.requests.length;
    expect(await failureOf(check())).toMatchObject({
      code: 'limit',
      decision: { rule: 'verification-attempts:unknown' },
    });
    expect(client.emulator.requests).toHaveLength(asked);
    const { sessionId } = await client.sms.verifications.start({ destination: NUMBER });
    const right = { code: codeOf(client), destination: NUMBER };
    expect(await client.sms.verifications.check(sessionId, right)).toMatchObject({ verified: true });
  });

  it('a right code succeeds also when the store cannot clear the wait', async () => {
    const clock = createFakeClock();
    const limits = memoryLimits({ clock });
    const client = testClient({ limits, clock }, { clock });
    const { sessionId } = await client.sms.verifications.start(START);
    limits.release = async () => Promise.reject(new Error(CANARY_NUMBER));
    const check = { code: codeOf(client), destination: NUMBER };
    expect(await client.sms.verifications.check(sessionId, check)).toMatchObject({ verified: true });
    expect(client.of('store-failed')).toHaveLength(1);
  });

  it.each([
    [{ destination: NUMBER }, 'check.code'],
    [{ code: '4711' }, 'check.destination'],
    [{ code: ' 47 ', destination: NUMBER }, 'check.code'],
    [{ code: '12345678901', destination: NUMBER }, 'check.code'],
    [{ code: 4711, destination: NUMBER }, 'check.code'],
    [{ code: '4711', destination: NUMBER, clientIp: 'x' }, 'check.clientIp'],
    [{ code: '4711', destination: NUMBER, session: 'x' }, 'check.session'],
    [null, 'check'],
  ])('refuses %j', async (check, path) => {
    const client = testClient();
    const error = await failureOf(client.sms.verifications.check('session', check as never));
    expect(error).toBeInstanceOf(ValidationError);
    expect(error).toMatchObject({ path });
    expect((error as Error).message).not.toContain('12345678901');
    expect(client.emulator.requests).toEqual([]);
  });

  it('refuses a session id that is none, and a number that is none', async () => {
    const { sms } = testClient();
    const check = { code: '4711', destination: NUMBER };
    expect(await failureOf(sms.verifications.check('', check))).toMatchObject({ path: 'sessionId' });
    expect(await failureOf(sms.verifications.check('a', { ...check, destination: '12' }))).toMatchObject({
      code: 'invalid-phone-number',
    });
  });

  it('shows neither code nor session id, whatever 8x8 repeats', async () => {
    const code = 'QX7Z';
    const sessionId = 'canary-session-81f2';
    const echo = (status: number) =>
      jsonResponse({ code: 1000, message: `code ${code} of ${sessionId} for ${CANARY_NUMBER}` }, status);
    for (const answer of [
      echo(400),
      echo(404),
      echo(500),
      jsonResponse({ status: code }),
      lostConnection(),
    ]) {
      const { sms, events } = answering([
        jsonResponse({ ...session, sessionId, destination: CANARY_NUMBER }),
        answer,
      ]);
      await sms.verifications.start({ destination: CANARY_NUMBER });
      const error = await failureOf(sms.verifications.check(sessionId, { code, destination: CANARY_NUMBER }));
      for (const value of [error, events]) {
        expectNoCanary(value);
        expect(shown(value)).not.toContain(code);
        expect(shown(value)).not.toContain(sessionId);
      }
    }
  });
});

describe('the binding of a session', () => {
  async function started(subject?: string, options: SmsClientOptions = {}) {
    const client = testClient(options);
    const { sessionId } = await client.sms.verifications.start({ ...START, subject });
    const code = codeOf(client);
    const check = (fields: object) =>
      client.sms.verifications.check(sessionId, { code, destination: NUMBER, ...fields });
    return { client, sessionId, check };
  }

  it.each([
    ['another number', undefined, { destination: OTHER }],
    ['another subject', 'account-7', { subject: 'account-8' }],
    ['no subject where there was one', 'account-7', {}],
    ['a subject where there was none', undefined, { subject: 'account-7' }],
  ])('refuses %s, and asks nothing of 8x8', async (_, subject, fields) => {
    const { client, check } = await started(subject);
    const error = await failureOf(check(fields));
    expect(error).toBeInstanceOf(GuardError);
    expect(error).toMatchObject({ guard: 'verification', reason: 'session-mismatch', code: 'guard' });
    expect(shown(error)).not.toContain(client.emulator.verifications[0]?.sessionId);
    expect(operations(client)).toEqual(['verify-request-v2']);
    expect(await check({ subject })).toMatchObject({ verified: true });
  });

  it('holds for another spelling of the number, and as long as the code is good', async () => {
    const client = testClient();
    const start = { destination: '+5491123456789', subject: 'a', codeValidity: 7_200 } as const;
    const { sessionId } = await client.sms.verifications.start(start);
    client.clock.advance(7_199_000);
    const check = { code: codeOf(client), destination: '+541123456789', subject: 'a' };
    expect(await client.sms.verifications.check(sessionId, check)).toMatchObject({ verified: true });
  });

  it('begins anew when 8x8 gives the same session again', async () => {
    const client = testClient({ guards: { backoff: false } });
    const { verifications } = client.sms;
    const start = { ...START, subject: 'a' };
    const first = await verifications.start(start);
    client.clock.advance(299_000);
    const second = await verifications.start({ ...start, resetSession: true, codeValidity: 3_600 });
    expect(second.sessionId).toBe(first.sessionId);
    // The first record would have gone after ten minutes: the default validity and the margin.
    client.clock.advance(1_200_000);
    const check = { code: codeOf(client), destination: NUMBER, subject: 'a' };
    expect(await verifications.check(second.sessionId, check)).toMatchObject({ verified: true });
  });

  it('two subjects that were given one session may both go on', async () => {
    const client = testClient({ guards: { backoff: false } });
    const { verifications } = client.sms;
    const { sessionId } = await verifications.start({ ...START, subject: 'a' });
    client.clock.advance(10_000);
    await verifications.start({ ...START, subject: 'b' });
    const check = { code: wrongCode(codeOf(client)), destination: NUMBER };
    expect(await verifications.check(sessionId, { ...check, subject: 'a' })).toMatchObject({ attempt: 1 });
    expect(await verifications.check(sessionId, { ...check, subject: 'b' })).toMatchObject({ attempt: 2 });
  });

  describe('when the session is not known here', () => {
    /** The process that checks did not start the session. */
    async function elsewhere(guards: SmsClientOptions['guards'] = {}) {
      const { client, sessionId } = await started('account-7');
      const other = testClient({ fetch: client.emulator.fetch, guards });
      const check = { code: codeOf(client), destination: NUMBER };
      return { ...other, sessionId, check, client };
    }

    it('refuses one with a subject', async () => {
      const { sms, sessionId, check, client } = await elsewhere();
      const error = await failureOf(sms.verifications.check(sessionId, { ...check, subject: 'account-7' }));
      expect(error).toMatchObject({ guard: 'verification', reason: 'session-unknown' });
      expect(operations(client)).toEqual(['verify-request-v2']);
    });

    it('asks 8x8 for whom it is, before the code is tried', async () => {
      const { sms, sessionId, check, client } = await elsewhere();
      expect(await sms.verifications.check(sessionId, check)).toMatchObject({ verified: true });
      expect(operations(client)).toEqual(['verify-request-v2', 'code-validation-v2', 'code-validation-v2']);
    });

    it('refuses another number, spends no try at 8x8, and counts one here', async () => {
      const verificationAttempts = { unknownSessions: { limit: 1, windowMs: 60_000 } };
      const { sms, sessionId, check, client } = await elsewhere({ verificationAttempts });
      const stolen = () => sms.verifications.check(sessionId, { ...check, destination: OTHER });
      expect(await failureOf(stolen())).toMatchObject({ reason: 'session-mismatch' });
      expect(client.emulator.verifications[0]).toMatchObject({ attempt: 0, status: 'WAITING' });
      expect(await failureOf(stolen())).toBeInstanceOf(LimitError);
    });

    it('refuses one that was used there: 8x8 would say VERIFIED to any code', async () => {
      const { sms, sessionId, check, client, of } = await elsewhere();
      await client.sms.verifications.check(sessionId, { ...check, subject: 'account-7' });
      const error = await failureOf(sms.verifications.check(sessionId, { ...check, code: 'XXXX' }));
      expect(error).toMatchObject({ guard: 'verification', reason: 'session-used' });
      expect(of('backoff-cleared')).toEqual([]);
      expect(of('verification-checked')).toEqual([]);
    });

    it('counts a try that the number has no room for: 8x8 is not asked without limit', async () => {
      const verificationAttempts = {
        perNumber: { limit: 1, windowMs: 60_000 },
        unknownSessions: { limit: 2, windowMs: 60_000 },
      };
      const { sms, sessionId, check, client } = await elsewhere({ verificationAttempts });
      const wrong = () => failureOf(sms.verifications.check(sessionId, { ...check, code: 'XXXX' }));
      await sms.verifications.check(sessionId, { ...check, code: 'XXXX' });
      for (let turn = 0; turn < 2; turn += 1) {
        expect(await wrong()).toMatchObject({ decision: { rule: 'verification-attempts:number' } });
      }
      const asked = client.emulator.requests.length;
      expect(await wrong()).toMatchObject({ decision: { rule: 'verification-attempts:unknown' } });
      expect(client.emulator.requests).toHaveLength(asked);
    });

    it('gives the try back when 8x8 cannot be asked', async () => {
      const verificationAttempts = { unknownSessions: { limit: 1, windowMs: 60_000 } };
      const { sms, sessionId, check, client } = await elsewhere({ verificationAttempts });
      client.emulator.failNext('500');
      expect(await failureOf(sms.verifications.check(sessionId, check))).toMatchObject({ code: 'server' });
      expect(await sms.verifications.check(sessionId, check)).toMatchObject({ verified: true });
    });
  });

  it('is shared by clients of one limit store', async () => {
    const clock = createFakeClock();
    const limits = memoryLimits({ clock });
    const { client, sessionId } = await started('account-7', { limits, clock });
    const other = testClient({ fetch: client.emulator.fetch, limits, clock });
    const check = { code: codeOf(client), destination: NUMBER, subject: 'account-7' };
    expect(await other.sms.verifications.check(sessionId, check)).toMatchObject({ verified: true });
  });

  it('a store that fails at the start costs nobody the code', async () => {
    const limits = memoryLimits();
    limits.release = async () => Promise.reject(new Error(CANARY_NUMBER));
    const { client, sessionId, check } = await started('account-7', { limits });
    expect(sessionId).toMatch(/^[0-9a-f]{32}$/);
    expect(client.of('store-failed')).toHaveLength(1);
    expect(await failureOf(check({ subject: 'account-7' }))).toMatchObject({ reason: 'session-unknown' });
  });

  it('a store that fails at the check refuses', async () => {
    const limits = memoryLimits();
    const { client, check } = await started(undefined, { limits });
    limits.inspect = async () => Promise.reject(new Error(CANARY_NUMBER));
    const error = await failureOf(check({}));
    expect(error).toBeInstanceOf(StoreError);
    expectNoCanary(error);
    expect(operations(client)).toEqual(['verify-request-v2']);
  });
});

describe('verifications.get', () => {
  it('reads the state, spends no try, and is repeated when the answer is lost', async () => {
    const { sms, written } = answering([lostConnection(), jsonResponse(session)], {
      retry: { baseMs: 1, maxMs: 1 },
    });
    expect(await sms.verifications.get(session.sessionId)).toEqual(session);
    expect(written[1]?.url).toBe(
      `https://verify.8x8.com/api/v2/subaccounts/team_otp/sessions/${session.sessionId}`,
    );
  });

  it('holds the session against number and subject when they are given', async () => {
    const client = testClient();
    const { verifications } = client.sms;
    const { sessionId } = await verifications.start({ ...START, subject: 'a' });
    const known = { destination: '91000001', country: 'SG', subject: 'a' };
    expect((await verifications.get(sessionId, known)).status).toBe('WAITING');
    for (const query of [
      { destination: OTHER },
      { destination: NUMBER },
      { destination: NUMBER, subject: 'b' },
    ]) {
      expect(await failureOf(verifications.get(sessionId, query))).toMatchObject({
        reason: 'session-mismatch',
      });
    }
    expect((await verifications.get(sessionId)).status).toBe('WAITING');
  });

  it('compares with the number that 8x8 names when the session is not known here', async () => {
    const { sms } = answering([jsonResponse(session)]);
    expect(await sms.verifications.get(session.sessionId, { destination: NUMBER })).toEqual(session);
    expect(await failureOf(sms.verifications.get(session.sessionId, { destination: OTHER }))).toMatchObject({
      reason: 'session-mismatch',
    });
    const query = { destination: NUMBER, subject: 'a' };
    expect(await failureOf(sms.verifications.get(session.sessionId, query))).toMatchObject({
      reason: 'session-unknown',
    });
  });

  it.each([
    [{ subject: 'a' }, 'query'],
    [{ number: NUMBER }, 'query.number'],
    [7, 'query'],
  ])('refuses %j', async (query, path) => {
    const client = testClient();
    const error = await failureOf(client.sms.verifications.get('session', query as never));
    expect(error).toMatchObject({ code: 'validation', path });
    expect(client.emulator.requests).toEqual([]);
  });
});

describe('verifications.smaCoverage', () => {
  it('asks 8x8', async () => {
    const client = testClient();
    const { verifications } = client.sms;
    const query = { clientIp: '203.0.113.7', destination: '9100 0001', country: 'SG' };
    expect(await verifications.smaCoverage(query)).toEqual({ isAvailable: true });
    expect(client.emulator.requests[0]?.body).toEqual({ clientIp: '203.0.113.7', destination: NUMBER });
    expect(await verifications.smaCoverage({ clientIp: '198.51.100.7' })).toEqual({ isAvailable: false });
  });

  it('is not repeated, and an answer without a verdict is none', async () => {
    const { sms, written } = answering([lostConnection(), jsonResponse({ isAvailable: 'yes' })], {
      retry: { baseMs: 1, maxMs: 1 },
    });
    const ask = () => failureOf(sms.verifications.smaCoverage({ clientIp: '203.0.113.7' }));
    expect(await ask()).toMatchObject({ code: 'connection' });
    expect(written).toHaveLength(1);
    expect(((await ask()) as Error).message).toContain('isAvailable is not true or false');
  });

  it.each([
    [{}, 'query.clientIp'],
    [{ clientIp: '203.0.113.7', ip: 'x' }, 'query.ip'],
  ])('refuses %j', async (query, path) => {
    const { sms } = testClient();
    expect(await failureOf(sms.verifications.smaCoverage(query as never))).toMatchObject({ path });
  });
});

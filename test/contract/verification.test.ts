import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { createEmulator } from '../../src/emulator/emulator.ts';
import { SmsError, type VerificationStart } from '../../src/index.ts';
import { testClient } from '../support/client.ts';
import { type Contract, loadContract, recordContract } from '../support/contract.ts';
import { describeContract } from '../support/describe-contract.ts';
import { startEmulator } from '../support/emulator.ts';

const BASE = '/api/v2/subaccounts/team_otp';
const everything: VerificationStart = {
  destination: '9100 0001',
  country: 'SG',
  channel: 'sms',
  brand: 'Team',
  codeLength: 6,
  codeValidity: 600,
  codeType: 'NUMERIC_WITH_DASH',
  template: '{code} is your {brand} code',
  language: 'en-US',
  resetSession: true,
  resendingInterval: 30,
  callbackUrl: 'https://team.example/verified?a=b',
  clientIp: '203.0.113.7',
  sms: { source: 'Team', encoding: 'AUTO' },
  call: { source: '+6561234567', speed: 0.8, repetition: 3, voiceProfile: 'en-US-Kimberly' },
  whatsapp: { templateName: 'otp' },
  subject: 'account-7',
};

describeContract('the Verification API', () => {
  let contract: Contract;
  beforeAll(() => {
    contract = loadContract();
  });

  /** A client without limits, so that only the contract refuses. */
  function start() {
    const { fetch, verifications } = (() => {
      const emulator = createEmulator({ requestsPerSecond: false, seed: 1, maxKept: 100 });
      return { fetch: emulator.fetch, verifications: () => emulator.verifications };
    })();
    const recorder = recordContract(fetch, contract);
    const guards = { recipient: false, backoff: false, verificationAttempts: false } as const;
    return { ...testClient({ fetch: recorder.fetch, guards, pace: false }), recorder, verifications };
  }

  it('every operation with every field, requests and responses', async () => {
    const { sms, recorder, verifications } = start();
    const { sessionId } = await sms.verifications.start(everything);
    const given = { destination: '91000001', country: 'SG', subject: 'account-7' };
    await sms.verifications.get(sessionId, given);
    const wrong = await sms.verifications.check(sessionId, {
      ...given,
      code: 'wrong',
      clientIp: '2001:db8::7',
    });
    expect(wrong.verified).toBe(false);
    const code = verifications()[0]?.code ?? '';
    expect((await sms.verifications.check(sessionId, { ...given, code })).verified).toBe(true);
    await sms.verifications.smaCoverage({ clientIp: '203.0.113.7', destination: '91000001', country: 'SG' });
    for (const channel of ['call', 'whatsapp', 'viber', 'sma'] as const) {
      const { template, ...rest } = everything;
      const spoken = channel === 'call' ? { template } : {};
      const destination = `9100 01${channel.length}${channel.length}`;
      await sms.verifications.start({ ...rest, ...spoken, channel, destination });
    }
    expect(recorder.violations).toEqual([]);
    const wanted = contract.operations('verification').map(({ operationId }) => operationId);
    expect(wanted).toHaveLength(3);
    expect([...recorder.covered].sort()).toEqual([...wanted].sort());
  });

  it('every request that the client accepts', async () => {
    const optional = <Value>(values: fc.Arbitrary<Value>) => fc.option(values, { nil: undefined });
    const word = fc.string({ unit: 'grapheme', maxLength: 12 });
    const number = fc.oneof(
      fc.integer({ min: -1, max: 8_000 }),
      fc.double(),
      fc.integer({ min: 0, max: 12 }),
    );
    const tail = fc.string({ unit: fc.constantFrom(...'a9%2#?[]{}|\\^é &=:@/.'), maxLength: 12 });
    /** Mostly values that 8x8 accepts, or absent ones: otherwise hardly any request would pass all checks. */
    const mostly = (good: fc.Arbitrary<unknown>, wild: fc.Arbitrary<unknown> = word) =>
      fc.oneof({ weight: 19, arbitrary: optional(good) }, { weight: 1, arbitrary: wild });
    const anyStart = fc.record({
      destination: fc.oneof(
        { weight: 19, arbitrary: fc.nat(999_999).map((index) => `+65${91_000_000 + index}`) },
        { weight: 1, arbitrary: word },
      ),
      country: mostly(fc.constantFrom('SG', 'sg'), fc.constantFrom('ZZ', '1')),
      channel: mostly(fc.constantFrom('sms', 'call', 'whatsapp', 'viber', 'sma'), fc.constant('email')),
      brand: mostly(fc.string({ minLength: 1, maxLength: 30 }), fc.string({ maxLength: 40 })),
      codeLength: mostly(fc.integer({ min: 3, max: 10 }), number),
      codeValidity: mostly(fc.integer({ min: 30, max: 7_200 }), number),
      codeType: mostly(fc.constantFrom('NUMERIC', 'ALPHANUMERIC', 'ALPHANUMERIC_EASY')),
      template: mostly(fc.constantFrom('{code}', '{brand} {code}')),
      language: mostly(fc.constantFrom('id', 'zh-Hant-TW')),
      resetSession: mostly(fc.boolean()),
      resendingInterval: mostly(fc.integer({ min: 10, max: 7_200 }), number),
      callbackUrl: mostly(
        fc.constant('https://team.example/a?b=c'),
        tail.map((rest) => `https://team.example/${rest}`),
      ),
      clientIp: mostly(fc.oneof(fc.ipV4(), fc.ipV6())),
      sms: optional(
        fc.record({ source: mostly(fc.constant('Team')), encoding: mostly(fc.constantFrom('AUTO', 'UCS2')) }),
      ),
      call: optional(
        fc.record({
          source: mostly(fc.constant('+6561234567')),
          speed: mostly(fc.double({ min: 0.5, max: 2, noNaN: true }), number),
          repetition: mostly(fc.integer({ min: 1, max: 3 }), number),
          voiceProfile: mostly(fc.string({ minLength: 1, maxLength: 50 }), fc.string({ maxLength: 60 })),
        }),
      ),
      whatsapp: optional(fc.record({ templateName: fc.string({ minLength: 1, maxLength: 12 }) })),
      subject: mostly(fc.string({ minLength: 1, maxLength: 12 })),
    });
    const anyCheck = fc.record({
      code: fc.oneof(word, fc.stringMatching(/^[0-9A-Z]{3,10}$/)),
      clientIp: word,
    });
    const { sms, recorder } = start();
    let started = 0;
    await fc.assert(
      fc.asyncProperty(anyStart, anyCheck, async (request, { code, clientIp }) => {
        const { destination, country, subject } = request;
        const calls = [
          sms.verifications.start(request as never),
          sms.verifications.get(code),
          sms.verifications.check('some session/é', { code, destination: '+6591000001' }),
          sms.verifications.check(code, { code, destination, country, subject, clientIp } as never),
          sms.verifications.smaCoverage({
            clientIp: request.clientIp ?? clientIp,
            destination,
            country,
          } as never),
        ];
        const outcomes = await Promise.allSettled<unknown>(calls);
        if (outcomes[0]?.status === 'fulfilled') started += 1;
        for (const outcome of outcomes) {
          if (outcome.status === 'fulfilled') continue;
          expect(SmsError.isInstance(outcome.reason), String(outcome.reason)).toBe(true);
        }
        expect(recorder.violations).toEqual([]);
      }),
      { numRuns: 300 },
    );
    expect(started).toBeGreaterThan(30);
    expect(recorder.covered.size).toBe(3);
  });

  it("the emulator's responses, also to malformed requests", async () => {
    let violations: ReturnType<typeof recordContract>['violations'] = [];
    const { call, emulator } = startEmulator({ subAccountIds: ['team_otp'] }, (fetch) => {
      const recorder = recordContract(fetch, contract);
      violations = recorder.violations;
      return recorder.fetch;
    });
    const request = { destination: '+6591234567' };
    const noKey = { headers: { 'content-type': 'application/json' } };
    const begun = await call('POST', `${BASE}/sessions`, request);
    const { sessionId } = begun.body as unknown as { readonly sessionId: string };
    const responses = [
      begun,
      await call('POST', `${BASE}/sessions`, request),
      await call('POST', `${BASE}/sessions`, { destination: '1' }),
      await call('POST', `${BASE}/sessions`, request, noKey),
      await call('POST', '/api/v2/subaccounts/foreign/sessions', request),
      await call('GET', `${BASE}/sessions/${sessionId}`),
      await call('GET', `${BASE}/sessions/${sessionId}?code=12`),
      await call('GET', `${BASE}/sessions/none?code=1234`),
      await call('GET', `${BASE}/sessions/${sessionId}`, undefined, noKey),
      await call('POST', `${BASE}/sma/coverage`, { clientIp: '203.0.113.7' }),
      await call('POST', `${BASE}/sma/coverage`, {}),
      await call('POST', `${BASE}/sma/coverage`, { clientIp: '203.0.113.7' }, noKey),
    ];
    for (const fault of ['429', '500', '503', 'tls'] as const) {
      emulator.failNext(fault);
      responses.push(await call('POST', `${BASE}/sessions`, request));
    }
    expect(responses.map(({ status, body }) => [status, body.code])).toEqual([
      [200, undefined],
      [403, 1400],
      [400, 1002],
      [401, 1200],
      [400, 1001],
      [200, undefined],
      [400, 1000],
      [404, 1404],
      [401, 1200],
      [200, undefined],
      [400, 1012],
      [401, 1200],
      [429, 429],
      [500, 2000],
      [503, 2000],
      [426, 1014],
    ]);
    expect(violations.filter(({ side }) => side === 'response')).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import { START, startEmulator } from '../../support/emulator.ts';

const BASE = '/api/v2/subaccounts/team_otp';
const request = { destination: '+6591234567' };

/** The fields of session responses. */
interface SessionAnswer {
  readonly sessionId: string;
  readonly status: string;
  readonly attempt: number;
  readonly expiresAt: string;
  readonly code: number;
  readonly sma?: { readonly verificationUrl: string };
}

function start(options: Parameters<typeof startEmulator>[0] = {}) {
  const server = startEmulator(options);
  const body = (response: { readonly body: unknown }) => response.body as SessionAnswer;
  return {
    ...server,
    post: async (fields: object) => {
      const response = await server.call('POST', `${BASE}/sessions`, fields);
      return { ...body(response), httpStatus: response.status };
    },
    get: async (sessionId: string, code?: string) => {
      const query = code === undefined ? '' : `?code=${encodeURIComponent(code)}`;
      const response = await server.call('GET', `${BASE}/sessions/${sessionId}${query}`);
      return { ...body(response), httpStatus: response.status };
    },
    newest: () => {
      const newest = server.emulator.verifications.at(-1);
      if (newest === undefined) throw new Error('there is none');
      return newest;
    },
  };
}

describe('sessions of the emulator', () => {
  it('have a code that tests can read, and that is sent by SMS', async () => {
    const { post, newest, emulator } = start();
    const { sessionId, httpStatus } = await post({ ...request, brand: 'Team', clientIp: '203.0.113.7' });
    expect(httpStatus).toBe(200);
    expect(newest()).toEqual({
      sessionId,
      subAccountId: 'team_otp',
      destination: '+6591234567',
      channel: 'sms',
      code: expect.stringMatching(/^\d{4}$/),
      status: 'WAITING',
      attempt: 0,
      sends: 1,
      expiresAt: START + 300_000,
      retryAfter: START + 10_000,
      brand: 'Team',
      clientIp: '203.0.113.7',
      umid: emulator.messages[0]?.umid,
    });
    expect(emulator.messages[0]).toMatchObject({
      destination: '+6591234567',
      text: `Team: Your verification code is ${newest().code}`,
    });
    expect(emulator.cost()).toBe(0.034);
  });

  it('have the same code in every run with one seed', async () => {
    const codes = await Promise.all(
      [1, 1, 2].map(async (seed) => {
        const { post, newest } = start({ seed });
        await post({ ...request, codeLength: 10 });
        return newest().code;
      }),
    );
    expect(codes[0]).toBe(codes[1]);
    expect(codes[0]).not.toBe(codes[2]);
  });

  it.each([
    [{}, /^\d{4}$/],
    [{ codeLength: 3 }, /^\d{3}$/],
    [{ codeLength: 6, codeType: 'NUMERIC_WITH_DASH' }, /^\d{3}-\d{3}$/],
    [{ codeLength: 10, codeType: 'ALPHANUMERIC' }, /^[0-9A-Za-z]{10}$/],
    [{ codeLength: 10, codeType: 'ALPHANUMERIC_CAPITALS' }, /^[0-9A-Z]{10}$/],
    [{ codeLength: 3, codeType: 'NUMERIC_WITH_DASH' }, /^\d{3}$/],
    [{ codeLength: 7, codeType: 'NUMERIC_WITH_DASH' }, /^\d{3}-\d{4}$/],
    [{ codeLength: 10, codeType: 'ALPHANUMERIC_EASY' }, /^((?![IOQSZ])[A-Z0-9]){10}$/],
  ])('create codes as requested (%j)', async (fields, form) => {
    const { post, get, newest } = start();
    const { sessionId } = await post({ ...request, ...fields });
    expect(newest().code).toMatch(form);
    expect(await get(sessionId, newest().code)).toMatchObject({ status: 'VERIFIED' });
  });

  it('leave I, O, Q, S and Z out of an easy code, and only those', async () => {
    const { post, emulator } = start();
    for (let index = 0; index < 200; index += 1) {
      const destination = `+65912${String(index).padStart(5, '0')}`;
      await post({ destination, codeLength: 10, codeType: 'ALPHANUMERIC_EASY' });
    }
    const seen = new Set(emulator.verifications.flatMap(({ code }) => [...code]));
    expect([...seen].sort().join('')).toBe('0123456789ABCDEFGHJKLMNPRTUVWXY');
  });

  it.each([
    ['+65 (91) 234-567', undefined],
    ['+65(9123)4567', undefined],
    ['9123 4567', 'SG'],
    ['[91] 23-45-67', 'SG'],
  ])('drop spaces, brackets and dashes from the number: %s', async (destination, country) => {
    const { post, newest, call } = start();
    expect(await post({ destination, country })).toMatchObject({ httpStatus: 200 });
    expect(newest().destination).toMatch(/^\+65\d{8}$/);
    const coverage = { clientIp: '203.0.113.7', destination, country };
    expect((await call('POST', `${BASE}/sma/coverage`, coverage)).status).toBe(200);
  });

  it('have the default texts of 8x8, with and without a brand', async () => {
    const { post, newest, emulator } = start();
    await post(request);
    expect(emulator.messages[0]?.text).toBe(`Your verification code is ${newest().code}`);
    await post({ destination: '+6591234568', brand: 'Shop' });
    expect(emulator.messages[1]?.text).toBe(`Shop: Your verification code is ${newest().code}`);
  });

  it('fill the template', async () => {
    const { post, newest, emulator } = start();
    await post({ ...request, template: '{code}: {brand}, {code}', brand: '$&' });
    expect(emulator.messages[0]?.text).toBe(`${newest().code}: $&, ${newest().code}`);
  });

  it('end with the fifth wrong code', async () => {
    const { post, get, newest } = start();
    const { sessionId } = await post(request);
    const states: unknown[] = [];
    for (let index = 0; index < 5; index += 1) {
      const { status, attempt } = await get(sessionId, 'wrong');
      states.push(`${status} ${attempt}`);
    }
    expect(states).toEqual(['WAITING 1', 'WAITING 2', 'WAITING 3', 'WAITING 4', 'FAILED 5']);
    expect(await get(sessionId, newest().code)).toMatchObject({ status: 'FAILED', attempt: 5 });
  });

  it('expire, and stay verified once they are', async () => {
    const { post, get, newest, advance } = start();
    const { sessionId } = await post({ ...request, codeValidity: 30 });
    advance(29_999);
    expect(await get(sessionId)).toMatchObject({ status: 'WAITING' });
    advance(1);
    expect(await get(sessionId, newest().code)).toMatchObject({ status: 'EXPIRED' });
    const second = await post(request);
    expect(second.sessionId).not.toBe(sessionId);
    await get(second.sessionId, newest().code);
    advance(3_600_000);
    expect(await get(second.sessionId)).toMatchObject({ status: 'VERIFIED' });
  });

  it('send the next code after the resending interval: the same one, or a new one', async () => {
    const { post, newest, emulator, advance } = start();
    const first = await post({ ...request, resendingInterval: 30 });
    const { code } = newest();
    advance(29_999);
    expect(await post(request)).toMatchObject({ httpStatus: 403, code: 1400 });
    advance(1);
    expect((await post(request)).sessionId).toBe(first.sessionId);
    expect(newest()).toMatchObject({ code, sends: 2, expiresAt: START + 330_000 });
    advance(10_000);
    expect((await post({ ...request, resetSession: true })).sessionId).toBe(first.sessionId);
    expect(newest()).toMatchObject({ sends: 3, expiresAt: START + 340_000 });
    expect(newest().code).not.toBe(code);
    expect(emulator.verifications).toHaveLength(1);
    expect(emulator.messages).toHaveLength(3);
    expect((await post({ destination: '+6591234568' })).sessionId).not.toBe(first.sessionId);
  });

  it.each(['call', 'viber', 'whatsapp'])('by %s cost money and send no SMS', async (channel) => {
    const { post, emulator } = start({ prepaid: true });
    await post({ ...request, channel, whatsapp: { templateName: 'otp' }, language: 'en' });
    expect(emulator.messages).toEqual([]);
    expect(emulator.cost()).toBe(0.034);
    expect(emulator.verifications).toMatchObject([{ channel, language: 'en' }]);
  });

  it('by sma are verified at once when the network covers the address', async () => {
    const { post, newest } = start();
    const silent = { ...request, channel: 'sma' };
    expect(await post({ ...silent, clientIp: '203.0.113.7' })).toMatchObject({ status: 'VERIFIED' });
    expect(newest().status).toBe('VERIFIED');
    const waiting = await post({ ...silent, clientIp: '198.51.100.7' });
    expect(waiting).toMatchObject({ status: 'WAITING', sma: { verificationUrl: expect.any(String) } });
  });

  it('by sma are verified by opening their link, without a key', async () => {
    const { post, get, emulator } = start();
    const sms = await post({ ...request, destination: '+6591234568' });
    const { sessionId, sma } = await post({ ...request, channel: 'sma' });
    const open = async (id: string) => (await emulator.fetch(`https://verify.8x8.com/sma/${id}`)).status;
    expect(sma?.verificationUrl).toBe(`https://verify.8x8.com/sma/${sessionId}`);
    expect([await open(sessionId), await open(sessionId)]).toEqual([200, 200]);
    expect(await get(sessionId)).toMatchObject({ status: 'VERIFIED' });
    expect([await open(sms.sessionId), await open('none')]).toEqual([404, 404]);
  });

  it.each([
    [{}, 400, 3002],
    [{ destination: '123' }, 400, 1002],
    [{ destination: '+6591234567', channel: 'email' }, 400, 1000],
    [{ ...request, channel: 'whatsapp' }, 400, 1000],
    [{ ...request, brand: 'x'.repeat(31) }, 400, 1000],
    [{ ...request, codeLength: 2 }, 400, 1010],
    [{ ...request, codeLength: '4' }, 400, 1010],
    [{ ...request, codeValidity: 7_201 }, 400, 1010],
    [{ ...request, resendingInterval: 9.5 }, 400, 1010],
    [{ ...request, codeType: 'x' }, 400, 1000],
    [{ ...request, clientIp: 'x' }, 400, 1012],
    [{ ...request, callbackUrl: 'x' }, 400, 3020],
    [{ ...request, sms: { source: '!' } }, 400, 1005],
  ])('refuse %j', async (fields, httpStatus, code) => {
    const { post, emulator } = start();
    expect(await post(fields)).toMatchObject({ httpStatus, code });
    expect(emulator.verifications).toEqual([]);
  });

  it('are found only by their own sub-account, with a code of 3 to 10 characters', async () => {
    const { post, get, call } = start({ subAccountIds: ['team_otp', 'other'] });
    const { sessionId } = await post(request);
    expect(await get('none')).toMatchObject({ httpStatus: 404, code: 1404 });
    for (const code of ['12', '12345678901']) {
      expect(await get(sessionId, code)).toMatchObject({ httpStatus: 400, code: 1000 });
    }
    expect(await get(sessionId)).toMatchObject({ attempt: 0 });
    const other = await call('GET', `/api/v2/subaccounts/other/sessions/${sessionId}`);
    expect([other.status, other.body.code]).toEqual([404, 1404]);
    const foreign = await call('POST', '/api/v2/subaccounts/foreign/sessions', request);
    expect([foreign.status, foreign.body.code]).toEqual([400, 1001]);
    const illegal = await call('POST', '/api/v2/subaccounts/a/sessions', request);
    expect([illegal.status, illegal.body.code]).toEqual([400, 1001]);
  });

  it('are dropped: the oldest beyond maxKept, all by clear', async () => {
    const { post, emulator } = start({ maxKept: 2 });
    for (const last of [1, 2, 3]) await post({ destination: `+659123456${last}`, channel: 'call' });
    expect(emulator.verifications.map(({ destination }) => destination)).toEqual([
      '+6591234562',
      '+6591234563',
    ]);
    emulator.clear();
    expect(emulator.verifications).toEqual([]);
    expect(emulator.cost()).toBe(0);
  });
});

describe('coverage of silent mobile authentication', () => {
  it.each([
    [{ clientIp: '203.0.113.7' }, 200, { isAvailable: true }],
    [{ clientIp: '2001:DB8::7', destination: '91234567', country: 'SG' }, 200, { isAvailable: true }],
    [{ clientIp: '198.51.100.7' }, 200, { isAvailable: false }],
    [{}, 400, { code: 1012 }],
    [{ clientIp: '203.0.113.7', destination: '1' }, 400, { code: 1002 }],
  ])('for %j', async (body, status, response) => {
    const { call } = start();
    expect(await call('POST', `${BASE}/sma/coverage`, body)).toMatchObject({ status, body: response });
  });
});

describe('lookups of the emulator', () => {
  const phones = '/api/v1/subaccounts/team_otp/phones';

  it('cost money by type, and reduce the balance', async () => {
    const { call, emulator } = start({ prepaid: { balance: 1 } });
    for (const type of ['', '?type=format', '?type=operator', '?type=live']) {
      expect((await call('GET', `${phones}/%2B6591234567${type}`)).status).toBe(200);
    }
    expect(emulator.cost()).toBe(0.012);
    const balance = await call('GET', '/api/v1/accounts/team/balance');
    expect(balance.body).toMatchObject({ balance: 0.988 });
  });

  it('read national numbers with a country, and services without one', async () => {
    const { call } = start();
    expect((await call('GET', `${phones}/91234567?country=SG&type=live`)).body).toMatchObject({
      phoneNumber: '+6591234567',
      phoneNumberNational: '91234567',
      currentOperator: { mcc: '525', country: 'SG' },
    });
    const { body } = await call('GET', `${phones}/%2B881612345678?type=operator`);
    expect(body).toMatchObject({ phoneType: 'Unknown', phoneNumberNational: '881612345678' });
    expect(body).not.toHaveProperty('country');
  });

  it.each([
    ['123', 1002],
    ['%2B6591234567?type=all', 1000],
    ['91234567?country=ZZ', 1009],
  ])('refuse %s', async (path, code) => {
    const { call } = start();
    expect(await call('GET', `${phones}/${path}`)).toMatchObject({ status: 400, body: { code } });
  });
});

import { describe, expect, it } from 'vitest';
import { ACCOUNT, ACCOUNT_ID, SUB_ACCOUNT, startEmulator } from '../../support/emulator.ts';

const message = { destination: '+6591234567', text: 'Hello' };
const send = `${SUB_ACCOUNT}/messages`;

describe('prices', () => {
  const singapore = {
    alpha2Code: 'SG',
    countryName: 'Singapore',
    dialingPrefix: '+65',
  };
  const outbound = {
    ...singapore,
    operators: [
      {
        operatorName: 'Emulated Mobile SG',
        operatorId: 525001,
        hni: [{ mcc: '525', mnc: '01' }],
        price: { amount: 0.034, currency: 'USD' },
      },
    ],
  };
  const inbound = (tollFree: string) => ({
    ...singapore,
    numberTypes: [
      { type: 'longcode', defaultPrice: { amount: 0.0034, currency: 'USD' } },
      { type: tollFree, defaultPrice: { amount: 0.0034, currency: 'USD' } },
    ],
  });

  it('have the shape of the examples', async () => {
    const { call } = startEmulator({ subAccountIds: ['team_otp', 'other'] });
    const { body } = await call('GET', `${ACCOUNT}/prices?country=sg`);
    const list = { outbound: { countries: [outbound] }, inbound: { countries: [inbound('tollFree')] } };
    expect(body).toEqual({
      subAccounts: [
        { subAccountId: 'team_otp', ...list },
        { subAccountId: 'other', ...list },
      ],
    });
  });

  it('have the shape of the schema', async () => {
    const { call } = startEmulator({ prices: { shape: 'array' } });
    const { body } = await call('GET', `${ACCOUNT}/prices?mcc=525&mnc=1`);
    expect(body).toEqual({
      subAccounts: [
        {
          subAccountId: 'emulated_subaccount',
          outbound: [{ countries: [outbound] }],
          inbound: [inbound('tollfree')],
        },
      ],
    });
  });

  it.each([
    ['direction=outbound', ['subAccountId', 'outbound']],
    ['direction=inbound', ['subAccountId', 'inbound']],
    ['', ['subAccountId', 'outbound', 'inbound']],
  ])('are selected by %s', async (query, keys) => {
    const { call } = startEmulator();
    const { body } = await call('GET', `${ACCOUNT}/prices?subAccountId=team_otp&${query}`);
    const [list] = (body as unknown as { subAccounts: object[] }).subAccounts;
    expect(Object.keys(list ?? {})).toEqual(keys);
  });

  it.each([
    ['country=SGP', 400, 1009],
    ['mcc=525', 400, 1000],
    ['mnc=1', 400, 1000],
    ['mcc=x&mnc=1', 400, 1000],
    ['mcc=1&mnc=x', 400, 1000],
    ['direction=sideways', 400, 1000],
    ['subAccountId=other', 400, 1001],
    ['subAccountId=a', 400, 1001],
  ])('refuse %s with %i', async (query, status, code) => {
    const { call } = startEmulator({ subAccountIds: ['team_otp'] });
    const response = await call('GET', `${ACCOUNT}/prices?${query}`);
    expect([response.status, response.body.code]).toEqual([status, code]);
  });

  it('are the ones that are charged, with exact sums', async () => {
    const { call, emulator } = startEmulator({
      prices: { perPart: { SG: 0.1, XK: 0.2 }, currency: 'EUR' },
    });
    for (let index = 0; index < 3; index += 1) await call('POST', send, message);
    await call('POST', send, { ...message, destination: '+38344123456', text: 'x'.repeat(161) });
    expect(emulator.messages.map(({ price }) => price)).toEqual([
      ...new Array(3).fill({ perSms: 0.1, total: 0.1, currency: 'EUR' }),
      { perSms: 0.2, total: 0.4, currency: 'EUR' },
    ]);
    expect(emulator.cost()).toBe(0.7);
    const { body } = await call('GET', `${ACCOUNT}/prices?country=XK`);
    expect(JSON.stringify(body)).toContain('"countryName":"XK","dialingPrefix":"+383"');
  });

  it('exist for countries without their own price, and for premium services', async () => {
    const { call, emulator } = startEmulator();
    await call('POST', send, { ...message, destination: '+38344123456' });
    await call('POST', send, { ...message, destination: '+870773111632' });
    expect(emulator.messages.map(({ price }) => price.total)).toEqual([0.11, 1.4]);
  });

  it('may name a country that does not exist, without a calling code', async () => {
    const { call } = startEmulator({ prices: { perPart: { ZZ: 1 } } });
    const { body } = await call('GET', `${ACCOUNT}/prices?country=ZZ`);
    expect(JSON.stringify(body)).toContain('"dialingPrefix":""');
  });
});

describe('balance', () => {
  it('is refused to accounts that are not prepaid', async () => {
    const { call } = startEmulator();
    const response = await call('GET', `${ACCOUNT}/balance`);
    expect(response.status).toBe(403);
    expect(response.body).toMatchObject({ code: 1201, message: 'Account not in prepaid mode' });
  });

  it.each([
    [true, 99.966],
    [{ balance: 5 }, 4.966],
  ])('is reduced by every cost (%j)', async (prepaid, balance) => {
    const { call } = startEmulator({ prepaid });
    await call('POST', send, message);
    expect((await call('GET', `${ACCOUNT}/balance`)).body).toEqual({ balance, currency: 'USD' });
  });

  it('belongs to one account', async () => {
    const { call } = startEmulator({ prepaid: true, accountId: 'another' });
    const response = await call('GET', `${ACCOUNT}/balance`);
    expect([response.status, response.body.code]).toEqual([403, 1201]);
    expect((await call('GET', '/api/v1/accounts/another/balance')).status).toBe(200);
    expect(ACCOUNT).toContain(ACCOUNT_ID);
  });
});

describe('webhook settings', () => {
  const path = `${ACCOUNT}/webhooks`;
  const url = 'https://team.example/hook';
  const oauth = {
    url: 'https://auth.example/token',
    clientId: 'id',
    clientSecret: 'secret',
    credentialsLocation: 'header',
  };

  it('are set, masked when listed, replaced and deleted', async () => {
    const { call, emulator } = startEmulator();
    const set = await call('POST', path, [
      { subAccountId: '*', url, httpAuthorization: 'Basic abc', oauth: null },
      { subAccountId: 'team_otp', url, enabled: false, oauth: { ...oauth, scope: 'read' } },
    ]);
    expect([set.status, set.body]).toEqual([200, undefined]);
    expect((await call('GET', path)).body).toEqual([
      { subAccountId: '*', url, enabled: true, httpAuthorization: '***' },
      {
        subAccountId: 'team_otp',
        url,
        enabled: false,
        oauth: { ...oauth, scope: 'read', clientSecret: '***' },
      },
    ]);
    expect(
      emulator.webhooks.map(({ httpAuthorization, oauth: own }) => httpAuthorization ?? own?.clientSecret),
    ).toEqual(['Basic abc', 'secret']);
    await call('POST', path, [{ subAccountId: 'team_otp', url, oauth }]);
    await call('DELETE', path, [{ subAccountId: '*' }]);
    expect(emulator.webhooks).toEqual([{ subAccountId: 'team_otp', url, enabled: true, oauth }]);
  });

  it('lose a secret that is written back as it was read, as at 8x8', async () => {
    const { call, emulator } = startEmulator();
    await call('POST', path, [{ subAccountId: '*', url, httpAuthorization: 'Basic abc' }]);
    await call('POST', path, (await call('GET', path)).body);
    expect(emulator.webhooks[0]?.httpAuthorization).toBe('***');
  });

  it.each([
    ['POST', { subAccountId: '*', url }, 1000],
    ['POST', ['text'], 1000],
    ['POST', [{ url }], 1000],
    ['POST', [{ subAccountId: '*' }], 1000],
    ['POST', [{ subAccountId: '*', url: 'nowhere' }], 1000],
    ['POST', [{ subAccountId: '*', url, enabled: 'yes' }], 1000],
    ['POST', [{ subAccountId: '*', url, oauth: 'x' }], 1000],
    ['POST', [{ subAccountId: '*', url, oauth: { ...oauth, url: undefined } }], 1000],
    ['POST', [{ subAccountId: '*', url, oauth: { ...oauth, clientId: undefined } }], 1000],
    ['POST', [{ subAccountId: '*', url, oauth: { ...oauth, clientSecret: undefined } }], 1000],
    ['POST', [{ subAccountId: '*', url, oauth: { ...oauth, credentialsLocation: undefined } }], 1000],
    ['POST', [{ subAccountId: '*', url, oauth: { ...oauth, credentialsLocation: 'cookie' } }], 1000],
    ['POST', [{ subAccountId: 'x', url }], 1001],
    ['DELETE', [{}], 1000],
  ])('%s refuses %j', async (method, body, code) => {
    const { call, emulator } = startEmulator();
    const response = await call(method, path, body);
    expect([response.status, response.body.code]).toEqual([400, code]);
    expect(emulator.webhooks).toEqual([]);
  });
});

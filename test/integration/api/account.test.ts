import { describe, expect, it } from 'vitest';
import { ApiError, ConfigurationError, PermissionDeniedError, ValidationError } from '../../../src/index.ts';
import { errorOf, startClient } from '../../support/sms-client.ts';

const price = (amount: number) => ({ amount, currency: 'USD' });

describe('account.balance', () => {
  it('reads the balance of a prepaid account', async () => {
    const { sms } = startClient({ prepaid: { balance: 12.5 } });
    expect(await sms.account.balance()).toEqual({ balance: 12.5, currency: 'USD' });
  });

  it('is refused for any other account', async () => {
    const { sms } = startClient();
    const error = await errorOf(sms.account.balance());
    expect(error).toBeInstanceOf(PermissionDeniedError);
    expect(error).toMatchObject({ apiCode: 1201, submission: 'not-submitted' });
  });

  it('needs an account id', async () => {
    const { sms, emulator } = startClient({}, { accountId: undefined });
    for (const call of [sms.account.balance(), sms.account.prices(), sms.webhookSettings.list()]) {
      const error = await errorOf(call);
      expect(error).toBeInstanceOf(ConfigurationError);
      expect(error).toMatchObject({ option: 'accountId' });
    }
    expect(emulator.requests).toEqual([]);
  });

  it.each(['{"balance":"1","currency":"USD"}', '{"balance":1}', '[1]'])('refuses %s', async (body) => {
    const { sms, emulator } = startClient();
    emulator.failNext({ status: 200, body });
    expect(await errorOf(sms.account.balance())).toMatchObject({ code: 'api', submission: 'not-submitted' });
  });
});

describe('account.prices', () => {
  it.each(['object', 'array'] as const)('reads the %s shape into one', async (shape) => {
    const { sms } = startClient({ prices: { shape } });
    expect(await sms.account.prices({ country: 'SG' })).toEqual({
      subAccounts: [
        {
          subAccountId: 'team_otp',
          outbound: [
            {
              alpha2Code: 'SG',
              countryName: 'Singapore',
              dialingPrefix: '+65',
              operators: [
                {
                  operatorName: 'Emulated Mobile SG',
                  operatorId: 525001,
                  hni: [{ mcc: '525', mnc: '01' }],
                  price: price(0.034),
                },
              ],
            },
          ],
          inbound: [
            {
              alpha2Code: 'SG',
              countryName: 'Singapore',
              dialingPrefix: '+65',
              numberTypes: [
                { type: 'longcode', defaultPrice: price(0.0034) },
                { type: 'tollfree', defaultPrice: price(0.0034) },
              ],
            },
          ],
        },
      ],
    });
  });

  it('asks for a network as a pair, and for one direction', async () => {
    const { sms, emulator } = startClient();
    let query: URLSearchParams | undefined;
    const fetch: typeof globalThis.fetch = (input, init) => {
      query = new URL(String(input instanceof Request ? input.url : input)).searchParams;
      return emulator.fetch(input, init);
    };
    const { sms: watched } = startClient({}, { fetch });
    const list = await watched.account.prices({
      mcc: 525,
      mnc: '01',
      direction: 'inbound',
      subAccountId: 'team_otp',
    });
    expect(Object.fromEntries(query ?? [])).toEqual({
      mcc: '525',
      mnc: '1',
      direction: 'inbound',
      subAccountId: 'team_otp',
    });
    expect(list.subAccounts[0]).toMatchObject({ outbound: [], inbound: [{ alpha2Code: 'SG' }] });
    expect((await sms.account.prices()).subAccounts[0]?.outbound.length).toBeGreaterThan(30);
  });

  it.each([
    [{ mcc: 525 }, 'query.mnc'],
    [{ mnc: '01' }, 'query.mcc'],
    [{ mcc: 1_000, mnc: 1 }, 'query.mcc'],
    [{ mcc: '5a', mnc: 1 }, 'query.mcc'],
    [{ country: 'SGP' }, 'query.country'],
    [{ direction: 'both' }, 'query.direction'],
    [{ subAccountId: '' }, 'query.subAccountId'],
    [{ sub: 1 }, 'query.sub'],
  ])('refuses %o', async (query, path) => {
    const { sms, emulator } = startClient();
    const error = await errorOf(sms.account.prices(query as never));
    expect(error).toBeInstanceOf(ValidationError);
    expect(error).toMatchObject({ path });
    expect(emulator.requests).toEqual([]);
  });

  function answer(outbound: unknown, more: object = {}) {
    return JSON.stringify({ subAccounts: [{ subAccountId: 'team_otp', outbound, ...more }] });
  }

  it('takes the highest of several operators for an estimate, and says so', async () => {
    const { sms, emulator } = startClient();
    const operators = [{ price: price(0.02) }, { price: price(0.05), hni: null }, { price: price(0.03) }];
    const other = [{ price: price(0.1) }, { price: price(0.1) }];
    const countries = [
      { alpha2Code: 'sg', operators },
      { alpha2Code: 'DE', operators: other },
      { alpha2Code: 'FR', operators: null },
    ];
    const inbound = { countries: [{ alpha2Code: 'SG', numberTypes: null }] };
    emulator.failNext({ status: 200, body: answer({ countries }, { inbound }) });
    const list = await sms.account.prices();
    expect(list.subAccounts[0]?.outbound[0]?.operators[1]).toEqual({ hni: [], price: price(0.05) });
    expect(list.subAccounts[0]?.inbound).toEqual([{ alpha2Code: 'SG', numberTypes: [] }]);
    const estimate = (country: string) => sms.messages.estimate({ text: 'a', country }).price;
    expect(estimate('SG')).toMatchObject({ perPart: 0.05, isHighestOfSeveral: true });
    expect(estimate('DE')).toMatchObject({ perPart: 0.1, isHighestOfSeveral: false });
    expect(estimate('FR')).toBeUndefined();
  });

  it('keeps no price of one network, and none of another sub-account', async () => {
    const { sms, emulator } = startClient();
    await sms.account.prices({ mcc: 525, mnc: 1 });
    const countries = [{ alpha2Code: 'SG', operators: [{ price: price(9) }] }];
    const others = { subAccounts: [{ subAccountId: 'other', outbound: countries }] };
    emulator.failNext({ status: 200, body: JSON.stringify(others) });
    await sms.account.prices();
    expect(sms.messages.estimate({ text: 'a', country: 'SG' }).price).toBeUndefined();
  });

  it.each([
    '{}',
    '{"subAccounts":{}}',
    '{"subAccounts":[{}]}',
    answer('cheap'),
    answer([{ alpha2Code: 7 }]),
    answer({ countries: 'all' }),
    answer([{ alpha2Code: 'SG', operators: [{}] }]),
    answer([{ alpha2Code: 'SG', operators: [{ price: { amount: '1', currency: 'USD' } }] }]),
    answer([{ alpha2Code: 'SG', operators: [{ price: price(1), hni: [{ mcc: 525, mnc: 1 }] }] }]),
    answer(null, { inbound: [{ alpha2Code: 'SG', numberTypes: [{ type: null }] }] }),
  ])('is an ApiError when 200 answers %s', async (body) => {
    const { sms, emulator } = startClient();
    emulator.failNext({ status: 200, body });
    const error = await errorOf(sms.account.prices());
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ code: 'api', submission: 'not-submitted', status: 200 });
  });
});

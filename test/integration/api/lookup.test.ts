import { describe, expect, it } from 'vitest';
import { InvalidPhoneNumberError } from '../../../src/index.ts';
import { CANARY_NUMBER, expectNoCanary } from '../../support/canary.ts';
import { numberOf, testClient } from '../../support/client.ts';
import { jsonResponse, lostConnection, respondWith } from '../../support/respond-with.ts';
import { failureOf } from '../../support/transport.ts';

const NUMBER = numberOf(1);
const retry = { maxAttempts: 3, baseMs: 1, maxMs: 1 };
const operator = { operatorName: 'Singtel', mcc: '525', mnc: '01', country: 'SG' };
const found = {
  requestId: 'c01982ec-64ee-4bed-a414-ac8500745b9a',
  phoneNumber: NUMBER,
  phoneNumberNational: '9100 0001',
  phoneType: 'Mobile',
  country: 'SG',
  roaming: true,
  presence: true,
  ported: false,
  status: { state: 'ok', timestamp: '2026-11-22T09:00:00Z' },
  currentOperator: operator,
  originalOperator: operator,
  roamingOperator: { ...operator, country: 'MY' },
};

describe('lookup.get', () => {
  it('looks at the form of a number, free of charge, unless more is asked', async () => {
    const { sms, emulator } = testClient({ defaultCountry: 'SG' });
    expect(await sms.lookup.get('9100 0001')).toEqual({
      requestId: expect.any(String),
      phoneNumber: NUMBER,
      phoneNumberNational: '91000001',
      phoneType: 'Mobile',
      country: 'SG',
      status: { state: 'ok', timestamp: '2026-11-22T09:00:00.000Z' },
    });
    expect(emulator.cost()).toBe(0);
  });

  it('asks for whose number it is, and whether it is switched on', async () => {
    const { sms, emulator } = testClient();
    const { currentOperator, presence } = await sms.lookup.get(NUMBER, { type: 'operator' });
    expect(currentOperator).toEqual({
      operatorName: 'Emulated Mobile SG',
      mcc: '525',
      mnc: '01',
      country: 'SG',
    });
    expect(presence).toBeUndefined();
    expect(await sms.lookup.get(NUMBER, { type: 'live' })).toMatchObject({ roaming: false, presence: true });
    expect(emulator.cost()).toBe(0.012);
  });

  it('writes the number as E.164 into the path, and always names the type', async () => {
    const { fetch, written } = respondWith([jsonResponse(found)]);
    const { sms } = testClient({ fetch });
    await sms.lookup.get('9100 0001', { country: 'SG' });
    expect(written[0]?.url).toBe(
      'https://lookup.8x8.com/api/v1/subaccounts/team_otp/phones/%2B6591000001?type=format',
    );
  });

  it('reads everything that 8x8 knows', async () => {
    const { fetch } = respondWith([jsonResponse({ ...found, future: 1 })]);
    expect(await testClient({ fetch }).sms.lookup.get(NUMBER, { type: 'live' })).toEqual(found);
  });

  it('accepts null for unknown facts', async () => {
    const unknown = {
      phoneNumber: NUMBER,
      ported: null,
      roaming: null,
      presence: null,
      currentOperator: null,
    };
    const { fetch } = respondWith([jsonResponse({ ...unknown, status: { state: 'odd' } })]);
    expect(await testClient({ fetch }).sms.lookup.get(NUMBER)).toEqual({
      phoneNumber: NUMBER,
      ported: null,
      roaming: null,
      presence: null,
      status: { state: 'odd' },
    });
  });

  it.each([
    [2004, 'provider-timeout'],
    [2007, 'not-enough-balance'],
    [6001, 'sim-offline'],
    [6003, 'sim-deactivated'],
    [9999, undefined],
  ])('says what error code %i means', async (errorCode, reason) => {
    const status = { state: 'error', detail: 'd', timestamp: 't', errorCode, errorMessage: 'm' };
    const { fetch } = respondWith([jsonResponse({ ...found, status })]);
    const lookup = await testClient({ fetch }).sms.lookup.get(NUMBER);
    expect(lookup.status).toEqual({ ...status, ...(reason !== undefined && { reason }) });
  });

  it.each(['operator', 'live'] as const)('%s costs money and is never repeated', async (type) => {
    const { fetch, written } = respondWith([lostConnection()]);
    const error = await failureOf(testClient({ fetch, retry }).sms.lookup.get(NUMBER, { type }));
    expect(error).toMatchObject({ submission: 'unknown' });
    expect((error as Error).message).toContain('may have been billed');
    expect(written).toHaveLength(1);
  });

  it('format is repeated when the answer is lost', async () => {
    const { fetch, written } = respondWith([lostConnection(), jsonResponse(found)]);
    expect(await testClient({ fetch, retry }).sms.lookup.get(NUMBER)).toEqual(found);
    expect(written).toHaveLength(2);
  });

  it.each([
    [{ ...found, phoneNumber: 7 }, 'phoneNumber is not a text'],
    [{ ...found, status: 'ok' }, 'status is not an object'],
    [{ ...found, currentOperator: 'Singtel' }, 'currentOperator is not an object'],
  ])('names the field that cannot be read (%#)', async (body, problem) => {
    const { fetch } = respondWith([jsonResponse(body)]);
    const error = await failureOf(testClient({ fetch }).sms.lookup.get(NUMBER));
    expect(error).toMatchObject({ code: 'api', submission: 'not-submitted' });
    expect((error as Error).message).toContain(problem);
  });

  it('refuses what is no number, and an unknown query, before anything is asked', async () => {
    const { sms, emulator } = testClient();
    expect(await failureOf(sms.lookup.get('12'))).toBeInstanceOf(InvalidPhoneNumberError);
    expect(await failureOf(sms.lookup.get(NUMBER, { type: 'all' } as never))).toMatchObject({
      path: 'query.type',
    });
    expect(await failureOf(sms.lookup.get(NUMBER, { kind: 1 } as never))).toMatchObject({
      path: 'query.kind',
    });
    expect(emulator.requests).toEqual([]);
  });

  it('shows no number in errors and events', async () => {
    const echo = jsonResponse({ code: 1002, message: `Invalid ${CANARY_NUMBER}` }, 400);
    const { sms, events } = testClient({ fetch: respondWith([echo]).fetch });
    expectNoCanary(await failureOf(sms.lookup.get(CANARY_NUMBER)));
    expectNoCanary(events);
  });
});

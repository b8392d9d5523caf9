import { describe, expect, it } from 'vitest';
import { START, SUB_ACCOUNT, startEmulator } from '../../support/emulator.ts';

const path = `${SUB_ACCOUNT}/messages`;
const message = { destination: '+6591234567', text: 'Your code is 4711' };
const HOUR = 3_600_000;
const UNKNOWN = '00000000-0000-4000-8000-000000000000';
const later = new Date(START + HOUR).toISOString();

describe('scheduled messages', () => {
  it('are sent when the clock reaches their time', async () => {
    const { call, emulator, advance } = startEmulator();
    await call('POST', path, { ...message, scheduled: later });
    await call('POST', path, { ...message, scheduled: new Date(START + 2 * HOUR).toISOString() });
    expect(emulator.messages.map(({ state }) => state)).toEqual(['scheduled', 'scheduled']);
    advance(HOUR);
    expect(emulator.messages.map(({ state }) => state)).toEqual(['sent', 'scheduled']);
    expect(emulator.messages[0]).toMatchObject({ createdAt: START, updatedAt: START + HOUR });
    advance(HOUR);
    expect(emulator.messages.map(({ state }) => state)).toEqual(['sent', 'sent']);
  });

  it('can be cancelled until then, and cost nothing', async () => {
    const { call, emulator, advance } = startEmulator();
    const first = await call('POST', path, { ...message, scheduled: later });
    const second = await call('POST', path, { ...message, scheduled: later });
    const sent = await call('POST', path, message);
    const cancel = async (umid: string) => (await call('DELETE', `${path}/${umid}`)).body;
    expect(emulator.cost()).toBe(0.102);
    expect(await cancel(first.body.umid)).toEqual({ cancelledCount: 1 });
    expect(await cancel(first.body.umid.toUpperCase())).toEqual({ cancelledCount: 0 });
    expect(await cancel(sent.body.umid)).toEqual({ cancelledCount: 0 });
    advance(HOUR);
    expect(await cancel(second.body.umid)).toEqual({ cancelledCount: 0 });
    expect(emulator.messages.map(({ state }) => state)).toEqual(['cancelled', 'sent', 'sent']);
    expect(emulator.cost()).toBe(0.068);
  });

  it('can be cancelled as a batch', async () => {
    const { call } = startEmulator();
    const { body } = await call('POST', `${path}/batch`, {
      messages: [message, { ...message, scheduled: later }, { ...message, scheduled: later }],
    });
    await call('POST', path, { ...message, scheduled: later });
    const cancelled = await call('DELETE', `${path}/batch/${body.batchId}`);
    expect(cancelled.body).toEqual({ cancelledCount: 2 });
    const unknown = await call('DELETE', `${path}/batch/${UNKNOWN}`);
    expect([unknown.status, unknown.body.code]).toEqual([400, 1008]);
  });

  it.each([
    ['nonsense', 400, 1000],
    [UNKNOWN, 404, 1300],
  ])('cancelling %s is %i', async (umid, status, code) => {
    const { call } = startEmulator();
    const response = await call('DELETE', `${path}/${umid}`);
    expect([response.status, response.body.code]).toEqual([status, code]);
  });
});

describe('message details', () => {
  it('are masked by default', async () => {
    const { call } = startEmulator();
    const { body } = await call('POST', `${path}/batch`, {
      clientBatchId: 'b1',
      includeMessagesInResponse: true,
      messages: [{ ...message, clientMessageId: 'mine', source: 'Team' }],
    });
    const details = await call('GET', `${path}/${body.messages[0]?.umid}`);
    expect(details.body).toEqual({
      umid: body.messages[0]?.umid,
      subAccountId: 'team_otp',
      direction: 'outbound',
      country: 'SG',
      status: { state: 'sent', timestamp: '2026-07-01T00:00:00.000Z' },
      msisdn: '+659123xxxx',
      body: '**MASKED**',
      source: 'Team',
      encoding: 'GSM7',
      createdAt: '2026-07-01T00:00:00.000Z',
      smsCount: 1,
      price: { perSms: 0.034, total: 0.034, currency: 'USD' },
      clientMessageId: 'mine',
      clientBatchId: 'b1',
      batchId: body.batchId,
    });
  });

  it('can be unmasked, until personal data is removed', async () => {
    const { call, emulator } = startEmulator({ showPersonalData: true, requestsPerSecond: false });
    const { body } = await call('POST', path, message);
    const shown = await call('GET', `${path}/${body.umid}`);
    expect(shown.body).toMatchObject({ msisdn: '+6591234567', body: 'Your code is 4711' });
    const removed = await call('DELETE', `${path}/${body.umid}/pii`);
    expect([removed.status, removed.body]).toEqual([202, undefined]);
    const gone = await call('GET', `${path}/${body.umid}`);
    expect(gone.body).toMatchObject({ msisdn: '+659123xxxx', body: '**MASKED**' });
    expect(JSON.stringify(emulator.messages)).not.toContain('4567');
    expect(emulator.messages[0]?.personalDataRemoved).toBe(true);
    const unknown = await call('DELETE', `${path}/${UNKNOWN}/pii`);
    expect([unknown.status, unknown.body.code]).toEqual([404, 1300]);
  });

  it('lose the variables of a survey with the personal data', async () => {
    const { call, emulator } = startEmulator();
    const { body } = await call('POST', '/api/v1/subaccounts/team_otp/surveys/nps/messages', {
      destination: '+6591234567',
      templateBody: 'Hi {{name}}: {{url}}',
      templateVariables: { name: 'Ann' },
    });
    expect(emulator.messages[0]?.templateVariables).toEqual({ name: 'Ann' });
    await call('DELETE', `${path}/${body.umid}/pii`);
    expect(emulator.messages[0]?.templateVariables).toEqual({});
  });

  it('show queued and cancelled messages', async () => {
    const { call } = startEmulator({ requestsPerSecond: false });
    const { body } = await call('POST', path, { ...message, scheduled: later });
    const queued = await call('GET', `${path}/${body.umid}`);
    await call('DELETE', `${path}/${body.umid}`);
    const cancelled = await call('GET', `${path}/${body.umid}`);
    expect(queued.body.status).toMatchObject({ state: 'queued' });
    expect(cancelled.body).toMatchObject({
      status: { state: 'failed', errorCode: 20, errorMessage: 'Local cancel' },
      price: { total: 0 },
    });
  });

  it('belong to their sub-account', async () => {
    const { call } = startEmulator();
    const { body } = await call('POST', path, message);
    const response = await call('GET', `/api/v1/subaccounts/other/messages/${body.umid}`);
    expect([response.status, response.body.code]).toEqual([404, 1300]);
  });

  it('are available once per second', async () => {
    const { call, advance } = startEmulator();
    const { body } = await call('POST', path, message);
    const statuses: number[] = [];
    for (const wait of [0, 0, 999, 1]) {
      advance(wait);
      const response = await call('GET', `${path}/${body.umid}`);
      statuses.push(response.status);
      expect(response.headers.get('retry-after')).toBe(response.status === 429 ? '1' : null);
    }
    expect(statuses).toEqual([200, 429, 429, 200]);
  });
});

describe('feedback', () => {
  it('is stored, and in time only within 15 minutes', async () => {
    const { call, emulator, advance } = startEmulator();
    const first = await call('POST', path, message);
    const second = await call('POST', path, message);
    advance(15 * 60_000);
    const inTime = await call('POST', `${path}/${first.body.umid}/feedback`, {
      outcome: 'success',
      timestamp: later,
    });
    advance(1);
    await call('POST', `${path}/${second.body.umid}/feedback`, { outcome: 'failure' });
    expect([inTime.status, inTime.body]).toEqual([200, undefined]);
    expect(emulator.messages.map(({ feedback }) => feedback)).toEqual([
      { outcome: 'success', at: START + 15 * 60_000, inTime: true },
      { outcome: 'failure', at: START + 15 * 60_000 + 1, inTime: false },
    ]);
  });

  it.each([
    [{}],
    [{ outcome: 'maybe' }],
    [{ outcome: 'success', timestamp: 'now' }],
    [{ outcome: 'success' }],
  ])('refuses %j for an unknown message', async (body) => {
    const { call } = startEmulator();
    const response = await call('POST', `${path}/${UNKNOWN}/feedback`, body);
    expect([response.status, response.body.code]).toEqual([400, 1000]);
  });
});

describe('memory', () => {
  it('drops the oldest messages and requests beyond maxKept, but not the cost', async () => {
    const { call, emulator, advance } = startEmulator({ maxKept: 2 });
    await call('POST', path, { ...message, text: 'one', scheduled: later });
    for (const text of ['two', 'three']) await call('POST', path, { ...message, text });
    expect(emulator.messages.map(({ text }) => text)).toEqual(['two', 'three']);
    expect(emulator.requests).toHaveLength(2);
    expect(emulator.cost()).toBe(0.102);
    advance(HOUR);
    expect(emulator.messages.map(({ state }) => state)).toEqual(['sent', 'sent']);
  });

  it('can be switched off', async () => {
    const { call, emulator } = startEmulator({ maxKept: 0, requestsPerSecond: false });
    expect((await call('POST', path, message)).status).toBe(200);
    expect([emulator.messages, emulator.requests, emulator.cost()]).toEqual([[], [], 0.034]);
    emulator.clear();
    expect(emulator.cost()).toBe(0);
  });

  it('is cleared by clear', async () => {
    const { call, emulator, advance } = startEmulator({ requestsPerSecond: 2 });
    await call('POST', path, { ...message, scheduled: later });
    emulator.failNext('500', { times: 5 });
    await call('POST', '/api/v1/accounts/any/webhooks', [{ subAccountId: '*', url: 'https://team.example' }]);
    emulator.clear();
    await call('POST', '/api/v1/accounts/any/webhooks', [{ subAccountId: '*', url: 'https://team.example' }]);
    expect(emulator.webhooks).toHaveLength(1);
    emulator.clear();
    advance(HOUR);
    expect([emulator.messages, emulator.requests, emulator.webhooks, emulator.cost()]).toEqual([
      [],
      [],
      [],
      0,
    ]);
    expect((await call('POST', path, message)).status).toBe(200);
    expect(emulator.requests[0]?.attempt).toBe(1);
  });
});

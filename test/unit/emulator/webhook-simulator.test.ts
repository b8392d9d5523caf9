import { describe, expect, it } from 'vitest';
import type { EmulatedDelivery } from '../../../src/emulator/emulator.ts';
import { ValidationError } from '../../../src/errors.ts';
import { ACCOUNT, START, SUB_ACCOUNT, startEmulator } from '../../support/emulator.ts';

const PERSON = '+6591234567';
const SURVEY = `/api/v1/subaccounts/team_otp/surveys/8f5b0e2e-0000-4000-8000-000000000001/messages`;

/** An emulator and its posts; the receiver responds with `statuses`, then with 200. */
function startConnected(statuses: (number | Error)[] = [], options: { authorization?: string } = {}) {
  const test = startEmulator();
  const posted: { request: Request; body: unknown }[] = [];
  test.emulator.connect(async (request) => {
    posted.push({ request, body: await request.json() });
    const status = statuses.shift() ?? 200;
    if (typeof status !== 'number') throw status;
    return new Response('not read by anybody', { status });
  }, options);
  const send = async (fields: object = {}, path = `${SUB_ACCOUNT}/messages`) =>
    (await test.call('POST', path, { destination: PERSON, text: 'Hello', ...fields })).body;
  return { ...test, posted, send };
}

const payloadOf = ({ event }: EmulatedDelivery) => event.payload as Record<string, unknown>;

describe('a delivery receipt', () => {
  it('is posted in the format of 8x8', async () => {
    const { emulator, posted, send, advance } = startConnected([], { authorization: 'Basic c2VjcmV0' });
    const { umid } = await send({ clientMessageId: 'order-1', source: 'SHOP' });
    advance(5_000);
    const delivery = await emulator.report(umid, 'delivered');
    expect(delivery).toMatchObject({ status: 200, attempt: 1, url: 'https://webhooks.test/8x8' });
    expect(posted).toHaveLength(1);
    expect(posted[0]?.request.method).toBe('POST');
    expect(posted[0]?.request.headers.get('authorization')).toBe('Basic c2VjcmV0');
    expect(posted[0]?.request.headers.get('content-type')).toBe('application/json');
    expect(posted[0]?.body).toEqual({
      namespace: 'SMS',
      eventType: 'outbound_message_status_changed',
      description: 'SMS outbound message delivery receipt',
      payload: {
        umid,
        batchId: null,
        clientMessageId: 'order-1',
        clientBatchId: null,
        subAccountId: 'team_otp',
        source: 'SHOP',
        destination: PERSON,
        status: {
          state: 'delivered',
          detail: 'delivered_to_recipient',
          timestamp: new Date(START + 5_000).toISOString(),
        },
        price: emulator.messages[0]?.price,
        smsCount: 1,
      },
    });
    expect(delivery.event).toEqual(posted[0]?.body);
  });

  it('contains the report, and the ids of the batch', async () => {
    const { emulator, send } = startConnected();
    const { batchId } = await send(
      { messages: [{ destination: PERSON, text: 'Hi' }], clientBatchId: 'spring' },
      `${SUB_ACCOUNT}/messages/batch`,
    );
    const report = { state: 'undelivered', errorCode: 59, errorMessage: 'Unknown subscriber', at: START + 1 };
    const delivery = await emulator.report(PERSON, { ...report, price: false });
    expect(payloadOf(delivery)).toMatchObject({
      batchId,
      clientBatchId: 'spring',
      status: {
        state: 'undelivered',
        errorCode: 59,
        errorMessage: 'Unknown subscriber',
        timestamp: new Date(START + 1).toISOString(),
      },
    });
    expect(payloadOf(delivery)).not.toHaveProperty('price');
    expect(payloadOf(delivery).status).not.toHaveProperty('detail');
    expect(emulator.cost()).toBe(0);
  });

  it('corrects the price of the message', async () => {
    const { emulator, send } = startConnected();
    await send({ text: 'a'.repeat(200) });
    const delivery = await emulator.report(PERSON, { state: 'sent', price: 0.07 });
    expect(payloadOf(delivery).price).toMatchObject({ perSms: 0.07, total: 0.14 });
    expect(emulator.cost()).toBe(0.14);
  });

  it('is visible in the message, its details and exports', async () => {
    const { emulator, send, call } = startConnected();
    const { umid } = await send();
    await emulator.report(PERSON, { state: 'undelivered', detail: 'rejected_by_operator', errorCode: 1 });
    expect(emulator.messages[0]).toMatchObject({ state: 'undelivered', receipt: { errorCode: 1 } });
    const details = await call('GET', `${SUB_ACCOUNT}/messages/${umid}`);
    expect(details.body.status).toMatchObject({ state: 'undelivered', detail: 'rejected_by_operator' });
  });

  it('moves the state only forward, and is always posted', async () => {
    const { emulator, posted, send } = startConnected();
    await send();
    const stateAfter = async (report: Parameters<typeof emulator.report>[1]) => {
      await emulator.report(PERSON, report);
      return emulator.messages[0]?.receipt?.detail ?? emulator.messages[0]?.state;
    };
    expect(await stateAfter('queued')).toBe('queued');
    expect(await stateAfter('sent')).toBe('sent');
    expect(await stateAfter('queued')).toBe('sent');
    expect(await stateAfter({ state: 'delivered', detail: 'delivered_to_operator' })).toBe(
      'delivered_to_operator',
    );
    expect(await stateAfter({ state: 'sent', detail: 'delivered_to_carrier', at: START - 1 })).toBe(
      'delivered_to_operator',
    );
    expect(await stateAfter('a state of next year')).toBe('delivered_to_operator');
    expect(await stateAfter({ state: 'undelivered', at: START + 1 })).toBe('undelivered');
    expect(await stateAfter({ state: 'delivered', at: START + 2 })).toBe('delivered_to_recipient');
    expect(await stateAfter('sent')).toBe('delivered_to_recipient');
    expect(await stateAfter('read')).toBe('read');
    expect(posted).toHaveLength(10);
  });

  it('is posted to the callback of the message', async () => {
    const { emulator, posted, send } = startConnected([], { authorization: 'Basic c2VjcmV0' });
    await send({ dlrCallbackUrl: 'https://shop.example.com/receipts?id=1' });
    await emulator.report(PERSON, 'delivered');
    await emulator.reply(PERSON, 'Thanks');
    expect(posted.map(({ request }) => request.url)).toEqual([
      'https://shop.example.com/receipts?id=1',
      'https://webhooks.test/8x8',
    ]);
  });

  it('needs no connected receiver', async () => {
    const { emulator, call } = startEmulator();
    await call('POST', `${SUB_ACCOUNT}/messages`, { destination: PERSON, text: 'Hello' });
    expect(await emulator.report(PERSON, 'delivered')).toMatchObject({ status: undefined, attempt: 1 });
    expect(emulator.messages[0]?.state).toBe('delivered');
  });

  it('needs a message that was sent', async () => {
    const { emulator, send, advance, call } = startConnected();
    await expect(emulator.report('+6598765432', 'delivered')).rejects.toThrow('no message to +65******32');
    const unknown = '00000000-0000-4000-8000-000000000000';
    await expect(emulator.report({ umid: unknown }, 'delivered')).rejects.toThrow(`umid ${unknown}`);
    const scheduled = new Date(START + 60_000).toISOString();
    const { umid } = await send({ scheduled });
    await expect(emulator.report(umid, 'delivered')).rejects.toThrow('scheduled and was not sent: move');
    advance(60_000);
    expect(await emulator.report(umid, 'delivered')).toMatchObject({ status: 200 });
    const later = await send({ scheduled: new Date(START + 120_000).toISOString() });
    await call('DELETE', `${SUB_ACCOUNT}/messages/${later.umid}`);
    await expect(emulator.report(later, 'delivered')).rejects.toBeInstanceOf(ValidationError);
  });

  it('does not change the fifteen minutes for feedback', async () => {
    const { emulator, send, call, advance } = startConnected();
    const { umid } = await send({ track: 'Outcome' });
    advance(16 * 60_000);
    await emulator.report(umid, 'delivered');
    await call('POST', `${SUB_ACCOUNT}/messages/${umid}/feedback`, {
      outcome: 'success',
      timestamp: new Date(START).toISOString(),
    });
    expect(emulator.messages[0]?.feedback?.inTime).toBe(false);
  });
});

describe('a person', () => {
  it('answers the last sender', async () => {
    const { emulator, posted, send } = startConnected();
    await send({ source: '+6580000001' });
    await send({ source: '+6580000002' });
    const delivery = await emulator.reply('65 9123 4567', 'STOP');
    expect(delivery.status).toBe(200);
    expect(posted[0]?.body).toEqual({
      namespace: 'SMS',
      eventType: 'inbound_message_received',
      description: 'SMS inbound message',
      payload: {
        umid: expect.stringMatching(/^[0-9a-f-]{36}$/),
        subAccountId: 'team_otp',
        timestamp: new Date(START).toISOString(),
        source: PERSON,
        destination: '+6580000002',
        body: 'STOP',
        encoding: 'GSM7',
        smsCount: 1,
      },
    });
  });

  it('can write first, to a given number', async () => {
    const { emulator } = startConnected();
    await expect(emulator.reply(PERSON, 'Hi')).rejects.toThrow('+65******67 never got a message');
    const delivery = await emulator.reply('72345', '', {
      to: '+6580000001',
      at: START - 5,
      subAccountId: 'shop',
    });
    expect(payloadOf(delivery)).toMatchObject({
      source: '72345',
      subAccountId: 'shop',
      smsCount: 1,
      timestamp: new Date(START - 5).toISOString(),
    });
    const other = await emulator.reply(PERSON, 'Ünï ✓', { to: '+6580000001' });
    expect(payloadOf(other)).toMatchObject({ subAccountId: 'emulated_subaccount', encoding: 'UCS2' });
  });

  it('opens a link', async () => {
    const { emulator, posted, send } = startConnected();
    const { umid } = await send({ text: 'See http://s.test/abcdefg now' });
    await emulator.click(umid);
    expect(posted[0]?.body).toMatchObject({
      namespace: 'SMS',
      eventType: 'short_url_clicked',
      payload: {
        eventId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        occurredAt: new Date(START).toISOString(),
        umid,
        destination: PERSON,
        shortUrl: 'http://s.test/abcdefg',
        targetUrl: 'https://example.com/',
      },
    });
    const links = { shortUrl: 'http://s.test/1', targetUrl: 'https://shop.example.com/' };
    expect(payloadOf(await emulator.click(PERSON, links))).toMatchObject(links);
    await send();
    await expect(emulator.click(PERSON)).rejects.toThrow('contains no link');
  });

  it('answers a survey, in a format without envelope', async () => {
    const { emulator, posted, send, advance } = startConnected();
    const templateVariables = { name: 'Ann', age: 24, member: true };
    await send({ text: undefined, templateBody: 'Were we good? {{url}}', templateVariables }, SURVEY);
    advance(60_000);
    await emulator.answerSurvey(PERSON, [
      { question: 'Good?', answer: 'Yes', questionId: 'good', answerId: 'yes' },
      { question: 'Why?', answer: 'Fast' },
      { question: 'Else?', answer: null },
    ]);
    expect(posted[0]?.body).toEqual({
      umid: emulator.messages[0]?.umid,
      surveyId: '8f5b0e2e-0000-4000-8000-000000000001',
      surveyStartedAt: new Date(START).toISOString(),
      surveySubmittedAt: new Date(START + 60_000).toISOString(),
      templateVariables: [
        { name: 'name', value: 'Ann' },
        { name: 'age', value: 24 },
        { name: 'member', value: true },
      ],
      answers: [
        { questionId: 'good', answerId: 'yes', question: 'Good?', answer: 'Yes' },
        { questionId: 'q2', answerId: null, question: 'Why?', answer: 'Fast' },
        { questionId: 'q3', answerId: null, question: 'Else?', answer: null },
      ],
    });
    await send();
    await expect(emulator.answerSurvey(PERSON, [])).rejects.toThrow('not a survey');
  });

  it('cannot write while no receiver is connected', async () => {
    const { emulator, call } = startEmulator();
    await call('POST', `${SUB_ACCOUNT}/messages`, { destination: PERSON, text: 'http://s.test/1' });
    const advice = 'call emulator.connect(receiver.handle) first';
    await expect(emulator.reply(PERSON, 'STOP')).rejects.toThrow(advice);
    await expect(emulator.click(PERSON)).rejects.toThrow(advice);
    await expect(emulator.answerSurvey(PERSON, [])).rejects.toThrow(advice);
    await expect(emulator.redeliver()).rejects.toThrow(advice);
  });
});

describe('the settings', () => {
  const own = { subAccountId: 'team_otp', url: 'https://own.example.com/', httpAuthorization: 'own-secret' };
  const wide = { subAccountId: '*', url: 'https://wide.example.com/' };

  it.each([
    ['that of the sub-account', [wide, own], undefined, own.url, own.httpAuthorization],
    ['that of the account', [wide], undefined, wide.url, null],
    ['with the authorization it was connected with', [own], 'connected', own.url, 'connected'],
  ])('determine the target of webhooks: %s', async (_name, settings, authorization, url, header) => {
    const { emulator, call, posted, send } = startConnected([], authorization ? { authorization } : {});
    await call('POST', `${ACCOUNT}/webhooks`, settings);
    await send();
    expect(await emulator.report(PERSON, 'delivered')).toMatchObject({ url, status: 200 });
    expect(posted[0]?.request.url).toBe(url);
    expect(posted[0]?.request.headers.get('authorization')).toBe(header);
  });

  it('can switch webhooks off, but not the callback of a message', async () => {
    const { emulator, call, posted, send } = startConnected();
    await call('POST', `${ACCOUNT}/webhooks`, [{ ...own, enabled: false }]);
    await send();
    expect(await emulator.report(PERSON, 'delivered')).toMatchObject({ url: own.url, status: undefined });
    expect(posted).toHaveLength(0);
    await send({ dlrCallbackUrl: 'https://shop.example.com/' });
    expect(await emulator.report(PERSON, 'delivered')).toMatchObject({ status: 200 });
  });
});

describe('delivery at least once', () => {
  it('repeats an event on request', async () => {
    const { emulator, posted, send } = startConnected();
    await expect(emulator.redeliver()).rejects.toThrow('No webhook was delivered yet');
    await send();
    const first = await emulator.reply(PERSON, 'STOP');
    await emulator.report(PERSON, 'delivered');
    await emulator.redeliver();
    await emulator.redeliver(first);
    const bodies = posted.map(({ body }) => JSON.stringify(body));
    expect(bodies).toEqual([bodies[0], bodies[1], bodies[1], bodies[0]]);
  });

  it('repeats failed deliveries after 1, 10, 30 and 90 seconds, and then stops', async () => {
    const { emulator, posted, send, advance } = startConnected([500, new Error('down'), 400, 503, 500]);
    await send();
    expect(await emulator.reply(PERSON, 'STOP')).toMatchObject({ status: 500, attempt: 1 });
    const attempts: unknown[] = [];
    for (const pauseMs of [1_000, 10_000, 30_000, 90_000]) {
      advance(pauseMs - 1);
      expect(await emulator.retryDue()).toEqual([]);
      advance(1);
      attempts.push(...(await emulator.retryDue()));
    }
    expect(attempts).toMatchObject([
      { attempt: 2, status: undefined, error: expect.objectContaining({ message: 'down' }) },
      { attempt: 3, status: 400 },
      { attempt: 4, status: 503 },
      { attempt: 5, status: 500 },
    ]);
    advance(10_000_000);
    expect(await emulator.retryDue()).toEqual([]);
    expect(posted).toHaveLength(5);
  });

  it('ends with a success or with clear, which keeps the receiver', async () => {
    const { emulator, posted, send, advance } = startConnected([500, 200, 500]);
    await send();
    await emulator.reply(PERSON, 'STOP');
    advance(1_000);
    expect(await emulator.retryDue()).toMatchObject([{ status: 200 }]);
    await emulator.reply(PERSON, 'STOP');
    emulator.clear();
    advance(100_000);
    expect(await emulator.retryDue()).toEqual([]);
    await expect(emulator.redeliver()).rejects.toThrow('No webhook');
    await send();
    expect(await emulator.report(PERSON, 'delivered')).toMatchObject({ status: 200 });
    expect(posted).toHaveLength(4);
  });
});

import { describe, expect, it } from 'vitest';
import { WebhookError } from '../../../src/errors.ts';
import { parseEvent } from '../../../src/webhooks/parse-event.ts';
import {
  appMessageBody,
  appReceiptBody,
  clickBody,
  inboundBody,
  PERSON,
  receiptBody,
  surveyBody,
  UMID,
} from '../../support/webhooks.ts';

function pathOf(raw: unknown): string | undefined {
  try {
    parseEvent(raw);
  } catch (error) {
    if (WebhookError.isInstance(error)) {
      expect(error).toMatchObject({ reason: 'malformed', status: 400, submission: 'not-submitted' });
      return error.path;
    }
  }
  throw new Error('was not refused as malformed');
}

describe('parseEvent', () => {
  it('refuses an id that is longer than any of 8x8, because ids are stored', () => {
    expect(pathOf(receiptBody({ umid: 'u'.repeat(351) }))).toBe('payload.umid');
    expect(parseEvent(receiptBody({ umid: 'u'.repeat(350) }))).toMatchObject({ type: 'delivery-receipt' });
  });

  it('reads a delivery receipt with all fields', () => {
    const price = { total: 0.02, perSms: 0.01, currency: 'EUR' };
    const raw = receiptBody(
      { batchId: 'b', clientMessageId: 'c', clientBatchId: 'd', price, smsCount: 2 },
      { state: 'undelivered', detail: 'rejected_by_operator', errorCode: 15, errorMessage: 'invalid' },
    );
    expect(parseEvent(raw)).toEqual({
      type: 'delivery-receipt',
      umid: UMID,
      subAccountId: 'team_otp',
      source: 'Team',
      destination: PERSON,
      batchId: 'b',
      clientMessageId: 'c',
      clientBatchId: 'd',
      status: {
        state: 'undelivered',
        detail: 'rejected_by_operator',
        errorCode: 15,
        errorMessage: 'invalid',
        timestamp: '2026-11-22T09:00:00Z',
      },
      price,
      smsCount: 2,
      raw,
    });
  });

  it('reads an inbound message, an opened link and a survey answer', () => {
    expect(parseEvent(inboundBody({ body: '' }))).toMatchObject({
      type: 'inbound',
      source: PERSON,
      destination: '+6588001234',
      body: '',
      timestamp: '2026-11-22T09:00:00.00Z',
      encoding: 'GSM7',
      smsCount: 1,
    });
    expect(parseEvent(clickBody())).toMatchObject({
      type: 'short-url-click',
      eventId: 'c2f1',
      shortUrl: 'https://s.8x8.com/a',
      targetUrl: 'https://team.example/a',
    });
    expect(parseEvent(surveyBody())).toMatchObject({
      type: 'survey-answer',
      surveyId: 'nps',
      surveyStartedAt: '2026-11-22T08:59:00Z',
      templateVariables: [{ name: 'shop', value: 'Orchard' }],
      answers: [{ questionId: 'q1', answerId: null, question: 'How was it?', answer: 'Good' }],
    });
  });

  it.each([
    [24, 24],
    [0, 0],
    [true, true],
    [false, false],
    [null, null],
    [undefined, null],
    ['', ''],
    [['a', 'b'], '["a","b"]'],
    [{ a: 1 }, '{"a":1}'],
  ])('reads a survey variable of the value %j', (value, expected) => {
    const listed = parseEvent(surveyBody({ templateVariables: [{ name: 'age', value }] }));
    expect(listed).toMatchObject({ templateVariables: [{ name: 'age', value: expected }] });
    const mapped = parseEvent(surveyBody({ templateVariables: { age: value } }));
    expect(mapped).toMatchObject({ templateVariables: [{ name: 'age', value: expected }] });
  });

  it.each([
    [{ answer: null }, { answer: null }],
    [{ answer: undefined }, { answer: null }],
    [{ answer: 5 }, { answer: '5' }],
    [{ answer: ['Price', 'Taste'] }, { answer: '["Price","Taste"]' }],
    [{ answerId: 7 }, { answerId: '7' }],
    [
      { questionId: 1, question: null },
      { questionId: '1', question: '' },
    ],
    [{ questionId: null }, { questionId: '' }],
  ])('reads a survey answer with %j', (fields, expected) => {
    const event = parseEvent(surveyBody({ answers: [{ ...surveyBody().answers[0], ...fields }] }));
    const answer = { questionId: 'q1', answerId: null, question: 'How was it?', answer: 'Good', ...expected };
    expect(event).toMatchObject({ answers: [answer] });
  });

  it('accepts a survey answer without variables and answers', () => {
    const raw = surveyBody({ templateVariables: null, answers: undefined });
    expect(parseEvent(raw)).toMatchObject({ templateVariables: [], answers: [] });
  });

  it.each([
    [{ answers: {} }, { answers: [] }],
    [{ answers: 'Good' }, { answers: [] }],
    [{ answers: [null, 'Good', { answer: 'Bad' }] }, { answers: [{ answer: 'Bad' }] }],
    [
      { templateVariables: [1, null, { name: 'age', value: 24 }] },
      { templateVariables: [{ name: 'age', value: 24 }] },
    ],
    [{ templateVariables: 'shop' }, { templateVariables: [] }],
  ])('does not lose a survey answer over %j', (fields, expected) => {
    expect(parseEvent(surveyBody(fields))).toMatchObject({
      type: 'survey-answer',
      surveyId: 'nps',
      ...expected,
    });
  });

  it.each([
    [{ occurredAt: null }, { occurredAt: '' }],
    [{ shortUrl: undefined }, { shortUrl: '' }],
    [{ targetUrl: null }, { targetUrl: '' }],
    [{ targetUrl: { href: 'x' } }, { targetUrl: '' }],
  ])('does not lose an opened link over %j', (fields, expected) => {
    expect(parseEvent(clickBody(fields))).toMatchObject({
      type: 'short-url-click',
      eventId: 'c2f1',
      ...expected,
    });
  });

  it.each([
    ['a number without its plus', '6591234567', PERSON],
    ['a number that JSON made a number', 6591234567, PERSON],
    ['a number with spaces', '+65 9123 4567', PERSON],
    ['a sender ID', 'BANK', 'BANK'],
    ['a short code', '74000', '74000'],
    ['digits that are not a number', '91234567', '91234567'],
  ])('reads the person from %s', (_, given, expected) => {
    expect(parseEvent(inboundBody({ source: given }))).toMatchObject({ source: expected });
    expect(parseEvent(receiptBody({ destination: given }))).toMatchObject({ destination: expected });
    expect(parseEvent(clickBody({ destination: given }))).toMatchObject({ destination: expected });
  });

  it.each([
    [{ body: 5 }, { body: '5' }],
    [{ body: null }, { body: '' }],
    [{ body: undefined }, { body: '' }],
    [{ timestamp: null }, { timestamp: '' }],
    [{ timestamp: undefined }, { timestamp: '' }],
    [{ timestamp: 1_795_341_600 }, { timestamp: '1795341600' }],
    [{ destination: null }, { destination: '' }],
    [{ destination: {} }, { destination: '' }],
    [{ destination: 'd'.repeat(351) }, { destination: '' }],
    [{ subAccountId: null }, { subAccountId: '' }],
    [{ umid: 4711 }, { umid: '4711' }],
    [{ umid: null }, { umid: '' }],
    [{ umid: undefined }, { umid: '' }],
    [{ umid: 'u'.repeat(351) }, { umid: '' }],
  ])('does not lose an inbound message over %j', (fields, expected) => {
    expect(parseEvent(inboundBody(fields))).toMatchObject({ type: 'inbound', source: PERSON, ...expected });
  });

  it('does not lose a receipt, a survey answer or a text of a channel over ids that are numbers or null', () => {
    expect(parseEvent(receiptBody({ umid: 4711, subAccountId: null }))).toMatchObject({
      umid: '4711',
      subAccountId: '',
      destination: PERSON,
    });
    expect(parseEvent(appReceiptBody({ subAccountId: undefined }))).toMatchObject({ subAccountId: '' });
    expect(parseEvent(surveyBody({ surveyId: 7 }))).toMatchObject({ surveyId: '7' });
    const app = { content: { text: 5 }, timestamp: null, subAccountId: null };
    expect(parseEvent(appMessageBody(app))).toMatchObject({
      source: PERSON,
      body: '5',
      timestamp: '',
      subAccountId: '',
    });
  });

  it('accepts numbers written as texts, and drops optional fields of a wrong type', () => {
    expect(parseEvent(receiptBody({ smsCount: '3' }, { errorCode: '15' }))).toMatchObject({
      smsCount: 3,
      status: { errorCode: 15 },
    });
    const odd = parseEvent(
      receiptBody({ smsCount: 'many', clientMessageId: 7, price: 'free' }, { errorCode: '', detail: {} }),
    );
    for (const name of ['smsCount', 'clientMessageId', 'price']) expect(odd).not.toHaveProperty(name);
    expect(odd).toHaveProperty('status', { state: 'delivered', timestamp: '2026-11-22T09:00:00Z' });
    for (const missing of ['total', 'currency']) {
      const price = { total: 1, perSms: 1, currency: 'EUR', [missing]: undefined };
      expect(parseEvent(receiptBody({ price }))).not.toHaveProperty('price');
    }
  });

  it.each([
    [3, { total: 0.0375, perSms: 0.0125, currency: 'USD' }],
    ['3', { total: 0.0375, perSms: 0.0125, currency: 'USD' }],
    [0, undefined],
    [null, undefined],
  ])('reads a total of %j parts without the price of one', (smsCount, price) => {
    const raw = receiptBody({ smsCount, price: { total: 0.0375, currency: 'USD' } });
    expect(parseEvent(raw)).toMatchObject({ type: 'delivery-receipt', ...(price && { price }) });
    expect('price' in parseEvent(raw)).toBe(price !== undefined);
  });

  it('accepts new fields and new values, and keeps them in raw', () => {
    const raw = receiptBody({ carrier: 'X' }, { state: 'teleported', hops: 2 });
    const event = parseEvent(raw);
    expect(event).toMatchObject({ type: 'delivery-receipt', status: { state: 'teleported' } });
    expect(event.raw).toBe(raw);
  });

  it.each(['ChatApps', 'chatapps', 'Messaging Apps', 'Chat Apps'])(
    'reads a text of the channel sms in the namespace %s',
    (namespace) => {
      const raw = appMessageBody({}, { namespace });
      expect(parseEvent(raw)).toEqual({
        type: 'inbound',
        umid: UMID,
        subAccountId: 'team_otp',
        source: PERSON,
        destination: '269a57f4-3522-eb11-8278-00155d9f27ac',
        body: 'STOP',
        timestamp: '2026-11-22T09:00:00.017Z',
        channel: 'sms',
        raw,
      });
    },
  );

  it.each([
    [{ recipient: { channel: 'SMS' } }, { body: 'STOP', destination: '' }],
    [
      { channel: 'sms', recipient: undefined },
      { body: 'STOP', destination: '' },
    ],
    [{ user: { msisdn: 6591234567 } }, { source: PERSON }],
    [{ content: { url: 'https://8x8.test/image' }, type: 'Image' }, { body: '' }],
    [
      { content: null, recipient: { channel: 'sms', channelId: {} } },
      { body: '', destination: '' },
    ],
  ])('reads a text of the channel sms with %j', (payload, expected) => {
    expect(parseEvent(appMessageBody(payload))).toMatchObject({ type: 'inbound', ...expected });
  });

  it('reads a receipt of the channel sms, also of an SMS fallback', () => {
    const raw = appReceiptBody({
      clientMessageId: 'order-1',
      price: { total: 1, perSms: 1, currency: 'EUR' },
    });
    expect(parseEvent(raw)).toEqual({
      type: 'delivery-receipt',
      umid: UMID,
      subAccountId: 'team_otp',
      destination: PERSON,
      status: { state: 'undelivered', errorCode: 59, timestamp: '2026-11-22T09:00:00Z' },
      clientMessageId: 'order-1',
      price: { total: 1, perSms: 1, currency: 'EUR' },
      raw,
    });
    expect(parseEvent(appReceiptBody({ channel: 'Sms' }))).not.toHaveProperty('price');
  });

  it('reads a text of another channel only when that channel is switched on, and never its receipts', () => {
    const whatsapp = appMessageBody({ recipient: { channel: 'WhatsApp', channelId: 'c' } });
    expect(parseEvent(whatsapp)).toMatchObject({ type: 'unknown', namespace: 'ChatApps' });
    expect(parseEvent(whatsapp, ['sms', 'whatsapp'])).toMatchObject({ type: 'inbound', channel: 'whatsapp' });
    expect(parseEvent(appReceiptBody({ channel: 'whatsapp' }), ['whatsapp']).type).toBe('unknown');
    expect(parseEvent(appMessageBody(), []).type).toBe('unknown');
  });

  it.each([
    [{ namespace: 'sms', eventType: 'INBOUND_MESSAGE_RECEIVED' }],
    [{ namespace: ' SMS ', eventType: 'inbound_message_received\n' }],
    [{ namespace: null }],
    [{ namespace: undefined }],
  ])('recognises its events by %j', (fields) => {
    expect(parseEvent({ ...inboundBody(), ...fields })).toMatchObject({ type: 'inbound', source: PERSON });
    expect(parseEvent({ ...appMessageBody(), namespace: undefined })).toMatchObject({ channel: 'sms' });
  });

  it.each([
    [{ interactive: { type: 'button_reply', button_reply: { id: 'b1', title: 'STOP' } } }],
    [
      {
        interactive: { type: 'list_reply', list_reply: { id: 'l1', title: 'STOP', description: 'No more' } },
      },
    ],
    [{ interactive: { type: 'buttonReply', buttonReply: { title: 'STOP' } } }],
    [{ text: null, payload: 'STOP' }],
    [{ text: 'STOP', payload: 'opt-out-button' }],
  ])('reads what a person tapped from %j', (content) => {
    const raw = appMessageBody({ type: 'Interactive', recipient: { channel: 'rcs' }, content });
    expect(parseEvent(raw, ['sms', 'rcs'])).toMatchObject({ type: 'inbound', source: PERSON, body: 'STOP' });
  });

  it.each([
    [{ interactive: { type: 'nfmReply', nfmReply: { responseJson: '{}' } } }],
    [{ interactive: { type: 'button_reply', button_reply: { id: 'b1', title: 5 } } }],
    [{ interactive: 'STOP' }],
  ])('reads nothing from %j', (content) => {
    expect(parseEvent(appMessageBody({ content }))).toMatchObject({ type: 'inbound', body: '' });
  });

  it.each([[{ channelUserId: 'US.13491208655302741918', username: 'ann' }], [{ msisdn: null }]])(
    'reports a text of %j, which has no number, as unknown',
    (user) => {
      const raw = appMessageBody({ recipient: { channel: 'whatsapp' }, user });
      expect(parseEvent(raw, ['sms', 'whatsapp'])).toMatchObject({ type: 'unknown', namespace: 'ChatApps' });
    },
  );

  it.each([
    [{ namespace: 'ChatApps', eventType: 'inbound_message_received', payload: { umid: 1 } }],
    [{ namespace: 'ChatApps', eventType: 'inbound_message_received', payload: null }],
    [{ namespace: 'ChatApps', eventType: 'template_status_update', payload: { channel: 'sms' } }],
    [{ namespace: 'ChatApps', payload: { channel: 'sms' } }],
    [{ namespace: 'SMS', eventType: 'something_new' }],
    [{ eventType: 'outbound_message_status_changed', payload: 'x' }],
    [{ namespace: 'VSS', surveyId: 'a' }],
    [{ hello: 'world' }],
  ])('reports %j as unknown', (raw) => {
    const { namespace, eventType } = raw as { namespace?: string; eventType?: string };
    expect(parseEvent(raw)).toEqual({
      type: 'unknown',
      ...(namespace && { namespace }),
      ...(eventType && { eventType }),
      raw,
    });
  });

  it.each([
    [undefined, 'the body'],
    [[], 'the body'],
    ['text', 'the body'],
    [{ ...receiptBody(), payload: null }, 'payload'],
    [{ ...receiptBody(), payload: [1] }, 'payload'],
    [receiptBody({ umid: undefined }), 'payload.umid'],
    [receiptBody({ umid: '' }), 'payload.umid'],
    [receiptBody({ umid: 1.5 }), 'payload.umid'],
    [receiptBody({ destination: 1.5 }), 'payload.destination'],
    [receiptBody({ status: 'delivered' }), 'payload.status'],
    [receiptBody({}, { state: undefined }), 'payload.status.state'],
    [inboundBody({ source: '' }), 'payload.source'],
    [appMessageBody({ user: null }), 'payload.user'],
    [appMessageBody({ user: {} }), 'payload.user.msisdn'],
    [appReceiptBody({ status: null }), 'payload.status'],
    [clickBody({ eventId: null }), 'payload.eventId'],
    [surveyBody({ umid: null }), 'umid'],
    [surveyBody({ surveyId: null }), 'surveyId'],
  ])('refuses %j and names %s', (raw, path) => {
    expect(pathOf(raw)).toBe(path);
  });
});

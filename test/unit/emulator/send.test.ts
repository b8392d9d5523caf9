import { describe, expect, it } from 'vitest';
import { START, SUB_ACCOUNT, startEmulator } from '../../support/emulator.ts';

const path = `${SUB_ACCOUNT}/messages`;
const message = { destination: '+6591234567', text: 'Your code is 4711' };
const hours = (count: number) => new Date(START + count * 3_600_000).toISOString();

describe('sending one message', () => {
  it('is accepted, responded to as at 8x8, and stored', async () => {
    const { call, emulator } = startEmulator();
    const { status, body } = await call('POST', path, {
      ...message,
      source: 'Team',
      clientMessageId: 'mine',
      clientIp: '203.0.113.9',
      dlrCallbackUrl: 'https://team.example/receipts',
      track: 'Outcome',
      expiry: hours(1),
    });
    expect(status).toBe(200);
    expect(body).toEqual({
      umid: emulator.messages[0]?.umid,
      clientMessageId: 'mine',
      destination: '6591234567',
      encoding: 'GSM7',
      status: { code: 'QUEUED', description: 'SMS is accepted and queued for processing' },
    });
    expect(emulator.messages).toEqual([
      {
        umid: body.umid,
        subAccountId: 'team_otp',
        destination: '+6591234567',
        country: 'SG',
        source: 'Team',
        text: 'Your code is 4711',
        encoding: 'GSM7',
        parts: 1,
        cut: false,
        clientMessageId: 'mine',
        clientIp: '203.0.113.9',
        dlrCallbackUrl: 'https://team.example/receipts',
        track: 'Outcome',
        expiresAt: START + 3_600_000,
        state: 'sent',
        createdAt: START,
        updatedAt: START,
        price: { perSms: 0.034, total: 0.034, currency: 'USD' },
        personalDataRemoved: false,
      },
    ]);
  });

  it.each([
    [{ text: 'x' }, 3002],
    [{ ...message, destination: 'abc' }, 1002],
    [{ ...message, destination: 6591234567 }, 1002],
    [{ ...message, destination: '+1123456789' }, 1002],
    [{ ...message, destination: '+2101234567' }, 1002],
    [{ ...message, destination: '0123456789' }, 1002],
    [{ ...message, country: 'XX', destination: '91234567' }, 1009],
    [{ ...message, country: 65 }, 1009],
    [{ destination: message.destination }, 3005],
    [{ ...message, text: '' }, 3005],
    [{ ...message, text: null }, 3005],
    [{ ...message, text: 4711 }, 1004],
    [{ ...message, text: 'x'.repeat(10_001) }, 3006],
    [{ ...message, source: 'A'.repeat(17) }, 3011],
    [{ ...message, source: 'Twelve chars' }, 3011],
    [{ ...message, source: 'Café' }, 1005],
    [{ ...message, source: 7 }, 1005],
    [{ ...message, encoding: 'ASCII' }, 1003],
    [{ ...message, expiry: 'tomorrow' }, 1006],
    [{ ...message, expiry: '2026-13-45T00:00:00Z' }, 1006],
    [{ ...message, scheduled: '2026-07-02T00:00:00' }, 1011],
    [{ ...message, scheduled: hours(7 * 24 + 1) }, 1011],
    [{ ...message, clientIp: 'localhost' }, 1012],
    [{ ...message, dlrCallbackUrl: 'team.example' }, 3020],
    [{ ...message, dlrCallbackUrl: 'ftp://team.example' }, 3020],
    [{ ...message, track: 'Everything' }, 1000],
    [{ ...message, clientMessageId: 'x'.repeat(351) }, 3009],
    [{ ...message, clientMessageId: 1 }, 1000],
    [[message], 1000],
    ['{"destination":', 1000],
    ['', 1000],
  ])('refuses %j with %i', async (body, code) => {
    const { call, emulator } = startEmulator();
    const response = await call('POST', path, body);
    expect([response.status, response.body.code]).toEqual([400, code]);
    expect(response.body).toEqual({
      code,
      message: expect.any(String),
      errorId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      timestamp: '2026-07-01T00:00:00.000Z',
    });
    expect(emulator.messages).toEqual([]);
    expect(emulator.cost()).toBe(0);
  });

  it.each([
    [{ destination: '6591234567' }, '+6591234567', 'SG'],
    [{ destination: '91234567', country: 'SG' }, '+6591234567', 'SG'],
    [{ destination: '65123456', country: 'SG' }, '+6565123456', 'SG'],
    [{ destination: '6591234567', country: 'sg' }, '+6591234567', 'SG'],
    [{ destination: '07400123456', country: 'GB' }, '+447400123456', 'GB'],
    [{ destination: '0612345678', country: 'IT' }, '+390612345678', 'IT'],
    [{ destination: '+14165550123' }, '+14165550123', 'CA'],
    [{ destination: '12025550275' }, '+12025550275', 'US'],
    [{ destination: '+77011234567' }, '+77011234567', 'KZ'],
    [{ destination: '+870773111632' }, '+870773111632', undefined],
  ])('reads %j as %s', async (given, destination, country) => {
    const { call, emulator } = startEmulator();
    await call('POST', path, { ...message, ...given });
    expect(emulator.messages[0]?.destination).toBe(destination);
    expect(emulator.messages[0]?.country).toBe(country);
  });

  it.each(['+1234567890123456', '1234567890123456', '+6512345', 'Team 8x8', ''])(
    'accepts the sender ID %j',
    async (source) => {
      const { call, emulator } = startEmulator();
      expect((await call('POST', path, { ...message, source })).status).toBe(200);
      expect(emulator.messages[0]?.source).toBe(source === '' ? 'EMULATOR' : source);
    },
  );

  it('accepts an IPv6 address of the end user', async () => {
    const { call, emulator } = startEmulator();
    await call('POST', path, { ...message, clientIp: '2001:db8::1' });
    expect(emulator.messages[0]?.clientIp).toBe('2001:db8::1');
  });

  it('rejects an expired message inside HTTP 200, and stores nothing', async () => {
    const { call, emulator } = startEmulator();
    const past = await call('POST', path, { ...message, expiry: hours(-1), clientMessageId: 'late' });
    const beforeSchedule = await call('POST', path, { ...message, scheduled: hours(2), expiry: hours(1) });
    expect(past.body).toEqual({
      umid: expect.any(String),
      clientMessageId: 'late',
      destination: '+6591234567',
      encoding: 'AUTO',
      status: { code: 'REJECTED', description: 'Expiry time already reached' },
    });
    expect(beforeSchedule.status).toBe(200);
    expect(beforeSchedule.body.status).toMatchObject({ code: 'REJECTED' });
    expect(emulator.messages).toEqual([]);
  });

  it('cuts a text after ten parts, without splitting a pair', async () => {
    const { call, emulator } = startEmulator();
    await call('POST', path, { ...message, text: 'a'.repeat(1531) });
    await call('POST', path, { ...message, text: '\u{1f600}'.repeat(400) });
    await call('POST', path, { ...message, text: 'a'.repeat(1530) });
    const [plain, emoji, full] = emulator.messages;
    expect(plain).toMatchObject({ parts: 10, cut: true, encoding: 'GSM7', text: 'a'.repeat(1530) });
    // 67 units hold 33 pairs: ten parts hold 330 characters of two units.
    expect(emoji).toMatchObject({ parts: 10, cut: true, encoding: 'UCS2', text: '\u{1f600}'.repeat(330) });
    expect(full).toMatchObject({ parts: 10, cut: false });
  });

  it('sends a message scheduled for the past immediately', async () => {
    const { call, emulator } = startEmulator();
    await call('POST', path, { ...message, scheduled: hours(-1) });
    expect(emulator.messages[0]?.state).toBe('sent');
  });
});

describe('sending a batch', () => {
  const batch = `${path}/batch`;
  const include = { includeMessagesInResponse: true };

  it('rejects single messages for 8x8’s reasons and counts', async () => {
    const { call, emulator } = startEmulator();
    const { status, body } = await call('POST', batch, {
      ...include,
      clientBatchId: 'b1',
      messages: [
        { ...message, clientMessageId: 'good' },
        { destination: '+6591234568' },
        { ...message, text: 'x'.repeat(10_001) },
        { ...message, source: 'x'.repeat(17) },
        { ...message, expiry: hours(-1) },
        { ...message, destination: '+1123456789', encoding: 'UCS2' },
      ],
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({ clientBatchId: 'b1', acceptedCount: 1, rejectedCount: 5 });
    expect(body.messages.map((one) => one.status)).toEqual([
      { code: 'QUEUED', description: 'SMS is accepted and queued for processing' },
      { code: 'REJECTED', description: 'Text value is missing' },
      { code: 'REJECTED', description: 'Invalid Text value. Reached max allowed limit' },
      { code: 'REJECTED', description: 'Invalid Source value. Reached max allowed limit' },
      { code: 'REJECTED', description: 'Expiry time already reached' },
      { code: 'REJECTED', description: 'Invalid MSISDN format (not E.164 international number)' },
    ]);
    expect(body.messages[5]).toMatchObject({ destination: '+1123456789', encoding: 'UCS2' });
    expect(emulator.messages).toHaveLength(1);
    expect(emulator.messages[0]).toMatchObject({ batchId: body.batchId, clientBatchId: 'b1' });
  });

  it('returns only counts unless messages are requested', async () => {
    const { call } = startEmulator();
    const { body } = await call('POST', batch, { messages: [message] });
    expect(body).toEqual({
      batchId: expect.any(String),
      clientBatchId: null,
      acceptedCount: 1,
      rejectedCount: 0,
    });
  });

  it('accepts destinations with a template, which messages override', async () => {
    const { call, emulator } = startEmulator();
    const template = { text: 'Shared', source: 'Team' };
    await call('POST', batch, {
      destinations: ['+6591234567', '6591234568'],
      template,
      clientIp: '203.0.113.9',
    });
    await call('POST', batch, { messages: [{ destination: '+6591234569', text: 'Own' }], template });
    expect(
      emulator.messages.map(({ destination, text, source, clientIp }) => [
        destination,
        text,
        source,
        clientIp,
      ]),
    ).toEqual([
      ['+6591234567', 'Shared', 'Team', '203.0.113.9'],
      ['+6591234568', 'Shared', 'Team', '203.0.113.9'],
      ['+6591234569', 'Own', 'Team', undefined],
    ]);
  });

  it('drops destinations silently when messages are given, as 8x8 does', async () => {
    const { call, emulator } = startEmulator();
    const { body } = await call('POST', batch, { messages: [message], destinations: ['+6598765432'] });
    expect(body).toMatchObject({ acceptedCount: 1 });
    expect(emulator.messages.map(({ destination }) => destination)).toEqual(['+6591234567']);
  });

  it('accepts 10,000 messages', async () => {
    const { call, emulator } = startEmulator();
    const messages = Array.from({ length: 10_000 }, (_, index) => ({
      ...message,
      destination: `+65${91_000_000 + index}`,
    }));
    const { body } = await call('POST', batch, { messages });
    expect(body).toMatchObject({ acceptedCount: 10_000, rejectedCount: 0 });
    expect(new Set(emulator.messages.map(({ umid }) => umid)).size).toBe(10_000);
    expect(emulator.cost()).toBe(340);
  });

  it.each([
    [{}, 3012],
    [{ messages: [] }, 3012],
    [{ messages: message }, 3012],
    [{ destinations: [] }, 3012],
    [{ messages: [message, 'text'] }, 1000],
    [{ messages: new Array(10_001).fill(message) }, 3013],
    [{ destinations: new Array(10_001).fill('+6591234567'), template: { text: 'x' } }, 1100],
    [{ messages: [message], clientBatchId: 'x'.repeat(21) }, 3014],
    [{ messages: [message], clientBatchId: 1 }, 1000],
    [{ messages: [message], template: 'text' }, 1007],
    [{ messages: [message, { ...message, clientMessageId: 'x'.repeat(351) }] }, 3009],
    [{ messages: [message, { ...message, destination: 'nobody' }] }, 1002],
    [[message], 1000],
  ])('refuses a whole batch before anything is sent (%#: %i)', async (body, code) => {
    const { call, emulator } = startEmulator();
    const response = await call('POST', batch, Array.isArray(body) ? body : { ...include, ...body });
    expect([response.status, response.body.code]).toEqual([400, code]);
    expect(emulator.messages).toEqual([]);
  });
});

describe('surveys', () => {
  const surveys = '/api/v1/subaccounts/team_otp/surveys/nps/messages';

  it('fill in variables and a short link of 21 characters', async () => {
    const { call, emulator } = startEmulator();
    const { status } = await call('POST', surveys, {
      destination: '+6591234567',
      templateBody: 'Hi {{name}}, order {{order}} {{missing}}: {{url}} or {{url:name:order}}',
      templateVariables: { name: 'Ann', order: 17 },
    });
    expect(status).toBe(200);
    const [sent] = emulator.messages;
    expect(sent?.surveyId).toBe('nps');
    expect(sent?.text).toMatch(
      /^Hi Ann, order 17 \{\{missing\}\}: (http:\/\/s\.test\/\w{7}) or (http:\/\/s\.test\/\w{7})$/,
    );
    expect(sent?.text.match(/http\S+/g)?.map((link) => link.length)).toEqual([21, 21]);
    expect(new Set(sent?.text.match(/http\S+/g)).size).toBe(2);
  });

  it('reject messages without a text in a batch', async () => {
    const { call, emulator } = startEmulator();
    const { body } = await call('POST', `${surveys}/batch`, {
      includeMessagesInResponse: true,
      clientBatchId: 'survey',
      messages: [{ destination: '+6591234567' }, { destination: '+6591234568', templateBody: 'Own {{url}}' }],
    });
    expect(body).toMatchObject({ acceptedCount: 1, rejectedCount: 1, clientBatchId: 'survey' });
    expect(body.messages[0]?.status).toEqual({ code: 'REJECTED', description: 'Text value is missing' });
    await call('POST', `${surveys}/batch`, {
      template: { templateBody: 'Shared {{url}}' },
      messages: [{ destination: '+6591234569' }],
    });
    expect(emulator.messages.map(({ text }) => text.split(' ')[0])).toEqual(['Own', 'Shared']);
  });

  it.each([
    [surveys, { destination: '+6591234567' }, 3005],
    [surveys, { destination: '+6591234567', templateBody: 1 }, 1007],
    [surveys, { destination: '+6591234567', templateBody: 'x', templateVariables: [] }, 1007],
    [`${surveys}/batch`, { template: {}, messages: [{ destination: '+6591234567' }] }, 1007],
    [`${surveys}/batch`, { destinations: ['+6591234567'] }, 3012],
  ])('%s refuses %j with %i', async (where, body, code) => {
    const { call } = startEmulator();
    const response = await call('POST', where, body);
    expect([response.status, response.body.code]).toEqual([400, code]);
  });
});

import { describe, expect, it } from 'vitest';
import { ACCOUNT, SUB_ACCOUNT, startEmulator } from '../../support/emulator.ts';

/** Facts from 8x8's prose, examples and release notes that its schemas do not contain. */

const message = { destination: '+6591234567', text: 'Your code is 4711' };

describe('the SMS API of the emulator', () => {
  it('refuses a sub-account of another account with 400, code 1001', async () => {
    const { call, emulator } = startEmulator({ subAccountIds: ['team_otp'] });
    const { status, body } = await call('POST', '/api/v1/subaccounts/foreign/messages', message);
    expect([status, body.code]).toEqual([400, 1001]);
    expect(body.message).toBe("Provided subAccountId doesn't belong to your account");
    expect(emulator.messages).toEqual([]);
  });

  it.each(['Auto', 'auto', 'AUTO'])('accepts the encoding %s', async (encoding) => {
    const { call } = startEmulator();
    const { status, body } = await call('POST', `${SUB_ACCOUNT}/messages`, { ...message, encoding });
    expect({ status, body }).toMatchObject({ status: 200, body: { encoding: 'GSM7' } });
  });

  it('echoes the encoding of a rejected message in capitals', async () => {
    const { call, emulator } = startEmulator();
    emulator.failNext('reject');
    const { body } = await call('POST', `${SUB_ACCOUNT}/messages`, { ...message, encoding: 'Auto' });
    expect(body).toMatchObject({ encoding: 'AUTO', status: { code: 'REJECTED' } });
  });

  it('ignores a trailing slash, and only one', async () => {
    const { call } = startEmulator();
    expect((await call('POST', `${SUB_ACCOUNT}/messages/`, message)).status).toBe(200);
    expect((await call('POST', `${SUB_ACCOUNT}/messages//`, message)).status).toBe(404);
  });

  it('writes null for an absent id', async () => {
    const { call } = startEmulator();
    const { body: sent } = await call('POST', `${SUB_ACCOUNT}/messages`, message);
    expect(sent).toMatchObject({ clientMessageId: null });
    const { body: details } = await call('GET', `${SUB_ACCOUNT}/messages/${sent.umid}`);
    expect(details).toMatchObject({ clientMessageId: null, clientBatchId: null, batchId: null });
  });

  it('makes up the missing id of a message from the id of its batch and its number', async () => {
    const { call, emulator } = startEmulator();
    const { body } = await call('POST', `${SUB_ACCOUNT}/messages/batch`, {
      clientBatchId: 'Demo#1001',
      messages: [
        message,
        { ...message, destination: '91234568', country: 'SG' },
        { ...message, clientMessageId: 'mine' },
        { ...message, destination: '+1123456789' },
      ],
      includeMessagesInResponse: true,
    });
    const ids = ['Demo#1001/6591234567', 'Demo#1001/6591234568', 'mine', 'Demo#1001/1123456789'];
    expect(body.messages).toMatchObject(ids.map((clientMessageId) => ({ clientMessageId })));
    expect(emulator.messages.map(({ clientMessageId }) => clientMessageId)).toEqual(ids.slice(0, 3));
  });

  it('gives a message no id when its batch has none', async () => {
    const { call } = startEmulator();
    const { body } = await call('POST', `${SUB_ACCOUNT}/messages/batch`, {
      messages: [message],
      includeMessagesInResponse: true,
    });
    expect(body).toMatchObject({ clientBatchId: null, messages: [{ clientMessageId: null }] });
  });

  it('writes the dialling prefix with a plus', async () => {
    const { call } = startEmulator();
    const { body } = await call('GET', `${ACCOUNT}/prices?country=SG`);
    expect(body).toMatchObject({
      subAccounts: [{ outbound: { countries: [{ dialingPrefix: '+65' }] } }],
    });
  });
});

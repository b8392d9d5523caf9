import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { InvalidPhoneNumberError } from '../../src/errors.ts';
import { numberOf, type TestClient, testClient } from '../support/client.ts';
import { drive, useFakeTimeouts } from '../support/drive.ts';
import { failureOf } from '../support/transport.ts';
import { post, receiptBody, testReceiver, UMID } from '../support/webhooks.ts';

beforeEach(useFakeTimeouts);
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const MINUTE_MS = 60_000;
const message = { destination: numberOf(1), text: 'Hello', clientMessageId: 'order-7' };

/** A client whose message was lost: with `reset` before 8x8 took it, with `lost-response` after. */
async function lose<Client extends TestClient = TestClient>(
  fault: 'reset' | 'lost-response',
  client: Client = testClient() as Client,
): Promise<Client> {
  client.emulator.failNext(fault);
  expect(await drive(failureOf(client.sms.messages.send(message)))).toMatchObject({ submission: 'unknown' });
  return client;
}

const exportsOf = ({ emulator }: TestClient) =>
  emulator.requests.filter(({ operationId }) => operationId === 'start-log-export-job');

describe('messages.reconcile', () => {
  it('finds a message that 8x8 took in an export', async () => {
    const client = await lose('lost-response');
    const found = await drive(client.sms.messages.reconcile('order-7', { destination: message.destination }));
    const [taken] = client.emulator.messages;
    expect(found).toMatchObject({ outcome: 'accepted', source: 'export', umid: taken?.umid });
    expect(exportsOf(client)[0]?.body).toMatchObject({ phoneNumber: message.destination.slice(1) });
  });

  it('finds a message in a receipt that was received, without a request', async () => {
    const client = await lose('lost-response', testReceiver());
    const umid = client.emulator.messages[0]?.umid ?? '';
    const receipt = receiptBody({ umid, clientMessageId: 'order-7', destination: message.destination });
    expect((await drive(client.receiver.handle(post(receipt)))).status).toBe(200);
    expect(await drive(client.sms.messages.reconcile('order-7'))).toMatchObject({
      outcome: 'accepted',
      source: 'receipt',
      umid,
      status: { state: 'delivered' },
    });
    expect(exportsOf(client)).toEqual([]);
  });

  it('does not take the receipt of an earlier message with the same id for the lost one', async () => {
    const client = testReceiver();
    await drive(client.sms.messages.send(message));
    const umid = client.emulator.messages[0]?.umid ?? '';
    const receipt = receiptBody({ umid, clientMessageId: 'order-7', destination: message.destination });
    await drive(client.receiver.handle(post(receipt)));
    expect(await drive(client.sms.messages.reconcile('order-7'))).toMatchObject({ source: 'receipt', umid });
    client.clock.advance(20 * MINUTE_MS);
    await lose('reset', client);
    expect(await drive(client.sms.messages.reconcile('order-7'))).toMatchObject({ outcome: 'pending' });
    const own = { umid: UMID, clientMessageId: 'order-7', destination: message.destination };
    await drive(client.receiver.handle(post(receiptBody(own))));
    const found = await drive(client.sms.messages.reconcile('order-7'));
    expect(found).toMatchObject({ source: 'receipt', umid: UMID });
  });

  it('searches an export when the number is given: a receipt names none', async () => {
    const client = await lose('lost-response', testReceiver());
    const umid = client.emulator.messages[0]?.umid ?? '';
    const receipt = receiptBody({ umid, clientMessageId: 'order-7', destination: message.destination });
    await drive(client.receiver.handle(post(receipt)));
    const query = { destination: numberOf(2) };
    expect(await drive(client.sms.messages.reconcile('order-7', query))).toMatchObject({
      outcome: 'pending',
    });
    expect(
      await drive(client.sms.messages.reconcile('order-7', { destination: message.destination })),
    ).toMatchObject({ outcome: 'accepted', source: 'export', umid });
  });

  it('says not-found only when the message can no longer arrive', async () => {
    const client = await lose('reset');
    const { sms, clock } = client;
    expect(await drive(sms.messages.reconcile('order-7'))).toEqual({
      outcome: 'pending',
      retryAfterMs: 15 * MINUTE_MS,
    });
    clock.advance(15 * MINUTE_MS - 1);
    expect(await drive(sms.messages.reconcile('order-7'))).toEqual({ outcome: 'pending', retryAfterMs: 1 });
    clock.advance(1);
    expect(await drive(sms.messages.reconcile('order-7'))).toEqual({ outcome: 'not-found' });
  });

  it('takes no other message for the lost one', async () => {
    const client = await lose('reset');
    await drive(client.sms.messages.send({ ...message, clientMessageId: 'order-8' }));
    client.clock.advance(15 * MINUTE_MS);
    expect(await drive(client.sms.messages.reconcile('order-7'))).toEqual({ outcome: 'not-found' });
    expect(
      await drive(client.sms.messages.reconcile('order-8', { sentAt: new Date(client.clock.now()) })),
    ).toMatchObject({
      outcome: 'accepted',
    });
  });

  it('needs to know when, for a message of another client', async () => {
    const client = await lose('lost-response');
    const other = client.sms.withOptions({ defaultCountry: 'SG' });
    const error = await failureOf(other.messages.reconcile('order-7'));
    expect(error).toMatchObject({ code: 'validation', path: 'query.sentAt' });
    const sentAt = new Date(client.clock.now()).toISOString();
    const query = { sentAt, destination: message.destination.slice(3) };
    expect(await drive(other.messages.reconcile('order-7', query))).toMatchObject({ outcome: 'accepted' });
  });

  it('remembers nothing of a message whose outcome is known', async () => {
    const { sms } = testClient();
    await drive(sms.messages.send(message));
    expect(await failureOf(sms.messages.reconcile('order-7'))).toMatchObject({ path: 'query.sentAt' });
  });

  it.each([
    ['', {}, 'clientMessageId'],
    ['x'.repeat(351), {}, 'clientMessageId'],
    ['order-7', { sentAt: 'yesterday' }, 'query.sentAt'],
    ['order-7', { since: 1 }, 'query.since'],
  ])('refuses %j with %j', async (clientMessageId, query, path) => {
    const { sms } = testClient();
    const error = await failureOf(sms.messages.reconcile(clientMessageId, query as never));
    expect(error).toMatchObject({ code: 'validation', path });
  });

  it('refuses what is no number', async () => {
    const error = await failureOf(testClient().sms.messages.reconcile('order-7', { destination: 'nobody' }));
    expect(error).toBeInstanceOf(InvalidPhoneNumberError);
  });

  it('remembers no receipt without an id, or with one that is too long', async () => {
    const { receiver, sms } = testReceiver();
    await drive(receiver.handle(post(receiptBody())));
    await drive(receiver.handle(post(receiptBody({ clientMessageId: 'x'.repeat(351) }))));
    expect(await failureOf(sms.messages.reconcile('order-7'))).toMatchObject({ path: 'query.sentAt' });
  });
});

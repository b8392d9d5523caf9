import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { GuardError } from '../../src/errors.ts';
import type { GuardsOptions } from '../../src/guards/registry.ts';
import { INBOUND_PORT, type InboundPort } from '../../src/webhooks/inbound-port.ts';
import type { DeliveryReceipt } from '../../src/webhooks/webhook-event.ts';
import { CANARY_NUMBER, expectNoCanary } from '../support/canary.ts';
import { numberOf, SUB_ACCOUNT_ID, type TestClient, testClient } from '../support/client.ts';
import { useFakeTimeouts } from '../support/drive.ts';
import { failureOf } from '../support/transport.ts';

const DAY_MS = 86_400_000;
const destination = numberOf(1);
const message = { destination, text: 'Hello' };

beforeEach(useFakeTimeouts);
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

/** Applies a receipt as a webhook receiver does after authentication and parsing. */
async function apply({ sms }: TestClient, receipt: Partial<DeliveryReceipt>): Promise<void> {
  const inboundPort = (sms as unknown as Record<symbol, InboundPort>)[INBOUND_PORT] as InboundPort;
  const whole: DeliveryReceipt = {
    type: 'delivery-receipt',
    umid: crypto.randomUUID(),
    subAccountId: SUB_ACCOUNT_ID,
    destination,
    status: { state: 'undelivered', errorCode: 59 },
    raw: {},
    ...receipt,
  };
  await inboundPort.run(undefined, (call) => inboundPort.applyReceipt(whole, call));
}

function startWith(undeliverable: GuardsOptions['undeliverable'] = undefined): TestClient {
  return testClient({ guards: { undeliverable, consent: { check: () => true } } });
}

describe('a number that a receipt calls non-existent', () => {
  it('gets nothing for any purpose until it is released', async () => {
    const client = startWith();
    const { sms, emulator, of } = client;
    await sms.messages.send(message);
    await apply(client, {});
    for (const purpose of ['transactional', 'otp', 'marketing'] as const) {
      const error = await failureOf(sms.messages.send({ ...message, purpose }));
      expect(error).toBeInstanceOf(GuardError);
      expect(error).toMatchObject({
        code: 'guard',
        guard: 'undeliverable',
        reason: 'blocked-number',
        submission: 'not-submitted',
        retryAfterMs: DAY_MS,
        message: expect.stringMatching(
          /does not exist.*guards\.release.*Try again in 1 d\. Nothing was sent\.$/,
        ),
      });
    }
    expect(emulator.messages).toHaveLength(1);
    await sms.messages.send({ ...message, destination: numberOf(2) });

    const { counters, refusals } = await sms.guards.inspect(destination);
    expect(counters).toContainEqual({
      guard: 'undeliverable',
      rule: 'undeliverable',
      count: 1,
      windowMs: DAY_MS,
    });
    expect(counters).toContainEqual(expect.objectContaining({ guard: 'recipient', count: 1 }));
    const blocked = refusals.filter(({ guard }) => guard === 'undeliverable');
    expect(blocked.map(({ purpose }) => purpose)).toEqual(['transactional', 'otp', 'marketing']);
    expect(blocked[0]).toMatchObject({ reason: 'blocked-number', retryAfterMs: DAY_MS });

    await sms.guards.release(destination, { guard: 'undeliverable' });
    expect(of('limits-released')).toMatchObject([{ guards: ['undeliverable'] }]);
    expect(await sms.guards.inspect(destination, { guard: 'undeliverable' })).toMatchObject({
      counters: [{ count: 0 }],
      refusals: [],
    });
    await sms.messages.send(message);
    expect(emulator.messages).toHaveLength(3);
  });

  it('gets messages again when its time is over', async () => {
    const client = startWith({ forMs: 60_000 });
    await apply(client, {});
    client.clock.advance(59_999);
    expect(await failureOf(client.sms.messages.send(message))).toMatchObject({ retryAfterMs: 1 });
    client.clock.advance(1);
    await expect(client.sms.messages.send(message)).resolves.toMatchObject({ status: 'accepted' });
  });

  it('gets messages again when one was delivered', async () => {
    const client = startWith();
    await apply(client, {});
    await apply(client, { status: { state: 'delivered' } });
    expect(client.of('number-reached')).toMatchObject([{ destination: '+65******01' }]);
    await expect(client.sms.messages.send(message)).resolves.toMatchObject({ status: 'accepted' });
  });

  it('is reported and sent to in monitor mode', async () => {
    const client = startWith({ mode: 'monitor' });
    await apply(client, {});
    await client.sms.messages.send(message);
    expect(client.of('guard-observed')).toMatchObject([
      {
        decision: {
          guard: 'undeliverable',
          reason: 'blocked-number',
          mode: 'monitor',
          rule: 'undeliverable',
        },
      },
    ]);
    expect((await client.sms.guards.inspect(destination)).refusals).toEqual([]);
  });

  it('is treated like any other when the guard is off', async () => {
    const client = startWith(false);
    await apply(client, {});
    await client.sms.messages.send(message);
    expect(client.of('number-undeliverable')).toEqual([]);
  });

  it('blocks only that one message of a batch', async () => {
    const client = startWith();
    await apply(client, {});
    const messages = [1, 2, 3].map((index) => ({ ...message, destination: numberOf(index) }));
    const { results } = await client.sms.messages.sendBatch({ messages });
    expect(results.map(({ status }) => status)).toEqual(['blocked', 'accepted', 'accepted']);
  });

  it('is blocked for every client of the scope, also in another spelling', async () => {
    const client = startWith();
    await apply(client, { destination: '+541123456789' });
    const other = client.sms.withOptions({ subAccountId: 'team_other' });
    const error = await failureOf(other.messages.send({ ...message, destination: '+5491123456789' }));
    expect(error).toMatchObject({ reason: 'blocked-number' });
  });

  it('appears nowhere', async () => {
    const client = startWith();
    await apply(client, { destination: CANARY_NUMBER });
    const error = await failureOf(client.sms.messages.send({ ...message, destination: CANARY_NUMBER }));
    const inspection = await client.sms.guards.inspect(CANARY_NUMBER);
    await apply(client, { destination: CANARY_NUMBER, status: { state: 'read' } });
    expect(client.of('number-undeliverable')).toHaveLength(1);
    expect(client.of('number-reached')).toHaveLength(1);
    expectNoCanary([error, inspection, client.events]);
  });
});

describe('the real price of a receipt', () => {
  it('corrects the estimate, until a newer price list arrives', async () => {
    const client = testClient(
      { accountId: 'the_account' },
      { accountId: 'the_account', subAccountIds: [SUB_ACCOUNT_ID] },
    );
    const { sms } = client;
    const estimate = () => sms.messages.estimate({ text: 'a'.repeat(161), destination }).price;
    expect(estimate()).toBeUndefined();
    await sms.account.prices({ country: 'SG' });
    const listed = estimate();
    expect(listed).toMatchObject({ source: 'price-list', country: 'SG' });
    await apply(client, {
      status: { state: 'delivered' },
      price: { total: 0.082, perSms: 0.041, currency: 'USD' },
    });
    expect(estimate()).toEqual({
      perPart: 0.041,
      amount: 0.082,
      currency: 'USD',
      country: 'SG',
      isHighestOfSeveral: false,
      source: 'receipt',
    });
    await sms.account.prices({ country: 'SG' });
    expect(estimate()).toEqual(listed);
  });
});

import { describe, expect, it, vi } from 'vitest';
import { type BudgetGuardOptions, LimitError, memoryLimits, type SmsMessage } from '../../src/index.ts';
import { createWebhookReceiver } from '../../src/webhooks/index.ts';
import { numberOf, testClient } from '../support/client.ts';
import { ACCOUNT_ID } from '../support/emulator.ts';
import { AUTHORIZATION, post, receiptBody } from '../support/webhooks.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const ABROAD = ['+6281234567890', '+6281234567891', '+6281234567892', '+6281234567893'];

type Options = Parameters<typeof testClient>[0];

function clientWith(budget: BudgetGuardOptions, more: Options = {}, emulated = {}) {
  const guards = { recipient: false, backoff: false, budget, ...more.guards } as const;
  const client = testClient({ ...more, guards }, { subAccountIds: ['team_otp'], ...emulated });
  const send = (fields: Partial<SmsMessage> = {}) =>
    client.sms.messages.send({
      destination: numberOf(1),
      text: 'Your code is 4711',
      purpose: 'otp',
      ...fields,
    });
  const count = async (many: number, fields: Partial<SmsMessage> = {}) => {
    let sent = 0;
    for (let index = 0; index < many; index += 1) {
      await send(fields).then(
        () => {
          sent += 1;
        },
        (error: unknown) => expect(error).toMatchObject({ guard: 'budget' }),
      );
    }
    return sent;
  };
  return { ...client, send, count };
}

async function failureOf(request: Promise<unknown>): Promise<LimitError> {
  return request.then(
    () => expect.fail('it was let through'),
    (error: unknown) => {
      expect(error).toBeInstanceOf(LimitError);
      return error as LimitError;
    },
  );
}

/** Lets the looks in the background end. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('an amount', () => {
  it('is exact: parts times price', async () => {
    const { count, send } = clientWith({ perDay: 1, prices: { SG: 0.1 }, reserved: 0 });
    expect(await count(2, { text: 'a'.repeat(161) })).toBe(2);
    expect(await count(9)).toBe(6);
    const error = await failureOf(send());
    expect(error).toMatchObject({
      guard: 'budget',
      reason: 'over-budget',
      action: 'refuse',
      decision: { rule: 'budget:all:day', observed: 1_000_000, limit: 1_000_000, windowMs: DAY_MS },
    });
    expect(error.message).toContain('1.00 of 1.00 allowed in 1 d for all messages are spent');
    expect(error.retryAfterMs).toBeGreaterThan(0);
    expect(error.retryAfterMs).toBeLessThanOrEqual(DAY_MS + DAY_MS / 30);
  });

  it('comes back with time, and counts nothing that was not sent', async () => {
    const { count, sms, clock } = clientWith({ perHour: 0.3, prices: { SG: 0.1 }, reserved: 0 });
    expect(await count(5)).toBe(3);
    clock.advance(HOUR_MS + HOUR_MS / 30);
    await sms.messages.send({ destination: numberOf(1), text: '' }).catch(() => {});
    expect(await count(5)).toBe(3);
  });

  it('is one over all clients of a store', async () => {
    const limits = memoryLimits();
    const budget = { perDay: 1, prices: { SG: 0.1 }, reserved: 0 };
    const clients = [
      clientWith(budget, { limits }),
      clientWith(budget, { limits }),
      clientWith(budget, { limits }),
    ];
    const sends = Array.from({ length: 40 }, (_, index) => clients[index % 3]?.send());
    const results = await Promise.allSettled(sends);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
  });

  it('has an hour, a day and a month', async () => {
    const amounts = { perHour: 0.2, perDay: 0.3, perMonth: 0.4 };
    const { count, clock, send } = clientWith({ ...amounts, prices: { SG: 0.1 }, reserved: 0 });
    expect(await count(5)).toBe(2);
    clock.advance(2 * HOUR_MS);
    expect(await count(5)).toBe(1);
    clock.advance(2 * DAY_MS);
    expect(await count(5)).toBe(1);
    expect(await failureOf(send())).toMatchObject({ decision: { rule: 'budget:all:month' } });
  });

  it('may be of a country, of all other countries, and of a purpose', async () => {
    const { count, send } = clientWith({
      countries: { sg: { perDay: 0.3 }, default: { perDay: 0.2 } },
      purposes: { marketing: { perDay: 0.1 }, transactional: { perDay: 0.5 } },
      prices: { default: 0.1 },
      reserved: 0,
    });
    expect(await count(5)).toBe(3);
    expect((await failureOf(send())).message).toContain('for messages to SG are spent');
    expect(await count(5, { destination: ABROAD[0] as string })).toBe(2);
    expect(await count(5, { destination: '+639171234567', purpose: 'transactional' })).toBe(2);
    expect(await count(5, { destination: '+60123456789', purpose: 'transactional' })).toBe(2);
    expect(await count(5, { destination: '+66812345678', purpose: 'transactional' })).toBe(1);
    const error = await failureOf(send({ destination: '+84912345678', purpose: 'transactional' }));
    expect(error.message).toContain('for purpose transactional are spent');
  });

  it('counts verifications, and satellites by calling code', async () => {
    const { sms } = clientWith(
      { perDay: 0.2, prices: { default: 0.1 }, reserved: 0, countries: { default: { perDay: 0.1 } } },
      { guards: { phone: false } },
    );
    await sms.verifications.start({ destination: numberOf(1) });
    expect(await failureOf(sms.verifications.start({ destination: numberOf(2) }))).toMatchObject({
      guard: 'budget',
    });
    await sms.messages.send({ destination: '+881612345678', text: 'Hello' });
    const error = await failureOf(sms.messages.send({ destination: '+870301234567', text: 'Hello' }));
    expect(error).toMatchObject({ decision: { rule: 'budget:all:day' } });
  });

  it('only reports in monitor mode', async () => {
    const { count, of } = clientWith({ perDay: 0.1, prices: { SG: 0.1 }, reserved: 0, mode: 'monitor' });
    expect(await count(3)).toBe(3);
    expect(of('guard-observed').map(({ decision }) => decision.reason)).toEqual([
      'over-budget',
      'over-budget',
    ]);
  });

  it('is not touched by a look at a number', async () => {
    const { sms, count } = clientWith({ perDay: 0.2, prices: { SG: 0.1 }, reserved: 0 });
    const { counters, refusals } = await sms.guards.inspect(numberOf(1), { guard: 'budget' });
    expect([counters, refusals]).toEqual([[], []]);
    expect(await count(3)).toBe(2);
  });
});

describe('the part of acquaintances', () => {
  const budget = { perDay: 1, prices: { SG: 0.1 } } as const;

  it('is a fifth that strangers cannot spend', async () => {
    const { sms, count, send } = clientWith(budget);
    const { umid } = await send({ subject: 'owner' });
    await sms.messages.feedback(umid, { outcome: 'success', destination: numberOf(1), subject: 'owner' });
    expect(await count(20)).toBe(7);
    expect(await count(2, { subject: 'stranger' })).toBe(0);
    expect(await count(1, { subject: 'owner' })).toBe(1);
    expect(await count(5, { returning: true })).toBe(1);
    expect(await failureOf(send({ returning: true }))).toMatchObject({
      reason: 'over-budget',
      action: 'refuse',
    });
  });

  it('is half open to people who pass a captcha, when the guard asks; nobody exceeds the whole amount', async () => {
    const { count, send } = clientWith({
      ...budget,
      onExceeded: 'ask',
      countries: { default: { perDay: 5 } },
    });
    expect(await count(20)).toBe(8);
    expect(await failureOf(send())).toMatchObject({ reason: 'captcha-needed', action: 'ask' });
    expect(await count(5, { human: { passed: true } })).toBe(1);
    const error = await failureOf(send({ human: { passed: true } }));
    expect(error).toMatchObject({ reason: 'over-budget', action: 'refuse' });
    expect(await count(5, { returning: true })).toBe(1);
  });

  it('is left to an owner whom a captcha asks as well', async () => {
    const { sms, count, send } = clientWith({ ...budget, onExceeded: 'ask' });
    const { umid } = await send({ subject: 'owner' });
    await sms.messages.feedback(umid, { outcome: 'success', destination: numberOf(1), subject: 'owner' });
    expect(await count(20, { human: { passed: true } })).toBe(8);
    expect(await count(5, { human: { passed: true }, subject: 'stranger' })).toBe(0);
    expect(await count(5, { human: { passed: true }, subject: 'owner' })).toBe(1);
  });

  it('is closed to them when the guard refuses', async () => {
    const { count } = clientWith(budget);
    expect(await count(20, { human: { passed: true } })).toBe(8);
  });

  it('is as large as configured', async () => {
    expect(await clientWith({ ...budget, reserved: 0.5 }).count(20)).toBe(5);
    expect(await clientWith({ ...budget, reserved: 0 }).count(20)).toBe(10);
  });
});

describe('levels', () => {
  it('tell at 50, 80, 95 and 100 %, once over all clients', async () => {
    const limits = memoryLimits();
    const budget = { perDay: 1, prices: { SG: 0.01 }, reserved: 0 };
    const clients = [clientWith(budget, { limits }), clientWith(budget, { limits })];
    for (let turn = 0; turn < 110; turn += 1) {
      await clients[turn % 2]?.count(1);
      await settled();
    }
    const events = clients.flatMap((client) => client.of('budget-level'));
    expect(events.map(({ percent }) => percent).sort((one, other) => one - other)).toEqual([50, 80, 95, 100]);
    expect(events.find(({ percent }) => percent === 50)).toMatchObject({
      of: 'all',
      period: 'day',
      spent: 0.5,
      limit: 1,
      currency: 'USD',
    });
  });

  it('name the country and the purpose', async () => {
    const { count, of } = clientWith({
      countries: { SG: { perHour: 0.2 } },
      purposes: { otp: { perMonth: 0.2 } },
      prices: { SG: 0.1 },
      reserved: 0,
    });
    for (let turn = 0; turn < 4; turn += 1) {
      await count(1);
      await settled();
    }
    expect(of('budget-level')).toMatchObject([
      { of: 'country', country: 'SG', period: 'hour', percent: 50 },
      { of: 'purpose', purpose: 'otp', period: 'month', percent: 50 },
      { of: 'country', country: 'SG', percent: 100 },
      { of: 'purpose', purpose: 'otp', percent: 100 },
    ]);
  });

  it('rest while an amount is spent, and tell nothing when the store fails', async () => {
    const limits = memoryLimits();
    const inspect = vi.spyOn(limits, 'inspect');
    const { count, clock, of } = clientWith({ perDay: 0.2, prices: { SG: 0.1 }, reserved: 0 }, { limits });
    await count(3);
    await settled();
    const looks = inspect.mock.calls.length;
    await count(20);
    await settled();
    expect(inspect.mock.calls.length).toBe(looks);
    clock.advance(10_000);
    inspect.mockRejectedValue(new Error('down'));
    await count(1);
    await settled();
    expect(of('store-failed')).toHaveLength(1);
    inspect.mockResolvedValue([]);
    await count(1);
    await settled();
    expect(of('store-failed')).toHaveLength(1);
  });
});

describe('prices', () => {
  it('come from the account, in the background', async () => {
    const { send, count, emulator, of } = clientWith({ perDay: 0.5, reserved: 0 }, { accountId: ACCOUNT_ID });
    await send();
    await vi.waitFor(() =>
      expect(emulator.requests.map(({ operationId }) => operationId)).toContain('get-price-list'),
    );
    await settled();
    // 0.30 while it was on its way, then 0.034 each: five more fit into 0.50.
    expect(await count(9)).toBe(5);
    expect(of('prices-unknown')).toEqual([]);
  });

  it('follow the receipts', async () => {
    const { send, count, sms } = clientWith(
      { perDay: 1, reserved: 0, unknownPrice: 0.4 },
      { accountId: ACCOUNT_ID },
    );
    await send();
    await vi.waitFor(async () => {
      const { price } = await sms.messages.estimate({ text: 'a', country: 'SG' });
      expect(price).toMatchObject({ perPart: 0.034 });
    });
    const receiver = createWebhookReceiver({
      client: sms,
      authentication: { authorization: AUTHORIZATION },
      handlers: {},
    });
    const price = { total: 0.1, perSms: 0.1, currency: 'USD' };
    await receiver.receive(post(receiptBody({ destination: numberOf(1), price })));
    // 0.40 before any price was known, then 0.10 each.
    expect(await count(20)).toBe(6);
  });

  it('that are not known count 0.3, and an event tells of it once an hour', async () => {
    const { count, of, clock } = clientWith({ perDay: 3, prices: { ID: 0.1 }, reserved: 0 });
    expect(await count(12)).toBe(10);
    expect(of('prices-unknown')).toMatchObject([{ reason: 'no-price', country: 'SG' }]);
    clock.advance(HOUR_MS);
    await count(1);
    expect(of('prices-unknown')).toHaveLength(2);
    const other = clientWith({ perDay: 3, prices: { ID: 0.1 }, reserved: 0, unknownPrice: 1 });
    expect(await other.count(12)).toBe(3);
  });

  it('that cannot be fetched are asked for again after ten minutes', async () => {
    const { count, of, clock } = clientWith({ perDay: 100 });
    await count(1);
    await settled();
    await count(1);
    expect(of('prices-unknown').map(({ reason }) => reason)).toEqual(['not-loaded', 'no-price']);
    clock.advance(HOUR_MS / 6);
    await count(1);
    await settled();
    expect(of('prices-unknown')).toHaveLength(2);
    clock.advance(HOUR_MS);
    await count(1);
    await settled();
    expect(of('prices-unknown').filter(({ reason }) => reason === 'not-loaded')).toHaveLength(2);
  });

  it('in another currency are no prices', async () => {
    const { count, of, sms } = clientWith({ perDay: 100, currency: 'EUR' }, { accountId: ACCOUNT_ID });
    await sms.account.prices();
    await count(1);
    expect(of('prices-unknown')).toMatchObject([{ reason: 'other-currency', country: 'SG' }]);
  });
});

describe('the balance', () => {
  const prepaid = { prepaid: { balance: 5 } };

  it('is checked once per hour for a prepaid account', async () => {
    const { count, of, clock } = clientWith(
      { perDay: 10, prices: { SG: 0.1 } },
      { accountId: ACCOUNT_ID },
      prepaid,
    );
    await count(1);
    await vi.waitFor(() => expect(of('balance-low')).toHaveLength(1));
    expect(of('balance-low')[0]).toMatchObject({ minimum: 10, currency: 'USD' });
    await count(1);
    clock.advance(HOUR_MS);
    await count(1);
    await vi.waitFor(() => expect(of('balance-low')).toHaveLength(2));
  });

  it('raises no event when it is high enough, or the account is not prepaid', async () => {
    const rich = clientWith(
      { perDay: 10, minBalance: 1, prices: { SG: 0.1 } },
      { accountId: ACCOUNT_ID },
      prepaid,
    );
    await rich.count(1);
    const postpaid = clientWith({ perDay: 10, prices: { SG: 0.1 } }, { accountId: ACCOUNT_ID });
    await postpaid.count(1);
    await vi.waitFor(() =>
      expect(postpaid.emulator.requests.map(({ operationId }) => operationId)).toContain(
        'get-account-balance',
      ),
    );
    await settled();
    expect([...rich.of('balance-low'), ...postpaid.of('balance-low')]).toEqual([]);
  });
});

describe('without an amount', () => {
  const flood = async (count: (many: number) => Promise<number>, many: number) =>
    expect(await count(many)).toBe(many);

  it('nothing is refused, and an hour of ten times the busiest one raises an alarm', async () => {
    const { count, of, clock } = clientWith({ prices: { SG: 1 } });
    await flood(count, 30);
    clock.advance(HOUR_MS);
    await flood(count, 3);
    clock.advance(HOUR_MS);
    await flood(count, 30);
    expect(of('budget-alarm')).toEqual([]);
    await flood(count, 5);
    expect(of('budget-alarm')).toMatchObject([{ purpose: 'otp', spent: 31, usual: 3, currency: 'USD' }]);
    clock.advance(HOUR_MS);
    await flood(count, 31);
    expect(of('budget-alarm')).toHaveLength(2);
  });

  it('an hour below the floor raises none, and the options decide', async () => {
    const quiet = clientWith({ prices: { SG: 1 }, alarm: { factor: 2, floor: 6 } });
    await flood(quiet.count, 1);
    quiet.clock.advance(HOUR_MS);
    await flood(quiet.count, 2);
    quiet.clock.advance(HOUR_MS);
    await flood(quiet.count, 6);
    expect(quiet.of('budget-alarm')).toEqual([]);
    await flood(quiet.count, 1);
    expect(quiet.of('budget-alarm')).toHaveLength(1);
    const off = clientWith({ prices: { SG: 100 }, alarm: false });
    await flood(off.count, 1);
    off.clock.advance(HOUR_MS);
    await flood(off.count, 1);
    off.clock.advance(HOUR_MS);
    await flood(off.count, 50);
    expect(off.of('budget-alarm')).toEqual([]);
  });

  it('requests no prices by default', async () => {
    const { sms, emulator, events } = testClient({ accountId: ACCOUNT_ID });
    await sms.messages.send({ destination: numberOf(1), text: 'Hello' });
    expect(emulator.requests).toHaveLength(1);
    expect(events.filter(({ type }) => type.startsWith('prices') || type.startsWith('budget'))).toEqual([]);
  });
});

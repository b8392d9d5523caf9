import { describe, expect, it } from 'vitest';
import { SmsClient } from '../../src/client.ts';
import type { SmsClientOptions } from '../../src/config/options.ts';
import { memoryConsentLedger } from '../../src/consent/memory-consent-ledger.ts';
import { ConfigurationError, ConsentError, LimitError, RestrictionError } from '../../src/errors.ts';
import { memoryLimits } from '../../src/limits/memory-limits.ts';
import { RESTRICTABLE, type Restrictions } from '../../src/restrict/restrictions.ts';
import { createWebhookReceiver } from '../../src/webhooks/index.ts';
import { API_KEY, numberOf, testClient } from '../support/client.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { CALLS, type Method } from '../support/public-methods.ts';
import { collect } from '../support/send-many.ts';
import { failureOf } from '../support/transport.ts';

const message = { destination: numberOf(1), text: 'Hello' };
const VALUES = { ...message, code: '123456', subject: 'cookie-1', name: 'Group' };
const PRICES = { SG: 0.04, ID: 0.3 };

async function restrictionOf(outcome: Promise<unknown>) {
  const error = await failureOf(outcome);
  expect(error).toBeInstanceOf(RestrictionError);
  expect((error as RestrictionError).submission).toBe('not-submitted');
  expect((error as RestrictionError).message).toMatch(/Nothing was sent\.$/);
  return (error as RestrictionError).restriction;
}

function restricted(restrictions: Restrictions, options: SmsClientOptions = {}) {
  const client = testClient({ accountId: 'acme', ...options });
  return { ...client, parent: client.sms, sms: client.sms.restrict(restrictions) };
}

describe('each restriction', () => {
  it.each([
    ['purposes', { purposes: ['otp'] }, { ...message, purpose: 'marketing' }],
    ['countries', { countries: ['sg'] }, { ...message, destination: '+6281234567890' }],
    ['senders', { senders: ['TEAM'] }, { ...message, source: 'BANK' }],
    ['subject', { subject: 'tenant-1' }, { ...message, subject: 'tenant-2' }],
    ['operations', { operations: ['messages.get'] }, message],
    ['fields', { countries: ['SG'] }, { ...message, extra: { newField: 1 } }],
    ['fields', { countries: ['SG'] }, { ...message, dlrCallbackUrl: 'https://other.example/receipts' }],
  ] as const)('%s: refuses what is wider, and sends nothing', async (name, restrictions, wider) => {
    const { sms, emulator } = restricted(restrictions);
    expect(await restrictionOf(sms.messages.send(wider))).toBe(name);
    expect(emulator.messages).toEqual([]);
  });

  it.each<[string, Restrictions]>([
    ['purposes', { purposes: ['transactional'] }],
    ['countries', { countries: ['sg'] }],
    ['senders', { senders: ['TEAM'] }],
    ['subject', { subject: 'tenant-1' }],
    ['operations', { operations: ['messages.send'] }],
    ['budget', { name: 'agent', budget: { perDay: 1, prices: PRICES } }],
  ])('%s: lets through what is within', async (_, restrictions) => {
    const { sms, emulator } = restricted(restrictions);
    await sms.messages.send(message);
    expect(emulator.messages).toHaveLength(1);
  });

  it('takes the first sender as the default, and a source of the client before it', async () => {
    const { sms, emulator } = restricted({ senders: ['TEAM', 'TEAM2'] });
    await sms.messages.send(message);
    expect(emulator.messages[0]?.source).toBe('TEAM');
    const own = restricted({ senders: ['TEAM', 'TEAM2'] }, { source: 'TEAM2' });
    await own.sms.messages.send(message);
    expect(own.emulator.messages[0]?.source).toBe('TEAM2');
    expect(await restrictionOf(own.sms.withOptions({ source: 'BANK' }).messages.send(message))).toBe(
      'senders',
    );
  });

  it('holds for a message that hides in a batch, its template or a stream', async () => {
    const { sms, emulator } = restricted({ countries: ['SG'], purposes: ['transactional'] });
    const others = [
      { ...message, destination: '+6281234567890' },
      { ...message, purpose: 'marketing' as const },
    ];
    const { results } = await sms.messages.sendBatch({ messages: [message, ...others] });
    expect(results.map(({ status }) => status)).toEqual(['accepted', 'blocked', 'blocked']);
    const streamed = await collect(sms.messages.sendMany(others));
    expect(streamed.results.map(({ status }) => status)).toEqual(['blocked', 'blocked']);
    const template = { text: 'Hi', dlrCallbackUrl: 'https://other.example' };
    const batch = await sms.messages.sendBatch({ destinations: [numberOf(2)], template });
    expect(batch.results[0]).toMatchObject({ status: 'blocked', error: { restriction: 'fields' } });
    const shared = await sms.messages.sendBatch({
      messages: [{ ...message, destination: numberOf(3) }],
      extra: { a: 1 },
    });
    expect(shared.results[0]).toMatchObject({ status: 'blocked', error: { restriction: 'fields' } });
    expect(emulator.messages).toHaveLength(1);
  });

  it('has a decision in the event of a refused message, and an event for a refused operation', async () => {
    const { sms, of } = restricted({ countries: ['ID'] });
    await failureOf(sms.messages.send(message));
    expect(of('message-blocked')).toMatchObject([
      {
        destination: '+65******01',
        decision: {
          guard: 'restriction',
          reason: 'country-not-allowed',
          country: 'SG',
          explanation: 'This client is restricted to countries: ID.',
        },
      },
    ]);
    await failureOf(sms.lookup.get(numberOf(1)));
    expect(of('operation-refused')).toMatchObject([
      { operation: 'lookup.get', restriction: 'operations', reason: 'operation-not-allowed' },
    ]);
  });
});

describe('the budget', () => {
  const budget = { perDay: 0.1, prices: PRICES };

  it('is shared by clients of one name, over processes, and exact', async () => {
    const clock = createFakeClock();
    const limits = memoryLimits({ clock });
    const make = () => testClient({ clock, limits, scope: 'shop' });
    const [one, two] = [make(), make()];
    const holders = [one, two].map(({ sms }) => sms.restrict({ name: 'agent', budget }));
    const sends = Array.from({ length: 20 }, (_, index) =>
      holders[index % 2]?.messages.send({ ...message, destination: numberOf(index) }),
    );
    const settled = await Promise.allSettled(sends);
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    expect(one.emulator.messages.length + two.emulator.messages.length).toBe(2);
    const other = one.sms.restrict({ name: 'other', budget });
    await other.messages.send({ ...message, destination: numberOf(30) });
    await one.sms.messages.send({ ...message, destination: numberOf(31) });
  });

  it('names itself, with both sums and the wait', async () => {
    const { sms } = restricted({ name: 'agent', budget });
    await sms.messages.send(message);
    await sms.messages.send(message);
    const error = (await failureOf(sms.messages.send(message))) as RestrictionError;
    expect(error).toMatchObject({
      restriction: 'budget',
      reason: 'over-budget',
      decision: { rule: 'restriction:budget:day', observed: 80_000, limit: 100_000, windowMs: 86_400_000 },
    });
    expect(error.retryAfterMs).toBeGreaterThan(86_000_000);
    expect(error.decision.explanation).toBe(
      '0.08 of 0.10 allowed in 1 d for this client are spent (the budget of its restriction).',
    );
  });

  it('counts with the prices of the guard when it names none', async () => {
    const { sms } = restricted(
      { name: 'agent', budget: { perDay: 0.1 } },
      { guards: { budget: { prices: { SG: 0.09 }, currency: 'SGD' } } },
    );
    await sms.messages.send(message);
    expect(await restrictionOf(sms.messages.send(message))).toBe('budget');
  });

  it('needs a name, which a subject gives', () => {
    const { parent } = restricted({ purposes: ['otp'] });
    expect(() => parent.restrict({ budget })).toThrow(/restrict.name is missing/);
    expect(() => parent.restrict({ subject: 'tenant-1', budget })).not.toThrow();
  });

  it('is spent from both clients when the narrower one sends', async () => {
    const { sms } = restricted({ name: 'team', budget });
    const narrow = sms.restrict({ name: 'agent', budget: { perDay: 10, prices: PRICES } });
    await narrow.messages.send(message);
    await narrow.messages.send(message);
    for (const client of [sms, narrow])
      expect(await restrictionOf(client.messages.send(message))).toBe('budget');
  });

  it('belongs to one holder, and no other reaches it, whatever its name', async () => {
    const { parent, sms } = restricted({ name: 'a', purposes: ['transactional'] });
    const victim = parent.restrict({ name: 'a/b', budget });
    const attacker = sms.restrict({ name: 'b', budget: { perDay: 10, prices: PRICES } });
    for (const index of [1, 2, 3]) await attacker.messages.send({ ...message, destination: numberOf(index) });
    await victim.messages.send({ ...message, destination: numberOf(9) });
  });
});

describe('a restricted client and its parent', () => {
  it('is the limits and the consent of every number', async () => {
    const { sms, parent } = restricted(
      { purposes: ['transactional'] },
      { guards: { recipient: { limit: 2, windowMs: 60_000 }, consent: { ledger: memoryConsentLedger() } } },
    );
    await parent.messages.send(message);
    await sms.messages.send(message);
    expect(await failureOf(sms.messages.send(message))).toBeInstanceOf(LimitError);
    await parent.consent.revoke(numberOf(2), { scope: 'all', source: 'call' });
    expect(await failureOf(sms.messages.send({ ...message, destination: numberOf(2) }))).toBeInstanceOf(
      ConsentError,
    );
  });

  it('is no idempotency key: it neither reads a result of others nor takes their key', async () => {
    const { sms, parent, emulator } = restricted({ name: 'agent', countries: ['SG'] });
    const keyed = { ...message, idempotencyKey: 'order-7' };
    const own = await parent.messages.send(keyed);
    const theirs = await sms.messages.send(keyed);
    expect(theirs.umid).not.toBe(own.umid);
    expect((await sms.messages.send(keyed)).umid).toBe(theirs.umid);
    expect((await parent.messages.send(keyed)).umid).toBe(own.umid);
    expect(emulator.messages).toHaveLength(2);
    await sms.messages.send({ ...keyed, idempotencyKey: 'order-8', text: 'Poison' });
    await parent.messages.send({ ...keyed, idempotencyKey: 'order-8' });
  });
});

describe('messages of others', () => {
  it('are refused by get, cancel and feedback, and its own are not', async () => {
    const { sms, parent } = restricted({ countries: ['SG'] });
    const theirs = await parent.messages.send(message);
    const own = await sms.messages.send({ ...message, destination: numberOf(2) });
    for (const act of [
      () => sms.messages.get(theirs.umid),
      () => sms.messages.cancel(theirs.umid),
      () => sms.messages.feedback(theirs.umid, { outcome: 'success' }),
      () => sms.messages.get(crypto.randomUUID()),
      () => sms.messages.get({ toString: () => own.umid } as never),
      // Success with the number of somebody else would end that person's wait.
      () => sms.messages.feedback(own.umid, { outcome: 'success', destination: numberOf(1) }),
    ]) {
      expect(await restrictionOf(act())).toBe('messages');
    }
    expect((await sms.messages.get(own.umid)).umid).toBe(own.umid);
    // The same messages, known to a client with another time limit.
    const patient = sms.withOptions({ timeoutMs: 5_000 });
    await patient.messages.feedback(own.umid, { outcome: 'success' });
    await sms.messages.feedback(own.umid, { outcome: 'success', destination: numberOf(2) });
    expect(await restrictionOf(sms.restrict({ purposes: ['otp'] }).messages.get(own.umid))).toBe('messages');
  });
});

describe('the subject', () => {
  it('is the one of the restriction in every message, check and report', async () => {
    const { sms, parent } = restricted(
      { subject: 'tenant-1' },
      { oneTimePasswords: { secret: 's'.repeat(32) } },
    );
    let code = '';
    const request = {
      destination: numberOf(1),
      text: (given: { code: string }) => {
        code = given.code;
        return `Your code is ${given.code}`;
      },
    };
    const others = { ...request, subject: 'tenant-2' };
    await parent.oneTimePasswords.issue(others);
    const stolen = code;
    const destination = numberOf(1);
    const check = sms.oneTimePasswords.check({ destination, subject: 'tenant-2', code: stolen });
    expect(await restrictionOf(check)).toBe('subject');
    expect(await restrictionOf(sms.oneTimePasswords.issue(others))).toBe('subject');
    const own = { ...request, destination: numberOf(2), subject: 'tenant-1' };
    await sms.oneTimePasswords.issue(own);
    const { verified } = await sms.oneTimePasswords.check({ destination: numberOf(2), code } as never);
    expect(verified).toBe(true);
  });

  it('stays that of the outer restriction, whatever the inner one says', async () => {
    const { sms } = restricted({ subject: 'tenant-1' });
    const inner = sms.restrict({ subject: 'tenant-2' });
    expect(await restrictionOf(inner.messages.send(message))).toBe('subject');
    expect(await restrictionOf(inner.messages.send({ ...message, subject: 'tenant-2' }))).toBe('subject');
  });
});

describe('every other operation', () => {
  const others = (Object.keys(CALLS) as Method[]).filter((name) => !RESTRICTABLE.includes(name as never));

  it.each(others)('%s is refused without a request', async (name) => {
    let written = 0;
    const fetch = async () => {
      written += 1;
      return new Response('{}');
    };
    const { sms } = restricted({ countries: ['SG'] }, { fetch });
    const call = (async () => CALLS[name](sms, VALUES))();
    expect(await restrictionOf(call)).toBe('operations');
    expect(written).toBe(0);
  });

  it('a free request is refused, and so are the webhooks of the account', async () => {
    const { sms } = restricted({ countries: ['SG'] });
    expect(await restrictionOf(sms.request({ path: '/api/v1/subaccounts/{subAccountId}/sender-ids' }))).toBe(
      'operations',
    );
    expect(() => createWebhookReceiver({ client: sms, authentication: { kind: 'none' } } as never)).toThrow(
      ConfigurationError,
    );
  });

  it('verifications of other countries are neither started nor checked', async () => {
    const { sms } = restricted({ countries: ['ID'] });
    const input = { destination: numberOf(1), brand: 'Team' };
    expect(await restrictionOf(sms.verifications.start(input))).toBe('countries');
    const checked = sms.verifications.check('session', { destination: numberOf(1), code: '123456' });
    expect(await restrictionOf(checked)).toBe('countries');
  });

  it('a call with another caller ID is no way around the senders', async () => {
    const { sms } = restricted({ senders: ['TEAM'] });
    const input = { destination: numberOf(1), channel: 'call', call: { source: '+12025550143' } } as const;
    expect(await restrictionOf(sms.verifications.start(input))).toBe('senders');
  });
});

describe('nothing leads back to the wider client', () => {
  it.each<[string, SmsClientOptions]>([
    ['apiKey', { apiKey: 'other' }],
    ['baseUrl', { baseUrl: 'https://evil.example' }],
    ['fetch', { fetch: async () => new Response() }],
    ['onEvent', { onEvent: () => {} }],
    ['onError', { onError: () => {} }],
    ['logger', { logger: console }],
    ['guards', { guards: { consent: false } }],
    ['limits', { limits: memoryLimits() }],
    ['clock', { clock: createFakeClock() }],
    ['scope', { scope: 'fresh' }],
    ['pace', { pace: false }],
    ['allowedRecipients', { allowedRecipients: [numberOf(1)] }],
    ['testNumbers', { testNumbers: {} as never }],
    ['subAccountId', { subAccountId: 'other_account' }],
  ])('withOptions cannot change %s', async (name, overrides) => {
    const { sms } = restricted({ countries: ['SG'] });
    try {
      expect(sms.withOptions(overrides)).toBeUndefined();
    } catch (error) {
      expect(error).toBeInstanceOf(RestrictionError);
      expect((error as RestrictionError).message).toContain(name);
    }
  });

  it('withOptions keeps the restrictions, and a getter cannot slip an option in', async () => {
    const { sms, emulator } = restricted({ countries: ['ID'] });
    const child = sms.withOptions({
      timeoutMs: 9_000,
      deadlineMs: 20_000,
      retry: false,
      defaultCountry: 'SG',
    });
    expect(await restrictionOf(child.messages.send(message))).toBe('countries');
    let reads = 0;
    const tricky = {
      get guards() {
        reads += 1;
        return reads > 2 ? { consent: false as const } : undefined;
      },
    };
    const tricked = sms.withOptions(tricky as SmsClientOptions);
    expect(await restrictionOf(tricked.messages.send(message))).toBe('countries');
    expect(emulator.messages).toEqual([]);
  });

  it('a second restrict narrows each field, and never widens one', async () => {
    const { sms } = restricted({
      operations: ['messages.send'],
      purposes: ['otp'],
      countries: ['SG'],
      senders: ['TEAM'],
      subject: 'tenant-1',
    });
    const wider = sms.restrict({
      operations: [...RESTRICTABLE],
      purposes: ['otp', 'marketing', 'transactional'],
      countries: ['SG', 'ID'],
      senders: ['BANK', 'TEAM'],
    });
    const otp = { ...message, purpose: 'otp', source: 'TEAM' } as const;
    await wider.messages.send(otp);
    expect(await restrictionOf(wider.messages.send({ ...otp, purpose: 'marketing' }))).toBe('purposes');
    expect(await restrictionOf(wider.messages.send({ ...otp, destination: '+6281234567890' }))).toBe(
      'countries',
    );
    expect(await restrictionOf(wider.messages.send({ ...otp, source: 'BANK' }))).toBe('senders');
    expect(await restrictionOf(wider.messages.sendBatch({ messages: [otp] }))).toBe('operations');
  });

  it('changing the lists later, or the message while it is sent, changes nothing', async () => {
    const { parent, emulator } = restricted({ countries: ['SG'] });
    const countries = ['ID'];
    const sms = parent.restrict({ countries });
    countries.push('SG');
    expect(await restrictionOf(sms.messages.send(message))).toBe('countries');
    const moving = { ...message, destination: '+6281234567890' };
    const sending = sms.messages.send(moving);
    moving.destination = numberOf(1);
    await sending;
    expect(emulator.messages[0]?.destination).toContain('6281234567890');
    expect(() => Object.assign(sms, { messages: parent.messages })).toThrow(TypeError);
    expect(() => Object.assign(sms.messages, { send: parent.messages.send })).toThrow(TypeError);
  });

  it('methods borrowed from the class stay restricted', async () => {
    const { sms } = restricted({ countries: ['ID'] });
    const { withOptions, restrict, request } = SmsClient.prototype;
    expect(() => withOptions.call(sms, { guards: { phone: false } })).toThrow(RestrictionError);
    expect(await restrictionOf(restrict.call(sms, { countries: ['SG'] }).messages.send(message))).toBe(
      'countries',
    );
    expect(await restrictionOf(request.call(sms, { path: '/api/v1/x' }))).toBe('operations');
    const copy = Object.create(sms) as SmsClient;
    expect(await restrictionOf(copy.messages.send(message))).toBe('countries');
    expect(() => copy.withOptions({})).toThrow(TypeError);
  });

  it('no object, function or text within reach belongs to the parent, and none is the key', () => {
    const { sms, parent } = restricted({ countries: ['SG'] });
    const reach = (start: object) => {
      const found = new Set<unknown>();
      const visit = (value: unknown): void => {
        if (
          found.has(value) ||
          (typeof value !== 'object' && typeof value !== 'function') ||
          value === null
        ) {
          found.add(value);
          return;
        }
        found.add(value);
        for (const name of Reflect.ownKeys(value)) {
          const property = Reflect.getOwnPropertyDescriptor(value, name);
          for (const each of [property?.value, property?.get, property?.set]) visit(each);
        }
      };
      visit(start);
      return found;
    };
    const own = reach(sms);
    const theirs = [...reach(parent)].filter(
      (value) => typeof value === 'function' || typeof value === 'object',
    );
    const shared = theirs.filter((value) => value !== null && own.has(value));
    expect(shared).toEqual([]);
    for (const value of own) if (typeof value === 'string') expect(value).not.toContain(API_KEY);
  });
});

describe('malformed restrictions', () => {
  it.each([
    [{}, 'restricts nothing'],
    [{ countrys: ['SG'] }, 'Did you mean "countries"?'],
    [{ countries: [] }, 'restrict.countries must be'],
    [{ countries: ['Singapore'] }, 'restrict.countries[0]'],
    [{ operations: ['exports.run'] }, 'restrict.operations[0] must be one of'],
    [{ purposes: ['login'] }, 'restrict.purposes[0]'],
    [{ senders: [1] }, 'restrict.senders[0]'],
    [{ name: 'x', budget: { currency: 'USD' } }, 'must name an amount'],
    [{ name: 'x'.repeat(65), countries: ['SG'] }, 'restrict.name'],
    [undefined, 'restrict must be'],
  ])('%j is refused', (restrictions, text) => {
    const { sms } = testClient();
    expect(() => sms.restrict(restrictions as never)).toThrow(ConfigurationError);
    expect(() => sms.restrict(restrictions as never)).toThrow(text);
  });

  it('names that are too long together are refused, before a store has to', () => {
    const name = '%'.repeat(64);
    const nested = [1, 2, 3].reduce((sms) => sms.restrict({ name, countries: ['SG'] }), testClient().sms);
    expect(() => nested.restrict({ name, countries: ['SG'] })).toThrow(ConfigurationError);
  });
});

import { describe, expect, it } from 'vitest';
import {
  ApiError,
  type Contact,
  InvalidPhoneNumberError,
  NotFoundError,
  SmsClient,
  ValidationError,
} from '../../../src/index.ts';
import { CANARY_KEY, CANARY_NUMBER, expectNoCanary } from '../../support/canary.ts';
import { testClient } from '../../support/client.ts';
import { ACCOUNT_ID, START } from '../../support/emulator.ts';
import { readAll } from '../../support/read-all.ts';
import { errorOf, KEY, SUB_ACCOUNT_ID, startClient } from '../../support/sms-client.ts';

const NUMBER = '+6591234567';
const HOUR_MS = 3_600_000;

/** A client whose 8x8 has so many contacts, their ids counted up, and how often it was asked since. */
async function withContacts(count: number) {
  const client = startClient();
  for (let index = 0; index < count; index++) await client.sms.contacts.create({ addresses: {} });
  return { ...client, asked: () => client.emulator.requests.length - count };
}

describe('contacts', () => {
  it('creates, gets, updates and deletes', async () => {
    const { sms, calls, lastBody } = startClient();
    const input = {
      addresses: { msisdn: NUMBER, email: 'mei@team.example', lineId: undefined },
      firstName: 'Mei',
      country: 'SG',
      externalId: undefined,
      customAttributes: { visits: 3, vip: true },
    };
    const { outcome, ...created } = await sms.contacts.create(input);
    expect(outcome).toBe('created');
    expect(lastBody()).toEqual({
      addresses: { msisdn: NUMBER, email: 'mei@team.example' },
      firstName: 'Mei',
      country: 'SG',
      customAttributes: { visits: 3, vip: true },
    });
    expect(created).toEqual({
      id: 41_000_001,
      addresses: { msisdn: '6591234567', email: 'mei@team.example' },
      firstName: 'Mei',
      country: 'SG',
      createdAt: new Date(START).toISOString(),
      customAttributes: { visits: 3, vip: true },
    } satisfies Contact);
    expect(await sms.contacts.get(created.id)).toEqual(created);
    const changes = [
      { op: 'replace', path: '/firstName', value: 'John' },
      { op: 'remove', path: '/addresses/email' },
    ] as const;
    const changed = await sms.contacts.update(created.id, changes);
    expect(lastBody()).toEqual(changes);
    expect(changed).toEqual({ ...created, firstName: 'John', addresses: { msisdn: '6591234567' } });
    expect(await sms.contacts.delete(created.id)).toBeUndefined();
    expect(await errorOf(sms.contacts.get(created.id))).toBeInstanceOf(NotFoundError);
    expect(calls()).toEqual([
      'POST /contacts',
      'GET /contacts/41000001',
      'PATCH /contacts/41000001',
      'DELETE /contacts/41000001',
      'GET /contacts/41000001',
    ]);
  });

  it('creates by merging when a contact has one of the addresses, and says so', async () => {
    const { sms } = startClient();
    const known = await sms.contacts.create({ addresses: { msisdn: NUMBER }, firstName: 'Mei' });
    const merged = await sms.contacts.create({
      addresses: { msisdn: NUMBER, email: 'mei@team.example' },
      lastName: 'Tan',
    });
    expect(known.outcome).toBe('created');
    expect(merged).toMatchObject({ outcome: 'merged', id: known.id, firstName: 'Mei', lastName: 'Tan' });
  });

  it('takes 409 for a refusal: the addresses belong to several contacts, and nothing was changed', async () => {
    const { sms } = startClient();
    const mei = await sms.contacts.create({ addresses: { msisdn: NUMBER } });
    await sms.contacts.create({ addresses: { email: 'john@team.example' } });
    const both = { msisdn: NUMBER, email: 'john@team.example' };
    const error = await errorOf(sms.contacts.create({ addresses: both, firstName: 'Both' }));
    expect(error).toMatchObject({
      name: 'BadRequestError',
      message: expect.stringContaining('The addresses belong to several contacts'),
      status: 409,
      submission: 'rejected',
    });
    expect(await sms.contacts.get(mei.id)).not.toHaveProperty('firstName');
  });

  it('goes to the host of the Contacts API in each region', async () => {
    const hosts: string[] = [];
    for (const region of ['apac', 'us', 'eu', 'id'] as const) {
      const sms = new SmsClient({
        apiKey: KEY,
        subAccountId: SUB_ACCOUNT_ID,
        accountId: ACCOUNT_ID,
        region,
        fetch: async (url) => {
          hosts.push(new URL(String(url)).host);
          return Response.json({ id: 1, addresses: {} });
        },
      });
      await sms.contacts.get(1);
    }
    expect(hosts).toEqual(['contacts.8x8.com', 'contacts.us.8x8.com', 'contacts.8x8.uk', 'contacts.8x8.id']);
  });

  it('needs accountId', async () => {
    const { sms, emulator } = testClient();
    expect(await errorOf(sms.contacts.get(1))).toMatchObject({ code: 'configuration' });
    expect(await errorOf(readAll(sms.contacts.list()))).toMatchObject({ code: 'configuration' });
    expect(emulator.requests).toEqual([]);
  });

  it.each([
    [(client: SmsClient) => client.contacts.create({ addresses: {} }), 'contacts.list'],
    [(client: SmsClient) => client.contacts.update(1, [{ op: 'remove', path: '/country' }]), 'contacts.get'],
  ])('is not repeated when the answer to a change is lost', async (change, advice) => {
    const { sms, emulator } = startClient({}, { retry: { maxAttempts: 3, baseMs: 1, maxMs: 1 } });
    emulator.failNext('lost-response');
    const error = await errorOf(change(sms));
    expect(error).toMatchObject({ submission: 'unknown', message: expect.stringContaining(advice) });
    expect(emulator.requests).toHaveLength(1);
  });

  it('repeats what changes nothing the second time', async () => {
    const { sms, emulator, calls } = startClient({}, { retry: { maxAttempts: 2, baseMs: 1, maxMs: 1 } });
    for (const call of [() => sms.contacts.block(NUMBER), () => sms.contacts.delete(41_000_001)]) {
      emulator.failNext('lost-response');
      await call();
    }
    expect(calls()).toEqual([
      'POST /contacts/blacklist/6591234567',
      'POST /contacts/blacklist/6591234567',
      'DELETE /contacts/41000001',
      'DELETE /contacts/41000001',
    ]);
  });

  const address = { addresses: {} };
  it.each([
    [undefined, 'contact'],
    [{}, 'contact.addresses'],
    [{ addresses: { phone: NUMBER } }, 'contact.addresses.phone'],
    [{ addresses: { msisdn: '0123' } }, 'contact.addresses.msisdn'],
    [{ addresses: { email: 'mei@team' } }, 'contact.addresses.email'],
    [{ addresses: { email: `${'a'.repeat(320)}@team.example` } }, 'contact.addresses.email'],
    [{ addresses: { zaloId: 'x'.repeat(129) } }, 'contact.addresses.zaloId'],
    [{ ...address, firstName: '' }, 'contact.firstName'],
    [{ ...address, lastName: 'x'.repeat(201) }, 'contact.lastName'],
    [{ ...address, externalId: 'x'.repeat(51) }, 'contact.externalId'],
    [{ ...address, country: 'SGP' }, 'contact.country'],
    [{ ...address, groups: [] }, 'contact.groups'],
    [{ ...address, groups: [{ id: 1 }, { id: 1 }] }, 'contact.groups'],
    [{ ...address, groups: [{}] }, 'contact.groups[0].id'],
    [{ ...address, groups: [{ id: 1, name: 'x' }] }, 'contact.groups[0].name'],
    [
      { ...address, customAttributes: Object.fromEntries(Array.from({ length: 51 }, (_, at) => [at, 1])) },
      'contact.customAttributes',
    ],
    [{ ...address, firstname: 'Mei' }, 'contact.firstname'],
  ])('refuses to create %o', async (contact, path) => {
    const { sms, emulator } = startClient();
    const error = await errorOf(sms.contacts.create(contact as never));
    expect(error).toBeInstanceOf(ValidationError);
    expect(error).toMatchObject({ path, message: expect.stringContaining('Nothing was sent.') });
    expect(emulator.requests).toEqual([]);
  });

  it.each([
    [[], 'operations'],
    [[{ op: 'move', path: '/firstName' }], 'operations[0].op'],
    [[{ op: 'add', path: 'firstName', value: 'x' }], 'operations[0].path'],
    [[{ op: 'add', path: '/a~2', value: 'x' }], 'operations[0].path'],
    [[{ op: 'add', path: '/firstName' }], 'operations[0]'],
    [[{ op: 'remove', path: '/firstName', value: 'x' }], 'operations[0]'],
    [[{ op: 'replace', path: '/firstName', value: '' }], 'operations[0].value'],
    [[{ op: 'replace', path: '/firstName', value: true }], 'operations[0].value'],
    [[{ op: 'replace', path: '/firstName', value: 'x', from: '/y' }], 'operations[0].from'],
  ])('refuses to change %o', async (operations, path) => {
    const { sms, emulator } = startClient();
    const error = await errorOf(sms.contacts.update(1, operations as never));
    expect(error).toBeInstanceOf(ValidationError);
    expect(error).toMatchObject({ path });
    expect(emulator.requests).toEqual([]);
  });

  it.each(['1', -1, 1.5, '..', undefined])('refuses %o as an id', async (contactId) => {
    const { sms, emulator } = startClient();
    const refused = [
      sms.contacts.get(contactId as never),
      sms.contacts.update(contactId as never, [{ op: 'remove', path: '/country' }]),
      sms.contacts.delete(contactId as never),
    ];
    for (const call of refused) expect(await errorOf(call)).toMatchObject({ path: 'contactId' });
    expect(emulator.requests).toEqual([]);
  });

  it.each([
    {},
    [],
    { id: '1', addresses: {} },
    { id: 1 },
    { id: 1, addresses: {}, groups: {} },
    { id: 1, addresses: {}, groups: [{}] },
    { id: 1, addresses: {}, customAttributes: 'x' },
  ])('is an ApiError when 8x8 answers %o', async (body) => {
    const { sms, emulator } = startClient();
    emulator.failNext({ status: 200, body: JSON.stringify(body) });
    expect(await errorOf(sms.contacts.get(1))).toMatchObject({ code: 'api', submission: 'not-submitted' });
  });

  it('reads what 8x8 may leave out or add', async () => {
    const { sms, emulator } = startClient();
    const answer = {
      id: 1,
      addresses: { msisdn: null, smoke: 'signal', zaloId: 'z' },
      groups: [{ id: 72, isBlacklist: false, owner: 'x' }],
      customAttributes: null,
      rank: 3,
    };
    emulator.failNext({ status: 200, body: JSON.stringify(answer) });
    expect(await sms.contacts.get(1)).toEqual({
      id: 1,
      addresses: { zaloId: 'z' },
      groups: [{ id: 72, isBlacklist: false }],
    });
    emulator.failNext({ status: 200, body: JSON.stringify({ id: 2, addresses: {}, groups: null }) });
    expect(await sms.contacts.get(2)).toEqual({ id: 2, addresses: {} });
  });
});

describe('contacts.block', () => {
  it('blocks the number as it is sent to, for the whole account', async () => {
    const { sms, calls, lastBody } = startClient();
    await sms.contacts.block('9123 4567', { country: 'SG' });
    expect(calls()).toEqual(['POST /contacts/blacklist/6591234567']);
    expect(lastBody()).toBe('6591234567');
    const [blocked] = await readAll(sms.contacts.list());
    expect(blocked).toMatchObject({
      addresses: { msisdn: '6591234567' },
      groups: [{ name: 'Blacklist', isBlacklist: true, contacts: 1 }],
    });
  });

  it('takes the country of the client', async () => {
    const { sms, calls } = startClient({}, { defaultCountry: 'SG' });
    await sms.contacts.block('9123 4567');
    expect(calls()).toEqual(['POST /contacts/blacklist/6591234567']);
  });

  it('refuses what is no number, and asks nobody', async () => {
    const { sms, emulator } = startClient();
    for (const number of ['9123 4567', 'blacklist', '..', '']) {
      expect(await errorOf(sms.contacts.block(number))).toBeInstanceOf(InvalidPhoneNumberError);
    }
    expect(await errorOf(sms.contacts.block(NUMBER, { county: 'SG' } as never))).toMatchObject({
      path: 'query.county',
    });
    expect(emulator.requests).toEqual([]);
  });

  it('stops messages in the emulator an hour later, as 8x8 synchronises every hour', async () => {
    const { sms, advance } = startClient();
    const message = { destination: NUMBER, text: 'Hello' };
    await sms.contacts.block(NUMBER);
    await sms.contacts.block(NUMBER);
    advance(HOUR_MS - 1);
    expect(await sms.messages.send(message)).toMatchObject({ status: 'accepted' });
    advance(1);
    expect(await errorOf(sms.messages.send(message))).toMatchObject({
      code: 'message-rejected',
      message: expect.stringContaining('blacklisted'),
    });
    const { counts } = await sms.messages.sendBatch({
      messages: [message, { ...message, destination: '+6591234568' }],
    });
    expect(counts).toMatchObject({ accepted: 1, rejected: 1 });
    const [contact] = await readAll(sms.contacts.list({ query: NUMBER }));
    await sms.contacts.delete(contact?.id ?? 0);
    expect(await sms.messages.send(message)).toMatchObject({ status: 'accepted' });
  });

  it('shows neither key nor number in errors and events', async () => {
    const { sms, emulator, events } = testClient({ apiKey: CANARY_KEY, accountId: ACCOUNT_ID });
    const problem = { code: 1002, message: `bad number ${CANARY_NUMBER} of ${CANARY_KEY}` };
    const block = () => sms.contacts.block(CANARY_NUMBER);
    const calls = [
      block,
      () => sms.contacts.create({ addresses: { msisdn: CANARY_NUMBER } }),
      () => readAll(sms.contacts.list({ query: CANARY_NUMBER })),
      () => sms.contactJobs.deleteContacts({ msisdns: [CANARY_NUMBER] }),
      () =>
        sms.contactJobs.createContacts({
          file: `msisdn\n${CANARY_NUMBER}`,
          fileName: `${CANARY_NUMBER}.csv`,
        }),
    ];
    for (const call of calls) {
      for (const fault of [{ status: 400, body: JSON.stringify(problem) }, 'reset', 'truncated'] as const) {
        emulator.failNext(fault);
        const outcome = await call().then(
          () => 'done',
          (error: unknown) => error,
        );
        // Of a cut answer that should be empty nothing is missing.
        expect(outcome === 'done').toBe(fault === 'truncated' && call === block);
        expectNoCanary(outcome);
      }
    }
    expect(events.length).toBeGreaterThan(calls.length * 3);
    expectNoCanary(events);
  });
});

describe('contacts.list', () => {
  it('fetches a page when the one before is used up', async () => {
    const { sms, asked } = await withContacts(5);
    const fetched: number[] = [];
    for await (const _ of sms.contacts.list({ limit: 2 })) fetched.push(asked());
    expect(fetched).toEqual([1, 1, 2, 2, 3]);
    expect(asked()).toBe(3);
  });

  it('asks nobody before it is read, and nobody more when the loop is left', async () => {
    const { sms, asked } = await withContacts(4);
    const list = sms.contacts.list({ limit: 2 });
    expect(asked()).toBe(0);
    for await (const contact of list) if (contact.id === 41_000_002) break;
    expect(asked()).toBe(1);
    expect(await list.next()).toEqual({ done: true, value: undefined });
    expect(asked()).toBe(1);
  });

  it('sends the query with every page, as it was when the list was made', async () => {
    const urls: string[] = [];
    const query = { query: 'Mei & co', groupId: 7, country: 'SG', limit: 1, offset: 3 };
    const { sms } = startClient(
      {},
      {
        fetch: async (url) => {
          urls.push(new URL(String(url)).search);
          const hasNextPage = urls.length < 2;
          return Response.json({ items: [{ id: urls.length, addresses: {} }], totalPages: 5, hasNextPage });
        },
      },
    );
    const list = sms.contacts.list(query);
    query.query = 'somebody else';
    expect(await readAll(list)).toHaveLength(2);
    const rest = 'query=Mei+%26+co&groupId=7&country=SG';
    expect(urls.map((url) => [...new URLSearchParams(url)].sort())).toEqual(
      [3, 4].map((page) => [...new URLSearchParams(`${rest}&limit=1&offset=${page}`)].sort()),
    );
  });

  it.each([
    ['a page that comes again', (page: number) => ({ ids: [1, 2], page }), 1],
    ['a circle of three pages', (page: number) => ({ ids: [page % 3] }), 6],
    ['an empty page with a next one', (page: number) => ({ ids: page === 1 ? [] : [page] }), 1],
    ['more pages than there are', (page: number) => ({ ids: [page], totalPages: 2 }), 2],
  ] as const)('ends %s with an error', async (_, pageOf, atMost) => {
    let requests = 0;
    const { sms } = startClient(
      {},
      {
        fetch: async (url) => {
          const page = Number(new URL(String(url)).searchParams.get('offset'));
          requests += 1;
          const { ids, ...rest } = pageOf(page);
          return Response.json({
            items: ids.map((id) => ({ id, addresses: {} })),
            hasNextPage: true,
            ...rest,
          });
        },
      },
    );
    const error = await errorOf(readAll(sms.contacts.list()));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ submission: 'not-submitted' });
    expect(requests).toBeLessThanOrEqual(atMost + 1);
  });

  it('gives what came before the page that failed', async () => {
    const { sms, emulator } = await withContacts(3);
    const list = sms.contacts.list({ limit: 2 });
    const seen: number[] = [];
    const reading = (async () => {
      for await (const { id } of list) {
        seen.push(id);
        if (seen.length === 2) emulator.failNext('500');
      }
    })();
    expect(await errorOf(reading)).toMatchObject({ code: 'server' });
    expect(seen).toHaveLength(2);
  });

  it('stops with the signal, and with the client', async () => {
    const { sms } = await withContacts(3);
    const controller = new AbortController();
    const list = sms.contacts.list({ limit: 1 }, { signal: controller.signal });
    expect((await list.next()).done).toBe(false);
    controller.abort();
    expect(await errorOf(list.next())).toMatchObject({ code: 'aborted' });
    const other = sms.contacts.list({ limit: 1 });
    await other.next();
    await sms.close();
    expect(await errorOf(other.next())).toMatchObject({ code: 'configuration' });
  });

  it.each([
    [{ limit: 0 }, 'query.limit'],
    [{ limit: 501 }, 'query.limit'],
    [{ offset: -1 }, 'query.offset'],
    [{ query: 'x'.repeat(321) }, 'query.query'],
    [{ groupId: 'one' }, 'query.groupId'],
    [{ country: 'Singapore' }, 'query.country'],
    [{ page: 1 }, 'query.page'],
  ])('refuses %o', async (query, path) => {
    const { sms, emulator } = startClient();
    expect(await errorOf(sms.contacts.list(query as never).next())).toMatchObject({
      code: 'validation',
      path,
    });
    expect(emulator.requests).toEqual([]);
  });

  it.each([[], { items: {}, hasNextPage: false }, { items: [{}], hasNextPage: false }])(
    'is an ApiError when 8x8 answers %o',
    async (body) => {
      const { sms, emulator } = startClient();
      emulator.failNext({ status: 200, body: JSON.stringify(body) });
      expect(await errorOf(readAll(sms.contacts.list()))).toMatchObject({ code: 'api' });
    },
  );
});

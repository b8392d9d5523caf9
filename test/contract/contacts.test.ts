import fc from 'fast-check';
import { beforeAll, beforeEach, expect, it } from 'vitest';
import { createEmulator } from '../../src/emulator/emulator.ts';
import { SmsError } from '../../src/index.ts';
import { type Contract, type ContractRecorder, loadContract, recordContract } from '../support/contract.ts';
import { describeContract } from '../support/describe-contract.ts';
import { ACCOUNT, ACCOUNT_ID } from '../support/emulator.ts';
import { readAll } from '../support/read-all.ts';
import { startClient } from '../support/sms-client.ts';

const NUMBER = '+6591234567';
const UNKNOWN = '00000000-0000-4000-8000-000000000000';
const covered = new Set<string>();

const contact = {
  addresses: {
    msisdn: NUMBER,
    email: 'mei@team.example',
    weChatUserId: 'wechat',
    facebookUserId: 'facebook',
    zaloId: 'zalo',
    lineId: 'line',
    kakaoTalkId: 'kakao',
  },
  firstName: 'Mei',
  lastName: 'Tan',
  externalId: 'customer-1',
  country: 'SG',
  customAttributes: { company: 'Team', visits: 3, vip: true },
} as const;

describeContract('contacts, groups and their jobs', () => {
  let contract: Contract;
  let recorder: ContractRecorder;
  let client: ReturnType<typeof startClient>;

  beforeAll(() => {
    contract = loadContract();
  });

  beforeEach(() => {
    const { emulator } = startClient({ requestsPerSecond: false });
    recorder = recordContract(emulator.fetch, contract);
    client = startClient({}, { fetch: recorder.fetch, pace: false, defaultCountry: 'SG' });
  });

  function expectNoViolation(): void {
    for (const operationId of recorder.covered) covered.add(operationId);
    expect(recorder.violations).toEqual([]);
    expect(recorder.covered.size).toBeGreaterThan(0);
  }

  it('contacts, with every field', async () => {
    const { contacts, groups } = client.sms;
    const { id: groupId } = await groups.create({ name: 'one', description: 'two', isBlacklist: false });
    const { id } = await contacts.create({ ...contact, groups: [{ id: groupId }] });
    await contacts.create({ addresses: {} });
    await contacts.get(id);
    await contacts.update(id, [
      { op: 'test', path: '/firstName', value: 'Mei' },
      { op: 'replace', path: '/firstName', value: 'John' },
      { op: 'add', path: '/customAttributes/a~1b~0c', value: 'Sales' },
      { op: 'remove', path: '/addresses/lineId' },
    ]);
    const query = { query: 'john', groupId, country: 'sg', limit: 1, offset: 0 };
    expect(await readAll(contacts.list(query))).toMatchObject([
      { id, groups: [{ id: groupId, contacts: 1 }] },
    ]);
    expect(await readAll(contacts.list())).toHaveLength(2);
    expect(await readAll(contacts.list({ offset: 7 }))).toEqual([]);
    await contacts.block('9123 4567');
    await contacts.block(NUMBER, { country: 'SG' });
    await contacts.delete(id);
    await contacts.delete(id);
    expectNoViolation();
  });

  it('groups, with every field', async () => {
    const { contacts, groups } = client.sms;
    const { id: contactId } = await contacts.create(contact);
    const { id } = await groups.create({ name: 'one' });
    await groups.update(id, [
      { op: 'replace', path: '/isblacklist', value: 'true' },
      { op: 'add', path: '/description', value: 'Group description' },
    ]);
    await groups.addContacts(id, [contactId]);
    await groups.removeContacts(id, [contactId]);
    await groups.get(id);
    expect(await readAll(groups.list({ name: 'on', limit: 500, offset: 0 }))).toHaveLength(1);
    await groups.delete(id);
    expect(await readAll(groups.list())).toEqual([]);
    expectNoViolation();
  });

  it('jobs, with every field', async () => {
    const { contactJobs, groups } = client.sms;
    const one = await groups.create({ name: 'one' });
    const two = await groups.create({ name: 'two' });
    expect(await readAll(contactJobs.list())).toEqual([]);
    const jobs = [
      await contactJobs.createContacts({
        file: new Blob(['6591234567,Mei\n']),
        fileName: 'people.csv',
        groups: [one.id, two.id],
        fileHasHeader: false,
        fileColumns: ['msisdn', 'firstName'],
      }),
      await contactJobs.createContacts({ file: 'msisdn\n6591234567', fileHasHeader: true }),
      await contactJobs.createContacts({ file: Uint8Array.of(0xff, 0xfe, 0), fileName: 'people.xlsx' }),
      await contactJobs.copyContacts({ from: one.id, to: two.id }),
      await contactJobs.moveContacts({ from: one.id, to: two.id }),
      await contactJobs.deleteContacts({ ids: [1], msisdns: [NUMBER, '6591234568'] }),
      await contactJobs.deleteContacts({ all: true }),
      await contactJobs.deleteGroups({ ids: [one.id], deleteContacts: true }),
    ];
    for (const { id } of [...jobs, ...jobs]) await contactJobs.get(id);
    expect(await readAll(contactJobs.list({ limit: 3, offset: 0 }))).toHaveLength(jobs.length);
    expect(await readAll(contactJobs.list({ type: 'deleteGroups' }))).toHaveLength(1);
    expectNoViolation();
  });

  it('requests that the emulator refuses', async () => {
    const { contacts, groups, contactJobs } = client.sms;
    const { id: groupId } = await groups.create({ name: 'one' });
    await contacts.create(contact);
    await contacts.create({ addresses: { lineId: 'another' } });
    const refused = [
      contacts.get(1),
      contacts.update(1, [{ op: 'remove', path: '/firstName' }]),
      contacts.create({ ...contact, addresses: { ...contact.addresses, lineId: 'another' } }),
      contacts.create({ addresses: {}, groups: [{ id: 1 }] }),
      groups.get(1),
      groups.create({ name: 'one' }),
      groups.update(groupId, [{ op: 'add', path: '/nothing', value: 'x' }]),
      groups.delete(1),
      groups.addContacts(1, [1]),
      groups.removeContacts(1, [1]),
      contactJobs.get(UNKNOWN),
    ];
    const statuses = (await Promise.allSettled(refused)).map((outcome) =>
      outcome.status === 'rejected' ? (outcome.reason as { status?: number }).status : 'taken',
    );
    expect(statuses).toEqual([404, 404, 409, 400, 404, 409, 400, 404, 404, 404, 404]);
    expectNoViolation();
  });

  it('every request that the client accepts', async () => {
    const word = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 12 }),
      fc.string({ unit: 'binary-ascii', maxLength: 12 }),
      fc.constant(undefined),
    );
    const id = fc.oneof(fc.nat(3), fc.constantFrom(8_001, 41_000_001, -1, 1.5, 2 ** 53));
    const ids = fc.array(id, { maxLength: 3 });
    const digits = fc.string({ unit: fc.constantFrom(...'+0123456789'), maxLength: 17 });
    const path = fc.oneof(fc.constantFrom('/firstName', '/customAttributes/x', '/name', '/', 'name'), digits);
    const operation = fc.record({ op: fc.constantFrom('add', 'remove', 'test', 'move'), path, value: word });
    const input = fc.record({
      addresses: fc.record({ msisdn: fc.option(digits, { nil: undefined }), email: word, lineId: word }),
      firstName: word,
      country: fc.constantFrom(undefined, 'SG', 'sg', 'ZZZ', '1'),
      groups: fc.option(fc.array(fc.record({ id }), { maxLength: 3 }), { nil: undefined }),
      customAttributes: fc.option(fc.dictionary(fc.string({ maxLength: 5 }), fc.oneof(word, fc.nat())), {
        nil: undefined,
      }),
    });
    let sent = 0;
    await fc.assert(
      fc.asyncProperty(
        input,
        fc.array(operation, { maxLength: 2 }),
        ids,
        word,
        async (one, patch, some, name) => {
          const { contacts, groups, contactJobs } = client.sms;
          const [first = 0, second = 0] = some;
          const before = recorder.violations.length;
          const calls = [
            contacts.create(one as never),
            contacts.update(first, patch as never),
            contacts.block(one.addresses.msisdn ?? '', { country: one.country }),
            contacts.delete(first),
            readAll(contacts.list({ query: name, groupId: first, country: one.country, limit: second })),
            groups.create({ name, description: one.firstName } as never),
            groups.update(first, patch as never),
            groups.addContacts(first, some),
            groups.removeContacts(first, some),
            readAll(groups.list({ name, offset: first })),
            contactJobs.deleteContacts({ ids: some, msisdns: [one.addresses.msisdn ?? ''] }),
            contactJobs.copyContacts({ from: first, to: second }),
            contactJobs.deleteGroups({ ids: some, deleteContacts: false }),
            contactJobs.createContacts({ file: name, fileName: one.firstName, groups: some } as never),
          ];
          for (const { status, reason } of (await Promise.allSettled(calls)) as PromiseRejectedResult[]) {
            if (status === 'rejected') expect(SmsError.isInstance(reason), String(reason)).toBe(true);
            else sent += 1;
          }
          expect(recorder.violations.slice(before)).toEqual([]);
        },
      ),
      { numRuns: 150 },
    );
    expect(sent).toBeGreaterThan(150);
  });

  it("8x8's documented requests are accepted by the emulator", async () => {
    const emulator = createEmulator();
    const statuses: Record<string, number[]> = {};
    for (const { operationId, method, path, request } of contract.operations('contacts')) {
      for (const example of request?.examples ?? []) {
        if (request?.contentType !== 'application/json') continue;
        const response = await emulator.fetch(
          `https://contacts.8x8.com${path.replace('{accountId}', ACCOUNT_ID).replace(/\{\w+\}/, '1')}`,
          {
            method,
            headers: { authorization: 'Bearer key', 'content-type': 'application/json' },
            body: JSON.stringify(example),
          },
        );
        statuses[operationId] = [...(statuses[operationId] ?? []), response.status];
      }
    }
    expect(statuses).toEqual({
      'update-contact': [404, 404, 404],
      'update-group': [404, 404, 404],
      'batch-delete-contacts': [202, 202, 202, 202],
    });
  });

  it("8x8's documented changes change the emulator's contacts and groups", async () => {
    const emulator = createEmulator();
    const call = async (method: string, path: string, body: unknown) => {
      const response = await emulator.fetch(`https://contacts.8x8.com${ACCOUNT}${path}`, {
        method,
        headers: { authorization: 'Bearer key', 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return (await response.json()) as { readonly id: number };
    };
    const person = await call('POST', '/contacts', contact);
    const group = await call('POST', '/groups', { name: 'old' });
    const examplesOf = (operationId: string) =>
      contract.operations('contacts').find((operation) => operation.operationId === operationId)?.request
        ?.examples ?? [];
    let changed: object = {};
    for (const example of examplesOf('update-contact')) {
      changed = await call('PATCH', `/contacts/${person.id}`, example);
    }
    expect(changed).toMatchObject({
      firstName: 'John',
      lastName: 'Black',
      addresses: { lineId: 'line' },
      customAttributes: { Department: 'Sales', Position: 'VP' },
    });
    expect(changed).not.toHaveProperty('addresses.msisdn');
    for (const example of examplesOf('update-group'))
      changed = await call('PATCH', `/groups/${group.id}`, example);
    expect(changed).toMatchObject({
      name: 'New group name',
      description: 'Group description',
      isBlacklist: true,
    });
  });

  it('cover all 20 operations of the Contacts API', () => {
    const wanted = contract.operations('contacts').map(({ operationId }) => operationId);
    expect(wanted).toHaveLength(20);
    expect([...covered].sort()).toEqual([...wanted].sort());
  });
});

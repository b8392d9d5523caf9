import { describe, expect, it } from 'vitest';
import { ACCOUNT, startEmulator } from '../../support/emulator.ts';

const contacts = `${ACCOUNT}/contacts`;
const groups = `${ACCOUNT}/groups`;
const address = { addresses: {} };

/** An emulator with one contact (41000001) and one group (8001). */
async function start() {
  const server = startEmulator();
  await server.call('POST', contacts, { addresses: { msisdn: '6591234567' }, firstName: 'Mei' });
  await server.call('POST', groups, { name: 'VIP' });
  const responseTo = async (...request: Parameters<typeof server.call>) => {
    const { status, body } = await server.call(...request);
    return [status, body?.code];
  };
  return { ...server, responseTo };
}

/** The request of a posted form. */
async function formInit(fields: Record<string, string | Blob>): Promise<RequestInit> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  const written = new Response(form);
  const headers = {
    authorization: 'Bearer key',
    'content-type': written.headers.get('content-type') as string,
  };
  return { headers, body: await written.arrayBuffer() };
}

describe("the emulator's contacts", () => {
  it.each([
    [[], 1000],
    [{}, 1000],
    [{ addresses: 'x' }, 1000],
    [{ addresses: { msisdn: 65 } }, 1000],
    [{ addresses: { msisdn: '0123456789' } }, 1002],
    [{ addresses: { email: 'mei' } }, 1000],
    [{ addresses: { lineId: 'x'.repeat(129) } }, 1000],
    [{ ...address, firstName: '' }, 1000],
    [{ ...address, lastName: 'x'.repeat(201) }, 1000],
    [{ ...address, externalId: 'x'.repeat(51) }, 1000],
    [{ ...address, country: 'SGP' }, 1009],
    [{ ...address, customAttributes: [] }, 1000],
    [
      { ...address, customAttributes: Object.fromEntries(Array.from({ length: 51 }, (_, at) => [at, '1'])) },
      1000,
    ],
    [{ ...address, groups: {} }, 1000],
    [{ ...address, groups: ['8001'] }, 1000],
    [{ ...address, groups: [{ id: '8001' }] }, 1000],
  ])('are not created from %o', async (body, code) => {
    const { responseTo } = await start();
    expect(await responseTo('POST', contacts, body)).toEqual([400, code]);
  });

  it('are created without groups, or in some', async () => {
    const { responseTo } = await start();
    expect(await responseTo('POST', contacts, { ...address, groups: null })).toEqual([201, undefined]);
    expect(await responseTo('POST', contacts, { ...address, groups: [{ id: 8_001 }] })).toEqual([
      201,
      undefined,
    ]);
  });

  it('are merged with a known one of the same address: 200', async () => {
    const { call } = await start();
    const more = {
      addresses: { msisdn: '+6591234567', email: 'mei@example.com' },
      lastName: 'Tan',
      customAttributes: { tier: 'gold' },
      groups: [{ id: 8_001 }],
    };
    const merged = await call('POST', contacts, more);
    expect(merged).toMatchObject({
      status: 200,
      body: {
        id: 41_000_001,
        firstName: 'Mei',
        lastName: 'Tan',
        addresses: { msisdn: '6591234567', email: 'mei@example.com' },
        customAttributes: { tier: 'gold' },
        groups: [{ id: 8_001 }],
      },
    });
    const byMail = { addresses: { email: 'mei@example.com' }, firstName: 'May' };
    expect(await call('POST', contacts, byMail)).toMatchObject({
      status: 200,
      body: { id: 41_000_001, firstName: 'May', lastName: 'Tan', customAttributes: { tier: 'gold' } },
    });
    expect(await call('GET', contacts)).toMatchObject({ body: { totalCount: 1 } });
  });

  it('are in conflict when their addresses belong to several: 409, and nothing is changed', async () => {
    const { call, responseTo } = await start();
    expect(await responseTo('POST', contacts, { addresses: { lineId: 'mei' } })).toEqual([201, undefined]);
    const both = { addresses: { msisdn: '6591234567', lineId: 'mei' }, firstName: 'May' };
    expect(await responseTo('POST', contacts, both)).toEqual([409, 1000]);
    expect(await call('GET', `${contacts}/41000001`)).toMatchObject({ body: { firstName: 'Mei' } });
  });

  it('are new again when the known one is gone or has lost the address', async () => {
    const { responseTo } = await start();
    const patch = [{ op: 'replace', path: '/addresses/msisdn', value: '6591234568' }];
    expect(await responseTo('PATCH', `${contacts}/41000001`, patch)).toEqual([200, undefined]);
    const old = { addresses: { msisdn: '6591234567' } };
    expect(await responseTo('POST', contacts, old)).toEqual([201, undefined]);
    expect(await responseTo('DELETE', `${contacts}/41000002`)).toEqual([204, undefined]);
    expect(await responseTo('POST', contacts, old)).toEqual([201, undefined]);
  });

  it.each([
    [{ path: '/customAttributes/member', value: true }, { customAttributes: { member: true } }],
    [{ path: '/customAttributes/age', value: 24 }, { customAttributes: { age: 24 } }],
    [{ path: '/firstName', value: 'May' }, { firstName: 'May' }],
  ])('are changed by %o', async (operation, expected) => {
    const { call } = await start();
    const patched = await call('PATCH', `${contacts}/41000001`, [{ op: 'add', ...operation }]);
    expect(patched).toMatchObject({ status: 200, body: expected });
  });

  it.each([
    [{}, undefined],
    [[], undefined],
    [['x'], undefined],
    [[{ op: 'move', path: '/firstName', value: 'x' }], undefined],
    [[{ op: 'add', value: 'x' }], undefined],
    [[{ op: 'add', path: 'firstName', value: 'x' }], undefined],
    [[{ op: 'add', path: '/firstName' }], undefined],
    [[{ op: 'add', path: '/firstName', value: null }], undefined],
    [[{ op: 'add', path: '/lastName', value: true }], undefined],
    [[{ op: 'add', path: '/firstName/x', value: 'x' }], undefined],
    [[{ op: 'add', path: '/addresses', value: 'x' }], undefined],
    [[{ op: 'add', path: '/addresses/fax', value: 'x' }], undefined],
    [[{ op: 'add', path: '/customAttributes/a/b', value: 'x' }], undefined],
    [[{ op: 'add', path: '/customAttributes/__proto__', value: 'x' }], undefined],
    [[{ op: 'add', path: '/id', value: '7' }], undefined],
    [[{ op: 'remove', path: '/lastName' }], undefined],
    [[{ op: 'test', path: '/firstName', value: 'John' }], undefined],
    [[{ op: 'replace', path: '/addresses/msisdn', value: 'x' }], 1002],
  ])('are not changed by %o, nor in part', async (body, code = 1000) => {
    const { responseTo, call } = await start();
    const before = await call('GET', `${contacts}/41000001`);
    const first = { op: 'replace', path: '/firstName', value: 'changed' };
    const operations = Array.isArray(body) && body.length > 0 ? [...body, first] : body;
    expect(await responseTo('PATCH', `${contacts}/41000001`, operations)).toEqual([400, code]);
    expect(await call('GET', `${contacts}/41000001`)).toMatchObject({ body: before.body });
  });

  it('are found by name, external id, number, country and group', async () => {
    const { call } = await start();
    const person = {
      addresses: { msisdn: '4915112345678' },
      lastName: 'Roth',
      externalId: 'k-1',
      country: 'de',
    };
    await call('POST', contacts, person);
    const found = async (query: string) => {
      const { body } = await call('GET', `${contacts}?${query}`);
      return (body as unknown as { totalFiltered: number; totalCount: number }).totalFiltered;
    };
    const queries = ['query=mei', 'query=ROTH', 'query=k-1', 'query=%2B4915', 'country=DE', 'groupId=8001'];
    expect(await Promise.all(queries.map(found))).toEqual([1, 1, 1, 1, 1, 0]);
    expect(await Promise.all(['', 'query=659', 'country=FR', 'groupId=1'].map(found))).toEqual([2, 1, 0, 0]);
  });

  it('are listed in pages', async () => {
    const { call } = await start();
    for (let count = 1; count < 5; count++) await call('POST', contacts, address);
    const { body } = await call('GET', `${contacts}?limit=2&offset=1`);
    expect(body).toMatchObject({
      items: [{ id: 41_000_003 }, { id: 41_000_004 }],
      page: 1,
      totalPages: 3,
      totalCount: 5,
      totalFiltered: 5,
      hasPreviousPage: true,
      hasNextPage: true,
    });
    const last = await call('GET', `${contacts}?limit=2&offset=2`);
    expect(last.body).toMatchObject({ items: [{ id: 41_000_005 }], hasNextPage: false });
  });

  it.each(['limit=0', 'limit=501', 'limit=x', 'offset=-1', 'groupId=x'])(
    'are not listed for %s',
    async (query) => {
      const { responseTo } = await start();
      expect(await responseTo('GET', `${contacts}?${query}`)).toEqual([400, 1000]);
    },
  );

  it('can be blocked by number only', async () => {
    const { responseTo } = await start();
    expect(await responseTo('POST', `${contacts}/blacklist/%2B6591234567`)).toEqual([200, undefined]);
    expect(await responseTo('POST', `${contacts}/blacklist/mei`)).toEqual([400, 1002]);
  });

  it('are cleared with everything else', async () => {
    const { call, emulator } = await start();
    await call('POST', `${contacts}/batches/deleteContacts`, { all: true });
    emulator.clear();
    for (const path of [contacts, groups, `${ACCOUNT}/batches`]) {
      expect((await call('GET', path)).body).toMatchObject({ totalCount: 0, hasNextPage: false });
    }
  });

  it('release their number when they are deleted or change it', async () => {
    const { responseTo } = await start();
    const twin = { addresses: { msisdn: '+6591234567' } };
    expect(await responseTo('POST', contacts, twin)).toEqual([200, undefined]);
    const change = [{ op: 'replace', path: '/addresses/msisdn', value: '+6591234568' }];
    expect(await responseTo('PATCH', `${contacts}/41000001`, change)).toEqual([200, undefined]);
    expect(await responseTo('POST', contacts, twin)).toEqual([201, undefined]);
    await responseTo('DELETE', `${contacts}/41000001`);
    expect(await responseTo('POST', contacts, { addresses: { msisdn: '6591234568' } })).toEqual([
      201,
      undefined,
    ]);
  });
});

describe("the emulator's groups", () => {
  it.each([
    ['POST', groups, { description: 'x' }],
    ['POST', groups, { name: 'x'.repeat(101) }],
    ['POST', groups, { name: 'x', isBlacklist: 'true' }],
    ['PATCH', `${groups}/8001`, [{ op: 'replace', path: '/isBlacklist', value: 'maybe' }]],
    ['PATCH', `${groups}/8001`, [{ op: 'remove', path: '/name' }]],
    ['POST', `${groups}/8001/contacts`, {}],
    ['DELETE', `${groups}/8001/contacts`, { contacts: ['1'] }],
  ])('refuse %s %s %o', async (method, path, body) => {
    const { responseTo } = await start();
    expect(await responseTo(method, path, body)).toEqual([400, 1000]);
  });

  it('stop being a block list when the flag is removed', async () => {
    const { call } = await start();
    const block = [{ op: 'replace', path: '/isBlacklist', value: true }];
    expect(await call('PATCH', `${groups}/8001`, block)).toMatchObject({ body: { isBlacklist: true } });
    const { body } = await call('PATCH', `${groups}/8001`, [{ op: 'remove', path: '/isBlacklist' }]);
    expect(body).toMatchObject({ isBlacklist: false });
  });
});

describe("the emulator's jobs", () => {
  it.each([
    [`${contacts}/batches/deleteContacts`, {}],
    [`${contacts}/batches/deleteContacts`, { ids: 'x' }],
    [`${contacts}/batches/deleteContacts`, { msisdns: 'x' }],
    [`${contacts}/batches/deleteContacts`, { all: 'yes' }],
    [`${groups}/batches/deleteGroups`, { ids: [8_001] }],
    [`${groups}/batches/copyContacts`, undefined],
    [`${groups}/batches/moveContacts?from=8001`, undefined],
    [`${contacts}/batches/createContacts`, { file: 'x' }],
  ])('are not started by POST %s %o', async (path, body) => {
    const { responseTo } = await start();
    expect(await responseTo('POST', path, body)).toEqual([400, 1000]);
  });

  it.each([
    [{ groups: '8001' }],
    [{ file: 'a text and no file' }],
    [{ file: new Blob(['msisdn']), fileHasHeader: 'perhaps' }],
    [{ file: new Blob(['msisdn']), fileHasHeader: 'false' }],
    [{ file: new Blob(['msisdn']), groups: '8001, 1' }],
  ])('are not started by the form %o', async (fields) => {
    const { responseTo } = await start();
    const path = `${contacts}/batches/createContacts`;
    expect(await responseTo('POST', path, undefined, await formInit(fields))).toEqual([400, 1000]);
  });

  it('are not started by a body that is not a form, or too large', async () => {
    const { responseTo } = await start();
    const path = `${contacts}/batches/createContacts`;
    const headers = { authorization: 'Bearer key', 'content-type': 'multipart/form-data; boundary=x' };
    expect(await responseTo('POST', path, undefined, { headers, body: 'no form' })).toEqual([400, 1000]);
    const body = new Uint8Array(64 * 1024 * 1024 + 1);
    expect(await responseTo('POST', path, undefined, { headers, body })).toEqual([413, 1010]);
  });

  it('keep their final state, however often they are polled', async () => {
    const { call } = await start();
    const { body } = await call('POST', `${contacts}/batches/deleteContacts`, { ids: [41_000_001] });
    const { id } = body as unknown as { id: string };
    const states: unknown[] = [];
    for (let count = 0; count < 4; count++) {
      states.push((await call('GET', `${ACCOUNT}/batches/${id}`)).body.status);
    }
    expect(states).toEqual(['inProgress', 'completed', 'completed', 'completed']);
  });

  it('read rows that are too short, and skip malformed ones', async () => {
    const { call } = await start();
    const file = new Blob(['msisdn,email\n6591234568\nx,y\n,\n6591234569,mei@team.example']);
    const init = await formInit({ file, groups: '8001' });
    const { body } = await call('POST', `${contacts}/batches/createContacts`, undefined, init);
    const { id } = body as unknown as { id: string };
    for (let count = 0; count < 2; count++) await call('GET', `${ACCOUNT}/batches/${id}`);
    expect((await call('GET', `${contacts}?groupId=8001`)).body).toMatchObject({
      items: [
        { addresses: { msisdn: '6591234568' } },
        { addresses: { msisdn: '6591234569', email: 'mei@team.example' } },
      ],
    });
  });
});

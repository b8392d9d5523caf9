import { describe, expect, it } from 'vitest';
import { type ContactGroup, NotFoundError, ValidationError } from '../../../src/index.ts';
import { START } from '../../support/emulator.ts';
import { readAll } from '../../support/read-all.ts';
import { errorOf, startClient } from '../../support/sms-client.ts';

const NUMBER = '+6591234567';
const HOUR_MS = 3_600_000;

async function start() {
  const client = startClient();
  const person = await client.sms.contacts.create({ addresses: { msisdn: NUMBER } });
  const group = await client.sms.groups.create({ name: 'VIP' });
  return { ...client, person, group };
}

describe('groups', () => {
  it('creates, gets, updates, lists and deletes', async () => {
    const { sms, lastBody } = startClient();
    const created = await sms.groups.create({ name: 'VIP', description: undefined, isBlacklist: false });
    expect(lastBody()).toEqual({ name: 'VIP', isBlacklist: false });
    expect(created).toEqual({
      id: 8_001,
      name: 'VIP',
      isBlacklist: false,
      contacts: 0,
      createdAt: new Date(START).toISOString(),
    } satisfies ContactGroup);
    expect(await sms.groups.get(created.id)).toEqual(created);
    const changed = await sms.groups.update(created.id, [
      { op: 'test', path: '/name', value: 'VIP' },
      { op: 'replace', path: '/name', value: 'Regulars' },
      { op: 'add', path: '/description', value: 'They come often' },
    ]);
    expect(changed).toEqual({ ...created, name: 'Regulars', description: 'They come often' });
    await sms.groups.create({ name: 'Others' });
    expect(await readAll(sms.groups.list({ name: 'regular' }))).toEqual([changed]);
    expect((await readAll(sms.groups.list({ limit: 1 }))).map(({ name }) => name)).toEqual([
      'Regulars',
      'Others',
    ]);
    expect(await sms.groups.delete(created.id)).toBeUndefined();
    expect(await errorOf(sms.groups.get(created.id))).toBeInstanceOf(NotFoundError);
  });

  it('adds contacts and removes them; the contacts stay', async () => {
    const { sms, person, group, lastBody } = await start();
    expect(await sms.groups.addContacts(group.id, [person.id, 1])).toMatchObject({ contacts: 1 });
    expect(lastBody()).toEqual({ contacts: [person.id, 1] });
    expect((await sms.contacts.get(person.id)).groups).toMatchObject([{ id: group.id }]);
    expect(await readAll(sms.contacts.list({ groupId: group.id }))).toHaveLength(1);
    expect(await sms.groups.removeContacts(group.id, [person.id])).toMatchObject({ contacts: 0 });
    const { outcome, ...contact } = person;
    expect(outcome).toBe('created');
    expect(await sms.contacts.get(person.id)).toEqual(contact);
    await sms.groups.addContacts(group.id, [person.id]);
    await sms.groups.delete(group.id);
    expect(await sms.contacts.get(person.id)).toEqual(contact);
    await sms.contacts.delete(person.id);
    expect(await readAll(sms.contacts.list({ groupId: group.id }))).toEqual([]);
  });

  it('names the API code of a name that is taken', async () => {
    const { sms, group } = await start();
    const other = await sms.groups.create({ name: 'Others' });
    expect(await errorOf(sms.groups.create({ name: 'VIP' }))).toMatchObject({
      name: 'BadRequestError',
      message: expect.stringContaining(
        'There is a group of that name already, so 8x8 created none. Nothing was sent.',
      ),
      status: 409,
      apiCode: 5003,
      submission: 'rejected',
    });
    const rename = [{ op: 'replace', path: '/name', value: 'VIP' }] as const;
    expect(await errorOf(sms.groups.update(other.id, rename))).toMatchObject({
      status: 409,
      apiCode: 5003,
      submission: 'rejected',
    });
    expect(await sms.groups.update(group.id, rename)).toMatchObject({ name: 'VIP' });
  });

  it('that are block lists stop messages in the emulator, an hour after the contact or the mark came', async () => {
    const { sms, person, group, advance } = await start();
    const message = { destination: NUMBER, text: 'Hello' };
    const send = () =>
      sms.messages.send(message).then(
        ({ status }) => status,
        ({ code }) => code,
      );
    await sms.groups.addContacts(group.id, [person.id]);
    advance(HOUR_MS);
    expect(await send()).toBe('accepted');
    const mark = (value: string) =>
      sms.groups.update(group.id, [{ op: 'replace', path: '/isBlacklist', value }]);
    expect(await mark('true')).toMatchObject({ isBlacklist: true });
    advance(HOUR_MS - 1);
    await mark('true');
    expect(await send()).toBe('accepted');
    advance(1);
    expect(await send()).toBe('message-rejected');
    expect(await mark('False')).toMatchObject({ isBlacklist: false });
    expect(await send()).toBe('accepted');
    expect(await errorOf(mark('perhaps'))).toMatchObject({ status: 400 });
  });

  it('may be changed twice where that changes nothing', async () => {
    const { sms, emulator, calls } = startClient({}, { retry: { maxAttempts: 2, baseMs: 1, maxMs: 1 } });
    const { id } = await sms.groups.create({ name: 'VIP' });
    emulator.failNext('lost-response');
    await sms.groups.addContacts(id, [1]);
    emulator.failNext('lost-response');
    await sms.groups.removeContacts(id, [1]);
    emulator.failNext('lost-response');
    expect(await errorOf(sms.groups.delete(id))).toBeInstanceOf(NotFoundError);
    emulator.failNext('lost-response');
    const lost = await errorOf(sms.groups.create({ name: 'Others' }));
    expect(lost).toMatchObject({ submission: 'unknown', message: expect.stringContaining('groups.list') });
    emulator.failNext('lost-response');
    const change = sms.groups.update(id, [{ op: 'remove', path: '/description' }]);
    expect(await errorOf(change)).toMatchObject({ submission: 'unknown' });
    expect(calls().filter((call) => call.includes('/8001'))).toHaveLength(7);
    expect(calls().filter((call) => call === 'POST /groups')).toHaveLength(2);
  });

  it.each([
    [undefined, 'group'],
    [{}, 'group.name'],
    [{ name: '' }, 'group.name'],
    [{ name: 'x'.repeat(101) }, 'group.name'],
    [{ name: 'x', description: 'x'.repeat(101) }, 'group.description'],
    [{ name: 'x', isBlacklist: 'true' }, 'group.isBlacklist'],
    [{ name: 'x', isBlackList: true }, 'group.isBlackList'],
  ])('refuses to create %o', async (group, path) => {
    const { sms, emulator } = startClient();
    const error = await errorOf(sms.groups.create(group as never));
    expect(error).toBeInstanceOf(ValidationError);
    expect(error).toMatchObject({ path });
    expect(emulator.requests).toEqual([]);
  });

  it.each([
    [(groups) => groups.get('1' as never), 'groupId'],
    [(groups) => groups.delete(-1), 'groupId'],
    [(groups) => groups.update(1, []), 'operations'],
    [(groups) => groups.update(0.5, [{ op: 'remove', path: '/description' }]), 'groupId'],
    [(groups) => groups.addContacts(1, []), 'contactIds'],
    [(groups) => groups.addContacts(1, [1, 1]), 'contactIds'],
    [(groups) => groups.removeContacts(1, ['1' as never]), 'contactIds[0]'],
    [(groups) => groups.list({ name: '' }).next(), 'query.name'],
    [(groups) => groups.list({ query: 'x' } as never).next(), 'query.query'],
  ] satisfies [(groups: ReturnType<typeof startClient>['sms']['groups']) => Promise<unknown>, string][])(
    'refuses what does not fit: %o',
    async (call, path) => {
      const { sms, emulator } = startClient();
      expect(await errorOf(call(sms.groups))).toMatchObject({ code: 'validation', path });
      expect(emulator.requests).toEqual([]);
    },
  );
});

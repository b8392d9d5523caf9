import type { Clock } from '../../types.ts';
import type { CreateTable } from '../table.ts';
import type { ContactJobRecord } from './job.ts';

/** The validated fields of a contact. */
export interface ContactDraft {
  readonly firstName?: string;
  readonly lastName?: string;
  readonly externalId?: string;
  readonly country?: string;
  /** `msisdn` without a plus. */
  readonly addresses: Readonly<Record<string, string>>;
  readonly customAttributes: Readonly<Record<string, unknown>>;
}

export interface ContactRecord extends ContactDraft {
  readonly id: number;
  readonly createdAt: number;
}

export interface GroupDraft {
  readonly name: string;
  readonly description?: string;
  readonly isBlacklist: boolean;
}

export interface GroupRecord extends GroupDraft {
  readonly id: number;
  readonly createdAt: number;
  /** When the group became a block list, in epoch milliseconds; irrelevant for other groups. */
  readonly blocksSince: number;
  /** The time at which each contact joined, in epoch milliseconds, by contact id. */
  readonly members: Map<number, number>;
}

/** The contacts, groups and jobs of an account. */
export interface ContactStore {
  readonly contacts: ReadonlyMap<number, ContactRecord>;
  readonly groups: ReadonlyMap<number, GroupRecord>;
  readonly jobs: Map<string, ContactJobRecord>;
  /** Creates a contact, or replaces the known one. */
  putContact(draft: ContactDraft, known?: ContactRecord): ContactRecord;
  /** Adds the fields of a draft to a known contact. */
  mergeContact(draft: ContactDraft, known: ContactRecord): ContactRecord;
  putGroup(draft: GroupDraft, known?: GroupRecord): GroupRecord;
  /** Finds a contact by number, given as digits without a plus. */
  findNumber(msisdn: string): ContactRecord | undefined;
  /** Finds the contacts that have any of these addresses, each once. */
  findAddresses(addresses: ContactDraft['addresses']): readonly ContactRecord[];
  groupsOf(contactId: number): readonly GroupRecord[];
  join(contactId: number, group: GroupRecord): void;
  deleteContact(contactId: number): void;
  deleteGroup(groupId: number): void;
  /** Adds a number to the account's block list. */
  block(msisdn: string): void;
  /** Whether messages to a number are rejected, which starts an hour after it was blocked. */
  isBlocked(msisdn: string): boolean;
  clear(): void;
}

/** 8x8 synchronises its block lists every hour. */
const SYNCHRONISED_AFTER_MS = 60 * 60 * 1000;
/** The name of the group that 8x8 uses as the account's block list. */
const BLOCK_LIST = 'Blacklist';
const FIRST_CONTACT_ID = 41_000_001;
const FIRST_GROUP_ID = 8_001;

/** The id after the largest of a table. */
function nextId(table: ReadonlyMap<number, unknown>, first: number): number {
  let next = first;
  for (const id of table.keys()) next = Math.max(next, id + 1);
  return next;
}

export function createContactStore(clock: Clock, createTable: CreateTable): ContactStore {
  const createMembers = (groupId: number) => createTable<number, number>(`members of ${groupId}`);
  const contacts = createTable<number, ContactRecord>('contacts');
  const groups = createTable<number, GroupRecord>('groups', (group) => ({
    ...group,
    members: createMembers(group.id),
  }));
  // The work of a job is code, which no file holds: a job that was not finished fails.
  const jobs = createTable<string, ContactJobRecord>('jobs', (job) => ({ ...job, work: () => false }));
  /** Contact ids by name and value of their addresses. */
  const addressIndex = new Map<string, number>();
  let nextContactId = nextId(contacts, FIRST_CONTACT_ID);
  let nextGroupId = nextId(groups, FIRST_GROUP_ID);
  for (const contact of contacts.values()) rememberAddresses(contact);

  function keysOf(addresses: ContactDraft['addresses']): readonly string[] {
    return Object.entries(addresses).map(([name, value]) => `${name} ${value}`);
  }

  function rememberAddresses({ id, addresses }: ContactRecord): void {
    for (const key of keysOf(addresses)) addressIndex.set(key, id);
  }

  function forgetAddresses(contact: ContactRecord | undefined): void {
    for (const key of keysOf(contact?.addresses ?? {})) {
      if (addressIndex.get(key) === contact?.id) addressIndex.delete(key);
    }
  }

  function putContact(draft: ContactDraft, known?: ContactRecord): ContactRecord {
    forgetAddresses(known);
    const { id, createdAt } = known ?? { id: nextContactId++, createdAt: clock.now() };
    const contact = { ...draft, id, createdAt };
    contacts.set(id, contact);
    rememberAddresses(contact);
    return contact;
  }

  function mergeContact(draft: ContactDraft, known: ContactRecord): ContactRecord {
    const addresses = { ...known.addresses, ...draft.addresses };
    const customAttributes = { ...known.customAttributes, ...draft.customAttributes };
    return putContact({ ...known, ...draft, addresses, customAttributes }, known);
  }

  function putGroup(draft: GroupDraft, known?: GroupRecord): GroupRecord {
    const now = clock.now();
    const { id, createdAt } = known ?? { id: nextGroupId++, createdAt: now };
    const members = known?.members ?? createMembers(id);
    const blocksSince = known?.isBlacklist === true ? known.blocksSince : now;
    const group = { ...draft, id, createdAt, blocksSince, members };
    groups.set(id, group);
    return group;
  }

  function findAddresses(addresses: ContactDraft['addresses']): readonly ContactRecord[] {
    const ids = new Set(keysOf(addresses).flatMap((key) => addressIndex.get(key) ?? []));
    return [...ids].flatMap((id) => contacts.get(id) ?? []);
  }

  function findNumber(msisdn: string): ContactRecord | undefined {
    return findAddresses({ msisdn })[0];
  }

  function join(contactId: number, { members }: GroupRecord): void {
    if (!members.has(contactId)) members.set(contactId, clock.now());
  }

  return {
    contacts,
    groups,
    jobs,
    putContact,
    mergeContact,
    putGroup,
    findNumber,
    findAddresses,
    join,
    groupsOf: (contactId) => [...groups.values()].filter(({ members }) => members.has(contactId)),
    deleteContact(contactId) {
      forgetAddresses(contacts.get(contactId));
      contacts.delete(contactId);
      for (const { members } of groups.values()) members.delete(contactId);
    },
    deleteGroup(groupId) {
      groups.get(groupId)?.members.clear();
      groups.delete(groupId);
    },
    block(msisdn) {
      const blockList =
        [...groups.values()].find(({ name, isBlacklist }) => isBlacklist && name === BLOCK_LIST) ??
        putGroup({ name: BLOCK_LIST, isBlacklist: true });
      const contact = findNumber(msisdn) ?? putContact({ addresses: { msisdn }, customAttributes: {} });
      join(contact.id, blockList);
    },
    isBlocked(msisdn) {
      const contactId = findNumber(msisdn)?.id;
      if (contactId === undefined) return false;
      const latest = clock.now() - SYNCHRONISED_AFTER_MS;
      return [...groups.values()].some(({ isBlacklist, blocksSince, members }) => {
        const joinedAt = members.get(contactId);
        return isBlacklist && joinedAt !== undefined && Math.max(joinedAt, blocksSince) <= latest;
      });
    },
    clear() {
      for (const { members } of groups.values()) members.clear();
      for (const map of [contacts, groups, jobs, addressIndex]) map.clear();
    },
  };
}

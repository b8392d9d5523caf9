import type { ApiCall, EmulatorContext, Handler } from '../context.ts';
import { isRecord } from '../fields.ts';
import { segment } from '../messages.ts';
import { fail, PROBLEMS } from '../problems.ts';
import type { ContactRecord, ContactStore } from './contact-store.ts';
import { groupJson } from './groups.ts';
import { pageResponse, readNumber } from './page.ts';
import { applyPatch, type PatchNames } from './patch.ts';
import { ADDRESS_NAMES, readContact, readGroups, readMsisdn } from './read-contact.ts';

const CONTACT_NAMES: PatchNames = {
  firstName: true,
  lastName: true,
  externalId: true,
  country: true,
  addresses: ADDRESS_NAMES,
  customAttributes: 'any',
};

function contactJson(contact: ContactRecord, store: ContactStore) {
  const groups = store.groupsOf(contact.id);
  return {
    ...contact,
    createdAt: new Date(contact.createdAt).toISOString(),
    // 8x8's schema does not allow an empty list.
    ...(groups.length > 0 && { groups: groups.map(groupJson) }),
  };
}

function findContact(call: ApiCall, { contacts: store }: EmulatorContext): ContactRecord {
  return store.contacts.get(Number(segment(call, 'contactId'))) ?? fail(PROBLEMS.contactNotFound);
}

function matchesSearch(contact: ContactRecord, search: string): boolean {
  const { firstName = '', lastName = '', externalId = '', addresses } = contact;
  const texts = [`${firstName} ${lastName}`, externalId, ...Object.values(addresses)];
  return texts.some((text) => text.toLowerCase().includes(search.replace(/^\+/, '').toLowerCase()));
}

export const listContacts: Handler = (call, { contacts: store }) => {
  const search = call.query.get('query');
  const country = call.query.get('country');
  const groupId = readNumber(call, 'groupId', -1);
  const all = [...store.contacts.values()];
  const matching = all.filter(
    (contact) =>
      (search === null || matchesSearch(contact, search)) &&
      (country === null || contact.country?.toUpperCase() === country.toUpperCase()) &&
      (groupId < 0 || store.groups.get(groupId)?.members.has(contact.id) === true),
  );
  return pageResponse(call, matching, all.length, (contact) => contactJson(contact, store));
};

/** 8x8 merges a contact with a known one that has any of its addresses; addresses of several contacts are a conflict. */
export const createContact: Handler = (call, { contacts: store }) => {
  const draft = readContact(call.body);
  const groups = readGroups(isRecord(call.body) ? call.body.groups : undefined, store);
  const [known, another] = store.findAddresses(draft.addresses);
  if (another !== undefined) fail(PROBLEMS.contactConflict);
  const contact = known === undefined ? store.putContact(draft) : store.mergeContact(draft, known);
  for (const group of groups) store.join(contact.id, group);
  return { status: known === undefined ? 201 : 200, json: contactJson(contact, store) };
};

export const getContact: Handler = (call, context) => ({
  status: 200,
  json: contactJson(findContact(call, context), context.contacts),
});

export const updateContact: Handler = (call, context) => {
  const known = findContact(call, context);
  const draft = readContact(applyPatch({ ...known }, call.body, CONTACT_NAMES));
  return { status: 200, json: contactJson(context.contacts.putContact(draft, known), context.contacts) };
};

/** 8x8 documents no 404 for this operation. */
export const deleteContact: Handler = (call, { contacts: store }) => {
  store.deleteContact(Number(segment(call, 'contactId')));
  return { status: 204 };
};

export const blockNumber: Handler = (call, { contacts: store }) => {
  store.block(readMsisdn(segment(call, 'msisdn')));
  return { status: 200 };
};

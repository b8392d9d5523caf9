import type { ApiCall, ApiResponse, EmulatorContext, Handler } from '../context.ts';
import { readObject } from '../fields.ts';
import { segment } from '../messages.ts';
import { fail, PROBLEMS } from '../problems.ts';
import type { ContactStore, GroupDraft, GroupRecord } from './contact-store.ts';
import { pageResponse } from './page.ts';
import { applyPatch, type PatchNames } from './patch.ts';
import { readGroup, readIds } from './read-contact.ts';

const GROUP_NAMES: PatchNames = { name: true, description: true, isBlacklist: true };

export function groupJson({ id, name, description, isBlacklist, createdAt, members }: GroupRecord) {
  return {
    id,
    name,
    ...(description !== undefined && { description }),
    isBlacklist,
    contacts: members.size,
    createdAt: new Date(createdAt).toISOString(),
  };
}

function findGroup(call: ApiCall, { contacts: store }: EmulatorContext): GroupRecord {
  return store.groups.get(Number(segment(call, 'groupId'))) ?? fail(PROBLEMS.groupNotFound);
}

/** Stores a group; two groups must not have the same name. */
function putGroup(store: ContactStore, draft: GroupDraft, known?: GroupRecord): GroupRecord {
  const isTaken = [...store.groups.values()].some(({ id, name }) => name === draft.name && id !== known?.id);
  return isTaken ? fail(PROBLEMS.groupExists) : store.putGroup(draft, known);
}

export const listGroups: Handler = (call, { contacts: store }) => {
  const name = call.query.get('name')?.toLowerCase() ?? '';
  const all = [...store.groups.values()];
  const matching = all.filter((group) => group.name.toLowerCase().includes(name));
  return pageResponse(call, matching, all.length, groupJson);
};

export const createGroup: Handler = (call, { contacts: store }) => ({
  status: 201,
  json: groupJson(putGroup(store, readGroup(call.body))),
});

export const getGroup: Handler = (call, context) => ({
  status: 200,
  json: groupJson(findGroup(call, context)),
});

export const updateGroup: Handler = (call, context) => {
  const known = findGroup(call, context);
  const changed = applyPatch({ ...known }, call.body, GROUP_NAMES);
  const { isBlacklist } = changed;
  // 8x8's examples write the flag as a text.
  if (typeof isBlacklist === 'string')
    changed.isBlacklist = { true: true, false: false }[isBlacklist.toLowerCase()] ?? 0;
  return { status: 200, json: groupJson(putGroup(context.contacts, readGroup(changed), known)) };
};

export const deleteGroup: Handler = (call, context) => {
  context.contacts.deleteGroup(findGroup(call, context).id);
  return { status: 204 };
};

function changeMembers(
  call: ApiCall,
  context: EmulatorContext,
  status: number,
  change: (contactId: number, group: GroupRecord) => void,
): ApiResponse {
  const group = findGroup(call, context);
  const known = readIds(readObject(call.body).contacts).filter((id) => context.contacts.contacts.has(id));
  for (const id of known) change(id, group);
  return { status, json: groupJson(group) };
}

/** Ignores ids of unknown contacts. */
export const addMembers: Handler = (call, context) =>
  changeMembers(call, context, 201, context.contacts.join);

export const removeMembers: Handler = (call, context) =>
  changeMembers(call, context, 200, (contactId, { members }) => void members.delete(contactId));

import type { ApiCall, EmulatorContext, Handler } from '../context.ts';
import { readObject } from '../fields.ts';
import { segment } from '../messages.ts';
import { fail, PROBLEMS } from '../problems.ts';
import type { GroupRecord } from './contact-store.ts';
import { importFile, readUpload } from './import-file.ts';
import { advanceJob, type ContactJobKind, type ContactJobRecord, jobJson, jobWithFileJson } from './job.ts';
import { pageResponse, readNumber } from './page.ts';
import { readIds, readMsisdn } from './read-contact.ts';

const invalidParameter = PROBLEMS.invalidParameter;

function addJob(
  context: EmulatorContext,
  type: ContactJobKind,
  work: () => boolean,
  file?: ContactJobRecord['file'],
): ContactJobRecord {
  const id = context.ids.uuid();
  const createdAt = context.clock.now();
  const job: ContactJobRecord = { id, type, createdAt, work, status: 'queued', ...(file && { file }) };
  context.contacts.jobs.set(id, job);
  return job;
}

/** Creates a job; `work` runs at its second poll. */
function accepted(context: EmulatorContext, type: ContactJobKind, work: () => boolean) {
  return { status: 202, json: jobJson(addJob(context, type, work)) };
}

export const startCreateContacts: Handler = (call, context) => {
  const upload = readUpload(call.form, context.contacts);
  const fileLocation = `${call.origin}/files/${context.ids.token(32)}`;
  const file = { fileName: upload.fileName, fileType: upload.fileType, fileLocation };
  const job = addJob(context, 'createContacts', () => importFile(upload, context.contacts), file);
  return { status: 202, json: jobWithFileJson(job) };
};

export const startDeleteContacts: Handler = (call, context) => {
  const { ids = [], msisdns = [], all = false } = readObject(call.body);
  const wantedIds = readIds(ids);
  const wantedNumbers = Array.isArray(msisdns) ? msisdns.map(readMsisdn) : fail(invalidParameter);
  if (typeof all !== 'boolean' || (!all && wantedIds.length + wantedNumbers.length === 0))
    return fail(invalidParameter);
  const { contacts: store } = context;
  return accepted(context, 'deleteContacts', () => {
    const byNumber = wantedNumbers.map((msisdn) => store.findNumber(msisdn)?.id ?? 0);
    for (const id of all ? [...store.contacts.keys()] : [...wantedIds, ...byNumber]) store.deleteContact(id);
    return true;
  });
};

function startTransfer(
  call: ApiCall,
  context: EmulatorContext,
  type: 'copyContacts' | 'moveContacts',
  transfer: (from: GroupRecord, to: GroupRecord) => void,
) {
  const from = readNumber(call, 'from', -1);
  const to = readNumber(call, 'to', -1);
  if (from < 0 || to < 0) fail(invalidParameter);
  return accepted(context, type, () => {
    const source = context.contacts.groups.get(from);
    const target = context.contacts.groups.get(to);
    if (source === undefined || target === undefined) return false;
    transfer(source, target);
    return true;
  });
}

function copyMembers(from: GroupRecord, to: GroupRecord, context: EmulatorContext): void {
  for (const contactId of from.members.keys()) context.contacts.join(contactId, to);
}

export const startCopyContacts: Handler = (call, context) =>
  startTransfer(call, context, 'copyContacts', (from, to) => copyMembers(from, to, context));

export const startMoveContacts: Handler = (call, context) =>
  startTransfer(call, context, 'moveContacts', (from, to) => {
    copyMembers(from, to, context);
    from.members.clear();
  });

export const startDeleteGroups: Handler = (call, context) => {
  const body = readObject(call.body);
  const ids = readIds(body.ids);
  const { deleteContacts } = body;
  if (typeof deleteContacts !== 'boolean') return fail(invalidParameter);
  const { contacts: store } = context;
  return accepted(context, 'deleteGroups', () => {
    const groups = ids.flatMap((id) => store.groups.get(id) ?? []);
    for (const { id, members } of groups) {
      if (deleteContacts) for (const contactId of [...members.keys()]) store.deleteContact(contactId);
      store.deleteGroup(id);
    }
    return groups.length > 0;
  });
};

export const getJob: Handler = (call, { contacts: store }) => {
  const job = store.jobs.get(segment(call, 'batchId').toLowerCase()) ?? fail(PROBLEMS.invalidJob);
  advanceJob(job);
  store.jobs.set(job.id, job);
  return { status: 200, json: jobJson(job) };
};

export const listJobs: Handler = (call, { contacts: store }) => {
  const type = call.query.get('type');
  const all = [...store.jobs.values()];
  const matching = all.filter((job) => type === null || job.type === type);
  const { json, ...response } = pageResponse(call, matching, all.length, jobWithFileJson);
  const { items, ...page } = readObject(json);
  // 8x8's schema does not allow an empty list of jobs.
  return { ...response, json: Array.isArray(items) && items.length > 0 ? { items, ...page } : page };
};

import type { ClientContext } from '../../client-context.ts';
import { wireFields } from '../../sending/prepare.ts';
import type { Operation } from '../../transport/operation.ts';
import type { CallOptions } from '../../types.ts';
import { assertValid, readId, readInput } from '../input.ts';
import { type ContactFile, fileSchema, writeForm } from './contact-file.ts';
import { type ContactJob, readJob } from './contact-job.ts';
import { createAccountCalls } from './contacts-request.ts';
import {
  type ContactJobQuery,
  type ContactSelection,
  type GroupSelection,
  type GroupTransfer,
  groupsSchema,
  querySchema,
  selectionSchema,
  transferSchema,
} from './job-input.ts';
import { listPages } from './pages.ts';

const ACCOUNT = '/api/v1/accounts/{accountId}';
/** A job that is started twice runs twice. */
const JOB = {
  product: 'contacts',
  method: 'POST',
  repeat: 'never',
  ifLost: 'The job may have been started: look for it with contactJobs.list before you start it again.',
  responseBody: 'json',
} as const;

const CREATE_CONTACTS: Operation = {
  ...JOB,
  name: 'contactJobs.createContacts',
  operationId: 'batch-upload-contacts',
  path: `${ACCOUNT}/contacts/batches/createContacts`,
};

const DELETE_CONTACTS: Operation = {
  ...JOB,
  name: 'contactJobs.deleteContacts',
  operationId: 'batch-delete-contacts',
  path: `${ACCOUNT}/contacts/batches/deleteContacts`,
};

const COPY_CONTACTS: Operation = {
  ...JOB,
  name: 'contactJobs.copyContacts',
  operationId: 'batch-copy-contacts',
  path: `${ACCOUNT}/groups/batches/copyContacts`,
};

const MOVE_CONTACTS: Operation = {
  ...JOB,
  name: 'contactJobs.moveContacts',
  operationId: 'batch-move-contacts',
  path: `${ACCOUNT}/groups/batches/moveContacts`,
};

const DELETE_GROUPS: Operation = {
  ...JOB,
  name: 'contactJobs.deleteGroups',
  operationId: 'batch-delete-groups',
  path: `${ACCOUNT}/groups/batches/deleteGroups`,
};

const GET: Operation = {
  ...JOB,
  name: 'contactJobs.get',
  operationId: 'get-batch-by-id',
  method: 'GET',
  path: `${ACCOUNT}/batches/{batchId}`,
  repeat: 'safe',
};

const LIST: Operation = {
  ...JOB,
  name: 'contactJobs.list',
  operationId: 'get-batch-job-list',
  method: 'GET',
  path: `${ACCOUNT}/batches`,
  repeat: 'safe',
};

/**
 * Work on many contacts at once. 8x8 responds with a job and does the work in the background: call `get` until
 * `status` is neither `queued` nor `inProgress`. No job is started twice: when the outcome is unknown, look for it
 * with `list`. Needs `accountId`.
 */
export interface ContactJobs {
  /**
   * Creates contacts from a CSV or Excel file. The time limit of an attempt is 60 s unless you set one.
   *
   * @throws ValidationError, ConfigurationError, ApiError, ConnectionError, AbortedError, QueueFullError
   * @see https://developer.8x8.com/connect/reference/batch-upload-contacts
   * @example await sms.contactJobs.createContacts({ file: 'msisdn,firstName\n6591234567,Mei\n', groups: [8199] })
   */
  createContacts(upload: ContactFile, options?: CallOptions): Promise<ContactJob>;
  /**
   * Deletes contacts by ID, by number, or all of them.
   *
   * @throws ValidationError, ConfigurationError, ApiError, ConnectionError, AbortedError, QueueFullError
   * @see https://developer.8x8.com/connect/reference/batch-delete-contacts
   * @example await sms.contactJobs.deleteContacts({ msisdns: ['+6591234567'] })
   */
  deleteContacts(selection: ContactSelection, options?: CallOptions): Promise<ContactJob>;
  /**
   * Adds the contacts of one group to another.
   *
   * @throws ValidationError, ConfigurationError, ApiError, ConnectionError, AbortedError, QueueFullError
   * @see https://developer.8x8.com/connect/reference/batch-copy-contacts
   * @example await sms.contactJobs.copyContacts({ from: 8199, to: 8200 })
   */
  copyContacts(transfer: GroupTransfer, options?: CallOptions): Promise<ContactJob>;
  /**
   * Moves the contacts of one group into another.
   *
   * @throws ValidationError, ConfigurationError, ApiError, ConnectionError, AbortedError, QueueFullError
   * @see https://developer.8x8.com/connect/reference/batch-move-contacts
   * @example await sms.contactJobs.moveContacts({ from: 8199, to: 8200 })
   */
  moveContacts(transfer: GroupTransfer, options?: CallOptions): Promise<ContactJob>;
  /**
   * Deletes groups, and optionally the contacts in them.
   *
   * @throws ValidationError, ConfigurationError, ApiError, ConnectionError, AbortedError, QueueFullError
   * @see https://developer.8x8.com/connect/reference/batch-delete-groups
   * @example await sms.contactJobs.deleteGroups({ ids: [8199], deleteContacts: false })
   */
  deleteGroups(selection: GroupSelection, options?: CallOptions): Promise<ContactJob>;
  /**
   * Reads the state of a job.
   *
   * @throws ValidationError, NotFoundError, ConfigurationError, ApiError, ConnectionError, AbortedError, QueueFullError
   * @see https://developer.8x8.com/connect/reference/get-batch-by-id
   * @example (await sms.contactJobs.get(job.id)).status // 'completed'
   */
  get(batchId: string, options?: CallOptions): Promise<ContactJob>;
  /**
   * Lists the matching jobs page by page, like `contacts.list`.
   *
   * @throws ValidationError, ConfigurationError, ApiError, ConnectionError, AbortedError, QueueFullError
   * @see https://developer.8x8.com/connect/reference/get-batch-job-list
   * @example for await (const job of sms.contactJobs.list({ type: 'deleteContacts' })) console.log(job.status);
   */
  list(query?: ContactJobQuery, options?: CallOptions): AsyncIterableIterator<ContactJob>;
}

export function createContactJobs(client: ClientContext): ContactJobs {
  const accountCalls = createAccountCalls(client);
  const { ask, send } = accountCalls;

  return {
    createContacts: (upload, options) =>
      client.calls.run(options, async (call) => {
        assertValid(fileSchema, upload, 'upload');
        return send(CREATE_CONTACTS, call, { upload: await writeForm(upload, call) }, readJob);
      }),
    deleteContacts: (selection, options) =>
      ask(
        DELETE_CONTACTS,
        options,
        () => {
          return { body: wireFields({ ...readInput(selectionSchema, selection, 'selection') }) };
        },
        readJob,
      ),
    copyContacts: (transfer, options) =>
      ask(COPY_CONTACTS, options, () => transferRequest(transfer), readJob),
    moveContacts: (transfer, options) =>
      ask(MOVE_CONTACTS, options, () => transferRequest(transfer), readJob),
    deleteGroups: (selection, options) =>
      ask(
        DELETE_GROUPS,
        options,
        () => {
          return { body: wireFields({ ...readInput(groupsSchema, selection, 'selection') }) };
        },
        readJob,
      ),
    get: (batchId, options) =>
      ask(GET, options, () => ({ segments: { batchId: readId(batchId, 'batchId') } }), readJob),
    list(query = {}, options = undefined) {
      const listing = {
        operation: LIST,
        read: readJob,
        query() {
          assertValid(querySchema, query, 'query');
          const { limit, offset, type } = query;
          return { limit, offset, type };
        },
      };
      return listPages(accountCalls, listing, options);
    },
  };
}

function transferRequest(transfer: GroupTransfer) {
  assertValid(transferSchema, transfer, 'transfer');
  return { query: { from: transfer.from, to: transfer.to } };
}

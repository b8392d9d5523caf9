import type { ClientContext } from '../../client-context.ts';
import { extraField } from '../../internal/extra-fields.ts';
import { boolean, type Fields, object, objectWith, text } from '../../schema.ts';
import { wireFields } from '../../sending/prepare.ts';
import type { Operation } from '../../transport/operation.ts';
import type { CallOptions } from '../../types.ts';
import { assertValid, readInput } from '../input.ts';
import { createAccountCalls, readNothing } from './contacts-request.ts';
import { type ContactGroup, idList, readGroup, readNumericId } from './group.ts';
import { listPages, type PageQuery, pageFields } from './pages.ts';
import { type PatchOperation, patchBody, patchSchema } from './patch.ts';

const GROUPS = { product: 'contacts', path: '/api/v1/accounts/{accountId}/groups' } as const;
const GROUP = { ...GROUPS, path: `${GROUPS.path}/{groupId}` } as const;
const MEMBERS = { ...GROUPS, path: `${GROUP.path}/contacts` } as const;

const LIST: Operation = {
  ...GROUPS,
  name: 'groups.list',
  operationId: 'search-groups',
  method: 'GET',
  repeat: 'safe',
  responseBody: 'json',
};

const CREATE: Operation = {
  ...GROUPS,
  name: 'groups.create',
  operationId: 'create-group',
  method: 'POST',
  repeat: 'never',
  ifLost: 'The group may have been created: look for it with groups.list before you create it again.',
  ifConflict: 'There is a group of that name already, so 8x8 created none.',
  responseBody: 'json',
};

const GET: Operation = {
  ...GROUP,
  name: 'groups.get',
  operationId: 'get-group-by-id',
  method: 'GET',
  repeat: 'safe',
  responseBody: 'json',
};

const UPDATE: Operation = {
  ...GROUP,
  name: 'groups.update',
  operationId: 'update-group',
  method: 'PATCH',
  // A `test` or a `remove` fails the second time.
  repeat: 'never',
  ifLost: 'The group may have been changed: read it with groups.get.',
  ifConflict: 'There is another group of that name, so 8x8 changed nothing.',
  responseBody: 'json',
};

const DELETE: Operation = {
  ...GROUP,
  name: 'groups.delete',
  operationId: 'delete-group',
  method: 'DELETE',
  repeat: 'safe',
  responseBody: 'empty',
};

const ADD_CONTACTS: Operation = {
  ...MEMBERS,
  name: 'groups.addContacts',
  operationId: 'add-contacts-to-group',
  method: 'POST',
  // Adding a contact again changes nothing.
  repeat: 'safe',
  responseBody: 'json',
};

const REMOVE_CONTACTS: Operation = {
  ...MEMBERS,
  name: 'groups.removeContacts',
  operationId: 'delete-contacts-from-group',
  method: 'DELETE',
  repeat: 'safe',
  responseBody: 'json',
};

/** Filter of a list of groups. */
export interface GroupQuery extends PageQuery {
  /** Name to search for. */
  readonly name?: string | undefined;
}

/** A group to create. */
export interface GroupInput {
  /** Unique name, up to 100 characters. */
  readonly name: string;
  /** Up to 100 characters. */
  readonly description?: string | undefined;
  /** True makes it a block list. @default false */
  readonly isBlacklist?: boolean | undefined;
  /**
   * Fields that 8x8 added after this version, sent as they are. They may name no field that 8x8 knows today, in any spelling
   * or depth. At most 10,000 characters as JSON.
   *
   * @example extra: { newField: true }
   */
  readonly extra?: Readonly<Record<string, unknown>> | undefined;
}

/** Groups of contacts. Needs `accountId`. */
export interface Groups {
  /**
   * Lists the matching groups page by page, like `contacts.list`.
   *
   * @throws ValidationError, ConfigurationError, ApiError, ConnectionError, AbortedError, QueueFullError
   * @see https://developer.8x8.com/connect/reference/groups-api
   * @example for await (const group of sms.groups.list()) console.log(group.name, group.contacts);
   */
  list(query?: GroupQuery, options?: CallOptions): AsyncIterableIterator<ContactGroup>;
  /**
   * Creates a group. Never sent twice.
   *
   * @throws BadRequestError 409, `apiCode` 5003, `submission: 'rejected'`: there is a group of that name
   * @throws ValidationError, ConfigurationError, ApiError, ConnectionError, AbortedError, QueueFullError
   * @see https://developer.8x8.com/connect/reference/create-group
   * @example (await sms.groups.create({ name: 'Opted out', isBlacklist: true })).id
   */
  create(group: GroupInput, options?: CallOptions): Promise<ContactGroup>;
  /**
   * Reads one group.
   *
   * @throws ValidationError, NotFoundError, ConfigurationError, ApiError, ConnectionError, AbortedError, QueueFullError
   * @see https://developer.8x8.com/connect/reference/get-group-by-id
   * @example (await sms.groups.get(8199)).contacts
   */
  get(groupId: number, options?: CallOptions): Promise<ContactGroup>;
  /**
   * Changes a group: applies all operations, or none. Never sent twice.
   *
   * @throws BadRequestError 409, `apiCode` 5003, `submission: 'rejected'`: there is another group of that name
   * @throws ValidationError, NotFoundError, ConfigurationError, ApiError, ConnectionError, AbortedError, QueueFullError
   * @see https://developer.8x8.com/connect/reference/update-group
   * @example await sms.groups.update(8199, [{ op: 'replace', path: '/isBlacklist', value: 'true' }])
   */
  update(
    groupId: number,
    operations: readonly PatchOperation[],
    options?: CallOptions,
  ): Promise<ContactGroup>;
  /**
   * Deletes a group but not its contacts. After a lost response, a `NotFoundError` means that the group was deleted.
   *
   * @throws ValidationError, NotFoundError, ConfigurationError, ApiError, ConnectionError, AbortedError, QueueFullError
   * @see https://developer.8x8.com/connect/reference/delete-group
   * @example await sms.groups.delete(8199)
   */
  delete(groupId: number, options?: CallOptions): Promise<void>;
  /**
   * Adds contacts to a group. Calling it twice is safe.
   *
   * @throws ValidationError, NotFoundError, ConfigurationError, ApiError, ConnectionError, AbortedError, QueueFullError
   * @see https://developer.8x8.com/connect/reference/add-contacts-to-group
   * @example await sms.groups.addContacts(8199, [41764986])
   */
  addContacts(groupId: number, contactIds: readonly number[], options?: CallOptions): Promise<ContactGroup>;
  /**
   * Removes contacts from a group without deleting them. Calling it twice is safe.
   *
   * @throws ValidationError, NotFoundError, ConfigurationError, ApiError, ConnectionError, AbortedError, QueueFullError
   * @see https://developer.8x8.com/connect/reference/delete-contacts-from-group
   * @example await sms.groups.removeContacts(8199, [41764986])
   */
  removeContacts(
    groupId: number,
    contactIds: readonly number[],
    options?: CallOptions,
  ): Promise<ContactGroup>;
}

const queryFields: Fields<GroupQuery> = { ...pageFields, name: text({ max: 100 }) };
const querySchema = object(queryFields, 'a query { name, limit, offset }');
const groupFields: Fields<GroupInput> = {
  name: text({ max: 100 }),
  description: text({ max: 100 }),
  isBlacklist: boolean(),
  extra: extraField,
};
/** Limits: https://developer.8x8.com/connect/reference/create-group */
const groupSchema = objectWith(['name'], groupFields, 'a group { name, … }');
const contactIdsSchema = idList();

export function createGroups(client: ClientContext): Groups {
  const accountCalls = createAccountCalls(client);
  const { ask } = accountCalls;

  return {
    list(query = {}, options = undefined) {
      const listing = {
        operation: LIST,
        read: readGroup,
        query() {
          assertValid(querySchema, query, 'query');
          const { limit, offset, name } = query;
          return { limit, offset, name };
        },
      };
      return listPages(accountCalls, listing, options);
    },
    create: (group, options) =>
      ask(
        CREATE,
        options,
        () => {
          return { body: wireFields({ ...readInput(groupSchema, group, 'group') }) };
        },
        readGroup,
      ),
    get: (groupId, options) => ask(GET, options, () => pathOf(groupId), readGroup),
    update: (groupId, operations, options) =>
      ask(
        UPDATE,
        options,
        () => {
          assertValid(patchSchema, operations, 'operations');
          return { ...pathOf(groupId), body: patchBody(operations) };
        },
        readGroup,
      ),
    delete: (groupId, options) => ask(DELETE, options, () => pathOf(groupId), readNothing),
    addContacts: (groupId, contactIds, options) =>
      ask(ADD_CONTACTS, options, () => membersRequest(groupId, contactIds), readGroup),
    removeContacts: (groupId, contactIds, options) =>
      ask(REMOVE_CONTACTS, options, () => membersRequest(groupId, contactIds), readGroup),
  };
}

function pathOf(groupId: number): { readonly segments: { readonly groupId: string } } {
  return { segments: { groupId: readNumericId(groupId, 'groupId') } };
}

function membersRequest(groupId: number, contactIds: readonly number[]) {
  assertValid(contactIdsSchema, contactIds, 'contactIds');
  return { ...pathOf(groupId), body: { contacts: contactIds } };
}

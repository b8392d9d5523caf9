import type { Call } from '../../call.ts';
import type { ClientContext } from '../../client-context.ts';
import type { Phone } from '../../phone/normalise-phone.ts';
import { readPhone } from '../../phone/read-phone.ts';
import { type Fields, object, text } from '../../schema.ts';
import type { Operation } from '../../transport/operation.ts';
import type { CallOptions } from '../../types.ts';
import { assertValid, readInput } from '../input.ts';
import {
  type Contact,
  type ContactInput,
  type CreatedContact,
  contactBody,
  contactSchema,
  countryField,
  readContact,
  readCreatedContact,
} from './contact.ts';
import { type AccountRequest, createAccountCalls, readNothing } from './contacts-request.ts';
import { numericId, readNumericId } from './group.ts';
import { listPages, type PageQuery, pageFields } from './pages.ts';
import { type PatchOperation, patchBody, patchSchema } from './patch.ts';

const CONTACTS = { product: 'contacts', path: '/api/v1/accounts/{accountId}/contacts' } as const;
const CONTACT = { ...CONTACTS, path: `${CONTACTS.path}/{contactId}` } as const;

const LIST: Operation = {
  ...CONTACTS,
  name: 'contacts.list',
  operationId: 'contact-search',
  method: 'GET',
  repeat: 'safe',
  responseBody: 'json',
};

const CREATE: Operation = {
  ...CONTACTS,
  name: 'contacts.create',
  operationId: 'create-contact',
  method: 'POST',
  repeat: 'never',
  ifLost:
    'The contact may have been created or merged: look for it with contacts.list before you create it again.',
  ifConflict: 'The addresses belong to several contacts, so 8x8 neither created nor merged one.',
  responseBody: 'json',
};

const GET: Operation = {
  ...CONTACT,
  name: 'contacts.get',
  operationId: 'get-contact-by-id',
  method: 'GET',
  repeat: 'safe',
  responseBody: 'json',
};

const UPDATE: Operation = {
  ...CONTACT,
  name: 'contacts.update',
  operationId: 'update-contact',
  method: 'PATCH',
  // A `test`, or a `remove`, fails the second time.
  repeat: 'never',
  ifLost: 'The contact may have been changed: read it with contacts.get.',
  ifConflict: 'An address belongs to another contact, so 8x8 changed nothing.',
  responseBody: 'json',
};

const DELETE: Operation = {
  ...CONTACT,
  name: 'contacts.delete',
  operationId: 'delete-single-contact',
  method: 'DELETE',
  repeat: 'safe',
  responseBody: 'empty',
};

const BLOCK: Operation = {
  ...CONTACTS,
  name: 'contacts.block',
  operationId: 'blacklist-msisdn',
  method: 'POST',
  path: `${CONTACTS.path}/blacklist/{msisdn}`,
  repeat: 'safe',
  responseBody: 'empty',
};

/** Filter of a list of contacts. */
export interface ContactQuery extends PageQuery {
  /** Text to search for, up to 320 characters. */
  readonly query?: string | undefined;
  /** Only the contacts of this group. */
  readonly groupId?: number | undefined;
  /** Only this country, ISO 3166-1 alpha-2. */
  readonly country?: string | undefined;
}

/** The people 8x8 keeps for your account. Needs `accountId`. */
export interface Contacts {
  /**
   * Lists the matching contacts page by page: the next page is fetched when the previous one is used up, and leaving
   * the loop fetches no more. `deadlineMs` counts for each page. A list that would never end (a repeated page, or an
   * empty one that announces another) ends with an `ApiError`.
   *
   * @throws ValidationError, ConfigurationError, ApiError, ConnectionError, AbortedError, QueueFullError
   * @see https://developer.8x8.com/connect/reference/contact-search
   * @example for await (const { addresses } of sms.contacts.list({ country: 'SG' })) console.log(addresses.email);
   */
  list(query?: ContactQuery, options?: CallOptions): AsyncIterableIterator<Contact>;
  /**
   * Creates a contact, or merges the fields into the contact that has one of its addresses: `outcome` says which. Never
   * sent twice: when the response was lost, look for the contact with `list`.
   *
   * @throws BadRequestError 409, `submission: 'rejected'`: the addresses belong to several contacts; nothing was changed
   * @throws ValidationError, ConfigurationError, ApiError, ConnectionError, AbortedError, QueueFullError
   * @see https://developer.8x8.com/connect/reference/create-contact
   * @example await sms.contacts.create({ addresses: { msisdn: '+6591234567' }, firstName: 'Mei', country: 'SG' })
   */
  create(contact: ContactInput, options?: CallOptions): Promise<CreatedContact>;
  /**
   * Reads one contact.
   *
   * @throws ValidationError, NotFoundError, ConfigurationError, ApiError, ConnectionError, AbortedError, QueueFullError
   * @see https://developer.8x8.com/connect/reference/get-contact-by-id
   * @example (await sms.contacts.get(41764986)).groups
   */
  get(contactId: number, options?: CallOptions): Promise<Contact>;
  /**
   * Changes a contact: all operations, or none. Never sent twice.
   *
   * @throws BadRequestError 409, `submission: 'rejected'`: an address belongs to another contact; nothing was changed
   * @throws ValidationError, NotFoundError, ConfigurationError, ApiError, ConnectionError, AbortedError, QueueFullError
   * @see https://developer.8x8.com/connect/reference/update-contact
   * @example await sms.contacts.update(41764986, [{ op: 'replace', path: '/firstName', value: 'John' }])
   */
  update(contactId: number, operations: readonly PatchOperation[], options?: CallOptions): Promise<Contact>;
  /**
   * Deletes a contact. Calling it twice is safe.
   *
   * @throws ValidationError, ConfigurationError, ApiError, ConnectionError, AbortedError, QueueFullError
   * @see https://developer.8x8.com/connect/reference/delete-single-contact
   * @example await sms.contacts.delete(41764986)
   */
  delete(contactId: number, options?: CallOptions): Promise<void>;
  /**
   * Puts a number on 8x8's block list: for the whole account, all sub-accounts and all channels. 8x8 synchronises the
   * list **every hour** (a support article of 8x8's even says 24), so a message can still go out: record the opt-out with
   * `consent.revoke` too, which counts at once. Calling it twice is safe.
   *
   * @param msisdn international, or national with `country`; it is normalised as the destination of a message is
   * @throws InvalidPhoneNumberError, ValidationError, ConfigurationError, ApiError, ConnectionError, AbortedError, QueueFullError
   * @see https://developer.8x8.com/connect/reference/blacklist-msisdn
   * @example await sms.contacts.block('+6591234567')
   */
  block(msisdn: string, query?: BlockQuery, options?: CallOptions): Promise<void>;
}

/** Options for reading the number. */
export interface BlockQuery {
  /** ISO 3166-1 alpha-2 code of a national number. @default `defaultCountry` of the client */
  readonly country?: string | undefined;
}

const queryFields: Fields<ContactQuery> = {
  ...pageFields,
  query: text({ max: 320 }),
  groupId: numericId,
  country: countryField,
};
const querySchema = object(queryFields, 'a query { query, groupId, country, limit, offset }');
const blockFields: Fields<BlockQuery> = { country: countryField };
const blockSchema = object(blockFields, 'an object { country }');

export function createContacts(client: ClientContext): Contacts {
  const accountCalls = createAccountCalls(client);
  const { ask } = accountCalls;

  return {
    list(query = {}, options = undefined) {
      const listing = {
        operation: LIST,
        read: readContact,
        query() {
          assertValid(querySchema, query, 'query');
          const { limit, offset, query: search, groupId, country } = query;
          return { limit, offset, query: search, groupId, country };
        },
      };
      return listPages(accountCalls, listing, options);
    },
    create: (contact, options) =>
      ask(
        CREATE,
        options,
        () => {
          return { body: contactBody(readInput(contactSchema, contact, 'contact')) };
        },
        readCreatedContact,
      ),
    get: (contactId, options) => ask(GET, options, () => pathOf(contactId), readContact),
    update: (contactId, operations, options) =>
      ask(
        UPDATE,
        options,
        () => {
          assertValid(patchSchema, operations, 'operations');
          return { ...pathOf(contactId), body: patchBody(operations) };
        },
        readContact,
      ),
    delete: (contactId, options) => ask(DELETE, options, () => pathOf(contactId), readNothing),
    block: (msisdn, query = {}, options = undefined) =>
      ask(
        BLOCK,
        options,
        () => {
          assertValid(blockSchema, query, 'query');
          return blockRequest(readPhone(msisdn, query.country, client.phoneDefaults));
        },
        readNothing,
      ),
  };
}

/** Adds a number to 8x8's block list within a call that has begun. */
export function createBlockNumber(client: ClientContext): (phone: Phone, call: Call) => Promise<void> {
  const { send } = createAccountCalls(client);
  return (phone, call) => send(BLOCK, call, blockRequest(phone), readNothing);
}

function blockRequest({ msisdn }: Phone): AccountRequest {
  // 8x8 documents a string body without its meaning; it is ignored.
  return { segments: { msisdn }, body: msisdn };
}

function pathOf(contactId: number): { readonly segments: { readonly contactId: string } } {
  return { segments: { contactId: readNumericId(contactId, 'contactId') } };
}

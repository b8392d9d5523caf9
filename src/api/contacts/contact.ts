import { extraField } from '../../internal/extra-fields.ts';
import {
  type Fields,
  list,
  object,
  objectWith,
  pattern,
  refine,
  shortValues,
  text,
  word,
} from '../../schema.ts';
import { wireFields } from '../../sending/prepare.ts';
import { numberIn, optionalText, present, type ResponseFields, toFields, toList } from '../parse-response.ts';
import { type ContactGroup, numericId, readGroup } from './group.ts';

/** Addresses of a contact. */
export interface ContactAddresses {
  /** Digits in international form, with or without a plus. */
  readonly msisdn?: string | undefined;
  /** E-mail address, at most 320 characters. */
  readonly email?: string | undefined;
  /** User id at WeChat. */
  readonly weChatUserId?: string | undefined;
  /** User id at Facebook. */
  readonly facebookUserId?: string | undefined;
  /** User id at Zalo. */
  readonly zaloId?: string | undefined;
  /** User id at LINE. */
  readonly lineId?: string | undefined;
  /** User id at KakaoTalk. */
  readonly kakaoTalkId?: string | undefined;
}

/** A contact to create. */
export interface ContactInput {
  /** Addresses of the person; at least one. */
  readonly addresses: ContactAddresses;
  /** First name, up to 200 characters. */
  readonly firstName?: string | undefined;
  /** Last name, up to 200 characters. */
  readonly lastName?: string | undefined;
  /** Your own id of the person, up to 50 characters. */
  readonly externalId?: string | undefined;
  /** ISO 3166-1 alpha-2. */
  readonly country?: string | undefined;
  /** Groups that the contact joins, at most 10. */
  readonly groups?:
    | readonly {
        /** 8x8's id of the group. */
        readonly id: number;
      }[]
    | undefined;
  /** Anything else, at most 50 entries. */
  readonly customAttributes?: Readonly<Record<string, string | number | boolean>> | undefined;
  /**
   * Fields that 8x8 added after this version, sent as they are. They may name no field that 8x8 knows today, in any spelling
   * or depth. At most 10,000 characters as JSON.
   *
   * @example extra: { newField: true }
   */
  readonly extra?: Readonly<Record<string, unknown>> | undefined;
}

/** A contact as 8x8 has it. */
export interface Contact {
  readonly id: number;
  readonly addresses: ContactAddresses;
  /** ISO 8601. */
  readonly createdAt?: string;
  readonly firstName?: string;
  readonly lastName?: string;
  readonly externalId?: string;
  readonly country?: string;
  readonly groups?: readonly ContactGroup[];
  readonly customAttributes?: Readonly<Record<string, unknown>>;
}

/** The contact that `contacts.create` led to. */
export interface CreatedContact extends Contact {
  /** `merged`: a contact had one of the addresses already, and now has the fields of both. */
  readonly outcome: 'created' | 'merged';
}

/** The format of a number that 8x8 accepts in the data of a contact. */
export const msisdnField = pattern(
  /^\+?[1-9]\d{6,14}$/,
  'a number in international form, for example +6591234567',
);

/** The addresses that JSON Schema's `email` and 8x8 both take. */
const EMAIL =
  /^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;
const MAX_EMAIL_CHARACTERS = 320;
/** Ours, of one custom attribute: 8x8 names none. */
const MAX_ATTRIBUTE_CHARACTERS = 2_000;
const MAX_ATTRIBUTES = 50;
export const MAX_GROUPS = 10;

export const countryField = pattern(/^[A-Za-z]{2}$/, 'an ISO 3166-1 alpha-2 code');
const channelId = text({ max: 128 });
const addressFields: Fields<ContactAddresses> = {
  msisdn: msisdnField,
  email: word((value) => value.length <= MAX_EMAIL_CHARACTERS && EMAIL.test(value), 'an email address'),
  weChatUserId: channelId,
  facebookUserId: channelId,
  zaloId: channelId,
  lineId: channelId,
  kakaoTalkId: channelId,
};
const groupReference = objectWith(['id'], { id: numericId }, 'an object { id }');
const contactFields: Fields<ContactInput> = {
  addresses: object(addressFields, 'an object { msisdn, email, … }'),
  firstName: text({ max: 200 }),
  lastName: text({ max: 200 }),
  externalId: text({ max: 50 }),
  country: countryField,
  groups: refine<readonly { readonly id: number }[]>(
    list(groupReference, { min: 1, max: MAX_GROUPS }),
    (groups) => new Set(groups.map(({ id }) => id)).size === groups.length,
    'holds a group twice.',
  ),
  customAttributes: shortValues({ maxEntries: MAX_ATTRIBUTES, maxLength: MAX_ATTRIBUTE_CHARACTERS }),
  extra: extraField,
};

/** Limits: https://developer.8x8.com/connect/reference/create-contact */
export const contactSchema = objectWith(['addresses'], contactFields, 'a contact { addresses, … }');

export function contactBody(contact: ContactInput): Record<string, unknown> {
  return wireFields({
    ...contact,
    addresses: wireFields({ ...contact.addresses }),
    groups: contact.groups?.map(({ id }) => ({ id })),
  });
}

function readAddresses(fields: ResponseFields): ContactAddresses {
  const names = Object.keys(addressFields);
  return present(Object.fromEntries(names.map((name) => [name, optionalText(fields, name)])));
}

export function readContact(value: unknown): Contact {
  const fields = toFields(value, 'a contact');
  const { groups, customAttributes } = fields;
  return {
    id: numberIn(fields, 'id'),
    addresses: readAddresses(toFields(fields.addresses, 'addresses')),
    ...present({
      createdAt: optionalText(fields, 'createdAt'),
      firstName: optionalText(fields, 'firstName'),
      lastName: optionalText(fields, 'lastName'),
      externalId: optionalText(fields, 'externalId'),
      country: optionalText(fields, 'country'),
      groups: groups === undefined || groups === null ? undefined : toList(groups, 'groups').map(readGroup),
      customAttributes:
        customAttributes === undefined || customAttributes === null
          ? undefined
          : toFields(customAttributes, 'customAttributes'),
    }),
  };
}

/** 8x8 answers 201 for a new contact, and 200 for one that it merged. */
export function readCreatedContact(value: unknown, status: number): CreatedContact {
  return { ...readContact(value), outcome: status === 200 ? 'merged' : 'created' };
}

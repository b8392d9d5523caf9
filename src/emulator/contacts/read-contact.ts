import { isRecord, type JsonObject, readObject, readString } from '../fields.ts';
import { fail, PROBLEMS } from '../problems.ts';
import type { ContactDraft, ContactStore, GroupDraft, GroupRecord } from './contact-store.ts';

/** 8x8's limits on contacts and groups (Contacts API, "Create contact", "Create group"). */
const MAX_NAME = 200;
const MAX_EXTERNAL_ID = 50;
const MAX_CHANNEL_ID = 128;
const MAX_EMAIL = 320;
const MAX_ATTRIBUTES = 50;
const MAX_GROUPS = 10;
const MAX_GROUP_TEXT = 100;

const invalidParameter = PROBLEMS.invalidParameter;

/** 8x8's names of a contact's addresses. */
export const ADDRESS_NAMES = [
  'msisdn',
  'email',
  'weChatUserId',
  'facebookUserId',
  'zaloId',
  'lineId',
  'kakaoTalkId',
] as const;

/** 8x8's names of a contact's text fields. */
export const TEXT_NAMES = ['firstName', 'lastName', 'externalId', 'country'] as const;

function readText(fields: JsonObject, name: string, max: number): string | undefined {
  const value = readString(fields, name, invalidParameter);
  return value === undefined || (value.length >= 1 && value.length <= max) ? value : fail(invalidParameter);
}

/** Reads a number as digits without a plus. */
export function readMsisdn(value: unknown): string {
  if (typeof value !== 'string' || !/^\+?[1-9]\d{6,14}$/.test(value)) return fail(PROBLEMS.invalidNumber);
  return value.replace('+', '');
}

function readAddresses(value: unknown): ContactDraft['addresses'] {
  const fields = readObject(value);
  const addresses: Record<string, string> = {};
  for (const name of ADDRESS_NAMES) {
    const text = readText(fields, name, name === 'email' ? MAX_EMAIL : MAX_CHANNEL_ID);
    if (text !== undefined) addresses[name] = name === 'msisdn' ? readMsisdn(text) : text;
  }
  if (addresses.email !== undefined && !/^[^\s@]+@[^\s@]+\.[^\s@.]+$/.test(addresses.email))
    fail(invalidParameter);
  return addresses;
}

/** Validates a contact without its groups. */
export function readContact(body: unknown): ContactDraft {
  const fields = readObject(body);
  const texts: Record<string, string> = {};
  for (const name of TEXT_NAMES) {
    const text = readText(fields, name, name === 'externalId' ? MAX_EXTERNAL_ID : MAX_NAME);
    if (text !== undefined) texts[name] = text;
  }
  if (texts.country !== undefined && texts.country.length !== 2) fail(PROBLEMS.invalidCountry);
  const customAttributes = readObject(fields.customAttributes ?? {});
  if (Object.keys(customAttributes).length > MAX_ATTRIBUTES) fail(invalidParameter);
  return { ...texts, addresses: readAddresses(fields.addresses), customAttributes };
}

/** Reads the groups that a new contact joins. */
export function readGroups(value: unknown, store: ContactStore): readonly GroupRecord[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || value.length > MAX_GROUPS) return fail(invalidParameter);
  return value.map((entry) => {
    const id = isRecord(entry) ? entry.id : undefined;
    return store.groups.get(typeof id === 'number' ? id : 0) ?? fail(invalidParameter);
  });
}

export function readGroup(body: unknown): GroupDraft {
  const fields = readObject(body);
  const { isBlacklist = false } = fields;
  const description = readText(fields, 'description', MAX_GROUP_TEXT);
  return {
    name: readText(fields, 'name', MAX_GROUP_TEXT) ?? fail(invalidParameter),
    isBlacklist: typeof isBlacklist === 'boolean' ? isBlacklist : fail(invalidParameter),
    ...(description !== undefined && { description }),
  };
}

/** Reads a list of ids, which are whole numbers. */
export function readIds(value: unknown): readonly number[] {
  return Array.isArray(value) && value.every((id) => Number.isInteger(id)) ? value : fail(invalidParameter);
}

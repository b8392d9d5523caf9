import { readReportedPhone } from '../phone/reported-phone.ts';
import { malformed } from './failures.ts';

/** An object within an event, with its path. The types of its fields are not known yet. */
export interface EventFields {
  readonly path: string;
  readonly values: Readonly<Record<string, unknown>>;
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

/** Undefined for anything but an object. */
export function asEventFields(value: unknown, path: string): EventFields | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return { path, values: value as Record<string, unknown> };
}

export function toEventFields(value: unknown, path: string): EventFields {
  const fields = asEventFields(value, path);
  if (fields === undefined) throw malformed(path || 'the body', 'an object');
  return fields;
}

export function requireObject({ path, values }: EventFields, name: string): EventFields {
  return toEventFields(values[name], join(path, name));
}

/** The objects of a list; empty for anything but a list: an optional field must not cost the whole event. */
export function optionalList({ path, values }: EventFields, name: string): readonly EventFields[] {
  const value: unknown = values[name];
  if (!Array.isArray(value)) return [];
  return value.flatMap((item, index) => asEventFields(item, `${join(path, name)}[${index}]`) ?? []);
}

/** Undefined for anything but a string: an optional field must not cost the whole event. */
export function optionalText({ values }: EventFields, name: string): string | undefined {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
}

/** A number, also one written as a string: JSON from other languages mixes them up. */
export function optionalNumber({ values }: EventFields, name: string): number | undefined {
  const value = values[name];
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

/** Any value as a text: null when it is missing, JSON for an object or a list. */
export function anyText({ values }: EventFields, name: string): string | null {
  const value = values[name] ?? null;
  if (value === null || typeof value === 'string') return value;
  return JSON.stringify(value);
}

/** Longer than any of 8x8's ids. Ids are stored, also in the consent ledger, so their length is bounded. */
const MAX_ID_CHARACTERS = 350;

/** A text of an ordinary length, also written as a JSON number; undefined for anything else. */
function readId({ values }: EventFields, name: string): string | undefined {
  const value = values[name];
  const id = Number.isSafeInteger(value) ? String(value) : value;
  return typeof id === 'string' && id !== '' && id.length <= MAX_ID_CHARACTERS ? id : undefined;
}

/** An id, which identifies the event. */
export function requireId(fields: EventFields, name: string): string {
  const id = readId(fields, name);
  if (id === undefined) {
    throw malformed(join(fields.path, name), `a string of 1 to ${MAX_ID_CHARACTERS} characters`);
  }
  return id;
}

/** A field that an event can do without; empty when it cannot be read. */
export function idOrEmpty(fields: EventFields, name: string): string {
  return readId(fields, name) ?? '';
}

/** A person's number: E.164 when it can be parsed, otherwise as 8x8 sent it. */
export function requirePhone(fields: EventFields, name: string): string {
  const given = requireId(fields, name);
  const result = readReportedPhone(given);
  return result.ok && result.phone.possible ? result.phone.e164 : given;
}

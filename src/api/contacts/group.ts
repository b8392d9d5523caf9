import { type Field, integer, list, refine } from '../../schema.ts';
import { assertValid } from '../input.ts';
import {
  numberIn,
  optionalFlag,
  optionalNumber,
  optionalText,
  present,
  toFields,
} from '../parse-response.ts';

/** A group of contacts in the format of 8x8. Inside a contact, 8x8 may omit everything except `id`. */
export interface ContactGroup {
  readonly id: number;
  readonly name?: string;
  readonly description?: string;
  /** True for a block list: its members receive no messages from the account. */
  readonly isBlacklist?: boolean;
  /** Number of contacts in the group. */
  readonly contacts?: number;
  /** ISO 8601. */
  readonly createdAt?: string;
}

export function readGroup(value: unknown): ContactGroup {
  const fields = toFields(value, 'a group');
  return {
    id: numberIn(fields, 'id'),
    ...present({
      name: optionalText(fields, 'name'),
      description: optionalText(fields, 'description'),
      isBlacklist: optionalFlag(fields, 'isBlacklist'),
      contacts: optionalNumber(fields, 'contacts'),
      createdAt: optionalText(fields, 'createdAt'),
    }),
  };
}

/** ID of a contact or group, which is a number at 8x8. */
export const numericId = integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

/** Limit for one request, chosen by this package: 8x8 documents none. */
const MAX_IDS = 10_000;

/** A list of unique IDs. */
export function idList({ min = 1, max = MAX_IDS } = {}): Field {
  return refine<readonly number[]>(
    list(numericId, { min, max }),
    (ids) => new Set(ids).size === ids.length,
    'holds an id twice.',
  );
}

/** An ID for a path. */
export function readNumericId(id: number, name: string): string {
  assertValid(numericId, id, name);
  return String(id);
}

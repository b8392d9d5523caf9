import { extraField } from '../../internal/extra-fields.ts';
import { boolean, type Fields, list, object, objectWith, oneOf, refine } from '../../schema.ts';
import { msisdnField } from './contact.ts';
import { idList, numericId } from './group.ts';
import { type PageQuery, pageFields } from './pages.ts';

/** Contacts to delete. `all` excludes the other two. */
export interface ContactSelection {
  /** 8x8's IDs of contacts. */
  readonly ids?: readonly number[] | undefined;
  /** Numbers in international form, for example `+6591234567`. */
  readonly msisdns?: readonly string[] | undefined;
  /** Every contact of the account. */
  readonly all?: true | undefined;
  /**
   * Fields that 8x8 added after this version, sent as they are. They may name no field that 8x8 knows today, in any spelling
   * or depth. At most 10,000 characters as JSON.
   *
   * @example extra: { newField: true }
   */
  readonly extra?: Readonly<Record<string, unknown>> | undefined;
}

/** The two groups of a copy or a move. */
export interface GroupTransfer {
  /** 8x8's ID of the source group. */
  readonly from: number;
  /** 8x8's ID of the target group. */
  readonly to: number;
}

/** Groups to delete. */
export interface GroupSelection {
  /** 8x8's IDs of groups. */
  readonly ids: readonly number[];
  /** True also deletes the contacts in them. */
  readonly deleteContacts: boolean;
  /**
   * Fields that 8x8 added after this version, sent as they are. They may name no field that 8x8 knows today, in any spelling
   * or depth. At most 10,000 characters as JSON.
   *
   * @example extra: { newField: true }
   */
  readonly extra?: Readonly<Record<string, unknown>> | undefined;
}

/** Filter of a list of jobs. */
export interface ContactJobQuery extends PageQuery {
  /** Kind of job. @default every kind */
  readonly type?:
    | 'createContacts'
    | 'deleteContacts'
    | 'copyContacts'
    | 'moveContacts'
    | 'deleteGroups'
    | undefined;
}

/** Limit for one request, chosen by this package: 8x8 documents none. */
const MAX_NUMBERS = 10_000;

const selectionFields: Fields<ContactSelection> = {
  ids: idList(),
  msisdns: list(msisdnField, { min: 1, max: MAX_NUMBERS }),
  all: oneOf([true]),
  extra: extraField,
};
export const selectionSchema = refine<ContactSelection>(
  object(selectionFields, 'an object { ids, msisdns } or { all: true }'),
  ({ ids, msisdns, all }) => (all === true) === (ids === undefined && msisdns === undefined),
  'must hold ids, msisdns or both, or else all: true.',
);
const transferFields: Fields<GroupTransfer> = { from: numericId, to: numericId };
export const transferSchema = refine<GroupTransfer>(
  objectWith(['from', 'to'], transferFields, 'an object { from, to }'),
  ({ from, to }) => from !== to,
  'must name two different groups.',
);
const groupsFields: Fields<GroupSelection> = { ids: idList(), deleteContacts: boolean(), extra: extraField };
export const groupsSchema = objectWith(
  ['ids', 'deleteContacts'],
  groupsFields,
  'an object { ids, deleteContacts }',
);
const queryFields: Fields<ContactJobQuery> = {
  ...pageFields,
  type: oneOf(['createContacts', 'deleteContacts', 'copyContacts', 'moveContacts', 'deleteGroups']),
};
export const querySchema = object(queryFields, 'a query { type, limit, offset }');

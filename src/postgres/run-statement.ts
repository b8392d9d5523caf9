import { StoreError } from '../errors.ts';
import { giveReason } from '../internal/store-reason.ts';
import { hideOriginal } from '../internal/user-code.ts';

/**
 * Runs a statement: a `Pool` or `Client` of `pg`, a `PGlite`, or anything that takes SQL with `$1` and returns rows as
 * objects. Every value is a string.
 *
 * @example const pool: SqlPool = { query: async (text, values) => ({ rows: await postgresJs.unsafe(text, values) }) }
 */
export interface SqlPool {
  /** Runs one statement. Rejects with an error whose `code` is PostgreSQL's. */
  query(
    text: string,
    values: string[],
  ): Promise<{
    /** The rows as objects. */
    readonly rows: readonly unknown[];
  }>;
}

/** The change to make, by PostgreSQL error code (appendix A of its manual). */
export const ADVICE: Readonly<Record<string, string>> = {
  '0A000': 'the database must be encoded in UTF8, and be version 11 or later',
  '25006': 'the connection is read-only; use the primary server',
  '28000': 'the role may not log in; see pg_hba.conf',
  '28P01': 'the password is wrong',
  '3D000': 'the database does not exist',
  '3F000': 'its schema is missing; call migrate() once',
  '42501': 'the role lacks a privilege: SELECT, INSERT and DELETE on the table, for migrate() also CREATE',
  '42703': 'its table is of an older version; call migrate() once',
  '42P01': 'its table is missing; call migrate() once',
  '42P10':
    'its unique index is missing; drop the table while it is empty, or create the index of consentLedgerSql()',
};
/** A concurrent transaction caused a rollback: deadlock, serialization failure. */
const COLLISIONS: readonly string[] = ['40P01', '40001'];
/** Another process migrated at the same time, and the snapshot of this transaction did not show it. */
export const MIGRATION_COLLISIONS: readonly string[] = [...COLLISIONS, '23505', '42710', '42P06', '42P07'];
const MAX_TRIES = 5;

export function codeOf(error: unknown): string {
  const code = (error as { readonly code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' && /^[A-Z0-9_]{2,40}$/.test(code) ? code : 'no code';
}

/** PostgreSQL reported that it rolled the statement back. A lost connection or a stopping server reports nothing. */
function isRolledBack(code: string): boolean {
  return /^[0-9A-Z]{5}$/.test(code) && !/^(08|57|58|XX)/.test(code);
}

/**
 * The message of the database may hold a person's number (`DETAIL: Key (person)=(+65…)`), so only its code is shown.
 */
function toStoreError(name: string, code: string, changes: boolean): StoreError {
  const nothing = changes ? 'Nothing was recorded.' : 'Nothing was read.';
  const outcome =
    !changes || isRolledBack(code)
      ? nothing
      : 'It is unknown whether the change was recorded; read before you try again.';
  const advice = ADVICE[code];
  const error = new StoreError(
    `The consent ledger on PostgreSQL failed in ${name} (${code})${advice === undefined ? '' : `: ${advice}`}. ${outcome}`,
  );
  return giveReason(error, advice === undefined ? undefined : `PostgreSQL answered ${code}: ${advice}.`);
}

export interface Statement {
  /** Name of the method, for errors. */
  readonly name: string;
  readonly text: string;
  readonly values: string[];
  readonly changes: boolean;
  /** Codes after which the statement runs again, because a concurrent transaction caused the rollback. */
  readonly collisions?: readonly string[];
}

export async function runStatement(
  pool: SqlPool,
  { name, text, values, changes, collisions = COLLISIONS }: Statement,
): Promise<readonly unknown[]> {
  for (let tries = 1; ; tries += 1) {
    try {
      return (await pool.query(text, values)).rows;
    } catch (error) {
      const code = codeOf(error);
      if (tries === MAX_TRIES || !collisions.includes(code)) {
        throw hideOriginal(toStoreError(name, code, changes), error);
      }
    }
  }
}

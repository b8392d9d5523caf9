import { StoreError } from '../errors.ts';

/**
 * What runs a statement: a `Pool` or `Client` of `pg`, a `PGlite`, or whatever of yours takes SQL with `$1` and gives
 * rows as objects. Every value is a string.
 *
 * @example const pool: SqlPool = { query: async (text, values) => ({ rows: await postgresJs.unsafe(text, values) }) }
 */
export interface SqlPool {
  query(text: string, values: string[]): Promise<{ readonly rows: readonly unknown[] }>;
}

/** Codes of PostgreSQL (its manual, appendix A) that say what to change. */
const ADVICE: Readonly<Record<string, string>> = {
  '0A000': 'the database must be encoded in UTF8, and be version 11 or later',
  '25006': 'the connection is read-only; use the primary server',
  '3F000': 'its schema is missing; call migrate() once',
  '42501': 'the role lacks a right: SELECT, INSERT and DELETE on the table, for migrate() also CREATE',
  '42703': 'its table is of an older version; call migrate() once',
  '42P01': 'its table is missing; call migrate() once',
};
/** Another transaction was in the way and this one was rolled back: deadlock, serialization failure. */
const COLLISIONS: readonly string[] = ['40P01', '40001'];
/** Another process migrated at the same time, and the snapshot of this transaction was too old to see it. */
export const MIGRATION_COLLISIONS: readonly string[] = [...COLLISIONS, '23505', '42710', '42P06', '42P07'];
const MAX_TRIES = 5;

function codeOf(error: unknown): string {
  const code = (error as { readonly code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' && /^[A-Z0-9_]{2,40}$/.test(code) ? code : 'no code';
}

/** PostgreSQL rolled the statement back and said so. A lost connection or a server that stops says nothing of the kind. */
function isRolledBack(code: string): boolean {
  return /^[0-9A-Z]{5}$/.test(code) && !/^(08|57|58|XX)/.test(code);
}

/** What the database says may hold a person's number (`DETAIL: Key (person)=(+65…)`): only its code is told. */
function toStoreError(name: string, code: string, changes: boolean): StoreError {
  const nothing = changes ? 'Nothing was recorded.' : 'Nothing was read.';
  const outcome =
    !changes || isRolledBack(code)
      ? nothing
      : 'It is not known whether it was recorded; read before you try again.';
  const advice = ADVICE[code];
  return new StoreError(
    `The consent ledger on PostgreSQL failed in ${name} (${code})${advice === undefined ? '' : `: ${advice}`}. ${outcome}`,
  );
}

export interface Statement {
  /** The method, for errors. */
  readonly name: string;
  readonly text: string;
  readonly values: string[];
  readonly changes: boolean;
  /** Codes after which it is run again, since it was rolled back because of somebody else. */
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
      if (tries === MAX_TRIES || !collisions.includes(code)) throw toStoreError(name, code, changes);
    }
  }
}

import type {
  ConsentChange,
  ConsentLedger,
  ConsentLedgerCall,
  ConsentListing,
  ConsentRecord,
} from '../consent/consent-ledger.ts';
import {
  createFieldCipher,
  encryptionField,
  type FieldEncryptionOptions,
} from '../consent/field-encryption.ts';
import { ConfigurationError, StoreError } from '../errors.ts';
import { readCheckOptions, type ServerCheckOptions } from '../internal/check-options.ts';
import { raceAbort } from '../internal/wait.ts';
import { type Fields, objectWith, validate, withMethods } from '../schema.ts';
import { checkLedger, type DatabaseWarning } from './check-ledger.ts';
import { type ConsentTableOptions, migrationSql, nameTable, tableFields } from './consent-ledger-sql.ts';
import { writeStatements } from './consent-statements.ts';
import { readEntry, readEntryIfAny, readText } from './read-row.ts';
import { MIGRATION_COLLISIONS, runStatement, type SqlPool, type Statement } from './run-statement.ts';

/** Options of {@link postgresConsentLedger}. */
export interface PostgresConsentLedgerOptions extends ConsentTableOptions {
  /** A pool of `pg`, a `PGlite`, or anything that runs SQL. You own it: the ledger never closes it. */
  readonly pool: SqlPool;
  /** Encrypts `evidence` and `text` of new rows. @default none: both are stored as they are */
  readonly encryption?: FieldEncryptionOptions | undefined;
}

/** A {@link ConsentLedger} in a table of PostgreSQL. */
export interface PostgresConsentLedger extends ConsentLedger, ConsentListing {
  /**
   * Creates the missing tables in one transaction. Call it at every start, from any number of processes.
   *
   * @throws StoreError the migration failed; the message says whether anything was changed
   *
   * @example await ledger.migrate()
   */
  migrate(): Promise<void>;
  /**
   * Checks the database: whether it answers, takes writes, has the tables in their latest form, and grants every right
   * that the ledger needs. Every statement is planned and not run. Waits until the pool can connect. Call it when you
   * deploy, after `migrate()`.
   *
   * @returns what is wrong, and what to change; empty when nothing is
   * @throws AbortedError the signal fired
   * @throws ConfigurationError an option is unknown or invalid
   *
   * @example for (const { message } of await ledger.check()) console.warn(message);
   */
  check(options?: ServerCheckOptions): Promise<readonly DatabaseWarning[]>;
}

const fields: Fields<PostgresConsentLedgerOptions> = {
  ...tableFields,
  pool: withMethods(['query'], 'a pool of pg, a PGlite, or the like'),
  encryption: encryptionField,
};
const optionsSchema = objectWith(['pool'], fields, 'an object { pool, schema, table, encryption }');

/** Rows per page of `entries`. */
const PAGE_ROWS = 1_000;

/** PostgreSQL stores neither NUL nor half a surrogate pair, but a STOP that contains one must be recorded. */
function storable(key: string, value: unknown): unknown {
  return typeof value === 'string' && key !== 'key' ? value.replace(/[\0\p{Cs}]/gu, '\ufffd') : value;
}

/**
 * Creates a consent ledger on PostgreSQL 11 or later: a single append-only table, so that state and history are the
 * same rows and cannot differ. Each method is one atomic statement. Its errors are `StoreError`s that hold the code of
 * the database and no personal data.
 *
 * @throws ConfigurationError an option is missing, unknown or invalid
 *
 * @example
 * ```ts
 * const ledger = postgresConsentLedger({ pool: new Pool() });
 * await ledger.migrate();
 * const sms = new SmsClient({ guards: { consent: { ledger } } });
 * ```
 */
export function postgresConsentLedger(options: PostgresConsentLedgerOptions): PostgresConsentLedger {
  const flaw = validate(optionsSchema, options);
  if (flaw !== undefined) throw new ConfigurationError(`postgresConsentLedger: ${flaw.message}`, flaw.path);
  const { pool } = options;
  const table = nameTable(options);
  const statements = writeStatements(table);
  const cipher = createFieldCipher(options.encryption);

  /** Drivers take no signal: the query keeps running in the database, and the caller stops waiting. */
  async function read(name: string, text: string, values: string[], call: ConsentLedgerCall | undefined) {
    const statement: Statement = { name, text, values, changes: false };
    // Awaited here, so that the stack of an error leads to the caller.
    if (call?.signal === undefined) return await runStatement(pool, statement);
    call.signal.throwIfAborted();
    return await raceAbort(runStatement(pool, statement), call.signal);
  }

  async function change(name: string, text: string, values: string[]): Promise<void> {
    await runStatement(pool, { name, text, values, changes: true });
  }

  async function* list(call: ConsentLedgerCall | undefined): AsyncGenerator<ConsentChange, void, void> {
    // Pages by ID, because a cursor would hold a connection for as long as the reader takes.
    for (let after = '0'; ; ) {
      const rows = await read('entries', statements.page, [after, String(PAGE_ROWS)], call);
      for (const row of rows) {
        after = readText(row, 'id');
        const key = readText(row, 'key');
        yield { key, ...(await cipher.open(key, readEntry(row))) };
      }
      if (rows.length < PAGE_ROWS) return;
    }
  }

  return {
    async get(keys, call) {
      if (keys.length === 0) return [];
      const rows = await read('get', statements.latest, [JSON.stringify(keys)], call);
      if (rows.length !== keys.length) {
        throw new StoreError(
          'The consent ledger on PostgreSQL: the pool returned too few rows. Nothing was read.',
        );
      }
      return Promise.all(
        rows.map(async (row, at) => {
          const stored = readEntryIfAny(row);
          return stored && ((await cipher.open(keys[at] as string, stored)) as ConsentRecord);
        }),
      );
    },
    async append(changes) {
      if (changes.length === 0) return;
      const numbered = await Promise.all(
        changes.map(async ({ key, ...given }, position) => {
          const { entry, keyId } = await cipher.seal(key, given);
          return { ...entry, key, keyId, position };
        }),
      );
      await change('append', statements.append, [JSON.stringify(numbered, storable)]);
    },
    async history(key, call) {
      const rows = await read('history', statements.history, [key], call);
      return Promise.all(rows.map((row) => cipher.open(key, readEntry(row))));
    },
    forget: (key, keepAs) => change('forget', statements.forget, [key, keepAs]),
    entries: list,
    async check(call) {
      return await checkLedger(pool, statements, readCheckOptions('ledger.check', call));
    },
    async migrate() {
      const collisions = MIGRATION_COLLISIONS;
      const text = migrationSql(table);
      await runStatement(pool, { name: 'migrate', text, values: [], changes: true, collisions });
    },
  };
}

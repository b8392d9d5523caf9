import type {
  ConsentChange,
  ConsentLedger,
  ConsentLedgerCall,
  ConsentListing,
  ConsentRecord,
} from '../consent/consent-ledger.ts';
import { ConfigurationError, StoreError } from '../errors.ts';
import { type Fields, findFlaw, having, shapeWith } from '../schema.ts';
import { raceAbort } from '../wait.ts';
import { type ConsentTableOptions, migrationSql, nameTable, tableFields } from './consent-ledger-sql.ts';
import { writeStatements } from './consent-statements.ts';
import { readEntry, readEntryIfAny, readText } from './read-row.ts';
import { MIGRATION_COLLISIONS, runStatement, type SqlPool, type Statement } from './run-statement.ts';

/** Options of {@link postgresConsentLedger}. */
export interface PostgresConsentLedgerOptions extends ConsentTableOptions {
  /** A pool of `pg`, a `PGlite`, or anything that runs SQL. Yours: it is never closed here. */
  readonly pool: SqlPool;
}

/** A {@link ConsentLedger} in a table of PostgreSQL. */
export interface PostgresConsentLedger extends ConsentLedger, ConsentListing {
  /**
   * Makes what is missing of the tables, in one transaction. May be called at every start, by many processes at once.
   *
   * @example await ledger.migrate()
   */
  migrate(): Promise<void>;
}

const fields: Fields<PostgresConsentLedgerOptions> = {
  ...tableFields,
  pool: having(['query'], 'a pool of pg, a PGlite, or the like'),
};
const optionsSchema = shapeWith(['pool'], fields, 'an object { pool, schema, table }');

/** Rows of one page of `entries`. */
const PAGE_ROWS = 1_000;

/** PostgreSQL holds no NUL and no half of a surrogate pair. A STOP with one of them in it must be recorded all the same. */
function storable(key: string, value: unknown): unknown {
  return typeof value === 'string' && key !== 'key' ? value.replace(/[\0\p{Cs}]/gu, '\ufffd') : value;
}

/**
 * A ledger in PostgreSQL 11 or later: one table that is only ever added to, so that state and history are the same rows
 * and cannot differ. Each method is one statement, which is atomic by itself. Its errors are `StoreError`s that hold the
 * database's code and nothing of a person.
 *
 * @throws ConfigurationError an option is missing, unknown or wrong
 * @example
 * ```ts
 * const ledger = postgresConsentLedger({ pool: new Pool() });
 * await ledger.migrate();
 * const sms = new SmsClient({ guards: { consent: { ledger } } });
 * ```
 */
export function postgresConsentLedger(options: PostgresConsentLedgerOptions): PostgresConsentLedger {
  const flaw = findFlaw(optionsSchema, options);
  if (flaw !== undefined) throw new ConfigurationError(`postgresConsentLedger: ${flaw.message}`, flaw.path);
  const { pool } = options;
  const table = nameTable(options);
  const statements = writeStatements(table);

  /** The driver has no signal: what was asked goes on in the database, nobody waits for it any more. */
  async function read(name: string, text: string, values: string[], call: ConsentLedgerCall | undefined) {
    const statement: Statement = { name, text, values, changes: false };
    if (call?.signal === undefined) return runStatement(pool, statement);
    call.signal.throwIfAborted();
    return raceAbort(runStatement(pool, statement), call.signal);
  }

  async function change(name: string, text: string, values: string[]): Promise<void> {
    await runStatement(pool, { name, text, values, changes: true });
  }

  async function* list(call: ConsentLedgerCall | undefined): AsyncGenerator<ConsentChange, void, void> {
    // A page at a time by id: no cursor, which would hold a connection for as long as the reader takes.
    for (let after = '0'; ; ) {
      const rows = await read('entries', statements.page, [after, String(PAGE_ROWS)], call);
      for (const row of rows) {
        after = readText(row, 'id');
        yield { key: readText(row, 'key'), ...readEntry(row) };
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
          'The consent ledger on PostgreSQL: the pool gave too few rows. Nothing was read.',
        );
      }
      return rows.map((row) => readEntryIfAny(row) as ConsentRecord | undefined);
    },
    async append(changes) {
      if (changes.length === 0) return;
      const numbered = changes.map((entry, position) => ({ ...entry, position }));
      await change('append', statements.append, [JSON.stringify(numbered, storable)]);
    },
    async history(key, call) {
      return (await read('history', statements.history, [key], call)).map(readEntry);
    },
    forget: (key, keepAs) => change('forget', statements.forget, [key, keepAs]),
    entries: list,
    async migrate() {
      const collisions = MIGRATION_COLLISIONS;
      const text = migrationSql(table);
      await runStatement(pool, { name: 'migrate', text, values: [], changes: true, collisions });
    },
  };
}

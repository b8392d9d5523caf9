import { ConfigurationError } from '../errors.ts';
import { type Fields, object, pattern, validate } from '../schema.ts';

/** Where the ledger is stored in the database. */
export interface ConsentTableOptions {
  /**
   * Schema of the tables; `migrate()` creates it if missing.
   *
   * @default 'public'
   */
  readonly schema?: string | undefined;
  /**
   * Name of the table. A second table, `<table>_version`, records the applied migrations.
   *
   * @default 'sms_consent'
   */
  readonly table?: string | undefined;
}

/** Leaves room for the suffixes of index names within PostgreSQL's 63 bytes. */
const identifier = pattern(
  /^[a-z_][a-z0-9_]{0,39}$/,
  'a name of at most 40 lower-case letters, digits and underscores, not beginning with a digit',
);
export const tableFields: Fields<ConsentTableOptions> = { schema: identifier, table: identifier };
const tableSchema = object(tableFields, 'an object { schema, table }');

/** Names for use in SQL: validated, and quoted because `user` or `order` is a keyword. */
export interface ConsentTable {
  readonly schema: string;
  /** Includes the schema. */
  readonly entries: string;
  /** Includes the schema. */
  readonly version: string;
  /** Index names have no schema. */
  index(ending: string): string;
}

/** @param options validated by the caller */
export function nameTable({ schema = 'public', table = 'sms_consent' }: ConsentTableOptions): ConsentTable {
  return {
    schema: `"${schema}"`,
    entries: `"${schema}"."${table}"`,
    version: `"${schema}"."${table}_version"`,
    index: (ending) => `"${table}_${ending}"`,
  };
}

/** The changes of each version. A released migration is never edited; a new one follows it. */
const MIGRATIONS: readonly ((table: ConsentTable) => string)[] = [
  ({ entries, index }) => `
    CREATE TABLE ${entries} (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      person text COLLATE "C" NOT NULL,
      state text NOT NULL CHECK (state IN ('opted-in', 'opted-out', 'requested')),
      scope text NOT NULL CHECK (scope IN ('all', 'marketing', 'sender')),
      purposes text[],
      source text NOT NULL,
      at_ms bigint NOT NULL,
      expires_at_ms bigint CHECK ((expires_at_ms IS NOT NULL) = (state = 'requested')),
      evidence text,
      message_id text COLLATE "C",
      message_text text,
      confirmation text,
      sender text
    );
    CREATE INDEX ${index('history')} ON ${entries} (person, at_ms, id);
    CREATE UNIQUE INDEX ${index('message')} ON ${entries} (person, message_id) WHERE message_id IS NOT NULL;`,
  ({ entries }) => `
    ALTER TABLE ${entries} ADD COLUMN key_id text;`,
];

/** An arbitrary number that others are unlikely to lock: "sms8" in ASCII. */
const MIGRATION_LOCK = 0x73_6d_73_38;

export function migrationSql(table: ConsentTable): string {
  const { schema, version } = table;
  const steps = MIGRATIONS.map((migration, index) => {
    const number = index + 1;
    return `
  IF applied < ${number} THEN${migration(table)}
    INSERT INTO ${version} (version) VALUES (${number});
  END IF;`;
  });
  // A single statement runs as one transaction on one connection of any pool. Each object is looked up first, because
  // CREATE with IF NOT EXISTS needs the CREATE privilege even when there is nothing to do.
  return `DO $migration$
DECLARE
  applied integer;
BEGIN
  IF current_setting('server_encoding') <> 'UTF8' THEN
    RAISE EXCEPTION 'the database is not encoded in UTF8' USING ERRCODE = 'feature_not_supported';
  END IF;
  PERFORM pg_advisory_xact_lock(${MIGRATION_LOCK});
  IF to_regnamespace('${schema}') IS NULL THEN
    CREATE SCHEMA ${schema};
  END IF;
  IF to_regclass('${version}') IS NULL THEN
    CREATE TABLE ${version} (
      version integer PRIMARY KEY,
      applied_at timestamptz NOT NULL DEFAULT now()
    );
  END IF;
  SELECT coalesce(max(version), 0) INTO applied FROM ${version};${steps.join('')}
END
$migration$`;
}

/**
 * Returns the SQL that `migrate()` runs, for teams with their own migration tool: one statement that creates the
 * missing objects and nothing else, whatever version the table has. Run it again after an update of this package.
 *
 * @throws ConfigurationError a name contains anything but lower-case letters, digits and underscores
 *
 * @example await writeFile('migrations/0042_sms_consent.sql', `${consentLedgerSql({ schema: 'messaging' })};`)
 */
export function consentLedgerSql(options: ConsentTableOptions = {}): string {
  const flaw = validate(tableSchema, options);
  if (flaw !== undefined) throw new ConfigurationError(`consentLedgerSql: ${flaw.message}`, flaw.path);
  return migrationSql(nameTable(options));
}

import type { PGlite } from '@electric-sql/pglite';
import type pg from 'pg';
import { expectTypeOf, test } from 'vitest';
import type { ConsentLedger, ConsentListing } from '../../src/index.ts';
import type { PostgresConsentLedger, SqlPool } from '../../src/postgres/index.ts';

test('pg and PGlite are pools as they are', () => {
  expectTypeOf<pg.Pool>().toExtend<SqlPool>();
  expectTypeOf<pg.Client>().toExtend<SqlPool>();
  expectTypeOf<pg.PoolClient>().toExtend<SqlPool>();
  expectTypeOf<PGlite>().toExtend<SqlPool>();
});

test('the ledger is one that the client takes and the export reads', () => {
  expectTypeOf<PostgresConsentLedger>().toExtend<ConsentLedger>();
  expectTypeOf<PostgresConsentLedger>().toExtend<ConsentListing>();
});

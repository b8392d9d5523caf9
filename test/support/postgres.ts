import pg from 'pg';
import { afterAll, describe, expect, it } from 'vitest';

const LOCAL = 'postgres://postgres@127.0.0.1:5432/postgres';

async function findPostgres(): Promise<string | undefined> {
  const connectionString = process.env.DATABASE_URL || LOCAL;
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 5_000 });
  try {
    await client.connect();
    await client.query('SELECT 1');
    return connectionString;
  } catch {
    return undefined;
  } finally {
    await client.end().catch(() => {});
  }
}

export interface PostgresServer {
  /** A separate pool, closed when the suite ends. */
  connect(options?: pg.PoolConfig): pg.Pool;
  /** A schema of its own, dropped when the suite ends. */
  readonly schema: string;
}

/**
 * A suite that needs a real server: `DATABASE_URL`, or the local one. Without a server the suite fails in CI, and when
 * one was named; elsewhere it reports that it did not run, as one skipped test.
 */
export async function describePostgres(name: string, suite: (server: PostgresServer) => void): Promise<void> {
  const connectionString = await findPostgres();
  if (connectionString === undefined) {
    const missing = 'no PostgreSQL answers (set DATABASE_URL, or start one on 127.0.0.1:5432)';
    console.warn(`${name}: NOT RUN. ${missing}`);
    describe(name, () => {
      it.runIf(Boolean(process.env.CI || process.env.DATABASE_URL))(`NOT RUN: ${missing}`, () => {
        expect(connectionString, missing).toBeDefined();
      });
    });
    return;
  }
  const schema = `consent_test_${crypto.randomUUID().slice(0, 8)}`;
  const pools: pg.Pool[] = [];
  const connect = (options: pg.PoolConfig = {}) => {
    const pool = new pg.Pool({ connectionString, max: 12, ...options });
    // A connection that a test kills is not a failure.
    pool.on('error', () => {});
    pools.push(pool);
    return pool;
  };
  describe(name, { timeout: 60_000 }, () => {
    suite({ connect, schema });
    afterAll(async () => {
      await Promise.all(pools.map((pool) => pool.end()));
      const client = new pg.Client({ connectionString });
      await client.connect();
      await client.query(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`);
      await client.end();
    });
  });
}

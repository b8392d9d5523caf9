// Whether a PostgreSQL answers at the URL: exit code 0 or 1.
import pg from 'pg';

const client = new pg.Client({ connectionString: process.argv[2], connectionTimeoutMillis: 3_000 });
client.on('error', () => {});
try {
  await client.connect();
  await client.query('SELECT 1');
} catch {
  process.exitCode = 1;
} finally {
  await client.end().catch(() => {});
}

/** A durable ledger on PGlite: PostgreSQL in this process. `npm start` needs no account, no network and no server. */
import { PGlite } from '@electric-sql/pglite';
import { ConsentError, exportConsent, importConsent } from '8x8-sms-guard';
import { postgresConsentLedger } from '8x8-sms-guard/postgres';
import { createTestClient } from '8x8-sms-guard/testing';

// In your program: new Pool() of pg. The SQL is the same.
const database = new PGlite();
const ledger = postgresConsentLedger({ pool: database });
await ledger.migrate();

// Data from your old provider. First a dry run, which reports problems of the file.
const file = [
  'destination,state,source,at,evidence',
  '9123 4567,opted-in,old-provider,2026-03-01T10:00:00+08:00,newsletter form',
  '9123 4568,opted-out,old-provider,2026-04-01T10:00:00+08:00,',
  'unknown,opted-in,old-provider,2026-04-01T10:00:00+08:00,',
].join('\n');
const options = { format: 'csv', country: 'SG' };
console.log('dry run:', await importConsent(ledger, file, { ...options, dryRun: true }));
console.log('recorded:', (await importConsent(ledger, file, options)).recorded);

const { sms, outbox } = createTestClient({ guards: { consent: { ledger } } });
for (const destination of ['+6591234567', '+6591234568']) {
  try {
    await sms.messages.send({ destination, text: 'Two for one today', purpose: 'marketing' });
    console.log('sent');
  } catch (error) {
    if (!ConsentError.isInstance(error)) throw error;
    console.log('refused:', error.reason); // opted-out
  }
}
console.log('messages sent:', outbox.all.length);

// It is a table like any other.
const { rows } = await database.query(
  'SELECT state, count(DISTINCT person)::int AS people FROM sms_consent GROUP BY state ORDER BY state',
);
console.log(rows);
for await (const line of exportConsent(ledger, { format: 'jsonl' })) console.log(line.trim());

await sms.close();
await database.close();

import { PGlite } from '@electric-sql/pglite';
import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../../../src/errors.ts';
import { consentLedgerSql, postgresConsentLedger } from '../../../src/postgres/index.ts';
import { failureOf } from '../../support/transport.ts';

describe('consentLedgerSql', () => {
  it('is what migrate runs, for a migration tool of your own', async () => {
    const database = new PGlite();
    await database.exec(`${consentLedgerSql()};\n${consentLedgerSql()};`);
    const ledger = postgresConsentLedger({ pool: database });
    const sent: string[] = [];
    const watched = postgresConsentLedger({
      pool: {
        query(text, values) {
          sent.push(text);
          return database.query(text, values);
        },
      },
    });
    await watched.migrate();
    expect(sent).toEqual([consentLedgerSql()]);
    await ledger.append([{ key: '+1', state: 'opted-out', scope: 'all', source: 'form', at: 1 }]);
    expect(await ledger.get(['+1'])).toMatchObject([{ state: 'opted-out' }]);
    await database.close();
  });

  it('names schema and table as told, quoted', () => {
    expect(consentLedgerSql()).toContain('CREATE TABLE "public"."sms_consent" (');
    const own = consentLedgerSql({ schema: 'user', table: 'order' });
    expect(own).toContain('CREATE TABLE "user"."order" (');
    expect(own).not.toContain('public');
  });

  it.each([{ table: 'x; DROP TABLE y' }, { schema: '"' }, { table: '$migration$' }, { name: 'x' }, null])(
    'refuses %o',
    (options) => {
      expect(() => consentLedgerSql(options as never)).toThrow(ConfigurationError);
    },
  );

  it('refuses a database that cannot hold every text', async () => {
    const sql = consentLedgerSql();
    expect(sql).toContain("current_setting('server_encoding') <> 'UTF8'");
    const database = new PGlite();
    // PGlite is always UTF8, so the statement demands another encoding.
    const pool = {
      query: (text: string, values: string[]) => database.query(text.replace("'UTF8'", "'KLINGON'"), values),
    };
    expect(await failureOf(postgresConsentLedger({ pool }).migrate())).toMatchObject({
      code: 'store',
      message: expect.stringMatching(/must be encoded in UTF8/),
    });
    await database.close();
  });
});

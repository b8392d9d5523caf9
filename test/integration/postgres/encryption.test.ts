import { postgresConsentLedger } from '../../../src/postgres/index.ts';
import { encryptionCases } from '../../support/encrypted-ledger.ts';
import { describePostgres } from '../../support/postgres.ts';

await describePostgres('an encrypted postgresConsentLedger on a server', ({ connect, schema }) => {
  const pool = connect();
  encryptionCases({
    async create(table, encryption) {
      const ledger = postgresConsentLedger({ pool, schema, table, ...(encryption && { encryption }) });
      await ledger.migrate();
      return ledger;
    },
    async dump(table) {
      const { rows } = await pool.query(`SELECT * FROM "${schema}".${table}`);
      return JSON.stringify(rows);
    },
    async copyEvidence(table, from, to) {
      const name = `"${schema}".${table}`;
      await pool.query(
        `UPDATE ${name} SET evidence = (SELECT evidence FROM ${name} WHERE person = $1) WHERE person = $2`,
        [from, to],
      );
    },
  });
});

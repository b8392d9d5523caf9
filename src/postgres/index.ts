export type { FieldEncryptionOptions, FieldSecret } from '../consent/field-encryption.ts';
export type { ServerCheckOptions } from '../internal/check-options.ts';
export type { DatabaseProblem, DatabaseWarning } from './check-ledger.ts';
export { type ConsentTableOptions, consentLedgerSql } from './consent-ledger-sql.ts';
export {
  type PostgresConsentLedger,
  type PostgresConsentLedgerOptions,
  postgresConsentLedger,
} from './postgres-consent-ledger.ts';
export type { SqlPool } from './run-statement.ts';

import { ValidationError } from '../errors.ts';
import { type Fields, objectWith, oneOf, validate, withMethods } from '../schema.ts';
import { consentCsvHeading, toCsvLine } from './consent-csv.ts';
import type { ConsentListing } from './consent-ledger.ts';
import { toRow } from './consent-row.ts';

/** Options of {@link exportConsent}. */
export interface ExportConsentOptions {
  /** `csv` with a heading, or `jsonl`: one JSON object per line. */
  readonly format: 'csv' | 'jsonl';
  /** Ends the export. @default none */
  readonly signal?: AbortSignal | undefined;
}

const fields: Fields<ExportConsentOptions> = {
  format: oneOf(['csv', 'jsonl']),
  signal: withMethods(['addEventListener'], 'an AbortSignal'),
};
const inputSchema = objectWith(['ledger', 'options'], {
  ledger: withMethods(['entries'], 'a ledger that can list everybody'),
  options: objectWith(['format'], fields, 'an object { format, signal }'),
});

async function* writeLines(
  ledger: ConsentListing,
  { format, signal }: ExportConsentOptions,
): AsyncGenerator<string, void, void> {
  if (format === 'csv') yield consentCsvHeading();
  for await (const change of ledger.entries({ signal })) {
    const row = toRow(change);
    yield format === 'csv' ? toCsvLine(row) : `${JSON.stringify(row)}\n`;
  }
}

/**
 * Writes every entry of a ledger, line by line: as a backup, or for another ledger with {@link importConsent}. Entries that
 * are recorded meanwhile may be missing. The file holds whole numbers and people's texts, so protect it like the ledger. In
 * CSV, an apostrophe goes before everything that a spreadsheet would run as a formula; the import removes it.
 *
 * @throws ValidationError an option is wrong, or the ledger cannot list everybody
 * @throws StoreError the ledger failed
 * @example await pipeline(Readable.from(exportConsent(ledger, { format: 'jsonl' })), createWriteStream('consent.jsonl'))
 */
export function exportConsent(
  ledger: ConsentListing,
  options: ExportConsentOptions,
): AsyncGenerator<string, void, void> {
  const flaw = validate(inputSchema, { ledger, options });
  if (flaw !== undefined) throw new ValidationError(`exportConsent: ${flaw.message}`, flaw.path);
  return writeLines(ledger, options);
}

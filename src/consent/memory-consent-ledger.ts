import { ConfigurationError } from '../errors.ts';
import type { ConsentLedger, ConsentRecord } from './consent-ledger.ts';

/**
 * A ledger in this process's memory. **It forgets everything on restart**, opt-outs included, which is why it is never
 * used unless you write it out. Good for tests and demos.
 *
 * @param options.maxRecords most people it holds. @default 1_000_000. A full ledger refuses new people with an error, it
 * never drops an opt-out.
 * @example new SmsClient({ guards: { consent: { ledger: memoryConsentLedger() } } })
 */
export function memoryConsentLedger({
  maxRecords = 1_000_000,
}: {
  readonly maxRecords?: number;
} = {}): ConsentLedger {
  if (!Number.isSafeInteger(maxRecords) || maxRecords < 1) {
    throw new ConfigurationError(
      'memoryConsentLedger: maxRecords must be a whole number of at least 1.',
      'maxRecords',
    );
  }
  const records = new Map<string, ConsentRecord>();
  return {
    get: async (keys) => keys.map((key) => records.get(key)),
    append: async (changes) => {
      const fresh = new Set(changes.map(({ key }) => key).filter((key) => !records.has(key)));
      if (records.size + fresh.size > maxRecords) {
        throw new ConfigurationError(
          `memoryConsentLedger is full (${maxRecords} people). Raise maxRecords, or use a ledger with a database.`,
          'maxRecords',
        );
      }
      for (const { key, ...record } of changes) {
        const known = records.get(key);
        if (known === undefined || record.at >= known.at) records.set(key, record);
      }
    },
  };
}

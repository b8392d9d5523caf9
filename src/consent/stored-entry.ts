import { PURPOSES, purposeField } from '../purposes.ts';
import { integer, list, objectWith, oneOf, refine, text, validate } from '../schema.ts';
import type { ConsentEntry } from './consent-ledger.ts';

const anyText = text({ min: 0, max: Number.MAX_SAFE_INTEGER });
const moment = integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER });
const entryField = refine<ConsentEntry>(
  objectWith(['state', 'scope', 'source', 'at'], {
    state: oneOf(['opted-in', 'opted-out', 'requested']),
    scope: oneOf(['all', 'marketing', 'sender']),
    purposes: list(purposeField, { max: PURPOSES.length }),
    source: anyText,
    at: moment,
    expiresAt: moment,
    evidence: anyText,
    messageId: anyText,
    text: anyText,
    confirmation: anyText,
    sender: anyText,
  }),
  (entry) => (entry.state === 'requested') === 'expiresAt' in entry,
  'must have expiresAt when its state is requested, and only then.',
);

/** An entry as a database holds it. */
export interface StoredEntry {
  /** With `keyId`, its `evidence` and `text` are encrypted. */
  readonly entry: ConsentEntry;
  /** Names the secret of the encryption; undefined for an entry in clear. */
  readonly keyId?: string | undefined;
}

/** Parses an entry from a database; undefined when the JSON is not an entry. */
export function parseEntry(json: unknown): StoredEntry | undefined {
  if (typeof json !== 'string') return undefined;
  let stored: unknown;
  try {
    stored = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (typeof stored !== 'object' || stored === null) return undefined;
  const { keyId, ...entry } = stored as ConsentEntry & { readonly keyId?: unknown };
  if (keyId !== undefined && typeof keyId !== 'string') return undefined;
  return validate(entryField, entry) === undefined ? { entry: entry as ConsentEntry, keyId } : undefined;
}

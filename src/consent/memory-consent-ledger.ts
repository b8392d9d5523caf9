import { ConfigurationError } from '../errors.ts';
import {
  type ConsentChange,
  type ConsentEntry,
  type ConsentLedger,
  type ConsentListing,
  type ConsentRecord,
  isChoice,
  laterChoice,
} from './consent-ledger.ts';

/** Bounds of {@link memoryConsentLedger}. A full ledger throws; it never drops an entry. */
export interface MemoryConsentLedgerOptions {
  /** Maximum number of people. @default 1_000_000 */
  readonly maxRecords?: number | undefined;
  /** Maximum number of entries of all people together. @default 4 times `maxRecords` */
  readonly maxEntries?: number | undefined;
}

/** The latest choice of a history in order. */
function latestOf(entries: readonly ConsentEntry[]): ConsentRecord | undefined {
  return entries.findLast(isChoice);
}

function checkBound(value: number, name: string): void {
  if (Number.isSafeInteger(value) && value >= 1) return;
  throw new ConfigurationError(`memoryConsentLedger: ${name} must be a whole number of at least 1.`, name);
}

/** Where an entry of that time belongs: behind the last one that is not later. */
function indexAfter(entries: readonly ConsentEntry[], at: number): number {
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((entries[middle] as ConsentEntry).at <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Creates a ledger in the memory of this process. **It forgets everything on restart**, including opt-outs, so it is never
 * used by default. Use it for tests and demos.
 *
 * @throws ConfigurationError a bound is not a whole number of at least 1
 * @example new SmsClient({ guards: { consent: { ledger: memoryConsentLedger() } } })
 */
export function memoryConsentLedger({
  maxRecords = 1_000_000,
  maxEntries = 4 * maxRecords,
}: MemoryConsentLedgerOptions = {}): ConsentLedger & ConsentListing {
  checkBound(maxRecords, 'maxRecords');
  checkBound(maxEntries, 'maxEntries');
  /** Histories in order: an entry is inserted at its position when it arrives. */
  const people = new Map<string, ConsentEntry[]>();
  /** Ids of the messages in each history, which one person can make long. */
  const messageIds = new Map<string, Set<string>>();
  let size = 0;

  function checkRoom(changes: readonly ConsentChange[]): void {
    const fresh = new Set(changes.map(({ key }) => key).filter((key) => !people.has(key)));
    const [name, most] =
      people.size + fresh.size > maxRecords
        ? ['maxRecords', `${maxRecords} people`]
        : ['maxEntries', `${maxEntries} entries`];
    if (name === 'maxEntries' && size + changes.length <= maxEntries) return;
    throw new ConfigurationError(
      `memoryConsentLedger is full (${most}). Raise ${name}, or use a ledger with a database.`,
      name,
    );
  }

  function add({ key, ...entry }: ConsentChange): void {
    const entries = people.get(key) ?? [];
    people.set(key, entries);
    entries.splice(indexAfter(entries, entry.at), 0, entry);
    size += 1;
    if (entry.messageId === undefined) return;
    const known = messageIds.get(key) ?? new Set();
    messageIds.set(key, known.add(entry.messageId));
  }

  function isKnown({ key, messageId }: ConsentChange): boolean {
    return messageId !== undefined && messageIds.get(key)?.has(messageId) === true;
  }

  function remove(key: string): void {
    size -= people.get(key)?.length ?? 0;
    people.delete(key);
    messageIds.delete(key);
  }

  return {
    get: async (keys) => keys.map((key) => latestOf(people.get(key) ?? [])),
    append: async (changes) => {
      const unknown = changes.filter((change) => !isKnown(change));
      checkRoom(unknown);
      // Checked again for each change: one call may hold a message twice.
      for (const change of unknown) if (!isKnown(change)) add(change);
    },
    history: async (key) => [...(people.get(key) ?? [])],
    async *entries(call) {
      for (const [key, entries] of people) {
        call?.signal?.throwIfAborted();
        for (const entry of entries) yield { key, ...entry };
      }
    },
    forget: async (key, keepAs) => {
      const [own, kept] = [key, keepAs].map((each) => latestOf(people.get(each) ?? []));
      const latest = laterChoice(own, kept);
      remove(key);
      remove(keepAs);
      if (latest?.state !== 'opted-out') return;
      const { state, scope, at } = latest;
      add({ key: keepAs, state, scope, at, source: 'forgotten' });
    },
  };
}

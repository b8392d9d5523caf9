import type { RecordStore, RecordVerdict, RecordWrite, StoredRecord } from './record-store.ts';
import { checkRecordKey, checkRecordWrite, checkVersion } from './record-validation.ts';
import type { StoreTime } from './store-time.ts';
import { SweptMap } from './swept-map.ts';

interface Entry {
  readonly value: string;
  readonly version: string;
  readonly endsMs: number;
  readonly bytes: number;
}

/** Bytes of a record in addition to its characters: the entry, its place in the map, two strings (measured: 180). */
const ENTRY_BYTES = 200;
/** V8 stores a string with one character above U+00FF in two bytes per character. */
const BYTES_PER_CHARACTER = 2;

const CONFLICT: RecordVerdict = { written: false, reason: 'conflict' };

/** The records of all scopes of a memory store, within a number of bytes. */
export class RecordTable implements RecordStore {
  readonly #time: StoreTime;
  readonly #entries: SweptMap<Entry>;
  #writes = 0;

  constructor(maxBytes: number, time: StoreTime) {
    this.#time = time;
    this.#entries = new SweptMap(maxBytes);
  }

  async read(scope: string, key: string): Promise<StoredRecord | undefined> {
    checkRecordKey(scope, key);
    const nowMs = this.#time.monotonicMs();
    const entry = this.#live(nameOf(scope, key), nowMs);
    if (entry === undefined) return undefined;
    return { value: entry.value, version: entry.version, endsInMs: Math.ceil(entry.endsMs - nowMs) };
  }

  async write(scope: string, key: string, value: string, write: RecordWrite): Promise<RecordVerdict> {
    checkRecordKey(scope, key);
    checkRecordWrite(value, write);
    const nowMs = this.#time.monotonicMs();
    const name = nameOf(scope, key);
    const current = this.#live(name, nowMs);
    if (current?.version !== write.expected) return CONFLICT;
    const bytes = ENTRY_BYTES + BYTES_PER_CHARACTER * (name.length + value.length);
    const refusal = this.#makeRoom(bytes - (current?.bytes ?? 0), nowMs);
    if (refusal !== undefined) return refusal;
    this.#writes += 1;
    const version = `${this.#writes}`;
    // Without a time to live there is an expected version, and so a current record.
    const endsMs = write.ttlMs === undefined ? (current as Entry).endsMs : nowMs + write.ttlMs;
    this.#entries.set(name, { value, version, endsMs, bytes });
    this.#entries.size += bytes - (current?.bytes ?? 0);
    return { written: true, version };
  }

  async remove(
    scope: string,
    key: string,
    options: { readonly expected?: string | undefined } = {},
  ): Promise<boolean> {
    checkRecordKey(scope, key);
    checkVersion(options.expected);
    const name = nameOf(scope, key);
    const current = this.#live(name, this.#time.monotonicMs());
    if (current === undefined) return false;
    if (options.expected !== undefined && options.expected !== current.version) return false;
    this.#delete(name, current);
    return true;
  }

  #live(name: string, nowMs: number): Entry | undefined {
    const entry = this.#entries.get(name);
    if (entry === undefined || entry.endsMs > nowMs) return entry;
    this.#delete(name, entry);
    return undefined;
  }

  #delete(name: string, entry: Entry): void {
    this.#entries.delete(name);
    this.#entries.size -= entry.bytes;
  }

  /** Sweeps records that have ended. */
  #makeRoom(bytes: number, nowMs: number): RecordVerdict | undefined {
    let nextEndMs = Number.POSITIVE_INFINITY;
    const hasRoom = this.#entries.hasRoom(bytes, (entry) => {
      if (entry.endsMs > nowMs) {
        nextEndMs = Math.min(nextEndMs, entry.endsMs);
        return false;
      }
      this.#entries.size -= entry.bytes;
      return true;
    });
    if (hasRoom) return undefined;
    const wait = nextEndMs === Number.POSITIVE_INFINITY ? {} : { retryAfterMs: Math.ceil(nextEndMs - nowMs) };
    return { written: false, reason: 'capacity', ...wait };
  }
}

/** The length keeps two pairs of scope and key from sharing a name. */
function nameOf(scope: string, key: string): string {
  return `${scope.length} ${scope}${key}`;
}

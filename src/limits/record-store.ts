/** A small record with a version. */
export interface StoredRecord {
  /** The text that was written. */
  readonly value: string;
  /** Names this state of the record: every write gives the record another version. Opaque. */
  readonly version: string;
  /** Milliseconds until the record ends, by the clock of the store. */
  readonly endsInMs: number;
}

/** How to write a record. */
export interface RecordWrite {
  /** The version that must be there; undefined when there must be no record. */
  readonly expected: string | undefined;
  /**
   * Milliseconds from now to the end of the record, up to 31 days. Reading does not move the end. Required
   * for a new record; without it a record that is replaced keeps its end.
   */
  readonly ttlMs?: number | undefined;
}

/** The verdict on a write. */
export type RecordVerdict =
  | {
      /** The record holds the new value. */
      readonly written: true;
      /** The new version. */
      readonly version: string;
    }
  | {
      /** Nothing was written. */
      readonly written: false;
      /** `conflict`: another version is there, or none. `capacity`: the store is full of live records. */
      readonly reason: 'conflict' | 'capacity';
      /** For `capacity`: milliseconds until a record ends that was in the way. Another one may still be. */
      readonly retryAfterMs?: number;
    };

/**
 * Small records that several calls, or processes, change one after the other: a write names the version that it
 * replaces, and exactly one of many racing writes succeeds. A record ends at an absolute time.
 *
 * A key is a string of 1 to 1,024 characters, and begins with the name of the feature that it belongs to. A store hashes
 * it as it hashes other keys. A value is a well-formed string of at most 8,192 characters, and is
 * stored as it is: a feature encrypts secrets itself.
 */
export interface RecordStore {
  /** Reads a record; undefined when there is none, or it has ended. */
  read(scope: string, key: string): Promise<StoredRecord | undefined>;
  /**
   * Writes a record when the expected version is there (compare and set). After a call that threw, the record may have
   * been written: read it again.
   */
  write(scope: string, key: string, value: string, write: RecordWrite): Promise<RecordVerdict>;
  /**
   * Removes a record, whatever its version or only the expected one. Returns whether this call removed it.
   */
  remove(
    scope: string,
    key: string,
    options?: {
      /** The version that must be there. @default any */
      readonly expected?: string | undefined;
    },
  ): Promise<boolean>;
}

/** Longest value of a record in characters, so that a bounded number of records is a bounded number of bytes. */
export const MAX_RECORD_LENGTH = 8_192;

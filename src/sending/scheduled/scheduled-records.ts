import { StoreError } from '../../errors.ts';
import type { Limiter, StoreCall } from '../../limits/limiter.ts';
import { MAX_RECORD_LENGTH } from '../../limits/record-store.ts';
import type { Phone } from '../../phone/normalise-phone.ts';
import type { Clock } from '../../types.ts';
import { decodeEntries, encodeEntries, type ScheduledEntry } from './scheduled-entry.ts';

/** Room is missing: in the store, or in the record of one number. */
export interface NoRoom {
  readonly retryAfterMs?: number | undefined;
}

/** The scheduled messages of each number, as records of the limit store. */
export interface ScheduledRecords {
  /**
   * Changes the messages of one number, those that are due left out. `update` may be called several times, because other
   * calls change them too; it gives the list itself when there is nothing to change. Returns what `update` was given last,
   * or how long there is no room.
   *
   * @throws StoreError the store failed
   * @throws SmsError the call ended
   */
  change(
    phone: Phone,
    update: (entries: readonly ScheduledEntry[]) => readonly ScheduledEntry[],
    call: StoreCall,
  ): Promise<{ readonly before: readonly ScheduledEntry[] } | NoRoom>;
  /** Forgets the messages of a number. */
  forget(phone: Phone, call: StoreCall): Promise<void>;
}

/** 8x8 takes schedules of at most seven days. Source: 8x8 SMS API, `scheduled`. */
const MAX_AGE_MS = 7 * 24 * 60 * 60 * 1000;
/** Racing calls of one number that change its record one after the other. */
const MAX_TRIES = 50;
const CONSEQUENCE = 'the scheduled messages of this number could not be recorded. Nothing was sent.';

const keyOf = ({ e164 }: Phone) => `scheduled:${e164}`;

export function createScheduledRecords(limiter: Limiter, clock: Clock): ScheduledRecords {
  return {
    async change(phone, update, call) {
      const key = keyOf(phone);
      for (let tries = 0; tries < MAX_TRIES; tries += 1) {
        const record = await limiter.readRecord(key, call, CONSEQUENCE);
        const now = clock.now();
        const before =
          record === undefined ? [] : readEntries(record.value).filter(({ dueAt }) => dueAt > now);
        const after = update(before);
        if (after === before) return { before };
        if (after.length === 0) {
          if (record === undefined) return { before };
          if (await limiter.removeRecord({ key, expected: record.version }, call, CONSEQUENCE))
            return { before };
          continue;
        }
        if (after.length > before.length && isTooLong(after, now)) {
          return before.length === 0 ? {} : { retryAfterMs: Math.max(1, firstDue(before) - now) };
        }
        const value = encodeEntries(after);
        const lastMs = Math.max(...after.map(({ dueAt }) => dueAt)) - now;
        const ttlMs = Math.ceil(Math.min(Math.max(lastMs, 1), MAX_AGE_MS));
        const write = { key, value, expected: record?.version, ttlMs };
        const verdict = await limiter.writeRecord(write, call, CONSEQUENCE);
        if (verdict.written) return { before };
        if (verdict.reason === 'capacity') return { retryAfterMs: verdict.retryAfterMs };
      }
      throw new StoreError(`The limit store is too busy with this number, so ${CONSEQUENCE}`);
    },
    async forget(phone, call) {
      const consequence =
        'the scheduled messages of this person are not forgotten; the ledger and the limits are. Call consent.forget again.';
      if (limiter.keepsRecords) await limiter.removeRecord({ key: keyOf(phone) }, call, consequence);
    },
  };
}

function readEntries(value: string): readonly ScheduledEntry[] {
  const entries = decodeEntries(value);
  if (entries !== undefined) return entries;
  throw new StoreError(
    'The limit store returned a record that is not a list of scheduled messages; another version of this package may have written it. Nothing was sent. The record expires within seven days.',
  );
}

/** Length of 8x8's IDs of messages. */
const UMID_LENGTH = 36;

/** Whether a record would be too long by the time that every message has its umid and is claimed by an opt-out. */
function isTooLong(entries: readonly ScheduledEntry[], now: number): boolean {
  const grown = entries.map((entry) => ({
    ...entry,
    umid: entry.umid || '0'.repeat(UMID_LENGTH),
    claimedUntil: entry.claimedUntil || Math.ceil(now),
  }));
  return encodeEntries(grown).length > MAX_RECORD_LENGTH;
}

function firstDue(entries: readonly ScheduledEntry[]): number {
  return Math.min(...entries.map(({ dueAt }) => dueAt));
}

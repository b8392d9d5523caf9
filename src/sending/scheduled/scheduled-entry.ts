import type { Purpose } from '../../types.ts';

/**
 * A scheduled message as the limit store keeps it, so that an opt-out can reach it. Holds neither the number, which is the
 * hashed key of its record, nor the text.
 */
export interface ScheduledEntry {
  /** This package's own ID, unique in its record. */
  readonly id: string;
  readonly clientMessageId: string;
  /** 8x8's ID; empty while the message is in progress, and when its outcome is unknown. */
  readonly umid: string;
  /** `s`: being sent to 8x8. `a`: accepted. `u`: of unknown outcome. */
  readonly state: 's' | 'a' | 'u';
  /** When 8x8 sends it, and when it was handed to this package, in epoch milliseconds. */
  readonly dueAt: number;
  readonly madeAt: number;
  readonly purpose: Purpose;
  /** Sender ID; empty for the sub-account's own. */
  readonly source: string;
  /** The sub-account that sent it: only this one can cancel it. */
  readonly subAccountId: string;
  /** An opt-out arrived while it was being sent: the call that sends it cancels it. */
  readonly isStopped: boolean;
  /** Until when another call cancels it, in epoch milliseconds. */
  readonly claimedUntil: number;
}

/** A list, because the names of the fields would be half of a record. */
type StoredEntry = readonly [
  id: string,
  clientMessageId: string,
  umid: string,
  state: ScheduledEntry['state'],
  dueAt: number,
  madeAt: number,
  purpose: Purpose,
  source: string,
  subAccountId: string,
  isStopped: 0 | 1,
  claimedUntil: number,
];

export function encodeEntries(entries: readonly ScheduledEntry[]): string {
  const stored = entries.map(
    (entry): StoredEntry => [
      entry.id,
      entry.clientMessageId,
      entry.umid,
      entry.state,
      entry.dueAt,
      entry.madeAt,
      entry.purpose,
      entry.source,
      entry.subAccountId,
      entry.isStopped ? 1 : 0,
      entry.claimedUntil,
    ],
  );
  return JSON.stringify(stored);
}

function parse(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}

/** The entries of a record; undefined when it holds something else. */
export function decodeEntries(value: string): readonly ScheduledEntry[] | undefined {
  const stored = parse(value);
  if (!Array.isArray(stored) || !stored.every((entry) => Array.isArray(entry))) return undefined;
  return (stored as unknown as readonly StoredEntry[]).map(
    ([
      id,
      clientMessageId,
      umid,
      state,
      dueAt,
      madeAt,
      purpose,
      source,
      subAccountId,
      isStopped,
      claimedUntil,
    ]) => {
      const ids = { id, clientMessageId, umid, subAccountId } as const;
      return { ...ids, state, dueAt, madeAt, purpose, source, isStopped: isStopped === 1, claimedUntil };
    },
  );
}

import { drawSeed, type Seed, tagOf } from '../limits/key-hash.ts';
import { PAYLOAD, RowTable } from '../limits/row-table.ts';
import type { PreparedMessage } from '../sending/prepare.ts';
import type { SendResult } from '../sending/results.ts';
import type { Clock } from '../types.ts';

/**
 * Send times of messages whose outcome may be reported. For convenience only: it is bounded, and holds the messages
 * of this client only.
 */
export interface SentAtCache {
  /** Remembers a one-time password, or a message with `track: 'Outcome'`, that 8x8 accepted. */
  record(message: PreparedMessage, result: SendResult): void;
  /** Epoch milliseconds; undefined when unknown. */
  find(umid: string): number | undefined;
}

/** Enough for 15 minutes at 100 one-time passwords per second, 4 MB. */
const MAX_REMEMBERED = 90_000;
/** Words of a row, and the place of its time, in doubles. */
const PAYLOAD_WORDS = 3;
const SENT_AT = (PAYLOAD + 1) / 2;

export function createSentAtCache(clock: Clock): SentAtCache {
  let seed: Seed | undefined;
  /** A map of 90,000 texts costs a fifth of a send. These rows hold 53 bits of a hash of each id. */
  const rows = new RowTable(PAYLOAD_WORDS, MAX_REMEMBERED, { first: 0, second: 0 });

  function keyOf(umid: string): number {
    seed ??= drawSeed();
    return -1 - tagOf(umid, seed);
  }

  function remember(umid: string, sentAt: number): void {
    const key = keyOf(umid);
    let slot = rows.find(key);
    if (slot < 0) {
      if (rows.isFull) {
        const { oldest } = rows;
        rows.dequeue(oldest);
        rows.remove(oldest);
      }
      slot = rows.insert(key);
      rows.enqueue(slot);
    }
    rows.chunkOf(slot).doubles[(rows.startOf(slot) >>> 1) + SENT_AT] = sentAt;
  }

  return {
    record({ purpose, wire, content }, result) {
      if (result.status !== 'accepted' || (purpose !== 'otp' && wire.track !== 'Outcome')) return;
      remember(result.umid, content?.scheduledAt ?? clock.now());
    },
    find(umid) {
      const slot = rows.find(keyOf(umid));
      return slot < 0 ? undefined : rows.chunkOf(slot).doubles[(rows.startOf(slot) >>> 1) + SENT_AT];
    },
  };
}

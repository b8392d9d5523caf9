import type { PreparedMessage } from '../sending/prepare.ts';
import type { WireResult } from '../sending/send-operation.ts';
import type { Clock } from '../types.ts';

/**
 * Send times of messages whose outcome may be reported. For convenience only: it is bounded, and holds the messages
 * of this client only.
 */
export interface SentAtCache {
  /** Remembers one-time passwords and messages with `track: 'Outcome'` that 8x8 accepted. */
  record(messages: readonly PreparedMessage[], written: readonly WireResult[]): void;
  /** Epoch milliseconds; undefined when unknown. */
  find(umid: string): number | undefined;
}

/** Enough for 15 minutes at 100 one-time passwords per second. So many are kept at least, and twice as many at most: 20 MB. */
const MIN_REMEMBERED = 90_000;

export function createSentAtCache(clock: Clock): SentAtCache {
  /** Two maps in turns: a cache that looks for its oldest entry costs a tenth of a send. */
  let recent = new Map<string, number>();
  let older: ReadonlyMap<string, number> = recent;

  function remember(umid: string, sentAt: number): void {
    if (recent.size >= MIN_REMEMBERED) {
      older = recent;
      recent = new Map();
    }
    recent.set(umid, sentAt);
  }

  return {
    record(messages, written) {
      messages.forEach(({ purpose, wire, content }, index) => {
        const result = written[index];
        if (result?.status !== 'accepted' || (purpose !== 'otp' && wire.track !== 'Outcome')) return;
        remember(result.umid, content?.scheduledAt ?? clock.now());
      });
    },
    find: (umid) => recent.get(umid) ?? older.get(umid),
  };
}

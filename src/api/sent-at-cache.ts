import { type Cache, createCache } from '../internal/cache.ts';
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

/** Enough for 15 minutes at 100 one-time passwords per second. About 10 MB when full. */
const MAX_REMEMBERED = 90_000;

export function createSentAtCache(clock: Clock): SentAtCache {
  let sentAt: Cache<string, number> | undefined;
  return {
    record(messages, written) {
      messages.forEach(({ purpose, wire, content }, index) => {
        const result = written[index];
        if (result?.status !== 'accepted' || (purpose !== 'otp' && wire.track !== 'Outcome')) return;
        sentAt ??= createCache(MAX_REMEMBERED);
        sentAt.set(result.umid, content?.scheduledAt ?? clock.now());
      });
    },
    find: (umid) => sentAt?.get(umid),
  };
}

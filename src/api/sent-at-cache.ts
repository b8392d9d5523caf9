import { type Cache, createCache } from '../internal/cache.ts';
import type { PreparedMessage } from '../sending/prepare.ts';
import type { WireResult } from '../sending/send-operation.ts';
import type { Clock } from '../types.ts';

/** When messages went out whose outcome may be reported. A convenience: it forgets, and knows this client only. */
export interface SentAtCache {
  /** Remembers one-time passwords and messages with `track: 'Outcome'` that 8x8 took. */
  record(messages: readonly PreparedMessage[], written: readonly WireResult[]): void;
  /** Epoch milliseconds; undefined when it is not known. */
  find(umid: string): number | undefined;
}

/** Within 15 minutes, at 100 one-time passwords a second. About 10 MB when full. */
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

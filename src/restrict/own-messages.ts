import { type Cache, createCache } from '../internal/cache.ts';
import type { PreparedMessage } from '../sending/prepare.ts';
import type { WireResult } from '../sending/send-operation.ts';

/** The latest messages of a restricted client. It asks 8x8 about no other, and about none that this process has forgotten. */
export interface OwnMessages {
  /** Remembers messages that 8x8 accepted. */
  record(messages: readonly PreparedMessage[], written: readonly WireResult[]): void;
  /** The key of the number that a message went to; undefined for a message of others. */
  find(umid: unknown): number | undefined;
}

/** About 2 MB when full. */
const MAX_REMEMBERED = 20_000;

export function createOwnMessages(): OwnMessages {
  const numbers: Cache<string, number> = createCache(MAX_REMEMBERED);
  return {
    record(messages, written) {
      for (const [index, { phone }] of messages.entries()) {
        const result = written[index];
        if (result?.status === 'accepted') numbers.set(result.umid, phone.key);
      }
    },
    find: (umid) => (typeof umid === 'string' ? numbers.get(umid) : undefined),
  };
}

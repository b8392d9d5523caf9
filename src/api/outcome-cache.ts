import { type Cache, createCache } from '../internal/cache.ts';
import type { SendResult } from '../sending/results.ts';
import type { Clock } from '../types.ts';

/** The last receipt of a message. */
export interface HeardReceipt<Status extends object = object> {
  readonly umid: string;
  readonly status: Status;
}

/** The part of a delivery receipt that is remembered. */
interface Receipt extends HeardReceipt {
  readonly clientMessageId?: string;
}

/**
 * Outcomes of messages that this client received, by `clientMessageId`. For convenience only: it is bounded, and
 * holds the messages of this client only. It holds no number.
 */
export interface OutcomeCache {
  /** Remembers when a message was written whose answer was lost. */
  recordLost(result: SendResult): void;
  /** Remembers a receipt. */
  recordReceipt(receipt: Receipt): void;
  /** Epoch milliseconds. */
  lostAt(clientMessageId: string): number | undefined;
  receiptOf(clientMessageId: string): HeardReceipt | undefined;
}

/** Each; about 5 MB when full. A busy account keeps receipts in its own database, by the webhook receiver. */
const MAX_REMEMBERED = 20_000;
/** 8x8's limit for a `clientMessageId`. A longer one is not 8x8's: it could be as long as the body. */
const MAX_ID_CHARACTERS = 350;

export function createOutcomeCache(clock: Clock): OutcomeCache {
  let lost: Cache<string, number> | undefined;
  let receipts: Cache<string, HeardReceipt> | undefined;
  return {
    recordLost(result) {
      if (result.status !== 'failed' || result.error.submission !== 'unknown') return;
      lost ??= createCache(MAX_REMEMBERED);
      lost.set(result.clientMessageId, clock.now());
      // A receipt that was heard before belongs to an earlier message with this id.
      receipts?.delete(result.clientMessageId);
    },
    recordReceipt({ clientMessageId, umid, status }) {
      if (clientMessageId === undefined || clientMessageId.length > MAX_ID_CHARACTERS) return;
      receipts ??= createCache(MAX_REMEMBERED);
      receipts.set(clientMessageId, { umid, status });
    },
    lostAt: (clientMessageId) => lost?.get(clientMessageId),
    receiptOf: (clientMessageId) => receipts?.get(clientMessageId),
  };
}

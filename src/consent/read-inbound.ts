import { normalisePhone, type Phone } from '../phone/normalise-phone.ts';
import type { InboundMessage } from '../webhooks/webhook-event.ts';
import type { ConsentEntry } from './consent-ledger.ts';
import { CLOCK_SKEW_MS } from './open-question.ts';

/** Digits of an international number; 8x8 leaves the plus out at times. */
const WITHOUT_PLUS = /^[1-9]\d{6,14}$/;
const ISO_DATE = /^\d{4}-\d\d-\d\d/;
const OFFSET = /(?:Z|[+-]\d\d:?\d\d)$/i;
/** A time before this is none: `0001-01-01` is what some programs write for it. */
const EARLIEST_MS = Date.UTC(2000);

/** Who wrote it; undefined when the sender is no phone number. */
export function readWriter({ source }: InboundMessage): Phone | undefined {
  const result = normalisePhone(WITHOUT_PLUS.test(source) ? `+${source}` : source, undefined);
  return result.ok ? result.phone : undefined;
}

/**
 * When the person wrote it, in epoch milliseconds; without an offset it is UTC, whatever the time zone of the process. Never
 * in the future: every later choice would lose against it. What is no time is now: dated too early a STOP would not count.
 */
export function readWrittenAt({ timestamp }: InboundMessage, now: number): number {
  const given = ISO_DATE.test(timestamp) ? timestamp : '';
  const at = Date.parse(OFFSET.test(given) ? given : `${given}Z`);
  return at >= EARLIEST_MS && at < now ? at : now;
}

/**
 * The time a STOP counts from. What we dated ourselves (a question, a `grant`) may look newer than a STOP that came after it,
 * when 8x8's clock is behind ours: within that doubt the STOP is the later one.
 */
export function stopCountsFrom(entries: readonly ConsentEntry[], at: number): number {
  const ours = entries.findLast((entry) => entry.messageId === undefined && entry.at - at <= CLOCK_SKEW_MS);
  return Math.max(at, ours?.at ?? at);
}

import type { Phone } from '../phone/normalise-phone.ts';
import { readReportedPhone } from '../phone/reported-phone.ts';
import { readReportedTime } from '../reported-time.ts';
import type { InboundMessage } from '../webhooks/webhook-event.ts';
import type { ConsentEntry } from './consent-ledger.ts';
import { CLOCK_SKEW_MS } from './pending-opt-in.ts';

/** Who wrote it; undefined when the sender is no phone number. */
export function senderOf({ source }: InboundMessage): Phone | undefined {
  const result = readReportedPhone(source);
  return result.ok ? result.phone : undefined;
}

/**
 * When the person wrote it, in epoch milliseconds. Never in the future: every later choice would lose against it. What is no
 * time is now: dated too early a STOP would not count.
 */
export function writtenAt({ timestamp }: InboundMessage, now: number): number {
  const at = readReportedTime(timestamp);
  return at !== undefined && at < now ? at : now;
}

/**
 * The time a STOP counts from. What we dated ourselves (a question, a `grant`) may look newer than a STOP that came after it,
 * when 8x8's clock is behind ours: within that doubt the STOP is the later one.
 */
export function optOutTime(entries: readonly ConsentEntry[], at: number): number {
  const ours = entries.findLast((entry) => entry.messageId === undefined && entry.at - at <= CLOCK_SKEW_MS);
  return Math.max(at, ours?.at ?? at);
}

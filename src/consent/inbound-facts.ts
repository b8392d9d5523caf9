import { readReportedTime } from '../internal/reported-time.ts';
import type { Phone } from '../phone/normalise-phone.ts';
import { readReportedPhone } from '../phone/reported-phone.ts';
import type { InboundMessage } from '../webhooks/webhook-event.ts';
import { timeAfterNarrower } from './keep-wider.ts';
import type { ConsentProfile } from './ledger-client.ts';
import { CLOCK_SKEW_MS } from './pending-opt-in.ts';

/** The phone number of the writer; undefined when the sender is not a phone number. */
export function senderOf({ source }: InboundMessage): Phone | undefined {
  const result = readReportedPhone(source);
  return result.ok ? result.phone : undefined;
}

/**
 * When the person wrote the text, in epoch milliseconds. A time in the future becomes now, because later choices would lose
 * against it. An invalid time becomes now too, because a STOP that is dated too early would not count.
 */
export function writtenAt({ timestamp }: InboundMessage, now: number): number {
  const at = readReportedTime(timestamp);
  return at !== undefined && at < now ? at : now;
}

/**
 * The time from which a STOP counts. When 8x8's clock is behind ours, an entry that we dated (a request, a `grant`) may look
 * newer than a STOP that followed it. Within the tolerance of the two clocks, the STOP is taken to be later.
 */
export function optOutTime(profile: Pick<ConsentProfile, 'entries' | 'latest'>, at: number): number {
  const ours = profile.entries.findLast(
    (entry) => entry.messageId === undefined && entry.at - at <= CLOCK_SKEW_MS,
  );
  return timeAfterNarrower(profile, Math.max(at, ours?.at ?? at));
}

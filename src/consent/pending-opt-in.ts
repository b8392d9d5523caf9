import type { PendingOptIn } from './consent-ledger.ts';
import type { ConsentProfile } from './ledger-client.ts';

/** How far 8x8's clock may be behind ours, so that a reply appears to come before its request (ours). */
export const CLOCK_SKEW_MS = 60_000;

/** The pending opt-in that a yes can confirm, or why there is none. */
export type PendingOptInSearch =
  | { readonly kind: 'open'; readonly pending: PendingOptIn }
  | { readonly kind: 'expired' | 'not-requested' };

/** The latest request that was sent. A request that provably never left has a second entry that expires at once. */
export function lastPendingOptIn({ entries }: Pick<ConsentProfile, 'entries'>): PendingOptIn | undefined {
  const requests = entries.filter((entry) => entry.state === 'requested');
  const unsent = new Set(requests.filter((each) => each.expiresAt <= each.at).map(({ at }) => at));
  return requests.findLast(({ at }) => !unsent.has(at));
}

/** The request that a yes of that time confirms. Any later choice closes it, above all a STOP. */
export function findPendingOptIn(person: ConsentProfile, at: number): PendingOptInSearch {
  const pending = lastPendingOptIn(person);
  if (pending === undefined || at < pending.at - CLOCK_SKEW_MS) return { kind: 'not-requested' };
  const isClosed =
    person.entries.slice(person.entries.lastIndexOf(pending)).some(({ state }) => state !== 'requested') ||
    (person.kept !== undefined && person.kept.at > pending.at);
  if (isClosed) return { kind: 'not-requested' };
  return at < pending.expiresAt ? { kind: 'open', pending } : { kind: 'expired' };
}

/** Whether a text to this number can be a reply to the request. True when the request named no number as its sender. */
export function isReplyTo({ sender }: PendingOptIn, destination: string): boolean {
  const digits = sender?.replace(/^\+/, '') ?? '';
  return !/^\d+$/.test(digits) || digits === destination.replace(/^\+/, '');
}

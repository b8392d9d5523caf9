import type { PendingOptIn } from './consent-ledger.ts';
import type { ConsentProfile } from './ledger-client.ts';

/** How far 8x8's clock may be behind ours: an answer looks as if it came before its question (ours). */
export const CLOCK_SKEW_MS = 60_000;

/** Whether a yes means anything now. */
export type PendingOptInSearch =
  | { readonly kind: 'open'; readonly pending: PendingOptIn }
  | { readonly kind: 'expired' | 'not-requested' };

/** The latest question that was sent; what provably never left has a second entry that expires at once. */
export function lastPendingOptIn({ entries }: Pick<ConsentProfile, 'entries'>): PendingOptIn | undefined {
  const requests = entries.filter((entry) => entry.state === 'requested');
  const unsent = new Set(requests.filter((each) => each.expiresAt <= each.at).map(({ at }) => at));
  return requests.findLast(({ at }) => !unsent.has(at));
}

/** The question that a yes of that time answers. Any choice made after it, a STOP above all, closes it. */
export function findPendingOptIn(person: ConsentProfile, at: number): PendingOptInSearch {
  const pending = lastPendingOptIn(person);
  if (pending === undefined || at < pending.at - CLOCK_SKEW_MS) return { kind: 'not-requested' };
  const isClosed =
    person.entries.slice(person.entries.lastIndexOf(pending)).some(({ state }) => state !== 'requested') ||
    (person.kept !== undefined && person.kept.at > pending.at);
  if (isClosed) return { kind: 'not-requested' };
  return at < pending.expiresAt ? { kind: 'open', pending } : { kind: 'expired' };
}

/** Whether a text to this number of yours can be an answer. Without a named sender, or with a word as one, nobody can tell. */
export function isReplyTo({ sender }: PendingOptIn, destination: string): boolean {
  const digits = sender?.replace(/^\+/, '') ?? '';
  return !/^\d+$/.test(digits) || digits === destination.replace(/^\+/, '');
}

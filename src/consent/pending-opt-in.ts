import { type ConsentQuestion, isChoice } from './consent-ledger.ts';
import type { ConsentProfile } from './ledger-client.ts';

/** How far 8x8's clock may be behind ours: an answer looks as if it came before its question (ours). */
export const CLOCK_SKEW_MS = 60_000;

/** Whether a yes means anything now. */
export type PendingOptInSearch =
  | { readonly kind: 'open'; readonly question: ConsentQuestion }
  | { readonly kind: 'expired' | 'not-asked' };

/** The latest question that was sent; what provably never left has a second entry that expires at once. */
export function lastPendingOptIn({ entries }: Pick<ConsentProfile, 'entries'>): ConsentQuestion | undefined {
  const questions = entries.filter((entry) => entry.state === 'asked');
  const unsent = new Set(questions.filter((each) => each.expiresAt <= each.at).map(({ at }) => at));
  return questions.findLast(({ at }) => !unsent.has(at));
}

/** The question that a yes of that time answers. Any choice made after it, a STOP above all, closes it. */
export function findPendingOptIn(person: ConsentProfile, at: number): PendingOptInSearch {
  const question = lastPendingOptIn(person);
  if (question === undefined || at < question.at - CLOCK_SKEW_MS) return { kind: 'not-asked' };
  const isClosed =
    person.entries.slice(person.entries.lastIndexOf(question)).some(isChoice) ||
    (person.kept !== undefined && person.kept.at > question.at);
  if (isClosed) return { kind: 'not-asked' };
  return at < question.expiresAt ? { kind: 'open', question } : { kind: 'expired' };
}

/** Whether a text to this number of yours can be an answer. Without a named sender, or with a word as one, nobody can tell. */
export function isReplyTo({ sender }: ConsentQuestion, destination: string): boolean {
  const digits = sender?.replace(/^\+/, '') ?? '';
  return !/^\d+$/.test(digits) || digits === destination.replace(/^\+/, '');
}

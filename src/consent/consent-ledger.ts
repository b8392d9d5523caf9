import type { Purpose } from '../types.ts';

interface ConsentEntryBase {
  /**
   * For an opt-out: `all` stops every message (STOP), `marketing` only advertising. For an opt-in it is what the person
   * agreed to get, for a question what was asked for.
   */
  readonly scope: 'all' | 'marketing' | 'sender';
  /** The sender ID or brand that it is about: of a request the one it came from, of a choice the one it is limited to. */
  readonly sender?: string | undefined;
  /** What an opt-in covers, or a question asks for; absent = everything in `scope`. */
  readonly purposes?: readonly Purpose[] | undefined;
  /** Where it came from: `web-form`, `inbound-sms`, `support`, … */
  readonly source: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** What you would show a regulator: a form id, a message id, the words of the person. Kept as given. */
  readonly evidence?: string | undefined;
  /** 8x8's id (umid) of the message with which the person chose. */
  readonly messageId?: string | undefined;
  /** What the person wrote, or what was asked: the first 1,600 characters. */
  readonly text?: string | undefined;
}

/** What a person last said, as a ledger keeps it. */
export interface ConsentRecord extends ConsentEntryBase {
  readonly state: 'opted-in' | 'opted-out';
  /** The package's own, of an opt-out that may be confirmed once. Keep it as given. */
  readonly confirmation?: string | undefined;
}

/** A question that was sent. It is no choice: only an answer makes it one. */
export interface PendingOptIn extends ConsentEntryBase {
  readonly state: 'requested';
  /** Epoch milliseconds from which on an answer no longer counts. Equal to `at` when the question was never sent. */
  readonly expiresAt: number;
}

/** One entry of a person's history. */
export type ConsentEntry = ConsentRecord | PendingOptIn;

/** One entry to append. `key` is the person: `+` and the digits that `guards.inspect` counts under. */
export type ConsentChange = ConsentEntry & { readonly key: string };

/** Options of every call to a ledger. */
export interface ConsentLedgerCall {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Where consent is kept: every change for good, never only the last state. Yours, or one of this package's. A ledger that
 * cannot answer throws, and the guard says no. `consentLedgerConformance` is the test every ledger must pass.
 *
 * The order of a person's entries is that of `at`; of equal times, that of arrival.
 */
export interface ConsentLedger {
  /** The latest choice of each key, in order; `undefined` where there is none. Questions (`asked`) are no choices. */
  get(keys: readonly string[], options?: ConsentLedgerCall): Promise<readonly (ConsentRecord | undefined)[]>;
  /**
   * Adds entries, all or none. Nothing is ever overwritten: an entry older than the latest one becomes part of the
   * history and no more. An entry whose `messageId` its key has already changes nothing.
   */
  append(changes: readonly ConsentChange[]): Promise<void>;
  /** Every entry of a key, oldest first, exactly as it was appended, without the key. */
  history(key: string, options?: ConsentLedgerCall): Promise<readonly ConsentEntry[]>;
  /**
   * Forgets a person, in one atomic step: takes the latest choice of `key` and `keepAs` together (of equal times that of
   * `key`), removes every entry of both, and when that choice is an opt-out appends under `keepAs` its `state`, `scope`
   * and `at`, with the source `forgotten`, and nothing else.
   */
  forget(key: string, keepAs: string): Promise<void>;
}

/** A ledger that can also list everybody: what `exportConsent` reads. Ours all can; one of your own need not. */
export interface ConsentListing {
  /** Every entry of everybody. The entries of one key come in their order of arrival or of `at`. */
  entries(options?: ConsentLedgerCall): AsyncIterable<ConsentChange>;
}

/** The methods of a ledger, for whoever must tell one from something else. */
export const LEDGER_METHODS = [
  'get',
  'append',
  'history',
  'forget',
] as const satisfies readonly (keyof ConsentLedger)[];

/** The one that counts of a person's own latest choice and the one kept of before they were forgotten. */
export function laterChoice(
  own: ConsentRecord | undefined,
  kept: ConsentRecord | undefined,
): ConsentRecord | undefined {
  if (kept === undefined) return own;
  // Written so that a time that is none never wins over an opt-out.
  return own !== undefined && own.at >= kept.at ? own : kept;
}

/** Tells choices from questions. */
export function isChoice<Entry extends { readonly state: string; readonly scope?: string }>(
  entry: Entry,
): entry is Entry & { readonly state: 'opted-in' | 'opted-out' } {
  return entry.state !== 'requested' && entry.scope !== 'sender';
}

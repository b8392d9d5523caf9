import type { Purpose } from '../types.ts';

interface ConsentEntryBase {
  /**
   * For an opt-out: `all` stops every message (STOP), `marketing` only advertising, `sender` only messages of `sender`. For an
   * opt-in: the messages that the person agreed to receive. For an opt-in request: the messages that it asks for.
   */
  readonly scope: 'all' | 'marketing' | 'sender';
  /** For an opt-in request: the sender ID that it came from. For a choice: the sender ID or brand that it is limited to. */
  readonly sender?: string | undefined;
  /** Purposes that an opt-in covers or a request asks for. @default everything in `scope` */
  readonly purposes?: readonly Purpose[] | undefined;
  /** Where the entry came from: `web-form`, `inbound-sms`, `support`, … */
  readonly source: string;
  /** When the person chose, or the request was sent, in epoch milliseconds. */
  readonly at: number;
  /** Evidence for a regulator: a form ID, a message ID, the person's words. Kept as given. */
  readonly evidence?: string | undefined;
  /** 8x8's ID (umid) of the message with which the person chose. */
  readonly messageId?: string | undefined;
  /** Text of the person's message, or of the opt-in request: the first 1,600 characters. */
  readonly text?: string | undefined;
}

/** A choice that a person made, as a ledger keeps it. */
export interface ConsentRecord extends ConsentEntryBase {
  /** `opted-in` or `opted-out`. */
  readonly state: 'opted-in' | 'opted-out';
  /** Token of this package on an opt-out that may be confirmed once. Keep it as given. */
  readonly confirmation?: string | undefined;
}

/** An opt-in request that was sent to a person. It is not a choice; only the reply is. */
export interface PendingOptIn extends ConsentEntryBase {
  /** Always `requested`. */
  readonly state: 'requested';
  /** Epoch milliseconds from which a reply no longer counts. Equal to `at` when the request was never sent. */
  readonly expiresAt: number;
}

/** One entry of a person's history. */
export type ConsentEntry = ConsentRecord | PendingOptIn;

/** One entry to append. `key` identifies the person: `+` and the digits that `guards.inspect` counts under. */
export type ConsentChange = ConsentEntry & {
  /** Identifies the person: `+` and the digits that `guards.inspect` counts under, or its pseudonym. */
  readonly key: string;
};

/** Options of every call to a ledger. */
export interface ConsentLedgerCall {
  /** Fires when the caller no longer waits for the result. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Storage for consent: a permanent history of every change, not only the latest state. Write your own, or use one of this
 * package's. A ledger that cannot respond throws, and the guard then refuses the message. `consentLedgerConformance` tests a
 * ledger.
 *
 * Entries of a person are ordered by `at`, and by arrival when times are equal.
 */
export interface ConsentLedger {
  /**
   * Returns the latest choice of each key, in the order of the keys; `undefined` where there is none. Opt-in requests
   * (`requested`) and choices about one sender (scope `sender`) are skipped.
   */
  get(keys: readonly string[], options?: ConsentLedgerCall): Promise<readonly (ConsentRecord | undefined)[]>;
  /**
   * Adds all entries or none. Never overwrites anything: an entry older than the latest one only becomes part of the
   * history. Ignores an entry whose `messageId` its key already has.
   */
  append(changes: readonly ConsentChange[]): Promise<void>;
  /** Returns every entry of a key, oldest first, exactly as it was appended, without the key. */
  history(key: string, options?: ConsentLedgerCall): Promise<readonly ConsentEntry[]>;
  /**
   * Forgets a person in one atomic step: finds the latest choice of `key` and `keepAs` together (of `key` when times are
   * equal), removes every entry of both, and, when that choice is an opt-out, appends its `state`, `scope` and `at` under
   * `keepAs` with the source `forgotten`, and nothing else.
   */
  forget(key: string, keepAs: string): Promise<void>;
}

/** A ledger that can list its entries, as `exportConsent` needs. Every ledger of this package can; yours need not. */
export interface ConsentListing {
  /** Lists every entry. Entries of one key come in their order of arrival or of `at`. */
  entries(options?: ConsentLedgerCall): AsyncIterable<ConsentChange>;
}

/** The methods that make an object a ledger. */
export const LEDGER_METHODS = [
  'get',
  'append',
  'history',
  'forget',
] as const satisfies readonly (keyof ConsentLedger)[];

/** The choice that counts: a person's own latest one, or the one kept from before they were forgotten. */
export function laterChoice(
  own: ConsentRecord | undefined,
  kept: ConsentRecord | undefined,
): ConsentRecord | undefined {
  if (kept === undefined) return own;
  // The comparison is false for an invalid time, so that one never wins over an opt-out.
  return own !== undefined && own.at >= kept.at ? own : kept;
}

/** False for opt-in requests and for choices about one sender. */
export function isChoice<Entry extends { readonly state: string; readonly scope?: string }>(
  entry: Entry,
): entry is Entry & { readonly state: 'opted-in' | 'opted-out' } {
  return entry.state !== 'requested' && entry.scope !== 'sender';
}

import type { Purpose } from '../types.ts';

/** What a person last said, as a ledger keeps it. */
export interface ConsentRecord {
  readonly state: 'opted-in' | 'opted-out';
  /**
   * For an opt-out: `all` stops every message (STOP), `marketing` only advertising. For an opt-in it is what the person
   * agreed to get.
   */
  readonly scope: 'all' | 'marketing';
  /** What an opt-in covers; absent = everything in `scope`. */
  readonly purposes?: readonly Purpose[] | undefined;
  /** Where it came from: `web-form`, `inbound-sms`, `support`, … */
  readonly source: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** What you would show a regulator: a form id, a message id, the words of the person. Kept as given. */
  readonly evidence?: string | undefined;
}

/** One change to append. `key` is the person: `+` and the digits that `guards.inspect` counts under. */
export interface ConsentChange extends ConsentRecord {
  readonly key: string;
}

/**
 * Where consent is kept. Yours, or one of this package's. A ledger that cannot answer throws, and the guard says no.
 *
 * @experimental until it has passed on PostgreSQL.
 */
export interface ConsentLedger {
  /** The latest record of each key, in order; `undefined` where there is none. */
  get(
    keys: readonly string[],
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<readonly (ConsentRecord | undefined)[]>;
  /** Adds changes. The one with the latest `at` counts, whatever the order they arrive in. */
  append(changes: readonly ConsentChange[]): Promise<void>;
}

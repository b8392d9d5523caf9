/**
 * The key to count under: a phone number as an integer (its E.164 digits, at most 15, exact in a double), or any other
 * string of 1 to 1,024 characters.
 */
export type LimitKey = number | string;

/** Ties a rule to what an earlier rule of the same request found. */
export interface RuleCondition {
  /**
   * The `id` of an earlier rule in mode `note`. It has the same key, or its key is a number and this one's is a string or a
   * range: a store may count numbers apart from everything else, and asks there first.
   */
  readonly rule: string;
  /**
   * Whether that rule must have a violation (the window is full, the member is known), or must have none. A rule that did
   * not apply itself has neither.
   */
  readonly found: boolean;
}

/** The fields of every rule. */
export interface RuleBase {
  /**
   * Identifies the counter, for example `recipient:all`. The same ID must always have the same kind and `weighted`, and
   * for `distinct` the same `windowMs`. All other numbers may differ between calls (two clients of one scope with
   * different options): every call applies its own limit and window to what all of them have counted. What counts is kept
   * for the longest `windowMs` that the counter was used with since it was empty; one that is longer than all before finds
   * nothing older.
   */
  readonly id: string;
  /** The guard that declares the rule, for errors and events. */
  readonly guard: string;
  /** The subject of the counter, for example a phone number. */
  readonly key: LimitKey;
  /**
   * `monitor` records up to the limit and then reports `over` without refusing. `note` does the same for the other rules of
   * the request, which may depend on it (`when`): only a `window`, and every `known`.
   */
  readonly mode: 'enforce' | 'monitor' | 'note';
  /**
   * Applies the rule only when the condition holds: else it neither refuses nor records. `inspect` and `release` do not
   * look at it.
   */
  readonly when?: RuleCondition | undefined;
}

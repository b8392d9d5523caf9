import { type BlockRule, MAX_WINDOW_MS } from '../limits/limit-store.ts';
import { FALSE_OR_OPTIONS, type Fields, falseOr, integer, list, object, oneOf } from '../schema.ts';
import { DELIVERY_ERROR_CODES } from '../webhooks/delivery-error-codes.ts';
import type { Guard, GuardMode } from './guard.ts';

/**
 * Sends nothing for `forMs` to a number that a delivery receipt reported as non-existent. The guard needs a webhook
 * receiver for the receipts. A receipt that says `delivered` or `read` lifts the block, and so does `guards.release`.
 *
 * @example undeliverable: { forMs: 7 * 86_400_000 }
 */
export interface UndeliverableGuardOptions {
  /** `monitor` also marks numbers, but reports instead of refusing. @default 'enforce' */
  readonly mode?: GuardMode | undefined;
  /** Milliseconds for which the number is blocked, up to 31 days. @default 86_400_000, one day (chosen by this package) */
  readonly forMs?: number | undefined;
  /**
   * 8x8's delivery error codes that block a number; the list replaces the default.
   * @default [59], the codes of kind `no-such-number` in `DELIVERY_ERROR_CODES`
   */
  readonly errorCodes?: readonly number[] | undefined;
}

const fields: Fields<UndeliverableGuardOptions> = {
  mode: oneOf(['enforce', 'monitor']),
  forMs: integer({ min: 1_000, max: MAX_WINDOW_MS, unit: 'milliseconds, 1 second to 31 days' }),
  errorCodes: list(integer({ min: 1, max: 100_000 }), { min: 1, max: 100 }),
};
export const undeliverableField = falseOr(object(fields, FALSE_OR_OPTIONS));

const DEFAULT_FOR_MS = 24 * 60 * 60 * 1000;
const NO_SUCH_NUMBER: readonly number[] = DELIVERY_ERROR_CODES.filter(
  ({ kind }) => kind === 'no-such-number',
).map(({ code }) => code);

/** The options with their defaults, and the rules under which numbers are blocked. */
export interface UndeliverableSettings {
  readonly mode: GuardMode;
  readonly forMs: number;
  readonly errorCodes: ReadonlySet<number>;
  /** Reads whether a number is blocked. */
  ruleOf(key: number): BlockRule;
}

export function undeliverableSettings(options: UndeliverableGuardOptions): UndeliverableSettings {
  const { mode = 'enforce', forMs = DEFAULT_FOR_MS, errorCodes = NO_SUCH_NUMBER } = options;
  const guard = 'undeliverable';
  return {
    mode,
    forMs,
    errorCodes: new Set(errorCodes),
    ruleOf: (key) => {
      return { kind: 'block', id: guard, guard, key, mode, windowMs: forMs };
    },
  };
}

/** Refuses numbers that a network reported as non-existent, for every purpose. */
export function createUndeliverableGuard(options: UndeliverableGuardOptions): Guard<'undeliverable'> {
  const { mode, ruleOf } = undeliverableSettings(options);
  return { name: 'undeliverable', mode, rules: ({ phone }) => [ruleOf(phone.key)] };
}

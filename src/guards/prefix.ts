import { MAX_WINDOW_MS } from '../limits/limit-store.ts';
import {
  FALSE_OR_OPTIONS,
  type Fields,
  falseOr,
  integer,
  list,
  object,
  objectWith,
  oneOf,
  refine,
} from '../schema.ts';
import type { Purpose } from '../types.ts';
import type { Guard, GuardMode } from './guard.ts';
import { IF_STRANGER } from './known-visitor.ts';
import type { GuardAction } from './reasons.ts';

/** At most `limit` different numbers that differ only in their last digits, in any `windowMs`. */
export interface PrefixRange {
  /** Digits at the end that are ignored: 2, 3 or 4. */
  readonly removedDigits: 2 | 3 | 4;
  /** Most different numbers of one range in any `windowMs`, 1 or more. */
  readonly limit: number;
  /** Milliseconds, 1 second to 31 days. */
  readonly windowMs: number;
}

/**
 * Stops a run of neighbouring numbers, the usual shape of SMS pumping: a fraudster owns a block of numbers and walks
 * through it. A number that is already counted is not refused, and neither is a visitor whose `subject` succeeded with
 * their number before.
 *
 * @example prefix: { ranges: [{ removedDigits: 3, limit: 10, windowMs: 600_000 }] }
 */
export interface PrefixGuardOptions {
  /** `enforce` refuses; `monitor` only reports what it would have refused. @default 'enforce' */
  readonly mode?: GuardMode | undefined;
  /**
   * Sizes of a range, each with its limit.
   * @default 5 different numbers in a hundred, 10 in a thousand, 20 in ten thousand, each in 10 minutes. These values
   * are ours, not tuned on your traffic: run `mode: 'monitor'` first.
   */
  readonly ranges?: readonly PrefixRange[] | undefined;
  /**
   * `refuse`: a refusal lasts until time has passed. `ask`: the error has `action: 'ask'` and the reason
   * `captcha-needed`; the same message with
   * `human: { passed: true }` passes, once your captcha or another test says that the visitor is a person.
   * @default 'refuse'
   */
  readonly action?: GuardAction | undefined;
  /** Purposes that are counted. @default ['otp', 'transactional']: a campaign may well reach neighbouring numbers */
  readonly purposes?: readonly Purpose[] | undefined;
}

const rangeFields: Fields<PrefixRange> = {
  removedDigits: oneOf([2, 3, 4]),
  limit: integer({ min: 1, max: 10_000 }),
  windowMs: integer({ min: 1_000, max: MAX_WINDOW_MS, unit: 'milliseconds, 1 second to 31 days' }),
};
/** ID of the counter of a range. */
function ruleId({ removedDigits, windowMs }: PrefixRange): string {
  return `prefix:${removedDigits}:${windowMs}`;
}

const fields: Fields<PrefixGuardOptions> = {
  mode: oneOf(['enforce', 'monitor']),
  action: oneOf(['ask', 'refuse']),
  ranges: refine<readonly PrefixRange[]>(
    list(objectWith(Object.keys(rangeFields), rangeFields, 'a range { removedDigits, limit, windowMs }'), {
      min: 1,
      max: 8,
    }),
    (ranges) => new Set(ranges.map(ruleId)).size === ranges.length,
    'must not hold the same removedDigits and windowMs twice.',
  ),
  purposes: list(oneOf(['transactional', 'otp', 'marketing']), { min: 1, max: 3 }),
};
export const prefixField = falseOr(object(fields, FALSE_OR_OPTIONS));

const TEN_MINUTES_MS = 10 * 60 * 1000;
const DEFAULT_RANGES: readonly PrefixRange[] = [
  { removedDigits: 2, limit: 5, windowMs: TEN_MINUTES_MS },
  { removedDigits: 3, limit: 10, windowMs: TEN_MINUTES_MS },
  { removedDigits: 4, limit: 20, windowMs: TEN_MINUTES_MS },
];

const DEFAULT_PURPOSES: readonly Purpose[] = ['otp', 'transactional'];

/** Caps the different numbers in one range of numbers. */
export function createPrefixGuard(options: PrefixGuardOptions): Guard<'prefix'> {
  const { mode = 'enforce', action = 'refuse' } = options;
  // Copies the arrays, so that later changes by the caller have no effect.
  const ranges = (options.ranges ?? DEFAULT_RANGES).map((range) => ({ ...range, id: ruleId(range) }));
  const purposes = new Set(options.purposes ?? DEFAULT_PURPOSES);
  return {
    name: 'prefix',
    mode,
    action,
    rules: ({ purpose, phone, subject, isHuman = false }) =>
      purposes.has(purpose) && !(isHuman && action === 'ask')
        ? ranges.map(({ id, removedDigits, limit, windowMs }) => ({
            kind: 'distinct' as const,
            id,
            guard: 'prefix',
            key: Math.floor(phone.key / 10 ** removedDigits),
            member: phone.key,
            mode,
            limit,
            windowMs,
            when: subject === undefined ? undefined : IF_STRANGER,
          }))
        : [],
  };
}

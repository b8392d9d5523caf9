import { type DistinctRule, MAX_WINDOW_MS } from '../limits/limit-store.ts';
import { purposesField } from '../purposes.ts';
import {
  decimal,
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
import type { Guard, GuardCall, GuardMode, OutgoingMessage } from './guard.ts';
import { IF_STRANGER } from './known-visitor.ts';
import { createPrefixPeaks, type PrefixPeaksConfig } from './prefix-peaks.ts';
import type { GuardAction } from './reasons.ts';

/** At most `limit` different numbers that differ only in their last digits, in any `windowMs`. */
export interface PrefixRange {
  /** Digits at the end that are ignored: 2, 3 or 4. */
  readonly removedDigits: 2 | 3 | 4;
  /** Maximum number of different numbers of one range in any `windowMs`, 1 or more. */
  readonly limit: number;
  /** Milliseconds, 1 second to 31 days. */
  readonly windowMs: number;
}

/** The daily limit. It grows with the sender, because a block of ten thousand numbers contains more customers of a large one. */
export interface PrefixDay {
  /** Digits at the end that are ignored: 2, 3 or 4. @default 4 */
  readonly removedDigits?: 2 | 3 | 4 | undefined;
  /** The smallest limit, different numbers in any 24 hours. @default 5 */
  readonly floor?: number | undefined;
  /** The limit as a multiple of the fullest block of the days before. @default 2.5 */
  readonly factor?: number | undefined;
  /** The largest limit, so that a slow increase does not become normal. @default 150 */
  readonly ceiling?: number | undefined;
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
   * @default 5 different numbers in a hundred, 10 in a thousand, 20 in ten thousand, each in 10 minutes; chosen by this package
   * and not tuned on your traffic: run `mode: 'monitor'` first.
   */
  readonly ranges?: readonly PrefixRange[] | undefined;
  /**
   * Different numbers of a block of ten thousand in 24 hours: 5, or 2.5 times as many as the fullest block of the country
   * had on the days before, while it was below its limit. The guard first learns for one whole day (UTC), in which it only
   * reports; the limit store keeps the value for all processes. `false` switches it off.
   * @default { removedDigits: 4, floor: 5, factor: 2.5, ceiling: 150 }; measured on modelled traffic, see docs/guards.md
   */
  readonly day?: false | PrefixDay | undefined;
  /**
   * `refuse`: a refusal lasts until time has passed. `ask`: the error has `action: 'ask'` and the reason
   * `captcha-needed`; the same message with `human: { passed: true }` passes, once the visitor solved your captcha.
   * @default 'refuse'
   */
  readonly action?: GuardAction | undefined;
  /** Purposes that are counted. @default ['otp', 'transactional']: a campaign may well reach neighbouring numbers */
  readonly purposes?: readonly Purpose[] | undefined;
}

const DEFAULT_DAY = { removedDigits: 4, floor: 5, factor: 2.5, ceiling: 150 } as const;
const DAY_MS = 86_400_000;

const rangeFields: Fields<PrefixRange> = {
  removedDigits: oneOf([2, 3, 4]),
  limit: integer({ min: 1, max: 10_000 }),
  windowMs: integer({ min: 1_000, max: MAX_WINDOW_MS, unit: 'milliseconds, 1 second to 31 days' }),
};
/** ID of the counter of a range. */
function ruleId({ removedDigits, windowMs }: PrefixRange): string {
  return `prefix:${removedDigits}:${windowMs}`;
}

const dayFields: Fields<PrefixDay> = {
  removedDigits: oneOf([2, 3, 4]),
  floor: integer({ min: 1, max: 10_000 }),
  factor: decimal({ min: 1, max: 100 }),
  ceiling: integer({ min: 1, max: 10_000 }),
};
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
  day: falseOr(
    refine<PrefixDay>(
      object(dayFields, 'false or an object { removedDigits, floor, factor, ceiling }'),
      ({ floor = DEFAULT_DAY.floor, ceiling = DEFAULT_DAY.ceiling }) => floor <= ceiling,
      'must have a ceiling of at least floor (150 and 5 when they are not given).',
    ),
  ),
  purposes: purposesField,
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
export function createPrefixGuard(options: PrefixGuardOptions, needs: PrefixPeaksConfig): Guard<'prefix'> {
  const { mode = 'enforce', action = 'refuse' } = options;
  // Copies the arrays, so that later changes by the caller have no effect.
  const ranges = (options.ranges ?? DEFAULT_RANGES).map((range) => {
    return { ...range, id: ruleId(range), divisor: 10 ** range.removedDigits };
  });
  const purposes = new Set(options.purposes ?? DEFAULT_PURPOSES);
  const day = options.day === false ? undefined : createDay(options.day ?? {}, mode, needs);
  const isCounted = ({ purpose, isHuman = false }: OutgoingMessage) =>
    purposes.has(purpose) && !(isHuman && action === 'ask');

  function rangeRules({ phone, subject }: OutgoingMessage): DistinctRule[] {
    const member = phone.key;
    const when = subject === undefined ? undefined : IF_STRANGER;
    const rules: DistinctRule[] = [];
    for (const { id, divisor, limit, windowMs } of ranges) {
      const key = Math.floor(member / divisor);
      rules.push({ kind: 'distinct', id, guard: 'prefix', key, member, mode, limit, windowMs, when });
    }
    return rules;
  }

  async function loadPeaks(_messages: readonly OutgoingMessage[], { signal }: GuardCall) {
    await day?.peaks.load(signal);
    return [];
  }

  return {
    name: 'prefix',
    mode,
    action,
    /** Only before the first message: afterwards there is nothing to wait for. */
    get ask() {
      return day?.peaks.isLoaded === false ? loadPeaks : undefined;
    },
    rules(message) {
      if (!isCounted(message)) return [];
      const rules = rangeRules(message);
      if (day !== undefined) rules.push(day.watchedRule(message));
      return rules;
    },
    ...(day && { personal: (message: OutgoingMessage) => [day.ruleOf(message)] }),
    counters(message) {
      if (!isCounted(message)) return [];
      const rules = rangeRules(message);
      if (day !== undefined) rules.push(day.ruleOf(message));
      return rules;
    },
  };
}

/** The limit of a day, with what it is measured by. */
function createDay(
  {
    removedDigits = DEFAULT_DAY.removedDigits,
    floor = DEFAULT_DAY.floor,
    factor = DEFAULT_DAY.factor,
    ceiling = DEFAULT_DAY.ceiling,
  }: PrefixDay,
  mode: GuardMode,
  needs: PrefixPeaksConfig,
) {
  const peaks = createPrefixPeaks(needs);
  const id = `prefix:day:${removedDigits}`;
  const divisor = 10 ** removedDigits;
  const placeOf = ({ phone }: OutgoingMessage) => phone.country ?? `+${phone.callingCode}`;

  function ruleOf(message: OutgoingMessage): DistinctRule {
    const { phone, subject } = message;
    const peak = peaks.find(placeOf(message));
    return {
      kind: 'distinct',
      id,
      guard: 'prefix',
      key: Math.floor(phone.key / divisor),
      member: phone.key,
      mode: peak === undefined ? 'monitor' : mode,
      limit: peak === undefined ? ceiling : Math.min(ceiling, Math.max(floor, Math.ceil(factor * peak))),
      windowMs: DAY_MS,
      when: subject === undefined ? undefined : IF_STRANGER,
    };
  }

  return {
    peaks,
    ruleOf,
    watchedRule(message: OutgoingMessage): DistinctRule {
      const rule = ruleOf(message);
      peaks.watch(rule, placeOf(message));
      return rule;
    },
  };
}

import type { LimitRule } from '../limits/limit-store.ts';
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
  switchOn,
} from '../schema.ts';
import type { Purpose } from '../types.ts';
import type { Guard, GuardMode } from './guard.ts';

/** At most `limit` messages in any `windowMs`. */
export interface LimitWindow {
  /**
   * 1 or more. The count is exact up to 64; above, a message may be admitted up to 1/30 of a window late, never
   * early.
   */
  readonly limit: number;
  /** Milliseconds, 1 second to 31 days. */
  readonly windowMs: number;
}

/**
 * Limits the messages that one number receives, regardless of who requests them.
 *
 * @example recipient: { windows: [{ limit: 10, windowMs: 1_800_000 }], perPurpose: { marketing: [{ limit: 1, windowMs: 86_400_000 }] } }
 */
export interface RecipientGuardOptions {
  /** `enforce` refuses; `monitor` only reports what it would have refused. @default 'enforce' */
  readonly mode?: GuardMode | undefined;
  /**
   * Windows that count messages of every purpose.
   * @default [{ limit: 10, windowMs: 1_800_000 }], 8x8's example ("for instance, no MSISDN can receive more than 10 SMS in any 30-minute window")
   */
  readonly windows?: readonly LimitWindow[] | undefined;
  /** Windows that count one purpose, in addition to `windows`. */
  readonly perPurpose?: { readonly [P in Purpose]?: readonly LimitWindow[] | undefined } | undefined;
}

/** One window for all purposes, and its mode. */
export interface RecipientWindowOptions extends LimitWindow {
  /** `enforce` refuses; `monitor` only reports what it would have refused. @default 'enforce' */
  readonly mode?: GuardMode | undefined;
}

/** The options, or one window, or several: `{ limit, windowMs }` is short for `{ windows: [{ limit, windowMs }] }`. */
export type RecipientGuardInput = RecipientGuardOptions | RecipientWindowOptions | readonly LimitWindow[];

const windowFields: Fields<LimitWindow> = {
  limit: integer({ min: 1, max: 1_000_000 }),
  windowMs: integer({ min: 1_000, max: MAX_WINDOW_MS, unit: 'milliseconds, 1 second to 31 days' }),
};
export const windowField = objectWith(['limit', 'windowMs'], windowFields, 'a window { limit, windowMs }');
const windowsField = refine<readonly LimitWindow[]>(
  list(windowField, { min: 1, max: 8 }),
  (windows) => new Set(windows.map(({ windowMs }) => windowMs)).size === windows.length,
  'must not hold the same windowMs twice.',
);

const modeField = oneOf(['enforce', 'monitor']);
const bareFields: Fields<RecipientWindowOptions> = { ...windowFields, mode: modeField };
const bareField = objectWith(['limit', 'windowMs'], bareFields, 'a window { limit, windowMs, mode }');

const fields: Fields<RecipientGuardOptions> = {
  mode: modeField,
  windows: windowsField,
  perPurpose: object({ otp: windowsField, transactional: windowsField, marketing: windowsField }),
};

function isBareWindow(input: unknown): boolean {
  return typeof input === 'object' && input !== null && ('limit' in input || 'windowMs' in input);
}

export const recipientField = switchOn(
  Array.isArray,
  windowsField,
  switchOn(
    isBareWindow,
    bareField,
    falseOr(object(fields, FALSE_OR_OPTIONS, [...Object.keys(fields), ...Object.keys(windowFields)])),
  ),
);

const DEFAULT_WINDOWS: readonly LimitWindow[] = [{ limit: 10, windowMs: 30 * 60 * 1000 }];

function toOptions(input: RecipientGuardInput): RecipientGuardOptions {
  if (Array.isArray(input)) return { windows: input };
  return 'limit' in input ? { mode: input.mode, windows: [input] } : (input as RecipientGuardOptions);
}

interface Counter extends LimitWindow {
  readonly id: string;
  /** ID of the counter of scheduled messages. */
  readonly dueId: string;
}

/** Caps the messages to one number. */
export function createRecipientGuard(input: RecipientGuardInput): Guard<'recipient'> {
  const { mode = 'enforce', windows = DEFAULT_WINDOWS, perPurpose = {} } = toOptions(input);
  // Copies the arrays, so that later changes by the caller have no effect.
  const countersOf = (which: 'all' | Purpose, given: readonly LimitWindow[] = []): Counter[] =>
    given.map(({ limit, windowMs }) => {
      return {
        id: `recipient:${which}:${windowMs}`,
        dueId: `recipient-due:${which}:${windowMs}`,
        limit,
        windowMs,
      };
    });
  const forAll = countersOf('all', windows);
  const counters = {
    otp: [...forAll, ...countersOf('otp', perPurpose.otp)],
    transactional: [...forAll, ...countersOf('transactional', perPurpose.transactional)],
    marketing: [...forAll, ...countersOf('marketing', perPurpose.marketing)],
  };
  const guard = 'recipient';

  return {
    name: guard,
    mode,
    rules({ purpose, phone: { key }, content }) {
      const counted = counters[purpose];
      const windowOf = ({ id, limit, windowMs }: Counter): LimitRule => {
        return { kind: 'window', id, guard, key, mode, limit, windowMs };
      };
      const scheduledAt = content?.scheduledAt;
      if (scheduledAt === undefined) return counted.map(windowOf);
      // 8x8 delivers a scheduled message later, so it also counts at its due time. A date before 1970 reaches this
      // line when the content guard is off; such a message is due at once.
      const dueAt = Math.max(0, scheduledAt);
      const slotOf = ({ dueId, limit, windowMs }: Counter): LimitRule => {
        return { kind: 'slot', id: dueId, guard, key, mode, limit, windowMs, dueAt };
      };
      return counted.flatMap((counter) => [windowOf(counter), slotOf(counter)]);
    },
  };
}

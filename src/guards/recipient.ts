import type { LimitRule, RuleCondition } from '../limits/limit-store.ts';
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
import type { Guard, GuardMode, OutgoingMessage } from './guard.ts';
import { IF_KNOWN, IF_STRANGER } from './known-visitor.ts';

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
 * Limits the messages that one number receives, regardless of who requests them. The last few are kept for one-time
 * passwords.
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
  /**
   * The last messages of every window, which other messages cannot use up.
   * @default { otp: 3, known: 2 } of the default `windows`; none for your own windows
   */
  readonly reserved?: ReservedMessages | undefined;
}

/**
 * Messages of every window that are reserved for the people who need them most, regardless of what else is sent to
 * the number.
 */
export interface ReservedMessages {
  /** Kept for purpose `otp`; fewer than the limit of every window in `windows`. @default 3 */
  readonly otp?: number | undefined;
  /**
   * The part of `otp` kept for visitors whose `subject` succeeded with the number within 90 days. When given, as many are
   * also kept in the windows of `perPurpose.otp`. @default 2, or `otp` if that is less
   */
  readonly known?: number | undefined;
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
export const windowsField = refine<readonly LimitWindow[]>(
  list(windowField, { min: 1, max: 8 }),
  (windows) => new Set(windows.map(({ windowMs }) => windowMs)).size === windows.length,
  'must not hold the same windowMs twice.',
);

const modeField = oneOf(['enforce', 'monitor']);
const bareFields: Fields<RecipientWindowOptions> = { ...windowFields, mode: modeField };
const bareField = objectWith(['limit', 'windowMs'], bareFields, 'a window { limit, windowMs, mode }');

const reservedFields: Fields<ReservedMessages> = {
  otp: integer({ min: 0, max: 999_999 }),
  known: integer({ min: 0, max: 999_999 }),
};

const fields: Fields<RecipientGuardOptions> = {
  mode: modeField,
  reserved: object(reservedFields, 'an object { otp, known }'),
  windows: windowsField,
  perPurpose: object({ otp: windowsField, transactional: windowsField, marketing: windowsField }),
};

function isBareWindow(input: unknown): boolean {
  return typeof input === 'object' && input !== null && ('limit' in input || 'windowMs' in input);
}

const DEFAULT_WINDOWS: readonly LimitWindow[] = [{ limit: 10, windowMs: 30 * 60 * 1000 }];
const DEFAULT_RESERVED = { otp: 3, known: 2 };

/** Windows of a team's own keep what the team says, and nothing else. */
function reservedOf({ windows, reserved }: RecipientGuardOptions): Required<ReservedMessages> {
  if (reserved === undefined) return windows === undefined ? DEFAULT_RESERVED : { otp: 0, known: 0 };
  const { otp = DEFAULT_RESERVED.otp } = reserved;
  return {
    otp,
    known: reserved.known ?? Math.min(otp, DEFAULT_RESERVED.known),
  } as Required<ReservedMessages>;
}

function leavesRoom(options: RecipientGuardOptions): boolean {
  const { otp = 0, known = 0 } = reservedOf(options);
  const { windows = DEFAULT_WINDOWS, perPurpose = {}, reserved = {} } = options;
  const leaves = (kept: number) => (window: LimitWindow) => kept < window.limit;
  return (
    known <= otp && windows.every(leaves(otp)) && (perPurpose.otp ?? []).every(leaves(reserved.known ?? 0))
  );
}

export const recipientField = switchOn(
  Array.isArray,
  windowsField,
  switchOn(
    isBareWindow,
    bareField,
    falseOr(
      refine<RecipientGuardOptions>(
        object(fields, FALSE_OR_OPTIONS, [...Object.keys(fields), ...Object.keys(windowFields)]),
        leavesRoom,
        'must reserve less than the limit of every window: reserved.known at most reserved.otp, and that less than each limit of windows; reserved.known also less than each limit of perPurpose.otp.',
      ),
    ),
  ),
);

function toOptions(input: RecipientGuardInput): RecipientGuardOptions {
  if (Array.isArray(input)) return { windows: input };
  return 'limit' in input ? { mode: input.mode, windows: [input] } : (input as RecipientGuardOptions);
}

interface Counter extends LimitWindow {
  readonly id: string;
  /** ID of the counter of scheduled messages. */
  readonly dueId: string;
}

/**
 * Windows with the end of their counter's ID, the shortest first: nothing, `:2`, `:3`. The ID holds no window, so that clients
 * of one scope with different windows count together, as during a deployment that changes them.
 */
export function numberWindows(
  windows: readonly LimitWindow[],
): readonly (LimitWindow & { readonly suffix: string })[] {
  return [...windows]
    .sort((one, other) => one.windowMs - other.windowMs)
    .map((window, index) => ({ ...window, suffix: index === 0 ? '' : `:${index + 1}` }));
}

/** Caps the messages to one number. */
export function createRecipientGuard(input: RecipientGuardInput): Guard<'recipient'> {
  const options = toOptions(input);
  const { mode = 'enforce', windows = DEFAULT_WINDOWS, perPurpose = {}, reserved = {} } = options;
  const { otp = 0, known = 0 } = reservedOf(options);
  // Copies the arrays, so that later changes by the caller have no effect.
  const countersOf = (which: 'all' | Purpose, given: readonly LimitWindow[] = []): Counter[] =>
    numberWindows(given).map(({ suffix, limit, windowMs }) => {
      return {
        id: `recipient:${which}${suffix}`,
        dueId: `recipient-due:${which}${suffix}`,
        limit,
        windowMs,
      };
    });
  const without = (counters: readonly Counter[], kept: number): readonly Counter[] =>
    counters.map((counter) => ({ ...counter, limit: counter.limit - kept }));
  const forAll = countersOf('all', windows);
  const ofOtp = countersOf('otp', perPurpose.otp);
  const forOtp = [...forAll, ...ofOtp];
  const counters = {
    otp: forOtp,
    transactional: [...without(forAll, otp), ...countersOf('transactional', perPurpose.transactional)],
    marketing: [...without(forAll, otp), ...countersOf('marketing', perPurpose.marketing)],
  };
  const forStrangers = [...without(forAll, known), ...without(ofOtp, reserved.known ?? 0)];
  const guard = 'recipient';

  function addRules(
    rules: LimitRule[],
    counted: readonly Counter[],
    { phone: { key }, content }: OutgoingMessage,
    when?: RuleCondition,
  ): void {
    // 8x8 delivers a scheduled message later: it also counts where it arrives. A date before 1970 gets here when the
    // content guard does not refuse it; it is due at once.
    const scheduledAt = content?.scheduledAt;
    for (const { id, dueId, limit, windowMs } of counted) {
      rules.push({ kind: 'window', id, guard, key, mode, limit, windowMs, when });
      if (scheduledAt === undefined) continue;
      const dueAt = Math.max(0, scheduledAt);
      rules.push({ kind: 'slot', id: dueId, guard, key, mode, limit, windowMs, dueAt, when });
    }
  }

  return {
    name: guard,
    mode,
    rules(message) {
      const { purpose, subject } = message;
      const rules: LimitRule[] = [];
      if (purpose !== 'otp' || known === 0) addRules(rules, counters[purpose], message);
      else if (subject === undefined) addRules(rules, forStrangers, message);
      else {
        addRules(rules, forOtp, message, IF_KNOWN);
        addRules(rules, forStrangers, message, IF_STRANGER);
      }
      return rules;
    },
    counters(message) {
      const rules: LimitRule[] = [];
      addRules(rules, [...forOtp, ...counters[message.purpose]], message);
      return rules;
    },
  };
}

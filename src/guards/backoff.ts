import { FALSE_OR_OPTIONS, type Fields, falseOr, integer, object, oneOf, refine } from '../schema.ts';
import type { Guard, GuardMode } from './guard.ts';

/**
 * The wait before the next one-time password to a number. The first one does not wait. The wait then starts at
 * `baseMs` and doubles with every request that is not followed by success, up to `maxMs`. The guard never stops a
 * number for good, and a refused try never lengthens the wait: a stranger who requests codes for somebody else's
 * number can make that person wait `maxMs` at most.
 *
 * Success is reported with `messages.feedback(umid, { outcome: 'success', destination })`.
 *
 * @example backoff: { baseMs: 60_000 } // 0, 1 min, 2 min, 4 min … 1 h
 */
export interface BackoffGuardOptions {
  /** `enforce` refuses; `monitor` only reports what it would have refused. @default 'enforce' */
  readonly mode?: GuardMode | undefined;
  /** First wait in milliseconds. @default 30_000 (Twilio's advice for SMS one-time passwords) */
  readonly baseMs?: number | undefined;
  /** Longest wait in milliseconds. @default 3_600_000, one hour */
  readonly maxMs?: number | undefined;
  /** Milliseconds without a request after which one step is forgotten. @default 3_600_000, one hour */
  readonly forgetMs?: number | undefined;
}

const day = 24 * 60 * 60 * 1000;
const fields: Fields<BackoffGuardOptions> = {
  mode: oneOf(['enforce', 'monitor']),
  baseMs: integer({ min: 1_000, max: day, unit: 'milliseconds' }),
  maxMs: integer({ min: 1_000, max: day, unit: 'milliseconds' }),
  forgetMs: integer({ min: 1_000, max: 31 * day, unit: 'milliseconds' }),
};
const DEFAULT_BASE_MS = 30_000;
const DEFAULT_MAX_MS = 3_600_000;
export const backoffField = falseOr(
  refine<BackoffGuardOptions>(
    object(fields, FALSE_OR_OPTIONS),
    ({ baseMs = DEFAULT_BASE_MS, maxMs = DEFAULT_MAX_MS }) => maxMs >= baseMs,
    `must have a maxMs of at least baseMs (${DEFAULT_BASE_MS} when it is not given).`,
  ),
);

/** Name of the counter that a success clears. */
const BACKOFF_RULE_ID = 'backoff:otp';

/** Delays repeated one-time passwords to one number. */
export function createBackoffGuard(
  options: BackoffGuardOptions,
): Guard<'backoff'> & Required<Pick<Guard, 'rules'>> {
  const { mode = 'enforce', baseMs = DEFAULT_BASE_MS, maxMs = DEFAULT_MAX_MS } = options;
  const { forgetMs = 3_600_000 } = options;
  return {
    name: 'backoff',
    mode,
    rules: ({ purpose, phone }) =>
      purpose === 'otp'
        ? [
            {
              kind: 'backoff',
              id: BACKOFF_RULE_ID,
              guard: 'backoff',
              key: phone.key,
              mode,
              baseMs,
              maxMs,
              forgetMs,
            },
          ]
        : [],
  };
}

import { purposesField } from '../purposes.ts';
import {
  anyFunction,
  decimal,
  FALSE_OR_OPTIONS,
  type Fields,
  falseOr,
  integer,
  object,
  oneOf,
} from '../schema.ts';
import type { HumanVerdict } from '../sending/sms-message.ts';
import type { Purpose } from '../types.ts';
import type { GuardMode } from './guard.ts';

/** A token that a captcha gave to a visitor, to be verified. */
export interface HumanCheck {
  /** The token, as the message carried it. */
  readonly token: string;
  /** The end user's address, if the message names it. */
  readonly clientIp?: string | undefined;
  /** Fires when `timeoutMs` has run out, or the call ends. */
  readonly signal?: AbortSignal | undefined;
  /** `context` of the call. */
  readonly context?: unknown;
}

/** The result of a token. */
export interface HumanVerification extends HumanVerdict {
  /** The reason why it did not pass, in one word for events: letters, digits, `-` and `_`. */
  readonly reason?: string | undefined;
  /**
   * Names the puzzle that was solved, if one solution allows several tokens. A puzzle is valid for one message.
   * @default the token
   */
  readonly id?: string | undefined;
}

/**
 * Verifies the token of a captcha: one of `8x8-sms-guard/captcha`, or your own function. It throws if it cannot
 * decide.
 *
 * @example async ({ token }) => ({ passed: await myCaptcha.isSolved(token) })
 */
export type HumanVerifier = (check: HumanCheck) => HumanVerification | Promise<HumanVerification>;

/**
 * Tells people from programs with a captcha. A message carries the proof: `human: { token }`, verified by `verify`, or
 * `human: { passed, score }`, verified by your service. The guards that ask (`action: 'ask'`) let a visitor through who passed. A
 * token is valid for one message.
 *
 * @example human: { verify: turnstile({ secret }), required: 'strangers' }
 */
export interface HumanGuardOptions {
  /** `enforce` refuses; `monitor` only reports what it would have refused. @default 'enforce' */
  readonly mode?: GuardMode | undefined;
  /** Verifies tokens. @default none: a message with a token is refused */
  readonly verify?: HumanVerifier | undefined;
  /**
   * The visitors who must pass a test. `when-asked`: those whom another guard asks. `strangers`: everybody but visitors whose `subject`
   * succeeded with the number before, and messages with `returning: true`. `always`: everybody. @default 'when-asked'
   */
  readonly required?: 'when-asked' | 'strangers' | 'always' | undefined;
  /** Purposes to which `required` applies. @default ['otp'] */
  readonly purposes?: readonly Purpose[] | undefined;
  /**
   * The lowest score that counts as a person, from 0 to 1, where there is a score.
   * @default 0.5, Google's advice (https://developers.google.com/recaptcha/docs/v3#interpreting_the_score)
   */
  readonly minScore?: number | undefined;
  /**
   * The decision while tokens cannot be verified. `refuse`: the error has `outage: true`. `allow`: a visitor with a token counts as
   * a person. @default 'refuse'
   */
  readonly onUnavailable?: 'refuse' | 'allow' | undefined;
  /** Time limit of one verification in milliseconds, 1 to 60,000. @default 3_000 */
  readonly timeoutMs?: number | undefined;
}

const fields: Fields<HumanGuardOptions> = {
  mode: oneOf(['enforce', 'monitor']),
  verify: anyFunction(
    'a function that verifies a token, such as turnstile({ secret }) of 8x8-sms-guard/captcha',
  ),
  required: oneOf(['when-asked', 'strangers', 'always']),
  purposes: purposesField,
  minScore: decimal({ min: 0, max: 1 }),
  onUnavailable: oneOf(['refuse', 'allow']),
  timeoutMs: integer({ min: 1, max: 60_000, unit: 'milliseconds' }),
};
export const humanField = falseOr(object(fields, FALSE_OR_OPTIONS));

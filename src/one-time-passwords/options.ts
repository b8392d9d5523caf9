import { type Field, type Fields, integer, list, object, refine, text } from '../schema.ts';

/**
 * Options of `sms.oneTimePasswords`.
 *
 * @example oneTimePasswords: { secret: process.env.ONE_TIME_PASSWORD_SECRET, codeLength: 6 }
 */
export interface OneTimePasswordsOptions {
  /**
   * Key under which codes are encrypted until they expire: at least 32 characters, the same in all processes. `openssl rand
   * -hex 32` makes one. Required when `limits` is anything but a memory store.
   *
   * @default a random key of this process, for a memory store
   */
  readonly secret?: string | undefined;
  /**
   * Earlier secrets, at most 5, so that codes that were issued before a change of `secret` can still be entered. Remove one
   * as soon as `validityMs` has passed.
   *
   * @default none
   */
  readonly previousSecrets?: readonly string[] | undefined;
  /** Digits of a code, 4 to 8. @default 6, the least that NIST SP 800-63B allows */
  readonly codeLength?: number | undefined;
  /**
   * Milliseconds from the first message to the end of the code, 1 minute to 1 hour; a resend does not move the end.
   *
   * @default 600_000, ten minutes, the most that NIST SP 800-63B allows
   */
  readonly validityMs?: number | undefined;
}

/** Shorter secrets are guessed. */
const MIN_SECRET_LENGTH = 32;
const secretField = text({ min: MIN_SECRET_LENGTH, max: 1_024 });

const fields: Fields<OneTimePasswordsOptions> = {
  secret: secretField,
  previousSecrets: list(secretField, { max: 5 }),
  codeLength: integer({ min: 4, max: 8 }),
  validityMs: integer({ min: 60_000, max: 3_600_000, unit: 'milliseconds' }),
};
export const oneTimePasswordsField: Field = refine<OneTimePasswordsOptions>(
  object(fields, 'an object of options'),
  ({ secret, previousSecrets }) => secret !== undefined || previousSecrets === undefined,
  'must have a secret: previousSecrets are only for codes that were issued before it.',
);

export const DEFAULT_CODE_LENGTH = 6;
export const DEFAULT_VALIDITY_MS = 600_000;

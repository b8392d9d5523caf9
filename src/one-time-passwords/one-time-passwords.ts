import type { ClientContext } from '../client-context.ts';
import { ConfigurationError } from '../errors.ts';
import type { LimitStore } from '../limits/limit-store.ts';
import { isMemoryStore } from '../limits/memory-limits.ts';
import type { CallOptions } from '../types.ts';
import type { CheckedOneTimePassword, OneTimePasswordCheckRequest } from './check.ts';
import type { IssuedOneTimePassword, OneTimePasswordRequest } from './issue.ts';
import type { OneTimePasswordsOptions } from './options.ts';

/** One-time passwords that this package makes, sends by SMS and checks. */
export interface OneTimePasswords {
  /**
   * Draws a code, stores it encrypted, and sends it past all guards, as a message with purpose `otp`. A second call for the
   * same number and subject sends the same code while it is good; it resets neither the tries nor the end. After the code was
   * right, or was tried five times, the next call sends a new one.
   *
   * When 8x8's answer is lost (`submission: 'unknown'`), the code is kept: it is good if the message arrives.
   *
   * @throws ValidationError the request is malformed, or the text does not contain the code
   * @throws ConfigurationError `oneTimePasswords.secret` is missing, or the limit store keeps no records
   * @throws GuardError a guard said no: `InvalidPhoneNumberError`, `ConsentError`, `LimitError`; reason `capacity`: the limit
   * store is full
   * @throws StoreError the limit store failed; nothing was sent
   * @throws MessageRejectedError, ApiError, ConnectionError, AbortedError, QueueFullError as `messages.send`
   * @example
   * ```ts
   * await sms.oneTimePasswords.issue({
   *   destination: '+6591234567',
   *   subject: 'visitor-7', // from a signed cookie
   *   clientIp: '203.0.113.7',
   *   text: ({ code }) => `Your code is ${code}`,
   * });
   * ```
   */
  issue(request: OneTimePasswordRequest, options?: CallOptions): Promise<IssuedOneTimePassword>;
  /**
   * Checks a code. A wrong code is not an error: `verified` is false. Every check counts as one of five tries before the code is
   * compared, and a right code counts once, however many checks run at once and in however many processes that share the
   * limit store. A right code clears the wait of the number, and is reported to 8x8 in the background.
   *
   * @throws ValidationError the check is malformed
   * @throws InvalidPhoneNumberError `destination` is not a phone number
   * @throws LimitError too many codes were tried (`guards.verificationAttempts`)
   * @throws StoreError the limit store failed; the code was not accepted. Check it again: when the store has recorded the success
   * and can no longer be read, the next check says `used`, and the person needs another code
   * @throws ConfigurationError the secret is missing, or was changed without `previousSecrets`
   * @throws AbortedError
   * @example
   * ```ts
   * const { verified } = await sms.oneTimePasswords.check({
   *   destination: '+6591234567',
   *   subject: 'visitor-7',
   *   code: '123456',
   * });
   * ```
   */
  check(check: OneTimePasswordCheckRequest, options?: CallOptions): Promise<CheckedOneTimePassword>;
}

export interface OneTimePasswordsConfig {
  readonly client: ClientContext;
  readonly options: OneTimePasswordsOptions | undefined;
  readonly limits: LimitStore;
}

/** A client without one-time passwords needs neither a secret nor records. */
export function assertUsable({ client, options, limits }: OneTimePasswordsConfig): void {
  if (!client.limiter.keepsRecords) {
    throw new ConfigurationError(
      'sms.oneTimePasswords needs a limit store with records; the store of this client has none (LimitStore.records). Use memoryLimits or redisLimits, or implement it. Nothing was sent.',
      'limits',
    );
  }
  if (options?.secret === undefined && !isMemoryStore(limits)) {
    throw new ConfigurationError(
      'oneTimePasswords.secret is missing: a store that processes share needs the same secret of at least 32 characters in all of them. Nothing was sent.',
      'oneTimePasswords.secret',
    );
  }
}

import type { ClientContext } from '../../client-context.ts';
import type { CallOptions } from '../../types.ts';
import { type CheckedVerification, createCheckVerification, type VerificationCheck } from './check.ts';
import { createGetVerification, type SessionQuery } from './get.ts';
import { createSessionBindings } from './session-bindings.ts';
import { createSessionClaims } from './session-claims.ts';
import { createSessionSuccess } from './session-success.ts';
import { createGetSmaCoverage, type SmaCoverage, type SmaCoverageQuery } from './sma-coverage.ts';
import { createStartVerification } from './start.ts';
import type { VerificationStart } from './start-input.ts';
import { createTestSessions } from './test-sessions.ts';
import type { StartedVerification, Verification } from './verification.ts';
import type { VerificationsContext } from './verifications-context.ts';

/** One-time passwords that 8x8 generates, sends and checks. */
export interface Verifications {
  /**
   * Makes 8x8 send a code to a number, after all guards have admitted it as a message with purpose `otp`. Throws
   * unless 8x8 accepted it. The session is bound to the number and the `subject`, see `check`.
   *
   * @see https://developer.8x8.com/connect/reference/verify-request-v2
   * @throws ValidationError the request is malformed
   * @throws GuardError a guard refused: `InvalidPhoneNumberError`, `ConsentError`, `LimitError`
   * @throws GuardError also, with reason `session-shared`: 8x8 says VERIFIED for a session that another visitor was given too
   * @throws LimitError also, with guard `verification` and reason `resending-interval`, when 8x8 wants a longer pause between
   * two codes to one number
   * @throws StoreError also when the visitors of a session of channel `sma` could not be recorded (`submission: 'unknown'`)
   * @throws ApiError, ConnectionError, AbortedError, QueueFullError, StoreError as `messages.send`; a
   * `clientMessageId` is the one in the events; 8x8 does not know it
   * @example
   * ```ts
   * const { sessionId } = await sms.verifications.start({ destination: '+6591234567', brand: 'Team', subject: 'device-7' });
   * ```
   */
  start(request: VerificationStart, options?: CallOptions): Promise<StartedVerification>;
  /**
   * Reads the state of a session. Uses up no attempt. With a `destination`, a session of channel `sma` that is VERIFIED clears
   * the wait of the number, once. Without one, it is the state of whatever session the ID names, and no proof of anybody.
   *
   * @see https://developer.8x8.com/connect/reference/code-validation-v2
   * @throws GuardError reason `session-mismatch`: the session belongs to another number or subject; `session-unknown`: a
   * subject was given, and this client does not know the session; `session-shared`: it is VERIFIED and was given to another visitor
   * too, so that it proves nothing about this one
   * @throws NotFoundError 8x8 does not know the session (`apiCode` 1404)
   * @throws ValidationError, StoreError, ApiError, ConnectionError, AbortedError, QueueFullError
   * @example (await sms.verifications.get(sessionId)).status
   */
  get(sessionId: string, query?: SessionQuery, options?: CallOptions): Promise<Verification>;
  /**
   * Asks 8x8 whether a code is right. A wrong code is not an error: `verified` is false. A session that was started
   * for another number or subject is refused without asking 8x8, and attempts are limited
   * (`guards.verificationAttempts`). A right code clears the number's backoff; a wrong, failed or expired one keeps
   * it.
   *
   * One check of a session runs at a time, across all processes that share the limit store; a second one waits up to
   * 10 s. A check is never repeated when its response is lost (`submission: 'unknown'`): check the same code again. A
   * different code must wait 30 s, because 8x8 may still verify the session because of the first.
   *
   * @see https://developer.8x8.com/connect/reference/code-validation-v2
   * @throws GuardError reason `session-mismatch`: another number or subject; `session-unknown`: a subject was given,
   * and this client does not know the session (expired, or started by another process without a shared limit store);
   * `session-used`: a code of it was right before, and 8x8 now returns VERIFIED for every other one;
   * `session-in-doubt`: ten responses were lost. Start again
   * @throws LimitError too many codes were tried; guard `verification`, reason `session-busy`: another check of this
   * session is in progress, or its response was lost: try again after `retryAfterMs`; reason `capacity`: the limit
   * store is full
   * @throws StoreError the limit store failed; with `submission: 'unknown'` when 8x8 had confirmed the code. Check
   * the same code again
   * @throws NotFoundError 8x8 does not know the session (`apiCode` 1404)
   * @throws ValidationError, InvalidPhoneNumberError, ApiError, ConnectionError, AbortedError, QueueFullError
   * @example
   * ```ts
   * const { verified } = await sms.verifications.check('session', { code: '4711', destination: '+6591234567' });
   * ```
   */
  check(sessionId: string, check: VerificationCheck, options?: CallOptions): Promise<CheckedVerification>;
  /**
   * Asks whether the network behind an address can do silent mobile authentication (channel `sma`). Sends nothing.
   *
   * @see https://developer.8x8.com/connect/reference/sma-coverage
   * @throws ValidationError, InvalidPhoneNumberError, ApiError, ConnectionError, AbortedError, QueueFullError
   * @example (await sms.verifications.smaCoverage({ clientIp: '203.0.113.7' })).isAvailable
   */
  smaCoverage(query: SmaCoverageQuery, options?: CallOptions): Promise<SmaCoverage>;
}

export function createVerifications(client: ClientContext): Verifications {
  const context: VerificationsContext = {
    ...client,
    sessionBindings: createSessionBindings(client),
    sessionClaims: createSessionClaims(client),
    sessionSuccess: createSessionSuccess(client),
    testSessions: createTestSessions(client),
  };
  return {
    start: createStartVerification(context),
    get: createGetVerification(context),
    check: createCheckVerification(context),
    smaCoverage: createGetSmaCoverage(client),
  };
}

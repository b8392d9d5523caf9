import type { Call } from '../../call.ts';
import type { ClientContext } from '../../client-context.ts';
import { NotFoundError, SmsError } from '../../errors.ts';
import type { SmsEvent } from '../../events.ts';
import { readPhone } from '../../guards/desk.ts';
import type { Phone } from '../../phone/normalise-phone.ts';
import { maskNumber } from '../../redact.ts';
import { type Fields, shapeWith, word } from '../../schema.ts';
import { type Addressing, addressingFields, clientIpField } from '../../sending/sms-message.ts';
import type { CallOptions } from '../../types.ts';
import { readId, readInput } from '../input.ts';
import { readAnswer } from '../read-answer.ts';
import { refuseOtherNumber, refuseOthers, sessionError } from './refuse-session.ts';
import { subjectField } from './start-input.ts';
import { CHECK, GET, readVerification, type Verification } from './verification.ts';

/** A code that a person entered. */
export interface VerificationCheck extends Pick<Addressing, 'destination' | 'country'> {
  /** As entered, 3 to 10 characters; spaces around it are dropped. It is in no error and no event. */
  readonly code: string;
  /** Required when the session was started with one. */
  readonly subject?: string | undefined;
  /** The end user's IP address: counted by `guards.guesses.perClientIp`, not sent to 8x8. */
  readonly clientIp?: string | undefined;
}

/** What 8x8 says of a code. */
export interface CheckedVerification extends Verification {
  /** True when 8x8 says VERIFIED. Anything else is a no. */
  readonly verified: boolean;
}

/**
 * Asks 8x8 whether a code is right. A wrong one is no error: `verified` is false. Nothing is asked for a session that was
 * started for another number or subject, and the tries are limited (`guards.guesses`). A right code clears the number's
 * backoff; a wrong, failed or expired one keeps it. Never repeated when the answer is lost: the try may have counted.
 *
 * @see https://developer.8x8.com/connect/reference/code-validation-v2
 * @throws GuardError reason `session-mismatch`: another number or subject; `session-unknown`: a subject was given, and
 * this session is not known here (expired, or another process without a shared limit store); `session-used`: a code of
 * it was right before, and 8x8 may say VERIFIED to any other one now. Start again
 * @throws LimitError too many codes were tried
 * @throws StoreError the limit store failed; after a right code: check it again
 * @throws NotFoundError 8x8 does not know the session (`apiCode` 1404)
 * @throws ValidationError, InvalidPhoneNumberError, ApiError, ConnectionError, AbortedError, QueueFullError
 * @example
 * ```ts
 * const { verified } = await sms.verifications.check('session', { code: '4711', destination: '+6591234567' });
 * ```
 */
export type CheckVerification = (
  sessionId: string,
  check: VerificationCheck,
  options?: CallOptions,
) => Promise<CheckedVerification>;

/** 8x8's limits. Spaces come with pasting. */
function isCode(code: string): boolean {
  return code.length <= 64 && /^.{3,10}$/su.test(code.trim());
}

const { destination, country } = addressingFields;
const checkFields: Fields<VerificationCheck> = {
  destination,
  country,
  code: word(isCode, 'a string of 3 to 10 characters'),
  subject: subjectField,
  clientIp: clientIpField,
};
const checkSchema = shapeWith(['code', 'destination'], checkFields, 'an object { code, destination, … }');

function eventStatus(status: string): Extract<SmsEvent, { readonly type: 'verification-checked' }>['status'] {
  switch (status) {
    case 'WAITING':
    case 'VERIFIED':
    case 'FAILED':
    case 'EXPIRED':
      return status;
    default:
      return 'other';
  }
}

/** Right, or nobody was asked: then it was no guess. A session that 8x8 does not know was one. */
function isNoGuess(error: unknown): boolean {
  if (!SmsError.isInstance(error) || error.code === 'guard') return false;
  return error.submission !== 'unknown' && !NotFoundError.isInstance(error);
}

export function createCheckVerification(client: ClientContext): CheckVerification {
  const { calls, transport, subAccountId, sessionBindings, prepare, guesses, clearBackoff, emit } = client;

  async function ask(sessionId: string, code: string | undefined, call: Call): Promise<Verification> {
    const operation = code === undefined ? GET : CHECK;
    const answer = await transport.request(
      {
        operation,
        segments: { subAccountId, sessionId },
        query: { code },
      },
      call,
    );
    return readAnswer(operation, answer, readVerification);
  }

  /** The person succeeded, whatever a store says: that it failed is told by its own event. */
  async function clear(phone: Phone, call: Call): Promise<void> {
    try {
      await clearBackoff(phone, call);
    } catch (error) {
      if (!SmsError.isInstance(error)) throw error;
    }
  }

  return (sessionId, check, options) =>
    calls.run(options, async (call) => {
      readId(sessionId, 'sessionId');
      const given = readInput(checkSchema, check, 'check');
      const { subject, clientIp } = given;
      // Spaces come with pasting, and 8x8 would take them for characters of the code.
      const code = given.code.trim();
      const phone = readPhone(given.destination, given.country ?? prepare.defaultCountry);
      const binding = await sessionBindings.find(sessionId, phone, subject, call);
      refuseOthers(binding, phone, subject);
      if (binding.isUsed) throw sessionError('session-used', phone);
      const guess = await guesses.take(phone, clientIp, call);
      let verification: Verification;
      try {
        if (binding.owner === 'unknown') {
          const session = await ask(sessionId, undefined, call);
          refuseOtherNumber(session, phone);
          // 8x8 would say VERIFIED to any code now.
          if (session.status === 'VERIFIED') throw sessionError('session-used', phone);
        }
        verification = await ask(sessionId, code, call);
      } catch (error) {
        await guess.settle(isNoGuess(error) ? 'return' : 'keep');
        throw error;
      }
      const verified = verification.status === 'VERIFIED';
      await guess.settle(verified ? 'return' : 'keep');
      if (verified) {
        if (!(await sessionBindings.use(sessionId, call))) throw sessionError('session-used', phone);
        await clear(phone, call);
      }
      const shown = { destination: maskNumber(phone.e164), status: eventStatus(verification.status) };
      emit({ type: 'verification-checked', ...shown }, call.context);
      return { ...verification, verified };
    });
}

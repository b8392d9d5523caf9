import type { Call } from '../../call.ts';
import type { ClientContext } from '../../client-context.ts';
import { NotFoundError, SmsError } from '../../errors.ts';
import type { SmsEvent } from '../../events.ts';
import type { Phone } from '../../phone/normalise-phone.ts';
import { readPhone } from '../../phone/read-phone.ts';
import { type Fields, objectWith, word } from '../../schema.ts';
import { numberFields } from '../../sending/message-events.ts';
import { type Addressing, addressingFields, clientIpField } from '../../sending/sms-message.ts';
import type { CallOptions } from '../../types.ts';
import { readId, readInput } from '../input.ts';
import { parseResponse } from '../parse-response.ts';
import type { Binding } from './session-bindings.ts';
import type { CheckOutcome, SessionClaim } from './session-claims.ts';
import { refuseOtherNumber, refuseOthers, sessionError, waitError } from './session-errors.ts';
import { subjectField } from './start-input.ts';
import { CHECK, GET, readVerification, type Verification } from './verification.ts';

/** A code that a person entered. */
export interface VerificationCheck extends Pick<Addressing, 'destination' | 'country'> {
  /** The code as entered, 3 to 10 characters; surrounding spaces are dropped. It never appears in errors and events. */
  readonly code: string;
  /** Required when the session was started with one. */
  readonly subject?: string | undefined;
  /** The end user's IP address: counted by `guards.verificationAttempts.perClientIp`, not sent to 8x8. */
  readonly clientIp?: string | undefined;
}

/** 8x8's decision about a code. */
export interface CheckedVerification extends Verification {
  /** True only when 8x8 returns VERIFIED. */
  readonly verified: boolean;
}

/** 8x8's limits. A pasted code may have spaces. */
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
const checkSchema = objectWith(['code', 'destination'], checkFields, 'an object { code, destination, … }');

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

/**
 * An attempt does not count when the code was right or 8x8 was not asked. It counts when 8x8 does not know the
 * session.
 */
function isNoGuess(error: unknown): boolean {
  if (!SmsError.isInstance(error) || error.code === 'guard') return false;
  return error.submission !== 'unknown' && !NotFoundError.isInstance(error);
}

/** Only a status that 8x8 documents settles whether a code was right; an unknown one may still become VERIFIED. */
function outcomeOf(status: string): CheckOutcome {
  if (status === 'VERIFIED') return 'right';
  return eventStatus(status) === 'other' ? 'lost' : 'wrong';
}

/** A check that has claimed its session. */
interface ClaimedCheck {
  readonly sessionId: string;
  readonly code: string;
  readonly phone: Phone;
  readonly clientIp: string | undefined;
  readonly binding: Binding;
  readonly claim: SessionClaim;
  readonly call: Call;
}

export function createCheckVerification(
  client: ClientContext,
): (sessionId: string, check: VerificationCheck, options?: CallOptions) => Promise<CheckedVerification> {
  const {
    calls,
    transport,
    subAccountId,
    sessionBindings,
    sessionClaims,
    phoneDefaults,
    verificationAttempts,
    clearBackoff,
    emit,
  } = client;

  /** Asks 8x8 while the claim lasts, so that no other check of this session runs at the same time. */
  async function ask(
    code: string | undefined,
    { sessionId, phone, claim, call }: ClaimedCheck,
  ): Promise<Verification> {
    const operation = code === undefined ? GET : CHECK;
    const remainingMs = Math.floor(claim.remainingMs());
    // The process was suspended, and another one may be checking by now.
    if (remainingMs < 1) throw waitError('session-busy', phone, 1_000);
    const request = { operation, segments: { subAccountId, sessionId }, query: { code } };
    const response = await call.within(remainingMs, (narrowed) => transport.request(request, narrowed));
    return parseResponse(operation, response, readVerification);
  }

  /** Reads the session first when it may already be VERIFIED: 8x8 then returns VERIFIED for every code. */
  async function refuseVerified(check: ClaimedCheck): Promise<void> {
    const { binding, claim, phone } = check;
    const isUnknown = binding.owner === 'unknown';
    if (!isUnknown && !binding.isSilent && !claim.isInDoubt) return;
    const session = await ask(undefined, check);
    if (isUnknown) refuseOtherNumber(session, phone);
    if (session.status === 'VERIFIED') throw sessionError('session-used', phone);
  }

  /**
   * Clears the backoff. A store that fails does not change the result, because the person succeeded; the failure has
   * its own event.
   */
  async function clear(phone: Phone, call: Call): Promise<void> {
    try {
      await clearBackoff(phone, call);
    } catch (error) {
      if (!SmsError.isInstance(error)) throw error;
    }
  }

  /** Checks the code with 8x8, counts the attempt, and records the outcome. */
  async function judge(check: ClaimedCheck): Promise<Verification> {
    const { code, phone, clientIp, claim, call } = check;
    let outcome: CheckOutcome = 'not-asked';
    try {
      const guess = await verificationAttempts.take(phone, clientIp, call);
      try {
        await refuseVerified(check);
        outcome = 'lost';
        const verification = await ask(code, check);
        outcome = outcomeOf(verification.status);
        await guess.settle(outcome === 'right' ? 'return' : 'keep');
        return verification;
      } catch (error) {
        if (SmsError.isInstance(error) && error.submission !== 'unknown') outcome = 'not-asked';
        await guess.settle(isNoGuess(error) ? 'return' : 'keep');
        throw error;
      }
    } finally {
      await claim.settle(outcome);
    }
  }

  return (sessionId, check, options) =>
    calls.run(options, async (call) => {
      readId(sessionId, 'sessionId');
      const given = readInput(checkSchema, check, 'check');
      const { subject, clientIp } = given;
      // A pasted code may have spaces, and 8x8 would treat them as characters of the code.
      const code = given.code.trim();
      const phone = readPhone(given.destination, given.country, phoneDefaults);
      const binding = await sessionBindings.find(sessionId, phone, subject, call);
      refuseOthers(binding, phone, subject);
      if (binding.isUsed) throw sessionError('session-used', phone);
      const claim = await sessionClaims.take(sessionId, code, phone, call);
      const verification = await judge({ sessionId, code, phone, clientIp, binding, claim, call });
      const verified = verification.status === 'VERIFIED';
      if (verified) await clear(phone, call);
      const shown = { ...numberFields(phone), status: eventStatus(verification.status) };
      emit({ type: 'verification-checked', ...shown }, call.context);
      return { ...verification, verified };
    });
}

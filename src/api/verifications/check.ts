import type { Call } from '../../call.ts';
import type { ClientContext } from '../../client-context.ts';
import { NotFoundError, SmsError } from '../../errors.ts';
import type { SmsEvent } from '../../events.ts';
import { maskNumber } from '../../internal/redact.ts';
import type { Phone } from '../../phone/normalise-phone.ts';
import { readPhone } from '../../phone/read-phone.ts';
import { type Fields, objectWith, word } from '../../schema.ts';
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
  /** As entered, 3 to 10 characters; spaces around it are dropped. It is in no error and no event. */
  readonly code: string;
  /** Required when the session was started with one. */
  readonly subject?: string | undefined;
  /** The end user's IP address: counted by `guards.verificationAttempts.perClientIp`, not sent to 8x8. */
  readonly clientIp?: string | undefined;
}

/** 8x8's verdict on a code. */
export interface CheckedVerification extends Verification {
  /** True when 8x8 says VERIFIED. Anything else is a no. */
  readonly verified: boolean;
}

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

/** Right, or nobody was asked: then it was no guess. A session that 8x8 does not know was one. */
function isNoGuess(error: unknown): boolean {
  if (!SmsError.isInstance(error) || error.code === 'guard') return false;
  return error.submission !== 'unknown' && !NotFoundError.isInstance(error);
}

/** Only 8x8's own words end the doubt about a code; a status that is not known here may still become VERIFIED. */
function outcomeOf(status: string): CheckOutcome {
  if (status === 'VERIFIED') return 'right';
  return eventStatus(status) === 'other' ? 'lost' : 'wrong';
}

/** A check whose turn it is. */
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

  /** Asks within the time of the claim, so that no other check of this session is on its way. */
  async function ask(
    code: string | undefined,
    { sessionId, phone, claim, call }: ClaimedCheck,
  ): Promise<Verification> {
    const operation = code === undefined ? GET : CHECK;
    const remainingMs = Math.floor(claim.remainingMs());
    // The process stood still, and somebody else may be checking by now.
    if (remainingMs < 1) throw waitError('session-busy', phone, 1_000);
    const request = { operation, segments: { subAccountId, sessionId }, query: { code } };
    const response = await call.within(remainingMs, (narrowed) => transport.request(request, narrowed));
    return parseResponse(operation, response, readVerification);
  }

  /** 8x8 says VERIFIED to every code of a session that somebody else verified, or that needed no code. */
  async function refuseVerified(check: ClaimedCheck): Promise<void> {
    const { binding, claim, phone } = check;
    const isUnknown = binding.owner === 'unknown';
    if (!isUnknown && !binding.isSilent && !claim.isInDoubt) return;
    const session = await ask(undefined, check);
    if (isUnknown) refuseOtherNumber(session, phone);
    if (session.status === 'VERIFIED') throw sessionError('session-used', phone);
  }

  /** The person succeeded, whatever a store says: that it failed is told by its own event. */
  async function clear(phone: Phone, call: Call): Promise<void> {
    try {
      await clearBackoff(phone, call);
    } catch (error) {
      if (!SmsError.isInstance(error)) throw error;
    }
  }

  /** Has 8x8 judge the code, counts the try, and records what came of it. */
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
      // Spaces come with pasting, and 8x8 would take them for characters of the code.
      const code = given.code.trim();
      const phone = readPhone(given.destination, given.country, phoneDefaults);
      const binding = await sessionBindings.find(sessionId, phone, subject, call);
      refuseOthers(binding, phone, subject);
      if (binding.isUsed) throw sessionError('session-used', phone);
      const claim = await sessionClaims.take(sessionId, code, phone, call);
      const verification = await judge({ sessionId, code, phone, clientIp, binding, claim, call });
      const verified = verification.status === 'VERIFIED';
      if (verified) await clear(phone, call);
      const shown = { destination: maskNumber(phone.e164), status: eventStatus(verification.status) };
      emit({ type: 'verification-checked', ...shown }, call.context);
      return { ...verification, verified };
    });
}

import type { Call } from '../../call.ts';
import { LimitError, NotFoundError, SmsError } from '../../errors.ts';
import type { SmsEvent } from '../../events.ts';
import { numberFields } from '../../guards/event-fields.ts';
import type { CheckedSession } from '../../guards/guard.ts';
import { digestOf } from '../../internal/digest.ts';
import { typedCode } from '../../internal/typed-text.ts';
import type { Phone } from '../../phone/normalise-phone.ts';
import { readPhone } from '../../phone/read-phone.ts';
import { type Fields, objectWith, word } from '../../schema.ts';
import { type Addressing, addressingFields, clientIpField, subjectField } from '../../sending/sms-message.ts';
import type { CallOptions } from '../../types.ts';
import { readId, readInput } from '../input.ts';
import { parseResponse } from '../parse-response.ts';
import type { Attempt, CountedAttempt } from './count-attempts.ts';
import type { Binding } from './session-bindings.ts';
import type { CheckOutcome, SessionClaim } from './session-claims.ts';
import { refuseOtherNumber, refuseOthers, sessionError, waitError } from './session-errors.ts';
import { CHECK, GET, readVerification, type Verification } from './verification.ts';
import type { VerificationsContext } from './verifications-context.ts';

/** A code that a person entered. */
export interface VerificationCheck extends Pick<Addressing, 'destination' | 'country'> {
  /**
   * The code as entered, 3 to 10 characters. Digits of any script are understood, and surrounding spaces are dropped. It never appears in
   * errors and events.
   */
  readonly code: string;
  /**
   * Required when the session was started with one. With a right code it is remembered for 90 days: strangers can then no
   * longer keep this visitor from getting codes to this number.
   */
  readonly subject?: string | undefined;
  /** The end user's IP address: counted by `guards.verificationAttempts`, not sent to 8x8. */
  readonly clientIp?: string | undefined;
}

/** 8x8's decision about a code. */
export interface CheckedVerification extends Verification {
  /** True only when 8x8 returns VERIFIED. */
  readonly verified: boolean;
}

/** 8x8's limits. A pasted code may have spaces. */
function isCode(code: string): boolean {
  return code.length <= 64 && /^.{3,10}$/su.test(typedCode(code));
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

/** 8x8 was asked about the session, and a limit of the number refused the code. */
function isOutOfTries(error: SmsError): boolean {
  return LimitError.isInstance(error) && error.guard === 'verificationAttempts';
}

/**
 * Whether a check that failed was a try. Of a session that is known here only a code that 8x8 may have judged is one; a
 * session id that nobody knows is one by itself.
 */
function isTry(error: unknown, standing: CheckedSession['standing']): boolean {
  if (!SmsError.isInstance(error) || error.submission === 'unknown') return true;
  if (standing !== 'unknown') return false;
  return error.code === 'guard' || NotFoundError.isInstance(error) || isOutOfTries(error);
}

function standingOf({ owner, isKnown }: Binding): CheckedSession['standing'] {
  if (owner === 'unknown') return 'unknown';
  return isKnown ? 'shared' : 'own';
}

/** Only a status that 8x8 documents settles whether a code was right; an unknown one may still become VERIFIED. */
function outcomeOf(status: string): CheckOutcome {
  if (status === 'VERIFIED') return 'right';
  return eventStatus(status) === 'other' ? 'lost' : 'wrong';
}

/** The limits that a check has taken. */
interface Tally {
  standing: CheckedSession['standing'];
  attempt: CountedAttempt | undefined;
}

/** A code that is to be checked. */
interface CodeCheck extends Pick<Attempt, 'phone' | 'subject' | 'clientIp'> {
  readonly sessionId: string;
  readonly code: string;
  readonly binding: Binding;
  readonly tally: Tally;
  readonly call: Call;
}

/** A check whose turn it is. */
interface ClaimedCheck extends CodeCheck {
  readonly claim: SessionClaim;
}

export function createCheckVerification(
  client: VerificationsContext,
): (sessionId: string, check: VerificationCheck, options?: CallOptions) => Promise<CheckedVerification> {
  const {
    calls,
    transport,
    subAccountId,
    sessionBindings,
    sessionClaims,
    testNumbers,
    testSessions,
    phoneDefaults,
    verificationAttempts,
    rememberSuccess,
    emit,
  } = client;

  /** The answer about a session of a reserved number: the others were refused before. */
  async function askTest(code: string | undefined, sessionId: string, phone: Phone, call: Call) {
    if (code !== undefined) return testSessions.check(sessionId, code, phone, call);
    return (await testSessions.read(sessionId, call)) as Verification;
  }

  /** Asks 8x8 while the claim lasts, so that no other check of this session runs at the same time. */
  async function ask(
    code: string | undefined,
    { sessionId, phone, claim, call }: ClaimedCheck,
  ): Promise<Verification> {
    const operation = code === undefined ? GET : CHECK;
    const remainingMs = Math.floor(claim.remainingMs());
    // The process was suspended, and another one may be checking by now.
    if (remainingMs < 1) throw waitError('session-busy', phone, 1_000);
    if (testNumbers.codeOf(phone) !== undefined) return askTest(code, sessionId, phone, call);
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
   * Ends the waits and remembers the subject. A store that fails does not change the result, because the person
   * succeeded; the failure has its own event.
   */
  async function remember({ phone, subject, clientIp, call }: CodeCheck): Promise<void> {
    try {
      await rememberSuccess(phone, { subject, clientIp }, call);
    } catch (error) {
      if (!SmsError.isInstance(error)) throw error;
    }
  }

  async function count(check: CodeCheck, standing: CheckedSession['standing']): Promise<void> {
    const { sessionId, phone, subject, clientIp, tally, call } = check;
    const session = { key: await digestOf([sessionId]), standing };
    tally.attempt = await verificationAttempts.take({ phone, subject, clientIp, session }, call);
    tally.standing = standing;
  }

  /** Checks the code with 8x8, and records the outcome. */
  async function judge(check: ClaimedCheck): Promise<Verification> {
    const { code, claim, tally } = check;
    let outcome: CheckOutcome = 'not-asked';
    try {
      if (tally.standing === 'own') await count(check, 'own');
      await refuseVerified(check);
      if (tally.standing === 'unknown') {
        // 8x8 knows the session, for this number: only now may a wrong code count against the number. While the number has
        // no room for it, the try stays one of an unknown session, so that 8x8 is not asked without limit.
        const { attempt } = tally;
        await count(check, 'own');
        await attempt?.settle('return');
      }
      outcome = 'lost';
      const verification = await ask(code, check);
      outcome = outcomeOf(verification.status);
      return verification;
    } catch (error) {
      if (SmsError.isInstance(error) && error.submission !== 'unknown') outcome = 'not-asked';
      throw error;
    } finally {
      await claim.settle(outcome);
    }
  }

  /** Counts the try. In a session that strangers may try, they are counted before they claim it: it is not held up. */
  async function run(check: CodeCheck): Promise<Verification> {
    const { sessionId, code, phone, tally, call } = check;
    try {
      if (tally.standing !== 'own') await count(check, tally.standing);
      const claim = await sessionClaims.take(sessionId, code, phone, call);
      const verification = await judge({ ...check, claim });
      await tally.attempt?.settle(verification.status === 'VERIFIED' ? 'return' : 'keep');
      return verification;
    } catch (error) {
      await tally.attempt?.settle(isTry(error, tally.standing) ? 'keep' : 'return');
      throw error;
    }
  }

  return (sessionId, check, options) =>
    calls.run(options, async (call) => {
      readId(sessionId, 'sessionId');
      const given = readInput(checkSchema, check, 'check');
      const { subject, clientIp } = given;
      // 8x8 would treat spaces, invisible characters and digits of another script as characters of the code.
      const code = typedCode(given.code);
      const phone = readPhone(given.destination, given.country, phoneDefaults);
      const binding = await sessionBindings.find(sessionId, phone, subject, call);
      refuseOthers(binding, phone, subject);
      if (testNumbers.codeOf(phone) !== undefined) {
        // 8x8 is never asked about a reserved number, so a session of it must be one of this package, and bound.
        const isKnown = binding.owner === 'this' && (await testSessions.isOf(sessionId, phone));
        if (!isKnown) throw sessionError('session-unknown', phone);
      }
      if (binding.isUsed) throw sessionError('session-used', phone);
      const tally: Tally = { standing: standingOf(binding), attempt: undefined };
      const codeCheck: CodeCheck = { sessionId, code, phone, subject, clientIp, binding, tally, call };
      const verification = await run(codeCheck);
      const verified = verification.status === 'VERIFIED';
      if (verified) await remember(codeCheck);
      const shown = { ...numberFields(phone), status: eventStatus(verification.status) };
      emit({ type: 'verification-checked', ...shown }, call.context, phone);
      return { ...verification, verified };
    });
}

import { readPhone } from '../../phone/read-phone.ts';
import { type Fields, object, refine, unknown } from '../../schema.ts';
import { addressingFields, subjectField } from '../../sending/sms-message.ts';
import type { CallOptions } from '../../types.ts';
import { readId, readInput } from '../input.ts';
import { parseResponse } from '../parse-response.ts';
import { refuseOtherNumber, refuseOthers, refuseShared } from './session-errors.ts';
import { GET, readVerification, type Verification } from './verification.ts';
import type { VerificationsContext } from './verifications-context.ts';

/** The expected owner of a session. */
export interface SessionQuery {
  /**
   * The number for which it was started. Another number throws a `GuardError` with reason `session-mismatch`. With it, a
   * session of channel `sma` that is VERIFIED ends the wait of the number and makes the `subject` known, once.
   */
  readonly destination?: string | undefined;
  /** ISO 3166-1 alpha-2 code of a national `destination`. @default `defaultCountry` of the client */
  readonly country?: string | undefined;
  /** The subject for which it was started. Needs `destination`. */
  readonly subject?: string | undefined;
}

const queryFields: Fields<SessionQuery> = {
  destination: unknown(),
  country: addressingFields.country,
  subject: subjectField,
};
const querySchema = refine<SessionQuery>(
  object(queryFields, 'an object { destination, country, subject }'),
  ({ subject, destination: number }) => subject === undefined || number !== undefined,
  'must have a destination: a subject is checked together with it.',
);

export function createGetVerification(
  client: VerificationsContext,
): (sessionId: string, query?: SessionQuery, options?: CallOptions) => Promise<Verification> {
  const { calls, transport, subAccountId, sessionBindings, sessionSuccess, testSessions, phoneDefaults } =
    client;
  return (sessionId, query = {}, options = undefined) =>
    calls.run(options, async (call) => {
      const segments = { subAccountId, sessionId: readId(sessionId, 'sessionId') };
      const given = readInput(querySchema, query, 'query');
      const phone =
        given.destination === undefined
          ? undefined
          : readPhone(given.destination, given.country, phoneDefaults);
      const { subject } = given;
      const binding = phone && (await sessionBindings.find(sessionId, phone, subject, call));
      if (phone !== undefined && binding !== undefined) refuseOthers(binding, phone, subject);
      const verification =
        (await testSessions.read(sessionId, call)) ??
        parseResponse(GET, await transport.request({ operation: GET, segments }, call), readVerification);
      if (phone === undefined || binding === undefined) return verification;
      // 8x8 was waited for: somebody else may have been given the session in the meantime.
      refuseShared(verification, await sessionBindings.find(sessionId, phone, subject, call), phone);
      if (binding.owner === 'unknown') refuseOtherNumber(verification, phone);
      else if (binding.isSilent) await sessionSuccess.record(verification, phone, subject, call);
      return verification;
    });
}

import type { Operation } from '../../transport/operation.ts';
import {
  optionalNumber,
  optionalText,
  present,
  type ResponseFields,
  textIn,
  toFields,
} from '../parse-response.ts';

const SESSIONS = '/api/v2/subaccounts/{subAccountId}/sessions';

export const START: Operation = {
  name: 'verifications.start',
  operationId: 'verify-request-v2',
  product: 'verification',
  method: 'POST',
  path: SESSIONS,
  repeat: 'never',
  ifLost: '8x8 may have sent a code. Start again when the person asks for another one.',
  responseBody: 'json',
};

/** The same request as a check, without a code: it only reads. */
export const GET: Operation = {
  name: 'verifications.get',
  operationId: 'code-validation-v2',
  product: 'verification',
  method: 'GET',
  path: `${SESSIONS}/{sessionId}`,
  repeat: 'safe',
  confidential: true,
  responseBody: 'json',
};

/** A code spends one of five tries: a GET that must not be repeated. */
export const CHECK: Operation = {
  ...GET,
  name: 'verifications.check',
  repeat: 'never',
  ifLost:
    '8x8 may have judged the code. Check the same code again; another one is refused for 30 s. VERIFIED from verifications.get does not prove this code.',
};

/** Way of the code to the person. `sma`: silent mobile authentication, without a code. */
export type VerificationChannel = 'sms' | 'call' | 'whatsapp' | 'viber' | 'sma';

/** State of a session; a value that this version does not know is given as it comes, and is no success. */
export type VerificationStatus = 'WAITING' | 'VERIFIED' | 'FAILED' | 'EXPIRED' | (string & {});

/** A session of 8x8's Verification API. */
export interface Verification {
  /** Needed to check the code. Keep it on your server: it is half of the proof. */
  readonly sessionId: string;
  /** As 8x8 has it. */
  readonly destination: string;
  readonly status: VerificationStatus;
  /** Wrong codes so far; the fifth ends the session. */
  readonly attempt: number;
  /** ISO 8601. */
  readonly expiresAt: string;
  /** ISO 8601, from when on 8x8 sends the next code to this number. */
  readonly retryAfter?: string;
  /** Path of the session at 8x8. It holds the session id. */
  readonly verifyUri?: string;
  /** Only for channel `sma`: the address that the person's telephone must open over its mobile network. */
  readonly sma?: { readonly verificationUrl: string };
}

/** A session that `verifications.start` opened, or opened again. */
export interface StartedVerification extends Verification {
  /** The number in E.164. */
  readonly destination: string;
  /**
   * When the next code to this number is admitted, in epoch milliseconds: the later of 8x8's `retryAfter` and the wait of the
   * backoff guard. A success ends the guard's wait sooner.
   */
  readonly retryAt?: number;
}

function smaOf({ sma }: ResponseFields): Verification['sma'] {
  if (sma === undefined || sma === null) return undefined;
  return { verificationUrl: textIn(toFields(sma, 'sma'), 'verificationUrl') };
}

/** One tutorial of 8x8's writes `sessionID`, and the number as a number. */
function withDocumentedNames(fields: ResponseFields): ResponseFields {
  const { sessionId = fields.sessionID, destination } = fields;
  const isNumber = typeof destination === 'number' && Number.isSafeInteger(destination);
  return { ...fields, sessionId, destination: isNumber ? String(destination) : destination };
}

export function readVerification(body: unknown): Verification {
  const fields = withDocumentedNames(toFields(body));
  return {
    sessionId: textIn(fields, 'sessionId'),
    destination: textIn(fields, 'destination'),
    status: textIn(fields, 'status'),
    // 8x8's schema has 0 as its default.
    attempt: optionalNumber(fields, 'attempt') ?? 0,
    expiresAt: textIn(fields, 'expiresAt'),
    ...present({
      retryAfter: optionalText(fields, 'retryAfter'),
      verifyUri: optionalText(fields, 'verifyUri'),
      sma: smaOf(fields),
    }),
  };
}

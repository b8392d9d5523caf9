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

/** The request of a check without a code, which only reads. */
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

/** A code uses up one of five attempts, so this GET must not be repeated. */
export const CHECK: Operation = {
  ...GET,
  name: 'verifications.check',
  repeat: 'never',
  ifLost:
    '8x8 may have judged the code. Check the same code again; another one is refused for 30 s. VERIFIED from verifications.get does not prove this code.',
};

/** Channel that delivers the code. `sma`: silent mobile authentication, without a code. */
export type VerificationChannel = 'sms' | 'call' | 'whatsapp' | 'viber' | 'sma';

/** State of a session. A value that this version does not know is passed on unchanged, and is not a success. */
export type VerificationStatus = 'WAITING' | 'VERIFIED' | 'FAILED' | 'EXPIRED' | (string & {});

/** A session of 8x8's Verification API. */
export interface Verification {
  /** Needed to check the code. Keep it on your server: it is half of the proof. */
  readonly sessionId: string;
  /** The number, in the format of 8x8. */
  readonly destination: string;
  readonly status: VerificationStatus;
  /** Wrong codes so far; the fifth ends the session. */
  readonly attempt: number;
  /** ISO 8601. */
  readonly expiresAt: string;
  /** Earliest time at which 8x8 sends the next code to this number, ISO 8601. */
  readonly retryAfter?: string;
  /** Path of the session at 8x8. It contains the session ID. */
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
  /** The channel of `fallbackChannels` that the code goes over; absent when it goes over the one that was asked for. */
  readonly channel?: VerificationChannel;
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

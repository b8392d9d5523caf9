import { AbortedError, ApiError, ConnectionError, GuardError, type SmsError } from '../errors.ts';
import type { Phone } from '../phone/normalise-phone.ts';
import type { SendResult } from './results.ts';

interface Identified {
  readonly index: number;
  readonly clientMessageId: string;
  readonly phone: Pick<Phone, 'e164'>;
}

/** Copies the error of a whole request for one of its messages. */
function errorOf(error: SmsError, { clientMessageId }: Identified): SmsError {
  if (error.clientMessageId !== undefined) return error;
  const fields = { message: error.message, submission: error.submission, clientMessageId };
  if (error instanceof AbortedError) return new AbortedError(fields);
  if (error instanceof ApiError || error instanceof ConnectionError) {
    const Same = error.constructor as new (all: object) => SmsError;
    return new Same({ ...error, ...fields });
  }
  return error;
}

/** The result of a message that 8x8 did not accept, or may have accepted without a response. */
export function failedResult(failure: SmsError, message: Identified): SendResult {
  const error = errorOf(failure, message);
  const { index, clientMessageId } = message;
  const destination = message.phone.e164;
  if (error instanceof GuardError) return { status: 'blocked', index, clientMessageId, destination, error };
  if (error.submission === 'rejected' && error instanceof ApiError) {
    return { status: 'rejected', index, clientMessageId, destination, error };
  }
  return { status: 'failed', index, clientMessageId, destination, error };
}

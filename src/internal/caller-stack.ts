import { SmsError } from '../errors.ts';

/** Errors that carry the stack of a caller already. */
const traced = new WeakSet<SmsError>();

/**
 * Gives an error the stack of whoever awaits the call. The frames where it was made are the package's own, as many as a
 * stack holds; the caller's are the ones to look for. Called where a public method rejects, which costs a call that succeeds
 * nothing: V8 finds the caller by the promises that it awaits.
 *
 * Calls that share an error (an idempotency key, a batch of commands) each throw one of their own. Errors of hooks and
 * platforms stay as they are.
 */
export function withCallerStack(error: unknown): unknown {
  if (!SmsError.isInstance(error) || Error.captureStackTrace === undefined) return error;
  const own = traced.has(error) ? copyOf(error) : error;
  traced.add(own);
  Error.captureStackTrace(own, withCallerStack);
  return own;
}

/** Made by `Error`, so that platforms print the copy as they print an error. */
function copyOf(error: SmsError): SmsError {
  const copy = Object.setPrototypeOf(new Error(error.message), Object.getPrototypeOf(error)) as SmsError;
  return Object.defineProperties(copy, Object.getOwnPropertyDescriptors(error));
}

/** Reads rows on behalf of the caller: what ends them is thrown with the caller's stack. */
export async function* rowsForCaller<Row>(
  rows: AsyncGenerator<Row, void, undefined>,
): AsyncGenerator<Row, void, undefined> {
  try {
    yield* rows;
  } catch (error) {
    throw withCallerStack(error);
  }
}

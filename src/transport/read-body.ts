import { raceAbort } from '../internal/wait.ts';

/** The answer had more bytes than allowed. */
export const TOO_LARGE: unique symbol = Symbol('too large');

/** Reads an answer as text, at most `maxBytes` of it, and stops with the signal. */
export async function readBody(
  response: Response,
  maxBytes: number,
  signal: AbortSignal,
): Promise<string | typeof TOO_LARGE> {
  if (response.body === null) return '';
  const reader = response.body.getReader();
  // A cancelled stream frees its connection; whether that works no longer matters to the caller.
  const cancel = () => void reader.cancel().catch(() => {});
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  try {
    for (;;) {
      const { done, value } = await raceAbort(reader.read(), signal);
      if (done) return text + decoder.decode();
      bytes += value.byteLength;
      if (bytes > maxBytes) {
        cancel();
        return TOO_LARGE;
      }
      text += decoder.decode(value, { stream: true });
    }
  } catch (error) {
    cancel();
    throw error;
  }
}

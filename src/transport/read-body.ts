import { raceAbort } from '../internal/wait.ts';

/** Marks a response with more bytes than allowed. */
export const TOO_LARGE: unique symbol = Symbol('too large');

/** Compressions that every runtime reads. */
const FORMATS: ReadonlyMap<string, CompressionFormat> = new Map([
  ['gzip', 'gzip'],
  ['x-gzip', 'gzip'],
  ['deflate', 'deflate'],
]);

/** Decompresses a body that came compressed unasked, as at most `maxBytes` of text; undefined when it cannot be read. */
export async function decompress(
  chunks: readonly Uint8Array<ArrayBuffer>[],
  encoding: string,
  maxBytes: number,
): Promise<string | undefined> {
  const format = FORMATS.get(encoding);
  if (format === undefined) return undefined;
  const body = new Blob([...chunks]).stream().pipeThrough(new DecompressionStream(format));
  const text = await readBody(new Response(body), maxBytes, new AbortController().signal);
  return text === TOO_LARGE ? undefined : text;
}

/** Reads a response as text, at most `maxBytes`, and stops with the signal. */
export async function readBody(
  response: Response,
  maxBytes: number,
  signal: AbortSignal,
): Promise<string | typeof TOO_LARGE> {
  if (response.body === null) return '';
  const reader = response.body.getReader();
  // Cancelling frees the connection; the caller need not know whether that worked.
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

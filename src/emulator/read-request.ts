import { fail, PROBLEMS } from './problems.ts';
import { formTypeOf, type ReceivedForm, readForm } from './read-form.ts';

/** A full batch of 10,000 ten-part messages with long ids stays below this. 8x8 documents no limit. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

/** The body of a request. */
export interface ReceivedBody {
  readonly text: string;
  /** Undefined when the text is not JSON. */
  readonly json: { readonly value: unknown } | undefined;
  /** Undefined when the body is not a form. */
  readonly form?: ReceivedForm | undefined;
  /** True when the body was too large to read. */
  readonly tooLarge: boolean;
}

function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** Reads the body as text; undefined when it is too large. Collects the bytes in `pieces`, if given. */
async function readText(request: Request, pieces?: BlobPart[]): Promise<string | undefined> {
  if (request.body === null) return '';
  const reader = request.body.getReader();
  const decoder = new TextDecoder();
  let bytes = 0;
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.byteLength;
    if (bytes > MAX_BODY_BYTES) {
      await reader.cancel();
      return undefined;
    }
    pieces?.push(value);
    text += decoder.decode(value, { stream: true });
  }
}

/** Reads a body of any kind, including a stream. */
export async function receiveBody(request: Request): Promise<ReceivedBody> {
  const formType = formTypeOf(request);
  const pieces: BlobPart[] = [];
  const text = await readText(request, formType === undefined ? undefined : pieces);
  if (text === undefined) return { text: '', json: undefined, tooLarge: true };
  const form = formType === undefined ? undefined : await readForm(pieces, formType);
  return { text, json: parseJson(text), form, tooLarge: false };
}

/** Returns the JSON body that an endpoint needs. */
export function readJsonBody(
  received: ReceivedBody,
  need: 'required' | 'optional' | 'form' | undefined,
): unknown {
  if (received.tooLarge) fail(PROBLEMS.bodyTooLarge);
  if (need === undefined || need === 'form' || (need === 'optional' && received.text === ''))
    return undefined;
  return (received.json ?? fail(PROBLEMS.invalidJson)).value;
}

/** Waits, and rejects when the signal aborts. */
export function waitFor(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, delayMs);
    signal?.addEventListener('abort', stop, { once: true });
  });
}

import { concatBytes } from '../internal/concat-bytes.ts';
import { withTimeLimit } from '../internal/time-limit.ts';
import { raceAbort } from '../internal/wait.ts';
import type { WebhookDelivery } from './delivery.ts';
import { malformed, webhookError } from './failures.ts';

type Body = WebhookDelivery['body'];
type Stream = Extract<Body, AsyncIterable<unknown> | ReadableStream<unknown>>;

/** Stands for a body that something read before the receiver: reading it fails, so the response is 408. */
export const CONSUMED_BODY: AsyncIterable<Uint8Array> = {
  [Symbol.asyncIterator]: () => ({
    next: () => Promise.reject(new Error('The body was read before it reached the receiver.')),
  }),
};

interface Source {
  next(): Promise<{ readonly done?: boolean | undefined; readonly value?: unknown }>;
  stop(): Promise<unknown> | undefined;
}

function sourceOf(stream: Stream): Source {
  if ('getReader' in stream) {
    const reader = stream.getReader();
    return { next: () => reader.read(), stop: () => reader.cancel() };
  }
  const iterator = stream[Symbol.asyncIterator]();
  return { next: () => iterator.next(), stop: () => iterator.return?.() };
}

async function readStream(stream: Stream, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
  const source = sourceOf(stream);
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await raceAbort(source.next(), signal);
      if (done === true) return concatBytes(chunks);
      if (!(value instanceof Uint8Array)) throw webhookError('incomplete');
      length += value.byteLength;
      if (length > maxBytes) throw webhookError('too-large');
      chunks.push(value);
    }
  } catch (error) {
    // The rest is not read; a failure to cancel no longer matters.
    void Promise.resolve(source.stop()).catch(() => {});
    throw error;
  }
}

async function readBytes(stream: Stream, maxBytes: number, timeoutMs: number, signal?: AbortSignal) {
  let reading: Awaited<ReturnType<typeof withTimeLimit<Uint8Array>>>;
  try {
    reading = await withTimeLimit(timeoutMs, signal, (limit) => readStream(stream, maxBytes, limit));
  } catch (error) {
    throw isTooLarge(error) ? error : webhookError('incomplete');
  }
  if (!reading.inTime) throw webhookError('incomplete');
  return reading.value;
}

function isTooLarge(error: unknown): boolean {
  return (error as { reason?: unknown } | undefined)?.reason === 'too-large';
}

/** Whether a body is empty although its header announces bytes: something else has read it. */
function isConsumed(text: string, delivery: WebhookDelivery): boolean {
  return text === '' && Number(delivery.header('content-length')) > 0;
}

/**
 * Reads the text of a body that was not parsed yet, up to `maxBodyBytes`.
 *
 * @throws WebhookError `too-large`, `incomplete`, or `malformed` for a body that is not UTF-8
 */
export async function readDeliveryBody(
  delivery: WebhookDelivery,
  body: string | Stream,
  { maxBodyBytes, timeoutMs }: { readonly maxBodyBytes: number; readonly timeoutMs: number },
): Promise<string> {
  // The header can only refuse a body: a small value proves nothing.
  if (Number(delivery.header('content-length')) > maxBodyBytes) throw webhookError('too-large');
  if (typeof body === 'string') {
    // In UTF-8, a text has at least as many bytes as UTF-16 code units.
    if (body.length > maxBodyBytes || new TextEncoder().encode(body).byteLength > maxBodyBytes) {
      throw webhookError('too-large');
    }
    if (isConsumed(body, delivery)) throw webhookError('incomplete');
    return body;
  }
  const bytes = await readBytes(body, maxBodyBytes, timeoutMs, delivery.signal);
  const text = decode(bytes);
  if (isConsumed(text, delivery)) throw webhookError('incomplete');
  return text;
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw malformed();
  }
}

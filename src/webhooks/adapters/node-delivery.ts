import type { WebhookDelivery, WebhookResponse } from '../delivery.ts';
import { CONSUMED_BODY } from '../read-delivery-body.ts';

/** The part of a Node `http` request (or of anything built on it) that an adapter reads. */
export interface NodeWebhookRequest extends AsyncIterable<Uint8Array> {
  /** HTTP method. */
  readonly method?: string | undefined;
  /** Headers by lower-case name. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The connection; its address is the sender's. */
  readonly socket: { readonly remoteAddress?: string | undefined };
  /** The HTTP/2 stream; absent with HTTP/1. */
  readonly stream?: {
    /** Closes the stream with an error code of HTTP/2. */
    close(code: number): void;
    /** Adds a listener for the end of the response. */
    once(event: 'finish', listener: () => void): unknown;
  };
  /** Whether the whole body has arrived. */
  readonly complete?: boolean;
  /** Whether something has started to read the body. */
  readonly readableDidRead?: boolean;
  /** Whether the body has been read to its end. */
  readonly readableEnded?: boolean;
}

/** The part of a Node `http` response (or of anything built on it) that an adapter uses. */
export interface NodeWebhookResponse {
  /** HTTP status. */
  statusCode: number;
  /** Whether a response was sent already. */
  readonly headersSent: boolean;
  /** Sets a header. */
  setHeader(name: string, value: string): unknown;
  /** Sends the response. */
  end(): unknown;
  /** Adds a listener for the end of the connection. */
  once(event: 'close', listener: () => void): unknown;
  /** Removes the listener. */
  off(event: 'close', listener: () => void): unknown;
}

type Body = WebhookDelivery['body'];

/** RFC 9113, section 7: the stream is no longer needed. With NO_ERROR, Node does not always tell the other end. */
const HTTP2_CANCEL = 8;

/** The bytes of a request. Stopping half-way leaves the connection open, so that a response can still be sent. */
function bytesOf(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]() {
      const iterator = source[Symbol.asyncIterator]();
      // No `return`: Node's own destroys the request together with its connection.
      return { next: () => iterator.next() };
    },
  };
}

async function* singleChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

const isAsyncIterable = (value: object): value is AsyncIterable<Uint8Array> => Symbol.asyncIterator in value;

/** Express 4's body-parser sets `{}` for a body that it did not read. */
function isUnparsed(body: object, request: NodeWebhookRequest): boolean {
  return request.readableDidRead === false && Object.keys(body).length === 0;
}

/** The body as a parser in front of the adapter left it; without a parser, the bytes. */
function toDeliveryBody(body: unknown, request: NodeWebhookRequest): Body {
  if (body === undefined) return request.readableDidRead === true ? CONSUMED_BODY : bytesOf(request);
  if (typeof body === 'string') return body;
  if (typeof body !== 'object' || body === null) return { parsed: body };
  if (body instanceof Uint8Array) return singleChunk(body);
  if (isAsyncIterable(body)) return bytesOf(body);
  return isUnparsed(body, request) ? bytesOf(request) : { parsed: body };
}

function readHeader(headers: NodeWebhookRequest['headers'], name: string): string | undefined {
  const value = headers[name.toLowerCase()];
  return typeof value === 'object' ? value.join(', ') : value;
}

/**
 * Runs `work` on a request as a delivery. The delivery's signal aborts when the sender closes the connection; the result
 * is then undefined, because nobody waits for a response.
 */
export async function withDelivery(
  request: NodeWebhookRequest,
  response: NodeWebhookResponse,
  body: unknown,
  work: (delivery: WebhookDelivery) => Promise<WebhookResponse>,
): Promise<WebhookResponse | undefined> {
  const controller = new AbortController();
  const abort = () => controller.abort();
  response.once('close', abort);
  try {
    const outcome = await work({
      method: request.method ?? '',
      header: (name) => readHeader(request.headers, name),
      body: toDeliveryBody(body, request),
      remoteAddress: request.socket.remoteAddress,
      signal: controller.signal,
    });
    return controller.signal.aborted ? undefined : outcome;
  } finally {
    response.off('close', abort);
  }
}

/**
 * Ends the connection (with HTTP/2: the stream) after the response when the body was not read to its end: the rest would
 * precede the next request.
 */
export function closeUnreadBody(
  request: NodeWebhookRequest,
  setHeader: (name: string, value: string) => unknown,
): void {
  const { readableDidRead, complete, readableEnded, stream } = request;
  // Node discards a body that arrived completely and was never read.
  const isFinished = readableDidRead === false ? complete : readableEnded;
  if (isFinished === true) return;
  if (stream === undefined) setHeader('connection', 'close');
  else stream.once('finish', () => stream.close(HTTP2_CANCEL));
}

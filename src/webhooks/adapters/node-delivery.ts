import type { WebhookDelivery, WebhookResponse } from '../delivery.ts';

/** What an adapter looks at of a request of Node's `http` and everything built on it. */
export interface NodeWebhookRequest extends AsyncIterable<Uint8Array> {
  readonly method?: string | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly socket: { readonly remoteAddress?: string | undefined };
  /** Of HTTP/2 only. */
  readonly stream?: { close(code: number): void; once(event: 'finish', listener: () => void): unknown };
  /** All of the body has come in. */
  readonly complete?: boolean;
  /** Somebody has begun to read the body. */
  readonly readableDidRead?: boolean;
  /** Somebody has read all of the body. */
  readonly readableEnded?: boolean;
}

/** What an adapter does with a response of Node's `http` and everything built on it. */
export interface NodeWebhookResponse {
  statusCode: number;
  readonly headersSent: boolean;
  setHeader(name: string, value: string): unknown;
  end(): unknown;
  once(event: 'close', listener: () => void): unknown;
  off(event: 'close', listener: () => void): unknown;
}

type Body = WebhookDelivery['body'];

/** RFC 9113, section 7: the stream is no longer needed. With NO_ERROR Node does not tell the other end every time. */
const HTTP2_CANCEL = 8;

/** The bytes of a request. Whoever stops half-way leaves the connection open, or there would be no way to answer. */
function bytesOf(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]() {
      const iterator = source[Symbol.asyncIterator]();
      // No `return`: Node's own one destroys the request, and its connection with it.
      return { next: () => iterator.next() };
    },
  };
}

async function* singleChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

const isAsyncIterable = (value: object): value is AsyncIterable<Uint8Array> => Symbol.asyncIterator in value;

/** body-parser of Express 4 leaves `{}` where it did not read. */
function isUnparsed(body: object, request: NodeWebhookRequest): boolean {
  return request.readableDidRead === false && Object.keys(body).length === 0;
}

/** What a parser in front of the adapter made of the body; where there was none, the bytes. */
function toDeliveryBody(body: unknown, request: NodeWebhookRequest): Body {
  if (body === undefined) return bytesOf(request);
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
 * Runs `work` on a request as a delivery, whose signal fires when the other end goes away meanwhile. Then there is nobody
 * to answer: undefined.
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
 * When a body was not read to its end, ends the connection with the answer (of HTTP/2 the stream): what is left of it
 * would stand before the next request.
 */
export function closeUnreadBody(
  request: NodeWebhookRequest,
  setHeader: (name: string, value: string) => unknown,
): void {
  const { readableDidRead, complete, readableEnded, stream } = request;
  // Node throws away what came in completely and was never touched.
  const isFinished = readableDidRead === false ? complete : readableEnded;
  if (isFinished === true) return;
  if (stream === undefined) setHeader('connection', 'close');
  else stream.once('finish', () => stream.close(HTTP2_CANCEL));
}

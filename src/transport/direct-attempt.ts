import type { Call } from '../call.ts';
import type { ConnectionFailure } from '../errors.ts';
import { MAX_TIMER_MS } from '../internal/wait.ts';
import { type AttemptLimits, type AttemptRequest, MAX_ERROR_BYTES } from './attempt-request.ts';
import { judgeCause } from './causes.ts';
import type { Dispatcher, DispatchHandler, RawHeader } from './dispatcher.ts';
import { type AttemptOutcome, isSuccess } from './outcome.ts';
import { decompress } from './read-body.ts';
import { readRequestId } from './request-id.ts';
import { parseRetryAfter } from './retry-after.ts';

/** A larger body is left to `fetch`, whose response may be compressed. */
const MAX_DIRECT_CHARACTERS = 65_536;

/** A request that may be written directly. */
export type DirectRequest = AttemptRequest & { readonly body: string };

/** Whether a request may be written directly: the JSON of one message, which must be written once. */
export function isDirect(request: AttemptRequest): request is DirectRequest {
  const { body, once, direct, fetch } = request;
  return (
    direct && once && fetch === undefined && typeof body === 'string' && body.length <= MAX_DIRECT_CHARACTERS
  );
}

type Response = Extract<AttemptOutcome, { readonly kind: 'response' }>;

/**
 * Writes the request once through Node's own HTTP client, without the streams and signals of `fetch`, and reads the response,
 * both within `timeoutMs`. Rejects only when the call ends, with its reason.
 */
export function runDirectAttempt(
  dispatcher: Dispatcher,
  request: DirectRequest,
  limits: AttemptLimits,
  nowMs: () => number,
  call: Call,
): Promise<AttemptOutcome> {
  return new Promise((resolve, reject) => {
    if (call.stopReason !== undefined) {
      request.neverLeft();
      reject(call.signal.reason);
      return;
    }
    const attempt = new DirectAttempt(request, limits, nowMs, end);
    const timer = setTimeout(() => attempt.onTimeout(), Math.min(limits.timeoutMs, MAX_TIMER_MS));
    const forget = call.onEnd(() => {
      attempt.stop();
      if (attempt.isUnwritten) request.neverLeft();
      clearTimeout(timer);
      reject(call.signal.reason);
    });
    function end(outcome: AttemptOutcome): void {
      clearTimeout(timer);
      forget();
      resolve(outcome);
    }
    attempt.start(dispatcher);
  });
}

class DirectAttempt implements DispatchHandler {
  readonly #request: DirectRequest;
  readonly #limits: AttemptLimits;
  readonly #nowMs: () => number;
  readonly #end: (outcome: AttemptOutcome) => void;
  #abort: ((reason?: Error) => void) | undefined;
  #isWritten = false;
  #isOver = false;
  #response: Omit<Response, 'text'> | undefined;
  #encoding = '';
  #maxBytes = MAX_ERROR_BYTES;
  #bytes = 0;
  readonly #chunks: Uint8Array<ArrayBuffer>[] = [];

  constructor(
    request: DirectRequest,
    limits: AttemptLimits,
    nowMs: () => number,
    end: (outcome: AttemptOutcome) => void,
  ) {
    this.#request = request;
    this.#limits = limits;
    this.#nowMs = nowMs;
    this.#end = end;
  }

  /** Whether the request was certainly not written; it will not be, once the attempt was stopped. */
  get isUnwritten(): boolean {
    return !this.#isWritten;
  }

  start(dispatcher: Dispatcher): void {
    const { url, method, headers, body } = this.#request;
    const pathAt = url.indexOf('/', url.indexOf('://') + 3);
    try {
      this.#request.beforeFetch();
      dispatcher.dispatch(
        {
          origin: url.slice(0, pathAt),
          path: url.slice(pathAt),
          method,
          headers,
          body,
          maxRedirections: 0,
          headersTimeout: 0,
          bodyTimeout: 0,
        },
        this,
      );
    } catch (error) {
      this.onError(error);
    }
  }

  onConnect(abort: (reason?: Error) => void): void {
    if (this.#isOver || this.#isWritten) {
      // Too late, or written before: it is written once.
      abort(new Error('The request may not be written again.'));
      return;
    }
    this.#abort = abort;
    this.#isWritten = true;
  }

  onHeaders(status: number, rawHeaders: readonly RawHeader[]): boolean {
    if (this.#isOver) return false;
    // 103 and its like come before the response.
    if (status < 200) return true;
    const headers = new RawHeaders(rawHeaders);
    const retryAfterMs = parseRetryAfter(headers.get('retry-after'), this.#nowMs());
    this.#response = { kind: 'response', status, retryAfterMs, requestId: readRequestId(headers) };
    this.#encoding = headers.get('content-encoding')?.toLowerCase() ?? '';
    if (isSuccess(status)) this.#maxBytes = this.#limits.maxBytes;
    this.#limits.onResponse?.({
      status,
      get headers() {
        return headers.toHeaders();
      },
    });
    return true;
  }

  onData(chunk: Uint8Array<ArrayBuffer>): boolean {
    if (this.#isOver) return false;
    this.#bytes += chunk.byteLength;
    if (this.#bytes > this.#maxBytes) {
      this.#finish(undefined);
      return false;
    }
    this.#chunks.push(chunk);
    return true;
  }

  onComplete(): void {
    if (this.#isOver) return;
    if (this.#encoding === '' || this.#encoding === 'identity') {
      this.#finish(decodeText(this.#chunks));
      return;
    }
    decompress(this.#chunks, this.#encoding, this.#maxBytes).then(
      (text) => this.#finish(text),
      () => this.#finish(undefined),
    );
  }

  onError(error: unknown): void {
    this.#fail(judgeCause(error).reason, false);
  }

  onTimeout(): void {
    this.#fail('timeout', true);
  }

  /** Ends the connection. A request that still waits for one is not written when it gets it. */
  stop(): void {
    this.#isOver = true;
    this.#abort?.(new Error('The attempt is over.'));
  }

  #fail(reason: ConnectionFailure, timedOut: boolean): void {
    if (this.#isOver) return;
    // The status of an error is enough; a success without its body is not.
    if (this.#response !== undefined && !isSuccess(this.#response.status)) this.#finish(undefined);
    else {
      this.stop();
      this.#end({ kind: 'failure', reason, neverLeft: this.isUnwritten, timedOut });
    }
  }

  #finish(text: string | undefined): void {
    if (this.#isOver) return;
    const { status, retryAfterMs, requestId } = this.#response as Response;
    // A body that was read to its end leaves the connection for the next request.
    if (text === undefined) this.stop();
    this.#isOver = true;
    this.#end({ kind: 'response', status, retryAfterMs, requestId, text });
  }
}

/** Keeps nothing between two texts. */
const ONE_PIECE = new TextDecoder();

/** The text of a body that came in one piece or more. */
function decodeText(chunks: readonly Uint8Array[]): string {
  if (chunks.length === 1) return ONE_PIECE.decode(chunks[0]);
  const decoder = new TextDecoder();
  let text = '';
  for (const chunk of chunks) text += decoder.decode(chunk, { stream: true });
  return text + decoder.decode();
}

/** Headers as they came: most are never looked at. */
class RawHeaders {
  readonly #raw: readonly RawHeader[];

  constructor(raw: readonly RawHeader[]) {
    this.#raw = raw;
  }

  get(name: string): string | null {
    for (let at = 0; at < this.#raw.length; at += 2) {
      if (isNamed(this.#raw[at] as Uint8Array | string, name)) {
        return valuesOf(this.#raw[at + 1] as RawHeader).join(', ');
      }
    }
    return null;
  }

  toHeaders(): Headers {
    const headers = new Headers();
    for (let at = 0; at < this.#raw.length; at += 2) {
      const name = textOf(this.#raw[at] as Uint8Array | string);
      for (const value of valuesOf(this.#raw[at + 1] as RawHeader)) headers.append(name, value);
    }
    return headers;
  }
}

/** Whether a header has that name, which is in lower case. */
function isNamed(given: Uint8Array | string, name: string): boolean {
  if (given.length !== name.length) return false;
  if (typeof given === 'string') return given.toLowerCase() === name;
  // 32 makes a letter lower case, and changes no hyphen.
  for (let at = 0; at < name.length; at += 1) {
    if (((given[at] as number) | 32) !== name.charCodeAt(at)) return false;
  }
  return true;
}

function textOf(given: Uint8Array | string): string {
  // Headers are Latin-1: a byte is a character.
  return typeof given === 'string' ? given : String.fromCharCode(...given);
}

function valuesOf(given: RawHeader): readonly string[] {
  return Array.isArray(given) ? given.map(textOf) : [textOf(given as Uint8Array | string)];
}

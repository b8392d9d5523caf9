import type { Call } from '../call.ts';
import type { Operation } from './operation.ts';

/**
 * A body that is not JSON. Bytes, not a `FormData`, so that every attempt sends the same and it fits a one-shot
 * stream.
 */
export interface Upload {
  /** Includes the boundary of a form. */
  readonly contentType: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** One call of one operation. */
export interface TransportRequest {
  readonly operation: Operation;
  /** Values of the path's `{name}` segments. */
  readonly segments: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent unchanged instead of `body`. */
  readonly upload?: Upload;
  /** Number of messages in the body. It decides the time limit and the maximum size of the response. Default 1. */
  readonly messageCount?: number;
  /**
   * Numbers and end users' addresses that the body is about. A 429 that names one of them pauses that one, and not the
   * sub-account.
   */
  readonly subjects?: () => readonly string[];
  /** Repeated on errors, so that an unknown outcome can be reconciled. */
  readonly clientMessageId?: string;
  /** Present on a request that guards let through. */
  readonly secondLook?: SecondLook | undefined;
}

/** The guards' look at a request that waited since they let it through: for a key, its permit, a pause, a repeat. */
export interface SecondLook {
  /** Whether the last look is recent enough to call `fetch` now. Calls no store and no hook. */
  isRecent(): boolean;
  /** Looks again. Gives the body of what may still be sent; nothing when that is everything. Throws when it is nothing. */
  lookAgain(): Promise<Pick<TransportRequest, 'body'> | undefined>;
}

/** The response of a success. */
export interface TransportResponse {
  readonly status: number;
  /** Parsed JSON, or undefined when the response is empty. */
  readonly body: unknown;
  /** Number of times the request was written. */
  readonly attempts: number;
  /** 8x8's id of the request, where it gave one. */
  readonly requestId?: string | undefined;
}

/** Sends requests to 8x8. Every failure is an `SmsError` with a correct `submission`. */
export interface Transport {
  request(request: TransportRequest, call: Call): Promise<TransportResponse>;
  /**
   * Downloads the file of an export as a stream of any length. Only from `https:` or the host of `baseUrl`; sends no
   * key and follows no redirect. `timeoutMs` applies until the headers, and then to every chunk. The call must stay
   * open until the stream ends.
   */
  download(url: string, call: Call): Promise<ReadableStream<Uint8Array>>;
}

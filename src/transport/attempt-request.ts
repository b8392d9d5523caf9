import type { WireRequest } from './wire.ts';

/** Bytes to read of an error body: 8x8's have a few hundred, a page of a proxy may have any number. */
export const MAX_ERROR_BYTES = 1024 * 1024;

export interface AttemptLimits {
  readonly timeoutMs: number;
  readonly maxBytes: number;
  /** Told of the response before its body is read. Never throws. */
  readonly onResponse?: ((response: Pick<Response, 'status' | 'headers'>) => void) | undefined;
}

/** One attempt at a request. */
export interface AttemptRequest extends WireRequest {
  /** Whether it may go straight to Node's HTTP client, past `fetch`. */
  readonly direct: boolean;
  /** Called when the attempt is stopped before anything was written. `fetch` never tells. */
  readonly neverLeft: () => void;
}

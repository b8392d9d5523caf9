/** The reason for a message. It decides which guards apply and is never sent to 8x8. */
export type Purpose = 'transactional' | 'otp' | 'marketing';

/** A response from 8x8, unchanged. */
export interface RawResponse {
  /** HTTP status. */
  readonly status: number;
  /** All headers of the response. */
  readonly headers: Headers;
  /** 8x8's ID of the request, for its support; absent when 8x8 returned none. */
  readonly requestId?: string;
}

/** Second argument of every method. */
export interface CallOptions {
  /** Ends the call. Aborting after the request was written leaves its outcome unknown. @default none */
  readonly signal?: AbortSignal | undefined;
  /** Time limit of one attempt in milliseconds, including the body. @default the client's */
  readonly timeoutMs?: number | undefined;
  /** Time limit of the whole call in milliseconds: waits, attempts and pauses together. @default the client's */
  readonly deadlineMs?: number | undefined;
  /** Maximum number of attempts, including the first. @default the client's */
  readonly maxAttempts?: number | undefined;
  /** Any value; hooks and events receive it unchanged. */
  readonly context?: unknown;
  /**
   * Called with status and headers of every response to this call, also if another attempt follows. Exceptions that it throws go to
   * `onError`. @default none
   *
   * @example onResponse: ({ status, requestId }) => log(status, requestId)
   */
  readonly onResponse?: ((response: RawResponse) => void) | undefined;
}

/** Source of time. Tests pass a fake one. */
export interface Clock {
  /** Epoch milliseconds, like `Date.now()`. */
  now(): number;
  /** Milliseconds since an arbitrary start; never goes back. @default `now`, clamped so that it never goes back */
  monotonic?(): number;
}

/** Any function with the signature of `fetch`. */
export type Fetch = (input: Request | string | URL, init?: RequestInit) => Promise<Response>;

/** The reason for a message. It decides which guards apply and is never sent to 8x8. */
export type Purpose = 'transactional' | 'otp' | 'marketing';

/** Second argument of every method. */
export interface CallOptions {
  /** Ends the call. Aborting after the request was written leaves its outcome unknown. @default none */
  readonly signal?: AbortSignal | undefined;
  /** Time limit of one attempt in milliseconds, the body included. @default the client's */
  readonly timeoutMs?: number | undefined;
  /** Time limit of the whole call in milliseconds: waits, attempts and pauses together. @default the client's */
  readonly deadlineMs?: number | undefined;
  /** Attempts at most, the first included. @default the client's */
  readonly maxAttempts?: number | undefined;
  /** Any value of your own; hooks and events get it untouched. */
  readonly context?: unknown;
}

/** Source of the time. Tests pass a fake one. */
export interface Clock {
  /** Epoch milliseconds, as `Date.now()`. */
  now(): number;
  /** Milliseconds since any start; never goes back. @default `now`, held so that it never goes back */
  monotonic?(): number;
}

/** Any `fetch`: the platform's, a proxy's, an emulator's. */
export type Fetch = (input: Request | string | URL, init?: RequestInit) => Promise<Response>;

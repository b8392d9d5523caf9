/** Why a message is sent. It decides which guards apply and is never sent to 8x8. */
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
  /** Anything of yours; handed to hooks and events untouched. */
  readonly context?: unknown;
}

/** Where the time comes from. `now` in epoch milliseconds; `monotonic` in milliseconds from any start, never going back. */
export interface Clock {
  now(): number;
  monotonic?(): number;
}

/** Any `fetch`: the platform's, a proxy's, an emulator's. */
export type Fetch = (input: Request | string | URL, init?: RequestInit) => Promise<Response>;

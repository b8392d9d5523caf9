import type { ConnectionFailure } from '../errors.ts';

/** What one attempt came to. */
export type AttemptOutcome =
  | {
      readonly kind: 'response';
      readonly status: number;
      /** Undefined when the body was too large or never came to its end; the status is known all the same. */
      readonly text: string | undefined;
      readonly retryAfterMs: number | undefined;
    }
  | {
      readonly kind: 'failure';
      readonly reason: ConnectionFailure;
      readonly neverLeft: boolean;
      /** Our own time limit. */
      readonly timedOut: boolean;
    };

/** An answer that is a success, though nothing is known yet of its body. */
export const isSuccess = (status: number) => status >= 200 && status < 300;

import type { ConnectionFailure } from '../errors.ts';

/** Outcome of one attempt. */
export type AttemptOutcome =
  | {
      readonly kind: 'response';
      readonly status: number;
      /** Undefined when the body was too large or incomplete. */
      readonly text: string | undefined;
      readonly retryAfterMs: number | undefined;
      readonly requestId?: string | undefined;
    }
  | {
      readonly kind: 'failure';
      readonly reason: ConnectionFailure;
      readonly neverLeft: boolean;
      /** Time limit of this package. */
      readonly timedOut: boolean;
    };

/** Whether the status is a success; the body may still be invalid. */
export const isSuccess = (status: number) => status >= 200 && status < 300;

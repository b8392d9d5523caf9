import { TimeoutError } from './errors.ts';
import { MAX_TIMER_MS } from './wait.ts';

/** Why a call was ended from outside. */
export type StopReason = 'aborted' | 'deadline' | 'closed';

/** One call from its begin to its end: the caller's signal, the deadline and the client's `close` in one signal. */
export interface CallScope {
  readonly signal: AbortSignal;
  /** Set once the signal has fired. */
  readonly stopReason: StopReason | undefined;
  stop(reason: StopReason): void;
  /** Milliseconds until the deadline; Infinity without one. */
  remainingMs(): number;
  /** Takes the listener and the timer away. Must be called once the call is over. */
  end(): void;
}

/**
 * @param now monotonic milliseconds
 * @param toReason what the signal's `reason` is; default the platform's
 */
export function openScope(
  caller: AbortSignal | undefined,
  deadlineMs: number | undefined,
  now: () => number,
  toReason: (stopReason: StopReason) => unknown = () => undefined,
): CallScope {
  const controller = new AbortController();
  let stopReason: StopReason | undefined;
  const stop = (reason: StopReason) => {
    stopReason ??= reason;
    controller.abort(toReason(stopReason));
  };
  // The client's signal also fires at the deadline of its method, which began before this call.
  const onAbort = () => stop(TimeoutError.isInstance(caller?.reason) ? 'deadline' : 'aborted');
  const deadlineAt = deadlineMs === undefined ? Number.POSITIVE_INFINITY : now() + deadlineMs;
  const timer =
    deadlineMs === undefined
      ? undefined
      : setTimeout(() => stop('deadline'), Math.min(deadlineMs, MAX_TIMER_MS));
  if (caller?.aborted) onAbort();
  caller?.addEventListener('abort', onAbort, { once: true });
  return {
    signal: controller.signal,
    get stopReason() {
      return stopReason;
    },
    stop,
    remainingMs: () => deadlineAt - now(),
    end() {
      clearTimeout(timer);
      caller?.removeEventListener('abort', onAbort);
    },
  };
}

import { AbortedError, SmsError } from '../../errors.ts';
import { type Timed, withTimeLimit } from '../../internal/time-limit.ts';
import type { StoreTime } from '../../limits/store-time.ts';
import { type Breaker, CLOSED, enter, leave, OPEN_MS, type Outcome, type Pass } from './breaker.ts';
import { causeOf, type EmitLimits, type FailoverReason, isServerCode } from './limits-event.ts';

/** The outcome of a call to the shared store. */
export type StoreReply<Value> =
  | { readonly hasReply: true; readonly value: Value }
  | { readonly hasReply: false };

const NO_REPLY = { hasReply: false } as const;
/** A deadline that fires this many milliseconds late shows that this process was busy. Our number. */
const LAG_MS = 25;

/** Why the store is not called, for an event. */
export interface Failure {
  readonly reason: FailoverReason;
  readonly cause?: string;
}

export interface CallOptions {
  readonly timeoutMs: number;
  /**
   * Whether the call is a take. Only a take proves that the store can write: a settlement may need no server, and a
   * full server or a replica still reads. The failure of any call counts.
   */
  readonly isTake: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** The only way to the shared store: every call has a deadline, and a failing store is not called for a while. */
export interface Availability {
  /** True from the failure that opened the breaker to the reply that closes it. */
  isDown(): boolean;
  /** The store is down, or the last take got no reply. */
  isSuspect(): boolean;
  /** Milliseconds until a call may be let through. */
  retryInMs(): number;
  /** The most recent failure. */
  lastFailure(): Failure;
  /**
   * Runs one call. The work continues after the deadline: a caller that needs a late reply keeps the promise of its
   * work.
   *
   * @throws AbortedError the caller's signal fired
   * @throws ValidationError the call is malformed, which says nothing about the store
   */
  call<Value>(work: () => Promise<Value>, options: CallOptions): Promise<StoreReply<Value>>;
}

/** The call was malformed, so the store counted nothing. */
export function isCallerError(error: unknown): boolean {
  return SmsError.isInstance(error) && (error.code === 'validation' || error.code === 'configuration');
}

/** @param startupMs milliseconds that the first reply may take from the first call on, if that is longer */
export function createAvailability(time: StoreTime, emit: EmitLimits, startupMs = 0): Availability {
  let breaker: Breaker = CLOSED;
  let isReached = false;
  let startupEndsMs: number | undefined;
  let lastFailure: Failure = { reason: 'error' };

  function end(pass: Pass, entered: Breaker, outcome: Outcome): void {
    breaker = leave(breaker, pass, outcome, time.monotonicMs(), entered);
  }

  function fail(pass: Pass, entered: Breaker, failure: Failure): typeof NO_REPLY {
    const before = breaker;
    lastFailure = failure;
    end(pass, entered, 'failed');
    if (before.state === 'closed' && breaker !== before) emit({ type: 'limits-call-failed', ...failure });
    return NO_REPLY;
  }

  function withStartup(timeoutMs: number): number {
    if (isReached || startupMs === 0) return timeoutMs;
    const nowMs = time.monotonicMs();
    startupEndsMs ??= nowMs + startupMs;
    return Math.max(timeoutMs, startupEndsMs - nowMs);
  }

  async function run<Value>(work: () => Promise<Value>, options: CallOptions): Promise<Timed<Value>> {
    const { signal } = options;
    const timeoutMs = withStartup(options.timeoutMs);
    let working: Promise<Value> | undefined;
    const startedMs = time.monotonicMs();
    const timed = await withTimeLimit(timeoutMs, signal, () => {
      working = work();
      return working;
    });
    // Timers run before received data is read: the reply may be there already, and the server is not slow.
    const isLagging = time.monotonicMs() - startedMs >= timeoutMs + LAG_MS;
    if (timed.inTime || working === undefined || !isLagging) return timed;
    const pending = working;
    return withTimeLimit(LAG_MS, signal, () => pending);
  }

  return {
    isDown: () => breaker.state !== 'closed',
    isSuspect: () => breaker.state !== 'closed' || breaker.failures > 0,
    lastFailure: () => lastFailure,
    retryInMs() {
      if (breaker.state === 'closed') return 0;
      return breaker.state === 'open' ? Math.max(0, breaker.untilMs - time.monotonicMs()) : OPEN_MS;
    },
    async call(work, options) {
      const { pass, breaker: entered } = enter(breaker, time.monotonicMs());
      if (pass === undefined) return NO_REPLY;
      breaker = entered;
      try {
        const timed = await run(work, options);
        if (!timed.inTime) return fail(pass, entered, { reason: 'timeout' });
        isReached = true;
        end(pass, entered, options.isTake ? 'replied' : 'no-news');
        return { hasReply: true, value: timed.value };
      } catch (error) {
        if (options.signal?.aborted !== true && !isCallerError(error)) {
          const failure = causeOf(error);
          isReached ||= isServerCode(failure.cause);
          return fail(pass, entered, { reason: 'error', ...failure });
        }
        end(pass, entered, 'no-news');
        throw options.signal?.aborted === true ? abortedError() : error;
      }
    },
  };
}

export function abortedError(): AbortedError {
  return new AbortedError({
    message: 'The call was aborted. Nothing was sent, and anything counted is given back.',
    submission: 'not-submitted',
  });
}

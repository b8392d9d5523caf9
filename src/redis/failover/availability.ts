import { AbortedError, SmsError } from '../../errors.ts';
import type { StoreTime } from '../../limits/store-time.ts';
import { type Timed, withTimeLimit } from '../../time-limit.ts';
import { type Breaker, CLOSED, enter, leave, OPEN_MS, type Outcome, type Pass } from './breaker.ts';
import { causeOf, type EmitLimits, type FailoverReason } from './limits-event.ts';

/** What came of asking the shared store. */
export type StoreReply<Value> =
  | { readonly hasReply: true; readonly value: Value }
  | { readonly hasReply: false };

const NO_REPLY = { hasReply: false } as const;
/** A deadline that is noticed so many milliseconds late found this process busy; ours. */
const LAG_MS = 25;

/** Why the store is not asked, for an event. */
export interface Failure {
  readonly reason: FailoverReason;
  readonly cause?: string;
}

export interface CallOptions {
  readonly timeoutMs: number;
  /**
   * Only a take shows that the store can take: a settlement may need no server, and one that is full or a replica still
   * reads. The failure of any call counts.
   */
  readonly isTake: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** The only way to the shared store: every call has its deadline, and a store in trouble is left alone. */
export interface Availability {
  /** True from the failure that opened the breaker to the answer that closes it. */
  isDown(): boolean;
  /** It is open, or the last take got no answer. */
  isSuspect(): boolean;
  /** Milliseconds until a call may be let in. */
  retryInMs(): number;
  /** The last failure. */
  lastFailure(): Failure;
  /**
   * Runs one call. The work is not stopped when the deadline passes: whoever asks keeps its promise when a late answer
   * matters.
   *
   * @throws AbortedError the caller's signal fired
   * @throws ValidationError what was asked is wrong; that says nothing of the store
   */
  call<Value>(work: () => Promise<Value>, options: CallOptions): Promise<StoreReply<Value>>;
}

/** What the store was asked is wrong, and so it counted nothing. */
export function isCallerError(error: unknown): boolean {
  return SmsError.isInstance(error) && (error.code === 'validation' || error.code === 'configuration');
}

export function createAvailability(time: StoreTime, emit: EmitLimits): Availability {
  let breaker: Breaker = CLOSED;
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

  async function run<Value>(work: () => Promise<Value>, options: CallOptions): Promise<Timed<Value>> {
    const { timeoutMs, signal } = options;
    let working: Promise<Value> | undefined;
    const startedMs = time.monotonicMs();
    const timed = await withTimeLimit(timeoutMs, signal, () => {
      working = work();
      return working;
    });
    // Timers come before what was received: the answer may lie there, and the server is not slow.
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
        end(pass, entered, options.isTake ? 'replied' : 'no-news');
        return { hasReply: true, value: timed.value };
      } catch (error) {
        if (options.signal?.aborted !== true && !isCallerError(error)) {
          return fail(pass, entered, { reason: 'error', ...causeOf(error) });
        }
        end(pass, entered, 'no-news');
        throw options.signal?.aborted === true ? abortedError() : error;
      }
    },
  };
}

export function abortedError(): AbortedError {
  return new AbortedError({
    message: 'The call was aborted. Nothing was sent, and what may have been counted is given back.',
    submission: 'not-submitted',
  });
}

import { AbortedError, SmsError } from '../../errors.ts';
import type { StoreTime } from '../../limits/store-time.ts';
import { withTimeLimit } from '../../time-limit.ts';
import { type Breaker, CLOSED, enter, leave, OPEN_MS, type Outcome, type Pass } from './breaker.ts';
import { causeOf, type EmitLimits, type TroubleReason } from './limits-event.ts';

/** What came of asking the shared store. */
export type Asked<Answer> =
  | { readonly isAnswered: true; readonly value: Answer }
  | { readonly isAnswered: false };

const NO_ANSWER = { isAnswered: false } as const;

/** Why the store is not asked, for an event. */
export interface Trouble {
  readonly reason: TroubleReason;
  readonly cause?: string;
}

/** The only way to the shared store: every call has its deadline, and a store in trouble is left alone. */
export interface Gate {
  /** True from the failure that opened the breaker to the answer that closes it. */
  isOpen(): boolean;
  /** Milliseconds until a call may be let in. */
  waitMs(): number;
  /** The last failure. */
  trouble(): Trouble;
  /**
   * Runs one call. The work is not stopped when the deadline passes: whoever asks keeps its promise when a late answer
   * matters.
   *
   * @throws AbortedError the caller's signal fired
   * @throws ValidationError what was asked is wrong; the store is well
   */
  ask<Answer>(
    work: () => Promise<Answer>,
    timeoutMs: number,
    signal?: AbortSignal | undefined,
  ): Promise<Asked<Answer>>;
}

/** The store answered: what it was asked is wrong. */
export function isCallersFault(error: unknown): boolean {
  return SmsError.isInstance(error) && (error.code === 'validation' || error.code === 'configuration');
}

export function createGate(time: StoreTime, emit: EmitLimits): Gate {
  let breaker: Breaker = CLOSED;
  let trouble: Trouble = { reason: 'error' };

  function end(pass: Pass, outcome: Outcome): void {
    breaker = leave(breaker, pass, outcome, time.monotonicMs());
  }

  function fail(pass: Pass, failure: Trouble): typeof NO_ANSWER {
    trouble = failure;
    if (breaker.state === 'closed') emit({ type: 'limits-call-failed', ...failure });
    end(pass, 'failed');
    return NO_ANSWER;
  }

  return {
    isOpen: () => breaker.state !== 'closed',
    trouble: () => trouble,
    waitMs() {
      if (breaker.state === 'closed') return 0;
      return breaker.state === 'open' ? Math.max(0, breaker.untilMs - time.monotonicMs()) : OPEN_MS;
    },
    async ask(work, timeoutMs, signal) {
      const entered = enter(breaker, time.monotonicMs());
      const { pass } = entered;
      if (pass === undefined) return NO_ANSWER;
      breaker = entered.breaker;
      try {
        const timed = await withTimeLimit(timeoutMs, signal, work);
        if (!timed.inTime) return fail(pass, { reason: 'timeout' });
        end(pass, 'answered');
        return { isAnswered: true, value: timed.value };
      } catch (error) {
        if (signal?.aborted === true) {
          end(pass, 'abandoned');
          throw abortedError();
        }
        if (!isCallersFault(error)) return fail(pass, { reason: 'error', ...causeOf(error) });
        end(pass, 'answered');
        throw error;
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

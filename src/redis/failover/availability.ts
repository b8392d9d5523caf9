import { AbortedError, SmsError } from '../../errors.ts';
import type { StoreTime } from '../../limits/store-time.ts';
import { type Timed, withTimeLimit } from '../../time-limit.ts';
import { type Breaker, CLOSED, enter, leave, OPEN_MS, type Outcome, type Pass } from './breaker.ts';
import { causeOf, type EmitLimits, type TroubleReason } from './limits-event.ts';

/** What came of asking the shared store. */
export type Asked<Answer> =
  | { readonly isAnswered: true; readonly value: Answer }
  | { readonly isAnswered: false };

const NO_ANSWER = { isAnswered: false } as const;
/** A deadline that is noticed so many milliseconds late found this process busy; ours. */
const LAG_MS = 25;

/** Why the store is not asked, for an event. */
export interface Trouble {
  readonly reason: TroubleReason;
  readonly cause?: string;
}

export interface AskOptions {
  readonly timeoutMs: number;
  /**
   * Only a take shows that the store can take: a settlement may need no server, and one that is full or a replica still
   * reads. The failure of any call counts.
   */
  readonly isTake: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** The only way to the shared store: every call has its deadline, and a store in trouble is left alone. */
export interface Gate {
  /** True from the failure that opened the breaker to the answer that closes it. */
  isOpen(): boolean;
  /** It is open, or the last take got no answer. */
  isDoubted(): boolean;
  /** Milliseconds until a call may be let in. */
  waitMs(): number;
  /** The last failure. */
  trouble(): Trouble;
  /**
   * Runs one call. The work is not stopped when the deadline passes: whoever asks keeps its promise when a late answer
   * matters.
   *
   * @throws AbortedError the caller's signal fired
   * @throws ValidationError what was asked is wrong; that says nothing of the store
   */
  ask<Answer>(work: () => Promise<Answer>, options: AskOptions): Promise<Asked<Answer>>;
}

/** What the store was asked is wrong, and so it counted nothing. */
export function isCallersFault(error: unknown): boolean {
  return SmsError.isInstance(error) && (error.code === 'validation' || error.code === 'configuration');
}

export function createGate(time: StoreTime, emit: EmitLimits): Gate {
  let breaker: Breaker = CLOSED;
  let trouble: Trouble = { reason: 'error' };

  function end(pass: Pass, entered: Breaker, outcome: Outcome): void {
    breaker = leave(breaker, pass, outcome, time.monotonicMs(), entered);
  }

  function fail(pass: Pass, entered: Breaker, failure: Trouble): typeof NO_ANSWER {
    const before = breaker;
    trouble = failure;
    end(pass, entered, 'failed');
    if (before.state === 'closed' && breaker !== before) emit({ type: 'limits-call-failed', ...failure });
    return NO_ANSWER;
  }

  async function run<Answer>(work: () => Promise<Answer>, options: AskOptions): Promise<Timed<Answer>> {
    const { timeoutMs, signal } = options;
    let working: Promise<Answer> | undefined;
    const startedMs = time.monotonicMs();
    const timed = await withTimeLimit(timeoutMs, signal, () => {
      working = work();
      return working;
    });
    // Timers come before what was received: the answer may lie there, and the server is not slow.
    const isLagging = time.monotonicMs() - startedMs >= timeoutMs + LAG_MS;
    if (timed.inTime || working === undefined || !isLagging) return timed;
    const answer = working;
    return withTimeLimit(LAG_MS, signal, () => answer);
  }

  return {
    isOpen: () => breaker.state !== 'closed',
    isDoubted: () => breaker.state !== 'closed' || breaker.failures > 0,
    trouble: () => trouble,
    waitMs() {
      if (breaker.state === 'closed') return 0;
      return breaker.state === 'open' ? Math.max(0, breaker.untilMs - time.monotonicMs()) : OPEN_MS;
    },
    async ask(work, options) {
      const { pass, breaker: entered } = enter(breaker, time.monotonicMs());
      if (pass === undefined) return NO_ANSWER;
      breaker = entered;
      try {
        const timed = await run(work, options);
        if (!timed.inTime) return fail(pass, entered, { reason: 'timeout' });
        end(pass, entered, options.isTake ? 'answered' : 'no-news');
        return { isAnswered: true, value: timed.value };
      } catch (error) {
        if (options.signal?.aborted !== true && !isCallersFault(error)) {
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

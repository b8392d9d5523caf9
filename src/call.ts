import { AbortedError, ConfigurationError, type SmsError, TimeoutError, ValidationError } from './errors.ts';
import { withCallerStack } from './internal/caller-stack.ts';
import { onAbort } from './internal/on-abort.ts';
import { MAX_TIMER_MS } from './internal/wait.ts';
import { anyFunction, type Fields, integer, object, unknown, validate, withMethods } from './schema.ts';
import type { CallOptions } from './types.ts';

export const callFields: Fields<CallOptions> = {
  signal: withMethods(['addEventListener', 'removeEventListener', 'throwIfAborted'], 'an AbortSignal'),
  timeoutMs: integer({ min: 1, max: 3_600_000, unit: 'milliseconds' }),
  deadlineMs: integer({ min: 1, max: 86_400_000, unit: 'milliseconds' }),
  maxAttempts: integer({ min: 1, max: 10 }),
  context: unknown(),
  onResponse: anyFunction(),
};
const callSchema = object(callFields, 'an object of call options');

/** Reasons for ending a call early. */
export type StopReason = 'aborted' | 'deadline' | 'closed';

/** One call of a client method, from its first check to its last response. */
export interface Call {
  /** Fires when the caller aborts, the deadline passes, or the client closes; its reason is the error to throw. */
  readonly signal: AbortSignal;
  readonly context: unknown;
  /** Time limit of one attempt, and the maximum number of attempts, if the call sets them. */
  readonly timeoutMs: number | undefined;
  readonly maxAttempts: number | undefined;
  readonly onResponse: CallOptions['onResponse'];
  /** The complete deadline, for error messages. */
  readonly deadlineMs: number | undefined;
  /** Set once the signal has fired. */
  readonly stopReason: StopReason | undefined;
  /** Milliseconds until the deadline; Infinity without one. */
  remainingMs(): number;
  /** Throws when the call has ended. Call it before anything is sent. */
  throwIfEnded(): void;
  /** The same call, which also ends when `left` fires. */
  until(left: AbortSignal): Call;
  /** Runs a part of the call under an earlier deadline, in milliseconds from now. */
  within<Result>(deadlineMs: number, work: (call: Call) => Promise<Result>): Promise<Result>;
}

/** Tracks the open calls, so that closing the client can wait for them and then end them. */
export interface Calls {
  /** Runs one call; no timer or listener remains when it settles. */
  run<Result>(options: CallOptions | undefined, work: (call: Call) => Promise<Result>): Promise<Result>;
  /** Runs a call that cleans up after another one; also allowed while the client is closing. */
  cleanUp<Result>(options: CallOptions, work: (call: Call) => Promise<Result>): Promise<Result>;
  /** Refuses new calls, waits `drainMs` for open ones, then aborts the rest. */
  close(drainMs: number): Promise<void>;
}

interface OpenCall {
  readonly call: Call;
  stop(reason: StopReason): void;
  /** Removes the listener and the timer. */
  end(): void;
}

function openCall(options: CallOptions, defaultDeadlineMs: number | undefined, whole?: Call): OpenCall {
  const {
    signal: caller,
    deadlineMs = defaultDeadlineMs,
    context,
    timeoutMs,
    maxAttempts,
    onResponse,
  } = options;
  const controller = new AbortController();
  const { signal } = controller;
  let stopReason: StopReason | undefined;
  const stop = (reason: StopReason): void => {
    stopReason ??= reason;
    controller.abort(endedError(stopReason, deadlineMs));
  };
  const stopWithCaller = () => stop(whole?.stopReason ?? 'aborted');
  const deadlineAt = deadlineMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + deadlineMs;
  const timer =
    deadlineMs === undefined
      ? undefined
      : setTimeout(() => stop('deadline'), Math.min(deadlineMs, MAX_TIMER_MS));
  if (caller?.aborted) stopWithCaller();
  const forget = caller && onAbort(caller, stopWithCaller);

  const call: Call = {
    signal,
    context,
    timeoutMs,
    maxAttempts,
    onResponse,
    deadlineMs,
    get stopReason() {
      return stopReason;
    },
    remainingMs: () => deadlineAt - performance.now(),
    throwIfEnded: () => signal.throwIfAborted(),
    until: (left) => callUntil(call, left),
    within: (deadlineMs, work) => runWithin(call, deadlineMs, work),
  };
  return {
    call,
    stop,
    end() {
      clearTimeout(timer);
      forget?.();
    },
  };
}

function callUntil(call: Call, left: AbortSignal): Call {
  const signal = AbortSignal.any([call.signal, left]);
  const narrowed: Call = {
    ...call,
    signal,
    get stopReason() {
      return call.stopReason ?? (left.aborted ? 'aborted' : undefined);
    },
    throwIfEnded: () => signal.throwIfAborted(),
    until: (other) => callUntil(narrowed, other),
    within: (deadlineMs, work) => runWithin(narrowed, deadlineMs, work),
  };
  return narrowed;
}

async function runWithin<Result>(
  whole: Call,
  deadlineMs: number,
  work: (call: Call) => Promise<Result>,
): Promise<Result> {
  const { signal, context, timeoutMs, maxAttempts, onResponse } = whole;
  const earlier = Math.min(deadlineMs, Math.max(1, Math.ceil(whole.remainingMs())));
  const options = { signal, context, timeoutMs, maxAttempts, onResponse, deadlineMs: earlier };
  const { call, end } = openCall(options, undefined, whole);
  try {
    return await work(call);
  } finally {
    end();
  }
}

/** @param defaultDeadlineMs deadline of a call without one */
export function createCalls(defaultDeadlineMs: number | undefined): Calls {
  const open = new Set<{ readonly stop: OpenCall['stop']; readonly settled: Promise<void> }>();
  let closed = false;

  async function track<Result>(options: CallOptions, work: (call: Call) => Promise<Result>): Promise<Result> {
    const { call, stop, end } = openCall(options, defaultDeadlineMs);
    let finish: () => void = () => {};
    const entry = { stop, settled: new Promise<void>((resolve) => (finish = resolve)) };
    open.add(entry);
    try {
      return await work(call);
    } finally {
      end();
      open.delete(entry);
      finish();
    }
  }

  return {
    async run(options, work) {
      const flaw = options === undefined ? undefined : validate(callSchema, options, 'options');
      if (flaw !== undefined)
        throw new ValidationError(`${flaw.message}${positionalHint(options)}`, flaw.path);
      if (closed) throw new ConfigurationError('This client was closed. Create a new one.');
      try {
        return await track(options ?? {}, work);
      } catch (error) {
        throw withCallerStack(error);
      }
    },

    cleanUp: track,

    async close(drainMs) {
      closed = true;
      if (open.size === 0) return;
      const settled = Promise.all([...open].map((entry) => entry.settled));
      const endAll = (): void => {
        for (const { stop } of open) stop('closed');
      };
      const timer = setTimeout(endAll, Math.min(drainMs, MAX_TIMER_MS));
      await settled;
      clearTimeout(timer);
    },
  };
}

/** Other packages take the number and the text one after the other. */
function positionalHint(options: unknown): string {
  if (typeof options !== 'string') return '';
  return ' Pass one object: messages.send({ destination, text }). Nothing was sent.';
}

/** The error of a call that ended before anything was sent. */
function endedError(reason: StopReason, deadlineMs: number | undefined): SmsError {
  if (reason === 'deadline') {
    const message = `The call took longer than deadlineMs (${deadlineMs} ms). Nothing was sent.`;
    return new TimeoutError({ message, submission: 'not-submitted', reason: 'timeout', attempts: 0 });
  }
  const why = reason === 'closed' ? 'The client was closed' : 'The call was aborted';
  return new AbortedError({ message: `${why} before anything was sent.`, submission: 'not-submitted' });
}

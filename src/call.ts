import { AbortedError, ConfigurationError, type SmsError, TimeoutError, ValidationError } from './errors.ts';
import { withCallerStack } from './internal/caller-stack.ts';
import { onAbort } from './internal/on-abort.ts';
import { withTimeLimit } from './internal/time-limit.ts';
import type { ReportError } from './internal/user-code.ts';
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
  /**
   * Calls back once when `signal` fires; not when it has fired already. Returns the function that takes the callback back. Where
   * this will do, no signal has to be made.
   */
  onEnd(callback: () => void): () => void;
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
  /**
   * Loads code that a call needs before it can begin, and begins the call. A close that comes meanwhile refuses all others, and waits for
   * this one.
   *
   * @throws ConfigurationError the code could not be loaded
   */
  afterLoading<Part, Result>(
    load: () => Promise<Part>,
    begin: (part: Part) => Result | PromiseLike<Result>,
  ): Promise<Result>;
  /** Refuses new calls, waits `drainMs` for open ones, then aborts the rest. */
  close(drainMs: number): Promise<void>;
}

/** A class, and its signal is made for those who ask for it: most sends need none. */
class OpenCall implements Call {
  readonly context: unknown;
  readonly timeoutMs: number | undefined;
  readonly maxAttempts: number | undefined;
  readonly onResponse: CallOptions['onResponse'];
  readonly deadlineMs: number | undefined;
  readonly #deadlineAt: number;
  readonly #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #forget: (() => void) | undefined;
  #stopReason: StopReason | undefined;
  #error: SmsError | undefined;
  #controller: AbortController | undefined;
  /** Called when the call is stopped. */
  #onEnd: (() => void)[] = [];
  /** Called when it has settled. */
  #onSettled: (() => void)[] = [];

  constructor(options: CallOptions, defaultDeadlineMs: number | undefined, whole?: Call) {
    const { signal: caller, deadlineMs = defaultDeadlineMs } = options;
    this.context = options.context;
    this.timeoutMs = options.timeoutMs;
    this.maxAttempts = options.maxAttempts;
    this.onResponse = options.onResponse;
    this.deadlineMs = deadlineMs;
    if (deadlineMs === undefined) this.#deadlineAt = Number.POSITIVE_INFINITY;
    else {
      this.#deadlineAt = performance.now() + deadlineMs;
      this.#timer = setTimeout(() => this.stop('deadline'), Math.min(deadlineMs, MAX_TIMER_MS));
    }
    if (caller === undefined) return;
    const stopWithCaller = () => this.stop(whole?.stopReason ?? 'aborted');
    if (caller.aborted) stopWithCaller();
    this.#forget = onAbort(caller, stopWithCaller);
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#error !== undefined) this.#controller.abort(this.#error);
    }
    return this.#controller.signal;
  }

  get stopReason(): StopReason | undefined {
    return this.#stopReason;
  }

  remainingMs(): number {
    return this.#deadlineAt - performance.now();
  }

  throwIfEnded(): void {
    if (this.#error !== undefined) throw this.#error;
  }

  onEnd(callback: () => void): () => void {
    // A function of its own: the same callback may be given twice.
    const call = () => callback();
    this.#onEnd.push(call);
    return () => {
      const at = this.#onEnd.indexOf(call);
      if (at >= 0) this.#onEnd.splice(at, 1);
    };
  }

  until(left: AbortSignal): Call {
    return callUntil(this, left);
  }

  within<Result>(deadlineMs: number, work: (call: Call) => Promise<Result>): Promise<Result> {
    return runWithin(this, deadlineMs, work);
  }

  stop(reason: StopReason): void {
    if (this.#error !== undefined) return;
    this.#stopReason = reason;
    this.#error = endedError(reason, this.deadlineMs);
    this.#controller?.abort(this.#error);
    // One that is taken back meanwhile is not called.
    for (let next = this.#onEnd.shift(); next !== undefined; next = this.#onEnd.shift()) next();
  }

  /** Removes the listener and the timer. */
  settle(): void {
    clearTimeout(this.#timer);
    this.#forget?.();
    for (const tell of this.#onSettled) tell();
  }

  /** Resolves once it has settled. */
  settled(): Promise<void> {
    return new Promise((resolve) => this.#onSettled.push(resolve));
  }
}

function callUntil(call: Call, left: AbortSignal): Call {
  const signal = AbortSignal.any([call.signal, left]);
  const { context, timeoutMs, maxAttempts, onResponse, deadlineMs } = call;
  const narrowed: Call = {
    signal,
    context,
    timeoutMs,
    maxAttempts,
    onResponse,
    deadlineMs,
    get stopReason() {
      return call.stopReason ?? (left.aborted ? 'aborted' : undefined);
    },
    remainingMs: () => call.remainingMs(),
    throwIfEnded: () => signal.throwIfAborted(),
    onEnd: (callback) => onAbort(signal, callback),
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
  const call = new OpenCall(options, undefined, whole);
  try {
    return await work(call);
  } finally {
    call.settle();
  }
}

const NO_OPTIONS: CallOptions = Object.freeze({});

/**
 * @param defaultDeadlineMs deadline of a call without one
 * @param reportError gets the exception behind code that could not be loaded
 */
export function createCalls(defaultDeadlineMs: number | undefined, reportError?: ReportError): Calls {
  const open = new Set<OpenCall>();
  const loading = new Set<Promise<unknown>>();
  /** `closing`: only calls begin whose code was being loaded when the client was closed. */
  let state: 'open' | 'closing' | 'closed' = 'open';
  let isBeginning = false;

  function mayBegin(): boolean {
    return state === 'open' || (state === 'closing' && isBeginning);
  }

  /** A call that begins at once, with no wait before it, may begin while the client is closing. */
  function beginNow<Result>(work: () => Result): Result {
    isBeginning = true;
    try {
      return work();
    } finally {
      isBeginning = false;
    }
  }

  async function load<Part>(loadPart: () => Promise<Part>): Promise<Part> {
    const part = loadPart();
    loading.add(part);
    try {
      return await part;
    } catch (error) {
      reportError?.(error, 'import');
      throw error;
    } finally {
      loading.delete(part);
    }
  }

  function begin(options: CallOptions): OpenCall {
    const call = new OpenCall(options, defaultDeadlineMs);
    open.add(call);
    return call;
  }

  function end(call: OpenCall): void {
    open.delete(call);
    call.settle();
  }

  return {
    async run(options, work) {
      const flaw = options === undefined ? undefined : validate(callSchema, options, 'options');
      if (flaw !== undefined)
        throw new ValidationError(`${flaw.message}${positionalHint(options)} Nothing was sent.`, flaw.path);
      // Thrown here: one frame more, and the stack would not reach the caller.
      if (!mayBegin())
        throw new ConfigurationError('This client was closed. Create a new one. Nothing was sent.');
      const call = begin(options ?? NO_OPTIONS);
      try {
        return await work(call);
      } catch (error) {
        throw withCallerStack(error);
      } finally {
        end(call);
      }
    },

    async cleanUp(options, work) {
      const call = begin(options);
      try {
        return await work(call);
      } finally {
        end(call);
      }
    },

    async afterLoading(loadPart, begin) {
      const wasOpen = state === 'open';
      const part = await load(loadPart);
      return await (wasOpen ? beginNow(() => begin(part)) : begin(part));
    },

    async close(drainMs) {
      const limitMs = Math.min(drainMs, MAX_TIMER_MS);
      if (state === 'open') state = 'closing';
      if (loading.size > 0) await withTimeLimit(limitMs, undefined, () => Promise.allSettled(loading));
      state = 'closed';
      if (open.size === 0) return;
      const settled = Promise.all([...open].map((call) => call.settled()));
      const endAll = (): void => {
        for (const call of open) call.stop('closed');
      };
      const timer = setTimeout(endAll, limitMs);
      await settled;
      clearTimeout(timer);
    },
  };
}

/** Other packages take the number and the text one after the other. */
function positionalHint(options: unknown): string {
  if (typeof options !== 'string') return '';
  return ' Pass all fields in one object, such as messages.send({ destination, text }).';
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

import { type CallScope, openScope, type StopReason } from './call-scope.ts';
import { AbortedError, ConfigurationError, type SmsError, TimeoutError, ValidationError } from './errors.ts';
import { anything, type Fields, findFlaw, having, integer, shape } from './schema.ts';
import type { CallOptions } from './types.ts';
import { MAX_TIMER_MS } from './wait.ts';

export const callFields: Fields<CallOptions> = {
  signal: having(['addEventListener', 'removeEventListener', 'throwIfAborted'], 'an AbortSignal'),
  timeoutMs: integer({ min: 1, max: 3_600_000, unit: 'milliseconds' }),
  deadlineMs: integer({ min: 1, max: 86_400_000, unit: 'milliseconds' }),
  maxAttempts: integer({ min: 1, max: 10 }),
  context: anything(),
};
const callSchema = shape(callFields, 'an object of call options');

/** One call of a client method, from its first check to its last answer. */
export interface Call {
  /** Fires when the caller aborts, the deadline passes, or the client closes; its reason is the error to throw. */
  readonly signal: AbortSignal;
  readonly context: unknown;
  /** The options for the transport, with what is left of the deadline. */
  transportOptions(): CallOptions;
  /** Throws when the call has ended; nothing was sent yet. */
  throwIfEnded(): void;
}

/** Keeps track of the calls under way, so that closing the client can wait for them and then end them. */
export interface Calls {
  /** Runs one call; timers and listeners are gone when it settles. */
  run<Result>(options: CallOptions | undefined, work: (call: Call) => Promise<Result>): Promise<Result>;
  /** Refuses new calls, waits `drainMs` for those under way, then aborts the rest. */
  close(drainMs: number): Promise<void>;
}

/** @param defaultDeadlineMs deadline of a call that names none */
export function createCalls(defaultDeadlineMs: number | undefined): Calls {
  const open = new Set<{ readonly scope: CallScope; readonly settled: Promise<void> }>();
  let closed = false;

  return {
    async run(options, work) {
      const flaw = options === undefined ? undefined : findFlaw(callSchema, options, 'options');
      if (flaw !== undefined) throw new ValidationError(flaw.message, flaw.path);
      if (closed) throw new ConfigurationError('This client was closed. Make a new one.');
      const { signal, deadlineMs = defaultDeadlineMs, context } = options ?? {};
      const scope = openScope(signal, deadlineMs, monotonicNow, (reason) => endedError(reason, deadlineMs));
      const call: Call = {
        signal: scope.signal,
        context,
        transportOptions: () => ({
          ...options,
          signal: scope.signal,
          deadlineMs: deadlineMs && Math.max(1, Math.ceil(scope.remainingMs())),
        }),
        throwIfEnded: () => scope.signal.throwIfAborted(),
      };

      let finish: () => void = () => {};
      const entry = { scope, settled: new Promise<void>((resolve) => (finish = resolve)) };
      open.add(entry);
      try {
        return await work(call);
      } finally {
        scope.end();
        open.delete(entry);
        finish();
      }
    },

    async close(drainMs) {
      closed = true;
      if (open.size === 0) return;
      const settled = Promise.all([...open].map((entry) => entry.settled));
      const endAll = (): void => {
        for (const { scope } of open) scope.stop('closed');
      };
      const timer = setTimeout(endAll, Math.min(drainMs, MAX_TIMER_MS));
      await settled;
      clearTimeout(timer);
    },
  };
}

function monotonicNow(): number {
  return performance.now();
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

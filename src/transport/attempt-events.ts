import type { ConnectionFailure, Submission } from '../errors.ts';
import type { AttemptOutcome } from './outcome.ts';
import type { RequestContext, TransportEnvironment } from './request-context.ts';

/** Raises the events of one attempt. */
export interface AttemptReport {
  finished(status: number): void;
  /** @param retryInMs milliseconds until the next attempt; undefined when there is none */
  failed(outcome: AttemptOutcome, submission: Submission, retryInMs: number | undefined): void;
  stopped(submission: Submission): void;
}

const UNHEARD: AttemptReport = { finished() {}, failed() {}, stopped() {} };

/** Raises the event for the start of an attempt, and returns the functions that raise the event for its end. */
export function startReport(
  { request, call, host }: RequestContext,
  environment: TransportEnvironment,
  attempt: number,
): AttemptReport {
  if (environment.emit.isSilent === true) return UNHEARD;
  const { operation, clientMessageId } = request;
  const base = {
    operation: operation.name,
    method: operation.method,
    host,
    path: operation.path,
    attempt,
    ...(clientMessageId !== undefined && { clientMessageId }),
  };
  const startedAt = environment.elapsed();
  const durationMs = () => environment.elapsed() - startedAt;
  const emitFailure = (details: {
    readonly submission: Submission;
    readonly status?: number;
    readonly reason?: ConnectionFailure | 'aborted' | 'unreadable';
    readonly retryInMs?: number;
  }) =>
    environment.emit({ type: 'attempt-failed', ...base, durationMs: durationMs(), ...details }, call.context);
  environment.emit({ type: 'attempt-started', ...base }, call.context);
  return {
    finished: (status) =>
      environment.emit({ type: 'attempt-finished', ...base, status, durationMs: durationMs() }, call.context),
    stopped: (submission) =>
      emitFailure({ submission, reason: call.stopReason === 'deadline' ? 'timeout' : 'aborted' }),
    failed(outcome, submission, retryInMs) {
      const next = retryInMs === undefined ? {} : { retryInMs };
      if (outcome.kind === 'failure') emitFailure({ submission, reason: outcome.reason, ...next });
      else if (outcome.status < 300)
        emitFailure({ submission, status: outcome.status, reason: 'unreadable' });
      else emitFailure({ submission, status: outcome.status, ...next });
    },
  };
}

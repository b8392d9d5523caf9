import type { Emit } from '../events.ts';
import type { AttemptOperation } from '../telemetry/operations.ts';
import { type AttemptOutcome, isSuccess } from './outcome.ts';
import type { RequestContext } from './request-context.ts';

/** Runs one attempt, as an operation where somebody follows them. */
export function traceAttempt(
  { request: { operation }, url }: RequestContext,
  { trace }: Emit,
  attempt: number,
  write: () => Promise<AttemptOutcome>,
): Promise<AttemptOutcome> {
  if (trace === undefined) return write();
  const traced: AttemptOperation = {
    kind: 'attempt',
    operation: operation.name,
    method: operation.method,
    origin: new URL(url).origin,
    path: operation.path,
    attempt,
  };
  return trace(traced, async () => {
    const outcome = await write();
    noteOutcome(traced, outcome);
    return outcome;
  });
}

/** A body that came too late or was too large is a failure of its own, unless the status is one already. */
function noteOutcome(traced: AttemptOperation, outcome: AttemptOutcome): void {
  if (outcome.kind === 'failure') {
    traced.errorType = outcome.reason;
    return;
  }
  traced.status = outcome.status;
  if (!isSuccess(outcome.status)) traced.errorType = `${outcome.status}`;
  else if (outcome.text === undefined) traced.errorType = 'unreadable';
}

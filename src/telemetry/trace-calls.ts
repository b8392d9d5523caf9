import type { Emit } from '../events.ts';
import { WITHOUT_PROMISE } from '../internal/without-promise.ts';
import type { SendCounts } from '../sending/results.ts';
import type { CallOperation, Trace } from './operations.ts';

/** The fields of a result that say what was sent. */
interface SendOutcome {
  readonly umid?: unknown;
  readonly parts?: unknown;
  readonly counts?: SendCounts;
}

/** Follows one call of the client. Its result stays with the caller, except for IDs and counts. */
export function traceCall<Result>(trace: Trace, name: string, call: () => Promise<Result>): Promise<Result> {
  const operation: CallOperation = { kind: 'call', name };
  return trace(operation, async () => {
    const result = await call();
    noteResult(operation, (result ?? {}) as SendOutcome);
    return result;
  });
}

function noteResult(operation: CallOperation, { umid, parts, counts }: SendOutcome): void {
  if (typeof umid === 'string' && typeof parts === 'number') {
    operation.umid = umid;
    operation.parts = parts;
  }
  if (typeof counts?.accepted === 'number') operation.counts = counts;
}

/**
 * Follows the calls of one resource of a client while somebody listens. Methods without a promise are not followed: the chunks of
 * `sendMany` and all requests of the others are, on their own.
 */
export function callsOf(resource: string, emit: Emit): (method: string, call: () => unknown) => unknown {
  return (method, call) => {
    const { trace } = emit;
    if (trace === undefined || WITHOUT_PROMISE.has(`${resource}.${method}`)) return call();
    return traceCall(trace, `${resource}.${method}`, call as () => Promise<unknown>);
  };
}

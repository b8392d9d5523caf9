import type { Emit } from '../events.ts';
import type { SendCounts } from '../sending/results.ts';
import type { CallOperation, Trace } from './operations.ts';

/**
 * Methods that return no promise: they compute, start something in the background, or give results to iterate. The chunks of
 * `sendMany` and all requests of the others are followed on their own.
 */
const WITHOUT_PROMISE: ReadonlySet<string> = new Set([
  'estimate',
  'feedbackInBackground',
  'list',
  'run',
  'sendMany',
]);

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

/** Follows the calls of one resource of a client while somebody listens. */
export function callsOf(resource: string, emit: Emit): (method: string, call: () => unknown) => unknown {
  return (method, call) => {
    const { trace } = emit;
    if (trace === undefined || WITHOUT_PROMISE.has(method)) return call();
    return traceCall(trace, `${resource}.${method}`, call as () => Promise<unknown>);
  };
}

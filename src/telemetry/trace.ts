import { SmsError } from '../errors.ts';
import { isGuardError } from '../guards/guard.ts';
import type { ReportError } from '../internal/user-code.ts';
import type { Channels } from './channels.ts';
import type { OperationError, Trace, TracedOperation } from './operations.ts';
import type { Telemetry } from './telemetry.ts';

/** The class of an exception. Its message may hold anything. */
function errorTypeOf(error: unknown): OperationError {
  return SmsError.isInstance(error) ? error.code : '_OTHER';
}

/** A refusal of a guard is a decision. Only one that nobody made, because a store or hook failed, is a failure. */
function noteError(operation: TracedOperation, error: unknown): void {
  if (SmsError.isInstance(error) && isGuardError(error)) {
    const { guard, reason, outage } = error;
    if (operation.kind === 'call') operation.decision = { guard, reason };
    if (outage !== true) return;
  }
  operation.errorType ??= errorTypeOf(error);
}

/** Hands operations to the team's telemetry and to the channels of Node. Neither can disturb the work, or run it twice. */
export function createTrace(
  telemetry: Telemetry | undefined,
  channels: Channels | undefined,
  reportError: ReportError,
): Trace {
  return <Result>(operation: TracedOperation, work: () => Promise<Result>): Promise<Result> => {
    let running: Promise<Result> | undefined;
    const noting = async (): Promise<Result> => {
      try {
        return await work();
      } catch (error) {
        noteError(operation, error);
        throw error;
      }
    };
    const begin = (): Promise<Result> => {
      running ??= channels?.areTraced === true ? channels.trace(operation, noting) : noting();
      return running;
    };
    if (telemetry === undefined) return begin();
    try {
      // The error of the work itself is the caller's.
      const reportOwn = (error: unknown) =>
        begin().then(
          () => reportError(error, 'telemetry'),
          (ofWork) => void (ofWork !== error && reportError(error, 'telemetry')),
        );
      Promise.resolve(telemetry.trace(operation, begin)).catch(reportOwn);
    } catch (error) {
      reportError(error, 'telemetry');
    }
    return begin();
  };
}

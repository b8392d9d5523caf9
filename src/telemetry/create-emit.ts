import type { Emit, EventBody, EventListener, EventRecorder, SmsEvent } from '../events.ts';
import type { ReportError } from '../internal/user-code.ts';
import type { Channels } from './channels.ts';
import type { Telemetry } from './telemetry.ts';
import { createTrace } from './trace.ts';

/** Those who listen beside the team's listener and logger. */
export interface Instrumentation {
  readonly telemetry?: Telemetry | undefined;
  /** Undefined in a runtime without `node:diagnostics_channel`. */
  readonly channels?: Channels | undefined;
  /** The audit log. */
  readonly recorder?: EventRecorder | undefined;
}

/** Wraps the team's callback, logger, telemetry and audit log, so that they cannot disturb a send. */
export function createEmit(
  listener: EventListener | undefined,
  now: () => number,
  log?: EventListener | undefined,
  reportError: ReportError = () => {},
  { telemetry, channels, recorder }: Instrumentation = {},
): Emit {
  const listeners = [
    [listener, 'onEvent'] as const,
    [log, 'logger'] as const,
    [telemetry && ((event: SmsEvent) => telemetry.event(event)), 'telemetry'] as const,
  ].flatMap(([tell, where]) => (tell === undefined ? [] : [{ tell, where }]));
  const hasListeners = listeners.length > 0 || recorder !== undefined;
  const isSilent = () => !hasListeners && channels?.areHeard !== true;
  const trace = createTrace(telemetry, channels, reportError);
  const emit: Emit = (body, context, about) => {
    if (isSilent()) return;
    if (recorder !== undefined) record(recorder, { ...body, at: now() } as SmsEvent, context, about);
    tellAll(body, context);
  };

  /** Nobody may believe that a record is there which is not. */
  function record(
    take: EventRecorder,
    event: SmsEvent,
    context: unknown,
    about: { readonly key: number } | undefined,
  ): void {
    let isTaken = false;
    try {
      const taken: unknown = take(event, { context, person: about && `+${about.key}` });
      isTaken = taken === true;
      // A sink that is asynchronous against its type may reject.
      if (!isTaken) Promise.resolve(taken).catch((error) => reportError(error, 'audit.record'));
    } catch (error) {
      reportError(error, 'audit.record');
    }
    if (!isTaken) tellAll({ type: 'store-failed', store: 'audit' }, context);
  }

  function tellAll(body: EventBody, context: unknown): void {
    for (const { tell, where } of listeners) {
      try {
        const pending = tell({ ...body, at: now() } as SmsEvent, { context });
        // Also covers a promise of another realm or library, which `instanceof` does not recognise.
        if (pending !== undefined) Promise.resolve(pending).catch((error) => reportError(error, where));
      } catch (error) {
        reportError(error, where);
      }
    }
    if (channels?.areHeard === true) channels.publish({ ...body, at: now() } as SmsEvent, context);
  }

  return Object.defineProperties(emit, {
    reportError: { value: reportError },
    isSilent: { get: isSilent },
    trace: { get: () => (telemetry !== undefined || channels?.areTraced === true ? trace : undefined) },
  });
}

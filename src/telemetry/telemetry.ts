import type { SmsEvent } from '../events.ts';
import type { TracedOperation } from './operations.ts';

/**
 * Receives the operations and events of a client: `openTelemetry()` of `8x8-sms-guard/otel`, or your own. Whatever it throws
 * goes to `onError` and changes nothing.
 */
export interface Telemetry {
  /**
   * Runs `work` at once and once, in whatever context nested operations shall find, and returns its promise. The operation is
   * complete when that settles.
   */
  trace<Result>(operation: TracedOperation, work: () => Promise<Result>): Promise<Result>;
  /** Called with every event of `onEvent`. */
  event(event: SmsEvent): void;
}

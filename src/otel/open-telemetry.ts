import { context as contexts, metrics, trace } from '@opentelemetry/api';
import { ConfigurationError } from '../errors.ts';
import { VERSION } from '../internal/version.ts';
import type { LimitsEvent } from '../redis/failover/limits-event.ts';
import { boolean, type Fields, object, validate } from '../schema.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { openSpan } from './spans.ts';

/** Options of `openTelemetry`: the signals that it records. */
export interface OpenTelemetryOptions {
  /** Spans of calls, admissions, attempts, stores, hooks and webhooks. @default true */
  readonly traces?: boolean | undefined;
  /** The metrics of docs/observe.md. @default true */
  readonly metrics?: boolean | undefined;
}

/** Telemetry of a client that goes to OpenTelemetry. Clients may share one. */
export interface OpenTelemetry extends Telemetry {
  /**
   * Listener of `redisLimits`, for the state of the shared store. Without it, `redisLimits` writes that to the console.
   *
   * @example limits: redisLimits({ client, secret, onStoreError: 'refuse', onEvent: telemetry.onLimitsEvent })
   */
  onLimitsEvent(event: LimitsEvent): void;
}

const NAME = '8x8-sms-guard';

const fields: Fields<OpenTelemetryOptions> = { traces: boolean(), metrics: boolean() };
const schema = object(fields, 'an object of options');

/**
 * Spans and metrics of a client, through the global providers of `@opentelemetry/api`. The active span is the parent of what a
 * call does. Costs next to nothing while no SDK is registered. No attribute holds a number, a text or a key.
 *
 * @throws ConfigurationError an option is unknown or malformed
 * @example
 * ```ts
 * const sms = new SmsClient({ telemetry: openTelemetry() });
 * ```
 */
export function openTelemetry(options: OpenTelemetryOptions = {}): OpenTelemetry {
  const flaw = validate(schema, options);
  if (flaw !== undefined) throw new ConfigurationError(flaw.message, flaw.path);
  const { traces: hasTraces = true, metrics: hasMetrics = true } = options;
  const tracer = hasTraces ? trace.getTracer(NAME, VERSION) : undefined;
  // Opened on first use: the provider of metrics, unlike that of traces, must be registered by then.
  let opened: Metrics | undefined;
  const meters = (): Metrics | undefined => {
    if (hasMetrics) opened ??= createMetrics(metrics.getMeter(NAME, VERSION));
    return opened;
  };

  return {
    trace(operation, work) {
      const recorded = meters();
      // Waiting for the pace is a metric: a span for each would be as many as requests, and most take no time.
      const span =
        tracer === undefined || operation.kind === 'pace' ? undefined : openSpan(tracer, operation);
      recorded?.started(operation);
      const startedAt = performance.now();
      const end = (): void => {
        recorded?.ended(operation, performance.now() - startedAt);
        span?.end();
      };
      const running = span === undefined ? work() : contexts.with(span.context, work);
      return running.finally(end);
    },
    event: (event) => meters()?.event(event),
    onLimitsEvent: (event) => meters()?.limitsEvent(event),
  };
}

import type { Attributes, Meter } from '@opentelemetry/api';
import type { SmsEvent } from '../events.ts';
import type { LimitsEvent } from '../redis/failover/limits-event.ts';
import type { TracedOperation } from '../telemetry/operations.ts';
import { isSending, serverOf } from './attributes.ts';
import { METRICS, type MetricDefinition, type MetricName } from './metric-list.ts';

/** Records the metrics of a client. */
export interface Metrics {
  started(operation: TracedOperation): void;
  ended(operation: TracedOperation, durationMs: number): void;
  event(event: SmsEvent): void;
  limitsEvent(event: LimitsEvent): void;
}

const STORE_STATES = ['shared', 'local', 'refuse'] as const;

/** The country of a number without one, such as a satellite phone. */
const NO_COUNTRY = 'none';

type RecordValue = (value: number, attributes: Attributes) => void;

function openInstrument(meter: Meter, name: string, definition: MetricDefinition): RecordValue {
  const { kind, unit, description, buckets } = definition;
  const advice = buckets === undefined ? {} : { advice: { explicitBucketBoundaries: [...buckets] } };
  const options = { unit, description, ...advice };
  if (kind === 'gauge') {
    const gauge = meter.createGauge(name, options);
    return (value, attributes) => gauge.record(value, attributes);
  }
  if (kind === 'histogram') {
    const histogram = meter.createHistogram(name, options);
    return (value, attributes) => histogram.record(value, attributes);
  }
  const counter =
    kind === 'counter' ? meter.createCounter(name, options) : meter.createUpDownCounter(name, options);
  return (value, attributes) => counter.add(value, attributes);
}

/** Opens every instrument of the list. */
function openInstruments(meter: Meter): (name: MetricName, value: number, attributes: Attributes) => void {
  const instruments = new Map(
    Object.entries(METRICS).map(([name, definition]) => [name, openInstrument(meter, name, definition)]),
  );
  return (name, value, attributes) => instruments.get(name)?.(value, attributes);
}

const errorOf = ({ errorType }: TracedOperation): Attributes =>
  errorType === undefined ? {} : { 'error.type': errorType };

export function createMetrics(meter: Meter): Metrics {
  const record = openInstruments(meter);

  function recordSent(
    event: SmsEvent & { readonly country?: string; readonly purpose: string },
    error?: string,
  ) {
    record('messaging.client.sent.messages', 1, {
      'messaging.system': '8x8',
      'messaging.operation.name': 'send',
      'sms_guard.purpose': event.purpose,
      'sms_guard.country': event.country ?? NO_COUNTRY,
      ...(error !== undefined && { 'error.type': error }),
    });
  }

  function recordEvent(event: SmsEvent): void {
    switch (event.type) {
      case 'message-admitted':
        record('sms_guard.messages.admitted', 1, { 'sms_guard.purpose': event.purpose });
        return;
      case 'message-blocked':
      case 'guard-observed': {
        const { guard, reason } = event.decision;
        const isRefused = event.type === 'message-blocked';
        record(isRefused ? 'sms_guard.messages.refused' : 'sms_guard.messages.observed', 1, {
          'sms_guard.guard': guard,
          'sms_guard.reason': reason,
          'sms_guard.purpose': event.purpose,
        });
        if (isRefused && event.cost !== undefined) {
          record('sms_guard.money.saved', event.cost.amount, {
            'sms_guard.currency': event.cost.currency,
            'sms_guard.country': event.country ?? NO_COUNTRY,
          });
        }
        return;
      }
      case 'message-sent': {
        recordSent(event);
        const country = event.country ?? NO_COUNTRY;
        const attributes = { 'sms_guard.country': country, 'sms_guard.purpose': event.purpose };
        if (event.parts !== undefined) record('sms_guard.parts', event.parts, attributes);
        if (event.cost !== undefined) {
          const { amount, currency } = event.cost;
          record('sms_guard.money.spent', amount, { ...attributes, 'sms_guard.currency': currency });
        }
        return;
      }
      case 'verification-started':
        recordSent(event);
        return;
      case 'message-rejected':
        recordSent(event, 'message-rejected');
        return;
      case 'message-failed':
        // One that was not submitted never left.
        if (event.submission !== 'not-submitted') recordSent(event, event.errorCode);
        return;
      case 'backoff-cleared':
        record('sms_guard.codes.entered', 1, { 'sms_guard.country': event.country ?? NO_COUNTRY });
        return;
      case 'verification-checked':
        record('sms_guard.codes.checked', 1, { 'sms_guard.status': event.status });
        return;
      case 'suspension-started':
        record('sms_guard.suspensions', 1, {
          'sms_guard.place': event.place,
          'sms_guard.after_test': event.afterTest,
          ...(event.place === 'country' && { 'sms_guard.country': event.country ?? NO_COUNTRY }),
        });
        return;
      case 'budget-level':
        record('sms_guard.budget.levels', 1, {
          'sms_guard.budget.of': event.of,
          'sms_guard.budget.period': event.period,
          'sms_guard.budget.percent': event.percent,
        });
        return;
      case 'store-failed':
        record('sms_guard.store.failures', 1, { 'sms_guard.store': event.store });
        return;
      case 'webhook-refused':
      case 'webhook-failed':
        record('sms_guard.webhooks.refused', 1, { 'sms_guard.reason': event.reason });
        return;
      case 'pace-paused':
        record('sms_guard.pace.pauses', 1, { 'sms_guard.affects': event.affects });
        return;
      case 'attempt-started':
      case 'attempt-finished':
      case 'attempt-failed':
        return;
      default:
        record('sms_guard.events', 1, { 'sms_guard.event': event.type });
    }
  }

  return {
    event: recordEvent,
    limitsEvent(event) {
      if (event.type === 'limits-switched' || event.type === 'pace-switched') {
        const store = event.type === 'limits-switched' ? 'limits' : 'pace';
        for (const state of STORE_STATES) {
          const attributes = { 'sms_guard.store': store, 'sms_guard.state': state };
          record('sms_guard.store.state', event.to === state ? 1 : 0, attributes);
        }
        return;
      }
      record('sms_guard.events', 1, { 'sms_guard.event': event.type });
    },
    started(operation) {
      if (operation.kind === 'pace') record('sms_guard.pace.queued', 1, {});
    },
    ended(operation, durationMs) {
      const seconds = durationMs / 1_000;
      const failed = errorOf(operation);
      switch (operation.kind) {
        case 'call':
          if (!isSending(operation.name)) return;
          record('messaging.client.operation.duration', seconds, {
            'messaging.system': '8x8',
            'messaging.operation.name': operation.name,
            'messaging.operation.type': 'send',
            // Refusals are quick, and would hide how long a send takes.
            'sms_guard.refused': operation.decision !== undefined,
            ...failed,
          });
          return;
        case 'attempt': {
          const { method, origin, path, status } = operation;
          record('http.client.request.duration', seconds, {
            'http.request.method': method,
            ...serverOf(origin),
            'url.template': path,
            ...(status !== undefined && { 'http.response.status_code': status }),
            ...failed,
          });
          return;
        }
        case 'pace':
          record('sms_guard.pace.queued', -1, {});
          record('sms_guard.pace.wait', seconds, failed);
          return;
        case 'store':
          record('sms_guard.store.duration', seconds, {
            'sms_guard.store': operation.store,
            'sms_guard.store.method': operation.method,
            ...failed,
          });
          return;
        case 'webhook':
          record('messaging.process.duration', seconds, {
            'messaging.system': '8x8',
            'messaging.operation.name': 'webhooks.receive',
            'messaging.operation.type': 'process',
            'sms_guard.webhook.event': operation.event ?? 'unread',
            ...failed,
          });
          return;
        default:
      }
    },
  };
}

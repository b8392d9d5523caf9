import {
  type Context,
  context as contexts,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace as traces,
} from '@opentelemetry/api';
import type { TracedOperation } from '../telemetry/operations.ts';
import { endAttributes, isSending, startAttributes } from './attributes.ts';

/** The name of a span. None contains a value. */
function nameOf(operation: TracedOperation): string {
  switch (operation.kind) {
    case 'call':
      return operation.name;
    case 'admission':
      return 'admission';
    case 'attempt':
      return `${operation.method} ${operation.path}`;
    case 'pace':
      return 'pace';
    case 'store':
      return `${operation.store}.${operation.method}`;
    case 'hook':
      return operation.name;
    case 'webhook':
      return 'webhooks.receive';
  }
}

/** Nobody else continues the trace of a message, so that a send is a `CLIENT` and no `PRODUCER`. */
function kindOf(operation: TracedOperation): SpanKind {
  switch (operation.kind) {
    case 'attempt':
      return SpanKind.CLIENT;
    case 'call':
      return isSending(operation.name) ? SpanKind.CLIENT : SpanKind.INTERNAL;
    case 'webhook':
      return SpanKind.CONSUMER;
    default:
      return SpanKind.INTERNAL;
  }
}

/** A span that has begun, and the context in which the work of its operation runs. */
export interface OpenSpan {
  readonly context: Context;
  end(): void;
}

/** Begins the span of an operation under the active one. */
export function openSpan(tracer: Tracer, operation: TracedOperation): OpenSpan {
  const parent = contexts.active();
  const span: Span = tracer.startSpan(
    nameOf(operation),
    { kind: kindOf(operation), attributes: startAttributes(operation) },
    parent,
  );
  return {
    context: traces.setSpan(parent, span),
    end() {
      if (span.isRecording()) span.setAttributes(endAttributes(operation));
      // The status has no text, because messages of errors contain masked numbers.
      if (operation.errorType !== undefined) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    },
  };
}

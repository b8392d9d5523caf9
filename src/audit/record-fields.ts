import type { SmsEvent } from '../events.ts';
import type { AuditEvent } from './audit-sink.ts';

/** Events of the machinery: they decide nothing about a person. Every other event is recorded, those of later versions too. */
const NOT_RECORDED: ReadonlySet<string> = new Set<SmsEvent['type']>([
  'attempt-started',
  'attempt-finished',
  'attempt-failed',
  'backoff-started',
  'capacity',
  'chunk-started',
  'chunk-finished',
  'feedback-failed',
  'feedback-late',
  'pace-paused',
  'pace-resumed',
  'possible-placeholder',
  'prices-unknown',
  'send-many-not-read',
  'webhook-received',
]);

export function isRecorded({ type }: AuditEvent): boolean {
  return !NOT_RECORDED.has(type);
}

/** A masked number shows its last digits, which would link a record to a person who was forgotten. */
const MASKED = /\+?\d{0,4}\*{4,}\d{0,2}/g;
const NOT_FIELDS: ReadonlySet<string> = new Set(['type', 'at', 'destination']);

function withoutNumbers(value: unknown): unknown {
  if (typeof value === 'string') return value.includes('****') ? value.replace(MASKED, '[number]') : value;
  if (Array.isArray(value)) return value.map(withoutNumbers);
  return typeof value === 'object' && value !== null ? fieldsOf(value) : value;
}

function fieldsOf(value: object): object {
  const fields: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(value)) {
    if (!NOT_FIELDS.has(name)) fields[name] = withoutNumbers(field);
  }
  return fields;
}

/** The fields of an event that are recorded: all but the number, which the person's ID replaces. */
export function recordFields(event: AuditEvent): object {
  return fieldsOf(event);
}

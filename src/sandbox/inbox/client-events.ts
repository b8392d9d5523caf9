import type { SmsEvent } from '../../events.ts';

/** The reports of a client about itself, through `sandboxReporter`. */

/** A refused message. */
export interface RefusalRecord {
  readonly id: string;
  readonly at: number;
  /** Masked. */
  readonly destination: string;
  readonly country?: string;
  readonly purpose: string;
  readonly guard: string;
  readonly reason: string;
  readonly retryAfterMs?: number;
}

/** An admitted message: its purpose, and the guards that only watched. */
export interface AdmissionRecord {
  readonly purpose?: string;
  readonly observed?: readonly { readonly guard: string; readonly reason: string }[];
}

/** Something that the client did for a person. */
export interface NoteRecord {
  readonly id: string;
  readonly at: number;
  /** Masked. */
  readonly destination: string;
  readonly text: string;
}

/** The types of events that the page shows. */
export const REPORTED = [
  'message-admitted',
  'message-blocked',
  'guard-observed',
  'consent-recorded',
  'consent-forgotten',
  'possible-opt-out',
  'opt-out-unrecorded',
  'scheduled-cancelled',
  'scheduled-not-cancelled',
  'number-undeliverable',
  'number-reached',
  'fraud-reported',
  'limits-released',
  'backoff-cleared',
] as const satisfies readonly SmsEvent['type'][];

export type ReportedType = (typeof REPORTED)[number];
export type ReportedEvent = Extract<SmsEvent, { type: ReportedType }>;

const isReported = (type: unknown): type is ReportedType => REPORTED.some((known) => known === type);

/** Fields of events are short: a longer one is not from a client. */
const MAX_FIELD = 400;

function isShort(value: unknown): boolean {
  return typeof value === 'string' ? value.length <= MAX_FIELD : typeof value !== 'object' || value === null;
}

/** Fields that are records of values. */
const RECORDS: readonly string[] = ['decision', 'cost'];

function isShortField([name, field]: readonly [string, unknown]): boolean {
  if (Array.isArray(field) || isShort(field)) return true;
  return RECORDS.includes(name) && Object.values(field as object).every(isShort);
}

/** Whether a value has the form of an event that the page shows. */
export function isReportedEvent(value: unknown): value is ReportedEvent {
  if (typeof value !== 'object' || value === null) return false;
  const { type, at, destination, decision } = value as Record<string, unknown>;
  if (!isReported(type) || typeof at !== 'number' || !Number.isFinite(at)) return false;
  if (typeof destination !== 'string' || destination.length > MAX_FIELD) return false;
  const needsDecision = type === 'message-blocked' || type === 'guard-observed';
  if (needsDecision && (typeof decision !== 'object' || decision === null)) return false;
  return Object.entries(value).every(isShortField);
}

/** The line of the page for what a client did. */
export function noteOf(event: ReportedEvent): string | undefined {
  switch (event.type) {
    case 'consent-recorded':
      return `${event.state === 'opted-out' ? 'Opt-out' : 'Opt-in'} recorded (${event.scope})`;
    case 'consent-forgotten':
      return 'The person was forgotten';
    case 'possible-opt-out':
      return 'This may be an opt-out: nothing was changed, have somebody read it';
    case 'opt-out-unrecorded':
      return `The opt-out was not recorded (${event.reason})`;
    case 'scheduled-cancelled':
      return 'A scheduled message was cancelled';
    case 'scheduled-not-cancelled':
      return `A scheduled message may still be sent (${event.reason})`;
    case 'number-undeliverable':
      return `The number does not exist (code ${event.errorCode}): further messages are refused`;
    case 'number-reached':
      return 'The number was reached: messages are allowed again';
    case 'fraud-reported':
      return '8x8 stopped the message as artificially inflated traffic';
    case 'limits-released':
      return 'The limits of this number were released';
    case 'backoff-cleared':
      return 'The code was entered: the next one need not wait';
    default:
      return undefined;
  }
}

import type { Logger, LogLevel } from '../config/options.ts';
import type { EventListener, SmsEvent } from '../events.ts';
import { describeDuration } from './describe-duration.ts';

/** Log level by event type; all other events have `debug`. */
const LEVELS: Readonly<Partial<Record<SmsEvent['type'], keyof Logger>>> = {
  'store-failed': 'error',
  'hook-failed': 'error',
  'opt-out-unrecorded': 'error',
  'scheduled-not-cancelled': 'error',
  'opt-out-not-mirrored': 'warn',
  'possible-opt-out': 'warn',
  'possible-placeholder': 'warn',
  'message-failed': 'warn',
  'feedback-failed': 'warn',
  'send-many-not-read': 'warn',
  'test-number-used': 'warn',
  'pace-paused': 'warn',
  capacity: 'warn',
  'webhook-failed': 'warn',
  'fraud-reported': 'warn',
  'suspension-started': 'warn',
  'outcomes-missing': 'warn',
  'budget-level': 'warn',
  'budget-alarm': 'warn',
  'prices-unknown': 'warn',
  'balance-low': 'warn',
  'operation-refused': 'warn',
  'message-blocked': 'info',
  'message-postponed': 'info',
  'message-rejected': 'info',
  'guard-observed': 'info',
  'limits-released': 'info',
  'suspension-lifted': 'info',
  'consent-forgotten': 'info',
  'scheduled-cancelled': 'info',
  'number-undeliverable': 'info',
  'number-reached': 'info',
  'webhook-refused': 'info',
  'key-refreshed': 'info',
  'feedback-late': 'info',
  'pace-resumed': 'info',
};

const LOUDNESS: Readonly<Record<LogLevel, number>> = { off: 0, error: 1, warn: 2, info: 3, debug: 4 };

/** Whether a line of this level is written. */
export function isLogged(level: keyof Logger, upTo: LogLevel): boolean {
  return LOUDNESS[level] <= LOUDNESS[upTo];
}

/** `blocked +65******67 by recipient: over-limit, 10 of 10 in 30 min, retry in 12 min`. */
function describeDecision({ decision, destination }: Extract<SmsEvent, { readonly decision: unknown }>) {
  const { guard, reason, observed, limit, windowMs, retryAfterMs, outage } = decision;
  const count = limit === undefined ? '' : `, ${observed ?? '?'} of ${limit}`;
  const period = windowMs === undefined ? '' : ` in ${describeDuration(windowMs)}`;
  const retry = retryAfterMs === undefined ? '' : `, retry in ${describeDuration(retryAfterMs)}`;
  return `${destination} by ${guard}: ${reason}${count}${period}${retry}${outage === true ? ' (outage)' : ''}`;
}

/** Fields that the text has in another form, or that only programs read. */
const NOT_SHOWN: ReadonlySet<string> = new Set(['type', 'at', 'decision', 'destination', 'method', 'path']);

function describeFields(event: SmsEvent): string {
  return Object.entries(event)
    .filter(([name, value]) => !NOT_SHOWN.has(name) && typeof value !== 'object' && value !== undefined)
    .map(([name, value]) => `${name}=${/^[\w.:/+-]+$/.test(String(value)) ? value : JSON.stringify(value)}`)
    .join(' ');
}

/** The text says it all: pino keeps no second argument of a line, and a console may print it as `[object Object]`. */
function lineOf(event: SmsEvent): string {
  const parts =
    'decision' in event
      ? [event.type, describeDecision(event), `id=${event.clientMessageId}`]
      : [event.type, 'destination' in event ? event.destination : '', describeFields(event)];
  const text = parts.filter((part) => part !== '').join(' ');
  // `%s` and the like make pino, winston and the console put the fields into the text.
  return `8x8-sms-guard: ${text.replace(/%(?=[A-Za-z%])/g, '% ')}`;
}

/** Writes the events of these levels to the team's logger: a line that says what happened, and its fields. */
export function logListener(logger: Logger, upTo: LogLevel): EventListener {
  // The result of the logger is returned, because a promise must be handled too.
  return (event) => {
    const level = LEVELS[event.type] ?? 'debug';
    return isLogged(level, upTo) ? logger[level](lineOf(event), { ...event }) : undefined;
  };
}

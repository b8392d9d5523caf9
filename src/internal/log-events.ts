import type { Logger } from '../config/options.ts';
import type { EventListener, SmsEvent } from '../events.ts';

/** Log level by event type; all other events have `debug`. */
const LEVELS: Readonly<Partial<Record<SmsEvent['type'], keyof Logger>>> = {
  'store-failed': 'error',
  'hook-failed': 'error',
  'opt-out-unrecorded': 'error',
  'scheduled-not-cancelled': 'error',
  'opt-out-not-mirrored': 'warn',
  'possible-opt-out': 'warn',
  'message-failed': 'warn',
  'attempt-failed': 'warn',
  'pace-paused': 'warn',
  'webhook-failed': 'warn',
  'fraud-reported': 'warn',
  'message-blocked': 'info',
  'message-rejected': 'info',
  'guard-observed': 'info',
  'limits-released': 'info',
  'consent-forgotten': 'info',
  'scheduled-cancelled': 'info',
  'number-undeliverable': 'info',
  'number-reached': 'info',
  'feedback-late': 'info',
  'webhook-refused': 'info',
  'key-refreshed': 'info',
  'pace-resumed': 'info',
};

/** Writes every event to the team's logger: its type as the message, its fields as the fields. */
export function logListener(logger: Logger): EventListener {
  // Returns the logger's result, because a promise needs its rejections handled too.
  return (event) => logger[LEVELS[event.type] ?? 'debug'](`8x8-sms-guard: ${event.type}`, { ...event });
}

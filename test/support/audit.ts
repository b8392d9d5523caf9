import { type AuditLog, auditLog } from '../../src/audit/audit-log.ts';
import type { AuditLogOptions } from '../../src/audit/audit-options.ts';
import { memorySalts } from '../../src/audit/salts.ts';
import type { SmsEvent } from '../../src/events.ts';

export const AUDIT_SECRET = 'audit-secret-of-the-tests-0123456789';
export const PERSON = '+6591234567';

/** Any event of a client. */
export function sentEvent(index = 1): SmsEvent {
  return {
    type: 'message-sent',
    at: 1_764_400_000_000 + index,
    clientMessageId: `message-${index}`,
    destination: '+65******67',
    country: 'SG',
    callingCode: '65',
    purpose: 'otp',
    umid: '0f8fad5b-d9cb-469f-a165-70867728950e',
    attempts: 1,
  };
}

/** Records the events of several people. */
export function recordMany(log: AuditLog, count: number): void {
  for (let index = 1; index <= count; index += 1) {
    log.record(sentEvent(index), {
      person: `+659123${String(index % 50).padStart(4, '0')}`,
      context: undefined,
    });
  }
}

/** A log in memory. */
export function createMemoryLog(options: Partial<AuditLogOptions> = {}) {
  const pieces: string[] = [];
  const errors: unknown[] = [];
  const log = auditLog({
    secret: AUDIT_SECRET,
    salts: memorySalts(),
    writer: (lines) => void pieces.push(lines),
    onError: (error) => void errors.push(error),
    ...options,
  });
  return {
    log,
    errors,
    pieces,
    text: () => pieces.join(''),
    source: () => [{ name: 'log', chunks: [...pieces] }],
  };
}

/** The records of a log. */
export function recordsOf(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

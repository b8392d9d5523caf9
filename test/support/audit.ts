import { type AuditLog, auditLog } from '../../src/audit/audit-log.ts';
import type { AuditLogOptions } from '../../src/audit/audit-options.ts';
import { memorySalts } from '../../src/audit/salts.ts';
import type { AuditSource } from '../../src/audit/verify-audit.ts';
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

/** The secrets that a reader of {@link createMemoryLog} needs. */
export const secrets = { 1: AUDIT_SECRET };

export const sourceOf = (text: string | Uint8Array): AuditSource[] => [{ name: 'log', chunks: [text] }];
export const joined = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('');

/** A closed log of so many records. */
export async function makeLog(count: number) {
  const { log, text } = createMemoryLog();
  recordMany(log, count);
  await log.close();
  return { text: text(), lines: text().trimEnd().split('\n'), head: log.head() };
}

/** A pair for Ed25519, as JSON Web Keys. */
export async function createKeys() {
  const pair = (await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as CryptoKeyPair;
  const [privateKey, publicKey] = await Promise.all([
    crypto.subtle.exportKey('jwk', pair.privateKey),
    crypto.subtle.exportKey('jwk', pair.publicKey),
  ]);
  return { privateKey: { ...privateKey }, publicKey: { ...publicKey } };
}

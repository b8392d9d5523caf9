import type { Attributes } from '@opentelemetry/api';
import type { TracedOperation } from '../telemetry/operations.ts';

/**
 * Names of OpenTelemetry's semantic conventions 1.45.0, of which those of HTTP, `error.type` and `server.*` are stable, and those of
 * messaging and `url.template` are in development. Names of this package begin with `sms_guard`.
 */
const SYSTEM = { 'messaging.system': '8x8' } as const;

/** Methods of the client that send; the others read, check or change something. */
const SENDING: ReadonlySet<string> = new Set([
  'messages.send',
  'messages.sendBatch',
  'messages.sendMany',
  'surveys.send',
  'surveys.sendBatch',
  'surveys.sendMany',
  'verifications.start',
  'oneTimePasswords.issue',
]);

export function isSending(name: string): boolean {
  return SENDING.has(name);
}

/** The port of an origin, which a URL omits when it is the scheme's own. */
export function serverOf(origin: string): Attributes {
  const { hostname, port, protocol } = new URL(origin);
  const usual = protocol === 'https:' ? 443 : 80;
  return { 'server.address': hostname, 'server.port': port === '' ? usual : Number(port) };
}

/** Attributes that are known when an operation starts. No value of a caller is among them. */
export function startAttributes(operation: TracedOperation): Attributes {
  switch (operation.kind) {
    case 'call':
      return isSending(operation.name)
        ? {
            ...SYSTEM,
            'messaging.operation.name': operation.name,
            'messaging.operation.type': 'send',
          }
        : { 'sms_guard.method': operation.name };
    case 'admission':
      return {
        'messaging.batch.message_count': operation.messages,
        'sms_guard.second_look': operation.isSecondLook,
      };
    case 'attempt':
      return {
        'http.request.method': operation.method,
        ...serverOf(operation.origin),
        // The template, because the path of a request may hold a number or an ID.
        'url.full': operation.origin + operation.path,
        'url.template': operation.path,
        ...(operation.attempt > 1 && { 'http.request.resend_count': operation.attempt - 1 }),
      };
    case 'store':
      return { 'sms_guard.store': operation.store, 'sms_guard.store.method': operation.method };
    case 'hook':
      return { 'sms_guard.hook': operation.name };
    case 'webhook':
      return {
        ...SYSTEM,
        'messaging.operation.name': 'webhooks.receive',
        'messaging.operation.type': 'process',
      };
    case 'pace':
      return { 'server.address': operation.host };
  }
}

/** Attributes that are known when it ends. */
export function endAttributes(operation: TracedOperation): Attributes {
  const failed = operation.errorType === undefined ? {} : { 'error.type': operation.errorType };
  switch (operation.kind) {
    case 'call':
      return { ...failed, ...callAttributes(operation) };
    case 'admission':
      return { ...failed, ...defined({ 'sms_guard.admitted': operation.admitted }) };
    case 'attempt':
      return { ...failed, ...defined({ 'http.response.status_code': operation.status }) };
    case 'webhook':
      return {
        ...failed,
        ...defined({
          'sms_guard.webhook.event': operation.event,
          'sms_guard.webhook.duplicate': operation.duplicate,
          'messaging.message.id': operation.umid,
        }),
      };
    default:
      return failed;
  }
}

function callAttributes({
  umid,
  parts,
  counts,
  decision,
}: Extract<TracedOperation, { readonly kind: 'call' }>): Attributes {
  return defined({
    'messaging.message.id': umid,
    'sms_guard.parts': parts,
    'sms_guard.guard': decision?.guard,
    'sms_guard.reason': decision?.reason,
    ...(counts !== undefined && {
      'messaging.batch.message_count': counts.accepted + counts.rejected + counts.blocked + counts.failed,
      'sms_guard.accepted': counts.accepted,
      'sms_guard.rejected': counts.rejected,
      'sms_guard.refused': counts.blocked,
      'sms_guard.failed': counts.failed,
    }),
  });
}

function defined(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
}

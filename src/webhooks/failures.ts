import { WebhookError, type WebhookErrorFields, type WebhookFailure } from '../errors.ts';

/** The status for the sender and the message for the team. The sender gets the status alone. */
const FAILURES: Readonly<Record<WebhookFailure, Omit<WebhookErrorFields, 'reason'>>> = {
  unauthorized: {
    status: 401,
    message: 'The webhook is not from 8x8. The webhook-refused event says which check failed.',
  },
  'method-not-allowed': { status: 405, message: 'The request is not a POST. 8x8 sends webhooks as POST.' },
  'too-large': {
    status: 413,
    message: 'The body has more bytes than maxBodyBytes. Raise maxBodyBytes if 8x8 sent it.',
  },
  malformed: { status: 400, message: 'The body is not a webhook as 8x8 documents it.' },
  incomplete: {
    status: 408,
    message:
      'The body could not be read: the connection broke, reading took longer than timeoutMs, or the body had been read already. Pass the receiver the unread request, or the parsed body.',
  },
  'in-progress': {
    status: 503,
    retryAfterSeconds: 1,
    message: 'Another delivery of the same event is being handled.',
  },
  'handler-failed': {
    status: 500,
    message: 'The handler threw. The event stays unhandled; 8x8 sends it again.',
  },
  'timed-out': {
    status: 500,
    message: 'Handling the event took longer than timeoutMs. The event stays unhandled; 8x8 sends it again.',
  },
  unavailable: {
    status: 503,
    message:
      "A store or the token's key server failed, or the client was closed. The event stays unhandled; 8x8 sends it again.",
  },
};

/** Failures on the side of the team. */
const OUTAGES: ReadonlySet<WebhookFailure> = new Set(['handler-failed', 'timed-out', 'unavailable']);

export function webhookError(reason: WebhookFailure, outage = OUTAGES.has(reason)): WebhookError {
  return new WebhookError({ ...FAILURES[reason], reason, outage });
}

/** @param path names from this package and indexes only: a key from outside may contain anything */
export function malformed(path?: string, expected?: string): WebhookError {
  const detail = path === undefined ? '' : ` ${path} is not ${expected}.`;
  const { status, message } = FAILURES.malformed;
  return new WebhookError({ reason: 'malformed', status, message: `${message}${detail}`, path });
}

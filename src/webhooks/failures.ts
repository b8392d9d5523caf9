import { WebhookError, type WebhookErrorFields, type WebhookFailure } from '../errors.ts';

/** What to answer, and what to say to the team. The sender gets the status alone. */
const FAILURES: Readonly<Record<WebhookFailure, Omit<WebhookErrorFields, 'reason'>>> = {
  unauthorized: {
    status: 401,
    message: 'The webhook is not from 8x8. The webhook-refused event says what did not fit.',
  },
  'method-not-allowed': { status: 405, message: 'A webhook comes as POST.' },
  'too-large': {
    status: 413,
    message: 'The webhook has more bytes than maxBodyBytes. Raise it if 8x8 sent it.',
  },
  malformed: { status: 400, message: 'The webhook is not what 8x8 documents.' },
  incomplete: {
    status: 408,
    message:
      'The body of the webhook could not be read: it broke off, took longer than timeoutMs, or had been read before. Give the receiver the request untouched, or the parsed body.',
  },
  'in-progress': {
    status: 503,
    retryAfterSeconds: 1,
    message: 'Another attempt is handling the same event.',
  },
  'handler-failed': {
    status: 500,
    message: 'The handler threw. The event counts as not seen; 8x8 sends it again.',
  },
  'timed-out': {
    status: 500,
    message: 'Handling the event took longer than timeoutMs. It counts as not seen; 8x8 sends it again.',
  },
  unavailable: {
    status: 503,
    message:
      "A store or the token's key server failed, or the client was closed. The event counts as not seen; 8x8 sends it again.",
  },
};

export function webhookError(reason: WebhookFailure): WebhookError {
  return new WebhookError({ ...FAILURES[reason], reason });
}

/** @param path names of ours and indexes only: a key from outside may hold anything */
export function malformed(path?: string, expected?: string): WebhookError {
  const detail = path === undefined ? '' : ` ${path} is not ${expected}.`;
  const { status, message } = FAILURES.malformed;
  return new WebhookError({ reason: 'malformed', status, message: `${message}${detail}`, path });
}

import { ApiError, MessageRejectedError } from '../errors.ts';
import type { PreparedMessage } from './prepare.ts';
import type { WireResult } from './send-operation.ts';

/** 8x8's response for one message, as far as it is relied on. */
interface SentMessage {
  readonly umid?: unknown;
  readonly destination?: unknown;
  readonly clientMessageId?: unknown;
  readonly status?: { readonly code?: unknown; readonly description?: unknown } | null;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Printable and short: it goes to events and to the idempotency record. */
const UMID = /^[\x21-\x7e]{1,100}$/;

/** The result of a message about which the response says nothing. */
export function unreadableResult(message: PreparedMessage, attempts: number): WireResult {
  const { index, clientMessageId } = message;
  const error = new ApiError({
    message:
      '8x8 answered 200 without saying what became of this message. Do not send it again before a delivery receipt or an export, matched by clientMessageId, says so.',
    submission: 'unknown',
    status: 200,
    attempts,
    clientMessageId,
  });
  return { status: 'failed', index, clientMessageId, error };
}

/** The result of one message by 8x8's response. REJECTED comes inside HTTP 200 and is no success. */
export function readSent(response: unknown, message: PreparedMessage, attempts: number): WireResult {
  const { index, clientMessageId, content } = message;
  const sent = response as SentMessage;
  const code = textOf(sent.status?.code);
  const umid = textOf(sent.umid);
  if (code === 'REJECTED') {
    const error = new MessageRejectedError({
      description: textOf(sent.status?.description),
      umid,
      clientMessageId,
    });
    return { status: 'rejected', index, clientMessageId, error };
  }
  if (!UMID.test(umid) || code === '') return unreadableResult(message, attempts);
  const { parts, encoding } = content?.measure ?? { parts: 1, encoding: 'GSM7' };
  return { status: 'accepted', index, clientMessageId, umid, parts, encoding, attempts };
}

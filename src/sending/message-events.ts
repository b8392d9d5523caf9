import type { Call } from '../call.ts';
import type { ClientContext } from '../client-context.ts';
import type { Emit } from '../events.ts';
import { messageFields } from '../guards/event-fields.ts';
import type { OutgoingMessage } from '../guards/guard.ts';
import type { SendResult } from './results.ts';

/** Raises the event of a message that was sent, rejected or failed. */
export function reportResult(
  { emit, costOf }: Pick<ClientContext, 'emit' | 'costOf'>,
  message: OutgoingMessage,
  result: SendResult,
  call: Call,
): void {
  if (emit.isSilent === true) return;
  const { channel } = message;
  const fields = messageFields(message);
  if (result.status === 'accepted' && channel !== undefined) {
    emit({ type: 'verification-started', ...fields, channel }, call.context, message.phone);
  } else if (result.status === 'accepted') {
    const { umid, attempts, parts } = result;
    const sent = { type: 'message-sent', ...fields, umid, attempts, ...costOf(message, parts) } as const;
    emit(sent, call.context, message.phone);
  } else if (result.status === 'rejected') {
    emit(
      { type: 'message-rejected', ...fields, description: result.error.message },
      call.context,
      message.phone,
    );
  } else {
    const { code, submission } = result.error;
    emit({ type: 'message-failed', ...fields, errorCode: code, submission }, call.context, message.phone);
  }
}

/** Raises the event of a message whose `idempotencyKey` was sent before. */
export function reportRepeated(emit: Emit, message: OutgoingMessage, call: Call): void {
  emit({ type: 'message-repeated', ...messageFields(message) }, call.context, message.phone);
}

/** Raises the event of an input that did not become a message, and therefore has no number to show. */
export function reportUnprepared(emit: Emit, result: SendResult, call: Call): void {
  const { clientMessageId } = result;
  const fields = { clientMessageId, destination: '****', purpose: 'transactional' } as const;
  if (result.status === 'blocked') {
    emit({ type: 'message-blocked', ...fields, decision: result.error.decision }, call.context);
  } else if (result.status === 'failed') {
    const { code, submission } = result.error;
    emit({ type: 'message-failed', ...fields, errorCode: code, submission }, call.context);
  }
}

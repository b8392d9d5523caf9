import { ApiError, MessageRejectedError } from '../errors.ts';
import { hideSecrets, isUuid, repeatsSecret, secretsIn, someSecretIn } from '../internal/hide-secrets.ts';
import { inSlices } from '../internal/slices.ts';
import { FIND_OUT } from '../transport/error-text.ts';
import type { TransportResponse } from '../transport/transport.ts';
import type { PreparedMessage } from './prepare.ts';
import type { WireResult } from './send-operation.ts';

/** The fields of 8x8's response for one message that this package relies on. */
interface SentMessage {
  readonly umid?: unknown;
  readonly destination?: unknown;
  readonly clientMessageId?: unknown;
  readonly status?: { readonly code?: unknown; readonly description?: unknown } | null;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Printable and short, because it goes into events and into the idempotency record. */
const ID = /^[\x21-\x7e]{1,100}$/;

/** The fields of a message that only its person may read. */
function secretsOf({ content, wire }: PreparedMessage): readonly string[] {
  return content === undefined ? secretsIn(wire) : [content.text, ...secretsIn(wire)];
}

/** An id may repeat no number either, where a description shows it masked. */
function idSecretsOf(message: PreparedMessage): readonly string[] {
  return [message.phone.msisdn, ...secretsOf(message)];
}

function isId(id: unknown): id is string {
  return typeof id === 'string' && ID.test(id);
}

/** Tells which messages an id repeats. */
function createRepeats(id: string): (message: PreparedMessage) => boolean {
  if (!isUuid(id)) return (message) => repeatsSecret(id, idSecretsOf(message));
  const isHeld = (secret: string) => secret.includes(id);
  // No number is as long.
  return ({ content, wire }) => (content !== undefined && isHeld(content.text)) || someSecretIn(wire, isHeld);
}

/** Whether a text of 8x8's is an id, and repeats nothing that the message holds. Events carry it. */
function isSafeId(id: unknown, message: PreparedMessage): id is string {
  return isId(id) && !createRepeats(id)(message);
}

/** The same for the id of a batch and all of its messages. */
export async function isSafeBatchId(id: unknown, messages: readonly PreparedMessage[]): Promise<boolean> {
  if (!isId(id)) return false;
  const repeats = createRepeats(id);
  let isRepeated = false;
  await inSlices(messages.length, (index) => {
    isRepeated ||= repeats(messages[index] as PreparedMessage);
  });
  return !isRepeated;
}

/** How a response came. */
export type ResponseFacts = Pick<TransportResponse, 'attempts' | 'requestId'>;

function fieldsOf({ attempts, requestId }: ResponseFacts) {
  return { attempts, ...(requestId !== undefined && { requestId }) };
}

/** The result of a message that the response does not mention. */
export function unreadableResult(message: PreparedMessage, facts: ResponseFacts): WireResult {
  const { index, clientMessageId, phone } = message;
  const error = new ApiError({
    message: `8x8 responded with HTTP 200 but without a result for this message. ${FIND_OUT}`,
    submission: 'unknown',
    status: 200,
    ...fieldsOf(facts),
    clientMessageId,
  });
  return { status: 'failed', index, clientMessageId, destination: phone.e164, error };
}

/** Reads the result of one message from 8x8's response. REJECTED comes with HTTP 200 and is not a success. */
export function readSent(response: unknown, message: PreparedMessage, facts: ResponseFacts): WireResult {
  const { index, clientMessageId, content } = message;
  const destination = message.phone.e164;
  const sent = response as SentMessage;
  const code = textOf(sent.status?.code);
  const umid = isSafeId(sent.umid, message) ? sent.umid : '';
  if (code === 'REJECTED') {
    const error = new MessageRejectedError({
      description: hideSecrets(textOf(sent.status?.description), secretsOf(message)),
      umid,
      requestId: facts.requestId,
      clientMessageId,
    });
    return { status: 'rejected', index, clientMessageId, destination, error };
  }
  if (umid === '' || code === '') return unreadableResult(message, facts);
  const { parts, encoding } = content?.measure ?? { parts: 1, encoding: 'GSM7' };
  return {
    status: 'accepted',
    index,
    clientMessageId,
    destination,
    umid,
    parts,
    encoding,
    ...fieldsOf(facts),
  };
}

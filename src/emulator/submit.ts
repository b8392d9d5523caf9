import type { ApiCall, ApiResponse, EmulatorContext } from './context.ts';
import { isRecord, type JsonObject, readEncoding, readString } from './fields.ts';
import type { MessageDraft, MessageOrigin } from './message.ts';
import { fail, PROBLEMS, ProblemError } from './problems.ts';
import { readMessage } from './read-message.ts';

/** The common part of single sends, batches and surveys: validate, accept or reject, respond. */

const MAX_BATCH = 10_000;
const MAX_CLIENT_BATCH_ID = 20;

/** A validated message: it is sent, or REJECTED for a reason. */
type Checked = MessageDraft | { readonly rejection: string };

/** One message of a request: its fields, and the function that builds its text. */
export interface SubmittedMessage {
  readonly fields: JsonObject;
  /** Throws a `ProblemError` when the text is malformed. */
  readonly text: () => string | undefined;
  /** The variables of a survey. */
  readonly templateVariables?: JsonObject;
}

function check(message: SubmittedMessage, call: ApiCall, context: EmulatorContext, batch: boolean): Checked {
  try {
    const draft = readMessage(message.fields, message.text(), context.clock.now());
    if (context.contacts.isBlocked(draft.destination.slice(1))) fail(PROBLEMS.blocked);
    return call.rejection === undefined ? draft : { rejection: call.rejection };
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    const { rejection, status } = error.problem;
    if (rejection === undefined || (!batch && status !== 200)) throw error;
    return { rejection };
  }
}

/** In a batch with an id, 8x8 makes up the missing id of a message: `clientBatchId/number`. */
function clientMessageIdOf(
  { fields }: SubmittedMessage,
  { clientBatchId }: MessageOrigin,
  destination: string,
): string | undefined {
  if (typeof fields.clientMessageId === 'string') return fields.clientMessageId;
  return clientBatchId === undefined ? undefined : `${clientBatchId}/${destination.replace('+', '')}`;
}

function acceptOrReject(
  checked: Checked,
  submitted: SubmittedMessage,
  origin: MessageOrigin,
  context: EmulatorContext,
) {
  const { fields } = submitted;
  const destination = 'rejection' in checked ? String(fields.destination) : checked.destination;
  const clientMessageId = clientMessageIdOf(submitted, origin, destination);
  if ('rejection' in checked) {
    return {
      umid: context.ids.uuid(),
      clientMessageId: clientMessageId ?? null,
      destination,
      encoding: readEncoding(fields),
      status: { code: 'REJECTED', description: checked.rejection },
    };
  }
  const { templateVariables } = submitted;
  const draft = {
    ...checked,
    ...(clientMessageId !== undefined && { clientMessageId }),
    ...(templateVariables !== undefined && { templateVariables }),
  };
  const message = context.messages.accept(draft, origin);
  return {
    umid: message.umid,
    clientMessageId: clientMessageId ?? null,
    destination: message.destination.slice(1),
    encoding: message.encoding,
    status: { code: 'QUEUED', description: 'SMS is accepted and queued for processing' },
  };
}

/** Sends one message. A fault that a batch would REJECT is an HTTP error here, except an expiry that has passed. */
export function submitOne(
  message: SubmittedMessage,
  call: ApiCall,
  origin: MessageOrigin,
  context: EmulatorContext,
): ApiResponse {
  const checked = check(message, call, context, false);
  return { status: 200, json: acceptOrReject(checked, message, origin, context) };
}

/** Sends a batch. All messages are validated before the first is accepted, so an error response means that nothing was sent. */
export function submitBatch(
  submitted: readonly SubmittedMessage[],
  body: JsonObject,
  call: ApiCall,
  origin: MessageOrigin,
  context: EmulatorContext,
): ApiResponse {
  const clientBatchId = readString(body, 'clientBatchId', PROBLEMS.invalidParameter);
  if (clientBatchId !== undefined && clientBatchId.length > MAX_CLIENT_BATCH_ID) {
    fail(PROBLEMS.clientBatchIdTooLong);
  }
  const batchId = context.ids.uuid();
  const ownId = clientBatchId === undefined ? {} : { clientBatchId };
  const checked = submitted.map((message) => check(message, call, context, true));
  const messages = submitted.map((message, index) =>
    acceptOrReject(checked[index] as Checked, message, { ...origin, batchId, ...ownId }, context),
  );
  const rejectedCount = checked.filter((one) => 'rejection' in one).length;
  return {
    status: 200,
    json: {
      batchId,
      clientBatchId: clientBatchId ?? null,
      acceptedCount: messages.length - rejectedCount,
      rejectedCount,
      ...(body.includeMessagesInResponse === true && { messages }),
    },
  };
}

/** Reads `messages`: a list of objects. */
export function readEntries(body: JsonObject): readonly JsonObject[] {
  const { messages } = body;
  if (!Array.isArray(messages) || messages.length === 0) return fail(PROBLEMS.missingMessages);
  if (messages.length > MAX_BATCH) fail(PROBLEMS.tooManyMessages);
  return messages.every(isRecord) ? messages : fail(PROBLEMS.invalidParameter);
}

/** Reads `destinations` as messages without their own text. */
export function readDestinations(destinations: unknown): readonly JsonObject[] {
  if (!Array.isArray(destinations) || destinations.length === 0) return fail(PROBLEMS.missingMessages);
  if (destinations.length > MAX_BATCH) fail(PROBLEMS.bulkLimit);
  return destinations.map((destination) => ({ destination }));
}

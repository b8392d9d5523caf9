import type { ApiCall, EmulatorContext, Handler } from './context.ts';
import { readChoice, readObject, readString, readTime } from './fields.ts';
import { isUuid } from './ids.ts';
import { type EmulatedMessage, type EmulatedReceipt, MASKED, maskedDestination } from './message.ts';
import { fail, PROBLEMS } from './problems.ts';
import { readDestinations, readEntries, submitBatch, submitOne } from './submit.ts';

/** A later outcome makes 8x8's conversion rate less accurate (SMS API, "SMS feedback"). */
const FEEDBACK_WINDOW_MS = 15 * 60 * 1000;

/** The value of a path segment that the route's template contains. */
export function segment(call: ApiCall, name: string): string {
  return call.segments[name] as string;
}

export const sendOne: Handler = (call, context) => {
  const fields = readObject(call.body);
  const text = () => readString(fields, 'text', PROBLEMS.invalidText);
  return submitOne({ fields, text }, call, { subAccountId: segment(call, 'subAccountId') }, context);
};

export const sendBatch: Handler = (call, context) => {
  const body = readObject(call.body);
  const template = readObject(body.template ?? {}, PROBLEMS.invalidTemplate);
  // When a request has both, 8x8 silently drops `destinations`, and so does the emulator.
  const entries = body.messages === undefined ? readDestinations(body.destinations) : readEntries(body);
  const shared = body.clientIp === undefined ? template : { ...template, clientIp: body.clientIp };
  const submitted = entries.map((entry) => {
    const fields = { ...shared, ...entry };
    return { fields, text: () => readString(fields, 'text', PROBLEMS.invalidText) };
  });
  return submitBatch(submitted, body, call, { subAccountId: segment(call, 'subAccountId') }, context);
};

function findMessage(call: ApiCall, context: EmulatorContext): EmulatedMessage {
  const umid = segment(call, 'umid');
  if (!isUuid(umid)) fail(PROBLEMS.invalidUmid);
  return context.messages.find(segment(call, 'subAccountId'), umid) ?? fail(PROBLEMS.messageNotFound);
}

/** The status as in 8x8's details and exports; a cancelled message ends with delivery error 20. */
export function statusOf(message: EmulatedMessage): EmulatedReceipt {
  if (message.receipt !== undefined) return message.receipt;
  const timestamp = new Date(message.updatedAt).toISOString();
  if (message.state === 'cancelled') {
    return { state: 'failed', errorCode: 20, errorMessage: 'Local cancel', timestamp };
  }
  return { state: message.state === 'scheduled' ? 'queued' : 'sent', timestamp };
}

/** Number and text as 8x8 shows them: masked, unless unmasking was requested. */
export function shownPersonalData(message: EmulatedMessage, context: EmulatorContext) {
  if (context.showPersonalData || message.personalDataRemoved) {
    return { msisdn: message.destination, body: message.text };
  }
  return { msisdn: maskedDestination(message.destination), body: MASKED };
}

export const getDetails: Handler = (call, context) => {
  const message = findMessage(call, context);
  return {
    status: 200,
    json: {
      umid: message.umid,
      subAccountId: message.subAccountId,
      direction: 'outbound',
      country: message.country,
      status: statusOf(message),
      ...shownPersonalData(message, context),
      source: message.source,
      encoding: message.encoding,
      createdAt: new Date(message.createdAt).toISOString(),
      smsCount: message.parts,
      price: message.price,
      // 8x8 writes null for an absent id.
      clientMessageId: message.clientMessageId ?? null,
      clientBatchId: message.clientBatchId ?? null,
      batchId: message.batchId ?? null,
    },
  };
};

export const cancelOne: Handler = (call, context) => ({
  status: 200,
  json: { cancelledCount: context.messages.cancel(findMessage(call, context)) ? 1 : 0 },
});

export const cancelBatch: Handler = (call, context) => {
  const batchId = segment(call, 'batchId');
  const cancelledCount = context.messages.cancelBatch(segment(call, 'subAccountId'), batchId);
  return { status: 200, json: { cancelledCount: cancelledCount ?? fail(PROBLEMS.invalidId) } };
};

export const giveFeedback: Handler = (call, context) => {
  const body = readObject(call.body);
  const outcome =
    readChoice(body, 'outcome', ['success', 'failure'], PROBLEMS.invalidParameter) ??
    fail(PROBLEMS.invalidParameter);
  readTime(body, 'timestamp', PROBLEMS.invalidParameter);
  const umid = segment(call, 'umid');
  // 8x8 documents no 404 for this call.
  const message = context.messages.find(segment(call, 'subAccountId'), umid) ?? fail(PROBLEMS.invalidUmid);
  const at = context.clock.now();
  const sentAt = message.scheduledAt ?? message.createdAt;
  const inTime = at - sentAt <= FEEDBACK_WINDOW_MS;
  context.messages.change(message, { feedback: { outcome, at, inTime } });
  return { status: 200 };
};

export const deletePersonalData: Handler = (call, context) => {
  const found = context.messages.find(segment(call, 'subAccountId'), segment(call, 'umid'));
  context.messages.removePersonalData(found ?? fail(PROBLEMS.messageNotFound));
  return { status: 202 };
};

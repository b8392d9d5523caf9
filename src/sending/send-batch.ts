import type { Call } from '../call.ts';
import type { ClientContext } from '../client-context.ts';
import { ValidationError } from '../errors.ts';
import { type Fields, list, object, unknown, validate } from '../schema.ts';
import type { Rewrite } from '../text/rewrite.ts';
import type { Operation } from '../transport/operation.ts';
import type { CallOptions } from '../types.ts';
import {
  type BatchOutcome,
  type BatchSettings,
  batchSettingFields,
  sendBatchRequest,
} from './batch-request.ts';
import { contentOf, type InputList, type MessageInput, type MessageReader, wireFields } from './prepare.ts';
import { countResults, type SendCounts, type SendResult } from './results.ts';
import {
  type BatchMessage,
  batchMessageSchema,
  clientIpField,
  messageSchema,
  type SmsContent,
  templateSchema,
} from './sms-message.ts';
import type { Source } from './source.ts';

const SEND_BATCH: Operation = {
  name: 'messages.sendBatch',
  operationId: 'Send-Many-Sms',
  product: 'sms',
  method: 'POST',
  path: '/api/v1/subaccounts/{subAccountId}/messages/batch',
  repeat: 'never',
  responseBody: 'json',
};

/** Most messages that 8x8 accepts in one request. Source: 8x8 SMS API, "Send SMS batch". */
export const MAX_BATCH = 10_000;

/** Fields that every message of a batch shares; a message's own field wins. */
export interface BatchTemplate extends SmsContent {}

interface BatchBase extends BatchSettings {
  /** Fields of every message that lacks them, the text among them. */
  readonly template?: BatchTemplate | undefined;
  /** The end user's IP address, for 8x8's own limit per address. */
  readonly clientIp?: string | undefined;
}

/** Up to 10,000 messages, or up to 10,000 destinations and a template with the text. */
export type BatchInput = BatchBase &
  (
    | {
        /** Messages, 1 to 10,000. */
        readonly messages: readonly BatchMessage[];
        /** Excluded by `messages`. */
        readonly destinations?: undefined;
      }
    | {
        /** Numbers, 1 to 10,000, which all receive the text of the template. */
        readonly destinations: readonly string[];
        /** Excluded by `destinations`. */
        readonly messages?: undefined;
      }
  );

/** Outcome of every message of a batch. */
export interface BatchResult {
  /** One result per message, in the order of the input. */
  readonly results: readonly SendResult[];
  readonly counts: SendCounts;
  /** 8x8's ID, for `messages.cancelBatch`; absent when 8x8 accepted no message. */
  readonly batchId?: string;
}

export const batchFields: Fields<BatchBase & { messages: unknown; destinations: unknown }> = {
  messages: list(unknown(), { min: 1, max: MAX_BATCH }),
  destinations: list(unknown(), { min: 1, max: MAX_BATCH }),
  template: templateSchema,
  ...batchSettingFields,
  clientIp: clientIpField,
};
const batchSchema = object(batchFields, 'a batch { messages } or { destinations, template }');

function readBatch(input: BatchInput): readonly MessageInput[] {
  const flaw = validate(batchSchema, input);
  if (flaw !== undefined) throw new ValidationError(`${flaw.message} Nothing was sent.`, flaw.path);
  const { messages, destinations, template } = input;
  if ((messages === undefined) === (destinations === undefined)) {
    throw new ValidationError(
      'Give either `messages` or `destinations` with a `template`: 8x8 would drop one of the two silently. Nothing was sent.',
      messages === undefined ? 'messages' : 'destinations',
    );
  }
  const defaults = definedOnly({ purpose: input.purpose, country: input.country });
  if (destinations === undefined) {
    return (messages ?? []).map((message, index) => inputOf(message, index, 'messages', defaults));
  }
  if (template?.text === undefined) {
    throw new ValidationError(
      'template.text is missing: `destinations` take their text from it. Nothing was sent.',
      'template.text',
    );
  }
  return destinations.map((destination, index) => ({
    index,
    list: 'destinations',
    input: { ...defaults, destination },
  }));
}

/**
 * A message with the defaults of the batch. A value that is not an object stays as it is, for the validation to
 * refuse.
 */
export function inputOf(message: unknown, index: number, list: InputList, defaults: object): MessageInput {
  try {
    const isObject = typeof message === 'object' && message !== null && !Array.isArray(message);
    return { index, list, input: isObject ? withDefaults(message, defaults) : message };
  } catch {
    // A getter or a proxy of the caller threw when it was copied: one bad row, which the validation names.
    return { index, list, input: undefined };
  }
}

/** The defined values; undefined when there is none. */
export function all<Value>(values: readonly (Value | undefined)[]): readonly Value[] | undefined {
  let given: Value[] | undefined;
  for (const value of values) {
    if (value === undefined) continue;
    given ??= [];
    given.push(value);
  }
  return given;
}

/** Reads a message of a batch: its own fields, else those of the template. */
function batchReader(
  rewrite: Rewrite,
  { template, extra: batchExtra }: BatchBase,
  sharedText: string | undefined,
): MessageReader<BatchMessage> {
  const rewriteOwn = ({ text, encoding = template?.encoding }: BatchMessage) =>
    text === undefined ? undefined : rewrite(text, encoding);
  return {
    schema: template?.text === undefined ? messageSchema : batchMessageSchema,
    sources: ({ source }, clientSource) => [source, template?.source, clientSource],
    content: (message, source) => {
      const filled = template === undefined ? message : { ...template, ...message };
      const extra = all([batchExtra, template?.extra, message.extra]);
      return contentOf({ ...filled, source, text: rewriteOwn(message) ?? sharedText ?? '', extra });
    },
    wire: (message, source) => {
      const { encoding, scheduled, expiry, dlrCallbackUrl, clientIp, track, extra } = message;
      return wireFields({
        text: rewriteOwn(message),
        source: source === template?.source ? undefined : source,
        encoding,
        scheduled,
        expiry,
        dlrCallbackUrl,
        clientIp,
        track,
        extra,
      });
    },
  };
}

/** A copy without undefined fields, so that a default applies to them as to missing ones. */
function withDefaults(message: object, defaults: object): object {
  const copy: Record<string, unknown> = { ...message };
  const isWhole = Object.values(copy).every((value) => value !== undefined);
  const hasDefaults = Object.keys(defaults).length > 0;
  return isWhole && !hasDefaults ? copy : { ...defaults, ...definedOnly(copy) };
}

function definedOnly<Shape extends object>(fields: Shape): Partial<Shape> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Partial<Shape>;
}

export function createSendBatch(
  client: ClientContext,
): (batch: BatchInput, options?: CallOptions) => Promise<BatchResult> {
  return (batch, options) =>
    client.calls.run(options, async (call) => {
      const { results, batchId } = await sendChunk(client, readBatch(batch), batch, call);
      return { results, counts: countResults(results), ...(batchId !== undefined && { batchId }) };
    });
}

/** The fields of a template that 8x8 takes: sender IDs by country go with each message. */
export function wireTemplate<Template extends { readonly source?: Source | undefined }>(
  template: Template,
): Template {
  return typeof template.source === 'object' ? { ...template, source: undefined } : template;
}

/** One request with up to 10,000 messages. */
export function sendChunk(
  client: ClientContext,
  inputs: readonly MessageInput[],
  batch: BatchBase,
  call: Call,
  onRequest?: () => void,
): Promise<BatchOutcome> {
  const { template, clientIp } = batch;
  const text = template?.text === undefined ? undefined : client.rewrite(template.text, template.encoding);
  return sendBatchRequest(
    client,
    inputs,
    {
      operation: SEND_BATCH,
      segments: { subAccountId: client.subAccountId },
      reader: batchReader(client.rewrite, batch, text),
      settings: batch,
      shared: wireFields({ clientIp, template: template && wireFields({ ...wireTemplate(template), text }) }),
      onRequest,
    },
    call,
  );
}

import type { Call } from '../call.ts';
import type { ClientContext } from '../client-context.ts';
import { ValidationError } from '../errors.ts';
import { extraField } from '../internal/extra-fields.ts';
import { createSlices, mapInSlices } from '../internal/slices.ts';
import { purposeField } from '../purposes.ts';
import { boolean, countryCode, type Fields, text } from '../schema.ts';
import type { Operation } from '../transport/operation.ts';
import type { TransportResponse } from '../transport/transport.ts';
import type { Purpose } from '../types.ts';
import { sendMessages } from './pipeline.ts';
import {
  type MessageInput,
  type MessageReader,
  type PreparedMessage,
  pathOf,
  wireFields,
} from './prepare.ts';
import type { SendResult } from './results.ts';
import type { WireResult } from './send-operation.ts';
import type { Addressing } from './sms-message.ts';
import { isSafeBatchId, readSent, unreadableResult } from './wire-results.ts';

/** Settings of every kind of batch. */
export interface BatchSettings {
  /** Purpose of messages without one. @default 'transactional' */
  readonly purpose?: Purpose | undefined;
  /** Country of national numbers without one. @default `defaultCountry` of the client */
  readonly country?: string | undefined;
  /** Your own ID of the batch, at most 20 characters. */
  readonly clientBatchId?: string | undefined;
  /** Allows several messages with one `clientMessageId`. @default false: the second one is refused */
  readonly allowRepeatedIds?: boolean | undefined;
  /** Sends equal messages to one number only once; the others get the same result and `duplicateOf`. @default false */
  readonly mergeDuplicates?: boolean | undefined;
  /**
   * Fields of the request, beside its messages, that 8x8 added after this version, sent as they are. They may name no field that 8x8 knows today, in any spelling
   * or depth. At most 10,000 characters as JSON.
   *
   * @example extra: { newField: true }
   */
  readonly extra?: Readonly<Record<string, unknown>> | undefined;
}

export const batchSettingFields: Fields<BatchSettings> = {
  purpose: purposeField,
  country: countryCode(),
  clientBatchId: text({ max: 20 }),
  allowRepeatedIds: boolean(),
  mergeDuplicates: boolean(),
  extra: extraField,
};

/** A request with up to 10,000 messages of one kind. */
export interface BatchRequest<Input extends Addressing> {
  readonly operation: Operation;
  readonly segments: Readonly<Record<string, string>>;
  readonly reader: MessageReader<Input>;
  readonly settings: BatchSettings;
  /** Fields of the body besides the messages. */
  readonly shared: Readonly<Record<string, unknown>>;
  /** Called right before the request, when the guards admitted at least one message. */
  readonly onRequest?: (() => void) | undefined;
}

/** The outcome of a batch; `batchId` is absent when 8x8 accepted no message. */
export interface BatchOutcome {
  readonly results: readonly SendResult[];
  readonly batchId?: string;
}

/** Digits only: 8x8 may return the number with or without the plus. */
function digitsOf(destination: unknown): string {
  return typeof destination === 'string' ? destination.replace(/\D+/g, '') : '';
}

/** The fields of one of 8x8's results that identify its message. */
type ResultOfId = { readonly clientMessageId?: unknown; readonly destination?: unknown } | null | undefined;

/** Results with the same ID. */
interface ResultsOfId {
  readonly all: ResultOfId[];
  readonly byDestination: Map<string, ResultOfId[]>;
}

/**
 * Groups results by ID. Each list is in reverse order, so that `pop` takes the first: searching takes too long among
 * 10,000.
 */
async function groupResults(results: readonly ResultOfId[]): Promise<ReadonlyMap<unknown, ResultsOfId>> {
  const byId = new Map<unknown, ResultsOfId>();
  const slices = createSlices();
  for (const result of results.toReversed()) {
    if (slices.isDue()) await slices.yield();
    const id = result?.clientMessageId;
    const group = byId.get(id) ?? { all: [], byDestination: new Map<string, ResultOfId[]>() };
    byId.set(id, group);
    group.all.push(result);
    const destination = digitsOf(result?.destination);
    const known = group.byDestination.get(destination);
    if (known === undefined) group.byDestination.set(destination, [result]);
    else known.push(result);
  }
  return byId;
}

/**
 * Finds the result of each message by its ID, and among equal IDs by destination, in order; never by position alone.
 */
async function matchResults(
  response: TransportResponse,
  admitted: readonly PreparedMessage[],
  { allowRepeatedIds }: BatchSettings,
): Promise<readonly WireResult[]> {
  const { messages } = (response.body ?? {}) as { messages?: unknown };
  const results: readonly ResultOfId[] = Array.isArray(messages) ? messages : [];
  // The usual case: no ID was sent twice, and every result has the ID of the message at its index.
  if (
    allowRepeatedIds !== true &&
    results.length === admitted.length &&
    admitted.every(({ clientMessageId }, index) => results[index]?.clientMessageId === clientMessageId)
  ) {
    return mapInSlices(admitted, (message, index) => readSent(results[index], message, response));
  }
  const byId = await groupResults(results);
  const sent = new Map<string, number>();
  for (const { clientMessageId } of admitted) sent.set(clientMessageId, (sent.get(clientMessageId) ?? 0) + 1);
  return mapInSlices(admitted, (message) => {
    const { all = [], byDestination } = byId.get(message.clientMessageId) ?? {};
    // An ID that was sent once and returned once is enough: 8x8 may format the number differently, or mask it.
    const isUnique = all.length === 1 && sent.get(message.clientMessageId) === 1;
    const result = isUnique ? all[0] : byDestination?.get(message.phone.msisdn)?.pop();
    return result === undefined ? unreadableResult(message, response) : readSent(result, message, response);
  });
}

/** Results of messages that repeat the ID of an earlier message; they are not sent. */
function rejectDuplicateIds(
  messages: readonly PreparedMessage[],
  { allowRepeatedIds }: BatchSettings,
): Map<PreparedMessage, SendResult> {
  const refused = new Map<PreparedMessage, SendResult>();
  if (allowRepeatedIds) return refused;
  const seen = new Set<string>();
  for (const message of messages) {
    const { clientMessageId, index, hasOwnId, phone } = message;
    if (!hasOwnId) continue;
    if (!seen.has(clientMessageId)) {
      seen.add(clientMessageId);
      continue;
    }
    const path = pathOf(message);
    const error = new ValidationError(
      `${path}.clientMessageId is also the ID of an earlier message of this batch, so their results could not be told apart. Make it unique, or set allowRepeatedIds. Nothing was sent.`,
      `${path}.clientMessageId`,
      clientMessageId,
    );
    refused.set(message, { status: 'failed', index, clientMessageId, destination: phone.e164, error });
  }
  return refused;
}

/** Identity of a message: the person and everything that is sent except the ID. */
function identityOf({
  phone,
  purpose,
  idempotency,
  wire: { clientMessageId: _, destination: __, ...rest },
}: PreparedMessage): string {
  // If such a message were merged into another one, its key would leave no record, and a later attempt would be sent.
  return JSON.stringify([phone.key, purpose, idempotency?.key, rest]);
}

/** Sends the admitted messages of a batch in one request, and matches the results to them. */
export async function sendBatchRequest<Input extends Addressing>(
  client: ClientContext,
  inputs: readonly MessageInput[],
  { operation, segments, reader, settings, shared, onRequest }: BatchRequest<Input>,
  call: Call,
): Promise<BatchOutcome> {
  let batchId: string | undefined;
  const { clientBatchId, mergeDuplicates, extra } = settings;
  const results = await sendMessages(
    client,
    inputs,
    {
      reader,
      segments,
      reject: (messages) => rejectDuplicateIds(messages, settings),
      ...(mergeDuplicates === true && { identityOf }),
      async beforeWrite() {
        onRequest?.();
      },
      request: (admitted) => ({
        operation,
        messageCount: admitted.length,
        body: {
          ...wireFields({ clientBatchId, ...shared, extra }),
          includeMessagesInResponse: true,
          messages: admitted.map(({ wire }) => wire),
        },
      }),
      async read(response, admitted) {
        const id = (response.body as { batchId?: unknown } | undefined)?.batchId;
        // 8x8 makes it of `clientBatchId`, which may share words with the texts.
        const own =
          typeof id === 'string' && clientBatchId && id.startsWith(clientBatchId) ? clientBatchId : '';
        if (id === own || (await isSafeBatchId(own === '' ? id : String(id).slice(own.length), admitted))) {
          batchId = id as string;
        }
        return matchResults(response, admitted, settings);
      },
    },
    call,
  );
  return { results, ...(batchId !== undefined && { batchId }) };
}

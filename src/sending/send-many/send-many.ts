import { callFields } from '../../call.ts';
import type { ClientContext } from '../../client-context.ts';
import { AbortedError, type SmsError, ValidationError } from '../../errors.ts';
import { onAbort } from '../../internal/on-abort.ts';
import { anyFunction, type Field, type Fields, integer, object, text, validate } from '../../schema.ts';
import type { CallOptions, Purpose } from '../../types.ts';
import type { SendResult } from '../results.ts';
import { type BatchTemplate, batchFields, MAX_BATCH, sendChunk } from '../send-batch.ts';
import type { BatchMessage } from '../sms-message.ts';
import { createCheckpoints, type ManyOperation, openProgress } from './checkpoint.ts';
import { type Chunk, createChunkRun, isLeftOpen, type SendChunk } from './chunk-run.ts';
import { rangesOf } from './row-ranges.ts';
import { openRows } from './row-source.ts';
import { type SendManyRun, sendManyRun } from './send-many-run.ts';

/**
 * Options of a run over a long input. `timeoutMs`, `deadlineMs` and `maxAttempts` apply to each chunk, not to the
 * whole run, because the run waits for its consumer. End the run with `signal`.
 */
export interface SendManyOptions extends CallOptions {
  /** Fields that all messages share; a message's own field wins. */
  readonly template?: BatchTemplate | undefined;
  /** Purpose of messages without one. @default 'transactional' */
  readonly purpose?: Purpose | undefined;
  /** Country of national numbers without one. @default `defaultCountry` of the client */
  readonly country?: string | undefined;
  /** The end user's IP address, for 8x8's own limit per address. */
  readonly clientIp?: string | undefined;
  /** Allows several messages of a chunk with one `clientMessageId`. @default false: the second one is refused */
  readonly allowRepeatedIds?: boolean | undefined;
  /** Sends equal messages to one number only once, within a chunk. @default false */
  readonly mergeDuplicates?: boolean | undefined;
  /** Messages per request, 1 to 10,000. A chunk is sent when it is full. @default 1000 */
  readonly chunkSize?: number | undefined;
  /**
   * Chunks in progress at the same time, 1 to 32. At most `concurrency * chunkSize` rows are read ahead of the
   * results that you have consumed. @default 2
   */
  readonly concurrency?: number | undefined;
  /**
   * Fields of each request, beside its messages, that 8x8 added after this version, sent as they are. They may name no field that 8x8 knows today, in any spelling
   * or depth. At most 10,000 characters as JSON.
   *
   * @example extra: { newField: true }
   */
  readonly extra?: Readonly<Record<string, unknown>> | undefined;
  /**
   * Stores the token durably, replacing the previous one; it contains row numbers but no rows. Awaited before a chunk
   * is sent, and after you have consumed the last of its results. When it throws, or takes over 30 seconds, no
   * further chunk is sent.
   */
  readonly checkpoint?: ((token: string) => void | Promise<void>) | undefined;
  /**
   * The last token of a run that ended early. Give the same input from its first row, and `checkpoint` again. Settled
   * rows are skipped; rows that were begun come back as `failed` with `submission: 'unknown'` and are not sent again;
   * the rest is sent.
   */
  readonly resumeFrom?: string | undefined;
}

const DEFAULT_CHUNK_SIZE = 1000;
const DEFAULT_CONCURRENCY = 2;
const MAX_CONCURRENCY = 32;
/** Far more than the ranges of a stopped run need; the token of a running one has a few hundred characters. */
const MAX_TOKEN_CHARACTERS = 10_000_000;

/** Options of every kind of run. */
type RunOptions = Omit<SendManyOptions, 'template' | 'clientIp'>;

const { template, purpose, country, clientIp, allowRepeatedIds, mergeDuplicates, extra } = batchFields;
export const runFields: Fields<RunOptions> = {
  ...callFields,
  purpose,
  country,
  allowRepeatedIds,
  mergeDuplicates,
  extra,
  chunkSize: integer({ min: 1, max: MAX_BATCH, unit: 'messages' }),
  concurrency: integer({ min: 1, max: MAX_CONCURRENCY, unit: 'chunks' }),
  checkpoint: anyFunction('a function that stores the token'),
  resumeFrom: text({ max: MAX_TOKEN_CHARACTERS }),
};
const manyFields: Fields<SendManyOptions> = { ...runFields, template, clientIp };

/** A kind of message that is sent from a long input. */
export interface ManyKind<Options extends RunOptions> {
  readonly operation: ManyOperation;
  readonly schema: Field;
  /** The request of each chunk, made of the options once they were checked. */
  sender(options: Options): SendChunk;
}

function callOptionsOf(options: RunOptions): CallOptions {
  const names = Object.keys(callFields) as (keyof CallOptions)[];
  return Object.fromEntries(names.map((name) => [name, options[name]])) as CallOptions;
}

export function createSendMany(
  client: ClientContext,
): (input: Iterable<BatchMessage> | AsyncIterable<BatchMessage>, options?: SendManyOptions) => SendManyRun {
  const kind: ManyKind<SendManyOptions> = {
    operation: 'messages.sendMany',
    schema: object(manyFields, 'an object of options'),
    sender: (options) => (inputs, call, onRequest) => sendChunk(client, inputs, options, call, onRequest),
  };
  return (input, options = {}) => startRun(client, kind, input, options);
}

/** Starts a run, which sends nothing until its results are read. */
export function startRun<Options extends RunOptions>(
  client: ClientContext,
  kind: ManyKind<Options>,
  input: unknown,
  options: Options,
): SendManyRun {
  const { operation } = kind;
  return sendManyRun(sendRows(client, kind, input, options), () => {
    client.emit({ type: 'send-many-not-read', operation });
    client.warn(
      `${operation} was called, and nobody reads its results, so nothing was sent. Iterate it with \`for await\`, or call \`run()\`.`,
    );
  });
}

async function* sendRows<Options extends RunOptions>(
  client: ClientContext,
  { operation, schema, sender }: ManyKind<Options>,
  input: unknown,
  options: Options,
): AsyncGenerator<SendResult, void, undefined> {
  const flaw = validate(schema, options, 'options');
  if (flaw !== undefined) throw new ValidationError(`${flaw.message} Nothing was sent.`, flaw.path);
  const {
    chunkSize = DEFAULT_CHUNK_SIZE,
    concurrency = DEFAULT_CONCURRENCY,
    checkpoint,
    resumeFrom,
    purpose,
    country,
  } = options;
  const callOptions = callOptionsOf(options);
  const progress = openProgress(resumeFrom, operation);
  const source = openRows(input, client.emit);
  const checkpoints = createCheckpoints(checkpoint, progress, client.emit);
  const run = createChunkRun({
    client,
    operation,
    source,
    progress,
    checkpoints,
    chunkSize,
    sendChunk: sender(options),
    defaults: { ...(purpose !== undefined && { purpose }), ...(country !== undefined && { country }) },
    callOptions,
  });

  async function settle({ rows }: Chunk, results: readonly SendResult[]): Promise<void> {
    if (results.length === 0) return;
    const final = results.filter((result) => !isLeftOpen(result)).map(({ index }) => index);
    progress.settle(rows, rangesOf(final));
    await checkpoints.save().catch((error: SmsError) => run.stop(error));
  }

  const { signal } = callOptions;
  const stop = (): void => run.stop(abortedRun(operation));
  if (signal?.aborted) stop();
  const forget = signal && onAbort(signal, stop);
  const chunks: Promise<Chunk>[] = [];
  try {
    while (chunks.length < concurrency) chunks.push(run.start());
    for (let isLast = false; !isLast; ) {
      const chunk = await (chunks.shift() as Promise<Chunk>);
      const results = await chunk.results;
      for (const result of results) yield result;
      await settle(chunk, results);
      isLast = chunk.isLast;
      chunks.push(run.start());
    }
  } finally {
    run.stop();
    await Promise.allSettled(chunks.map(async (chunk) => (await chunk).results));
    forget?.();
    await source.close();
    await checkpoints.close();
  }
  if (run.stopError !== undefined) throw run.stopError;
}

function abortedRun(operation: ManyOperation): AbortedError {
  return new AbortedError({
    message: `${operation}: the run was aborted. Every row that was read has its result; nothing after them was sent.`,
    submission: 'not-submitted',
  });
}

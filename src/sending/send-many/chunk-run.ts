import type { Call } from '../../call.ts';
import type { ClientContext } from '../../client-context.ts';
import {
  AbortedError,
  ApiError,
  ConnectionError,
  SmsError,
  type SmsErrorCode,
  type Submission,
} from '../../errors.ts';
import { traceCall } from '../../telemetry/trace-calls.ts';
import { isAccountRefusal } from '../../transport/account-refusal.ts';
import type { CallOptions } from '../../types.ts';
import type { BatchOutcome } from '../batch-request.ts';
import type { MessageInput } from '../prepare.ts';
import { countResults, type FailedResult, type SendResult } from '../results.ts';
import { inputOf } from '../send-batch.ts';
import type { Checkpoints, ManyOperation, Progress } from './checkpoint.ts';
import { readText } from './row-identity.ts';
import { type RowRange, rangesOf } from './row-ranges.ts';
import type { RowSource } from './row-source.ts';

/** Consecutive rows of the input that are in progress. */
export interface Chunk {
  readonly rows: RowRange;
  /** One result per row, in order; rows that an earlier run settled have none. */
  readonly results: Promise<readonly SendResult[]>;
  /** True for the last chunk. */
  readonly isLast: boolean;
}

/** Pulls, begins and writes the chunks of one `sendMany`. */
export interface ChunkRun {
  /** Starts the next chunk. It is pulled and begun after the previous one, and sent concurrently with it. */
  start(): Promise<Chunk>;
  /** Stops pulling and sending. Keeps the first error; without an error, the consumer has left. */
  stop(error?: SmsError): void;
  /** The error with which the run must end, after all chunks have ended. */
  readonly stopError: SmsError | undefined;
}

/** Sends the rows of one chunk in one request; `onRequest` is called right before it. */
export type SendChunk = (
  inputs: readonly MessageInput[],
  call: Call,
  onRequest: () => void,
) => Promise<BatchOutcome>;

export interface ChunkRunConfig {
  readonly client: ClientContext;
  readonly operation: ManyOperation;
  readonly source: RowSource;
  readonly progress: Progress;
  readonly checkpoints: Checkpoints;
  readonly chunkSize: number;
  readonly sendChunk: SendChunk;
  readonly defaults: object;
  readonly callOptions: CallOptions;
}

/** Errors of a whole request that sent nothing and would recur with the next request. */
const STOPPING: ReadonlySet<SmsErrorCode> = new Set([
  'aborted',
  'configuration',
  'connection',
  'queue-full',
  'rate-limit',
  'store',
  'timeout',
]);

/** After this many consecutive chunks that were refused as a whole or got no response, the run stops. */
const MAX_FRUITLESS_IN_A_ROW = 3;

function errorOf(result: SendResult, isWanted: (error: SmsError) => boolean): SmsError | undefined {
  const error = result.status === 'failed' || result.status === 'rejected' ? result.error : undefined;
  return error !== undefined && isWanted(error) ? error : undefined;
}

function findError(
  results: readonly SendResult[],
  isWanted: (error: SmsError) => boolean,
): SmsError | undefined {
  for (const result of results) {
    const error = errorOf(result, isWanted);
    if (error !== undefined) return error;
  }
  return undefined;
}

function isStopping(error: SmsError): boolean {
  if (error.submission === 'unknown') return false;
  return STOPPING.has(error.code) || (error instanceof ApiError && isAccountRefusal(error));
}

/** Whether the row was not sent because the run had to stop; a resumed run sends it. */
export function isLeftOpen(result: SendResult): boolean {
  return errorOf(result, isStopping) !== undefined;
}

/** Whether 8x8's response contained this message. */
function isAnswered(result: SendResult): boolean {
  return (
    result.status === 'accepted' || errorOf(result, ({ code }) => code === 'message-rejected') !== undefined
  );
}

function failed(index: number, clientMessageId: string, submission: Submission, why: string): FailedResult {
  const error = new AbortedError({ message: `input[${index}] ${why}`, submission, clientMessageId });
  return { status: 'failed', index, clientMessageId, error };
}

function notWritten({ index, input, spareId = '' }: MessageInput): FailedResult {
  return failed(
    index,
    readText(input, 'clientMessageId') ?? spareId,
    'not-submitted',
    'was not written, because the run stopped before it. Nothing was sent; a run that is resumed from the last checkpoint sends it.',
  );
}

function begunBefore(index: number, clientMessageId: string): FailedResult {
  return failed(
    index,
    clientMessageId,
    'unknown',
    'was begun by a run that ended before its outcome was known. 8x8 may have accepted it, so it is not sent again: call messages.reconcile with its clientMessageId.',
  );
}

/** Turns the error of one message of a chunk into the error of the whole run. */
function errorOfRun(error: SmsError): SmsError {
  if (!(error instanceof ApiError || error instanceof ConnectionError || error instanceof AbortedError))
    return error;
  const Same = error.constructor as new (all: object) => SmsError;
  return new Same({ ...error, message: error.message, clientMessageId: undefined });
}

/** The rows of one chunk after they were pulled. */
interface PulledRows {
  readonly rows: RowRange;
  /** Messages to send. */
  readonly inputs: readonly MessageInput[];
  /** Results of rows that an earlier run began. */
  readonly unknown: readonly SendResult[];
  readonly isLast: boolean;
}

export function createChunkRun(config: ChunkRunConfig): ChunkRun {
  const { client, operation, source, progress, checkpoints, chunkSize, sendChunk, defaults, callOptions } =
    config;
  const halt = new AbortController();
  let stopError: SmsError | undefined;
  let pulled = 0;
  let started = 0;
  let fruitlessInARow = 0;
  let previous: Promise<unknown> = Promise.resolve();

  function stop(error?: SmsError): void {
    stopError ??= error && errorOfRun(error);
    halt.abort();
  }

  async function pull(): Promise<PulledRows> {
    const from = pulled;
    const inputs: MessageInput[] = [];
    const unknown: SendResult[] = [];
    function take(row: unknown): void {
      const index = pulled;
      pulled += 1;
      if (progress.wasBegun(index)) {
        unknown.push(begunBefore(index, readText(row, 'clientMessageId') ?? progress.idOf(index)));
      } else if (!progress.isSettled(index)) {
        inputs.push({ ...inputOf(row, index, 'input', defaults), spareId: progress.idOf(index) });
      }
      const changed = progress.look(row);
      if (changed !== undefined) stop(changed);
    }
    let hasMore = false;
    try {
      hasMore = await source.pull(chunkSize, take, halt.signal);
      const cutShort = hasMore || halt.signal.aborted ? undefined : progress.end();
      if (cutShort !== undefined) stop(cutShort);
    } catch (error) {
      // The iterable threw. The rows before that are still sent, so this does not halt the run.
      stopError ??= error as SmsError;
    }
    return { rows: [from, pulled], inputs, unknown, isLast: !hasMore };
  }

  /** Saves beforehand that these rows may be sent. Returns false when they must not be sent. */
  async function markBegun(inputs: readonly MessageInput[]): Promise<boolean> {
    const rows = rangesOf(inputs.map(({ index }) => index));
    progress.begin(rows);
    try {
      await checkpoints.save(halt.signal);
    } catch (error) {
      stop(SmsError.isInstance(error) ? error : undefined);
    }
    if (!halt.signal.aborted) return true;
    progress.release(rows);
    return false;
  }

  /** Stops the run when the rest would fail as well. */
  function judge(results: readonly SendResult[], wasWritten: boolean): void {
    const stopping = findError(results, isStopping);
    if (stopping !== undefined) stop(stopping);
    if (!wasWritten) return;
    fruitlessInARow = results.some(isAnswered) ? 0 : fruitlessInARow + 1;
    if (fruitlessInARow >= MAX_FRUITLESS_IN_A_ROW) {
      stop(findError(results, ({ submission }) => submission !== 'not-submitted'));
    }
  }

  /** A chunk as one call of `sendMany`, where somebody follows them. */
  function followed(run: () => Promise<BatchOutcome>): Promise<BatchOutcome> {
    const { trace } = client.emit;
    if (trace === undefined) return run();
    return traceCall(trace, operation, async () => {
      const outcome = await run();
      return { ...outcome, counts: countResults(outcome.results) };
    });
  }

  async function write(inputs: readonly MessageInput[]): Promise<BatchOutcome> {
    let wasWritten = false;
    try {
      const written = await followed(() =>
        client.calls.run(callOptions, (call) =>
          sendChunk(inputs, call, () => {
            wasWritten = true;
          }),
        ),
      );
      judge(written.results, wasWritten);
      return written;
    } catch (error) {
      // The call ended, or the client was closed, before the rows reached the guards.
      if (!SmsError.isInstance(error)) throw error;
      stop(error);
      return { results: inputs.map(notWritten) };
    }
  }

  async function send(inputs: readonly MessageInput[]): Promise<readonly SendResult[]> {
    started += 1;
    const fields = { chunk: started, messages: inputs.length } as const;
    client.emit({ type: 'chunk-started', ...fields, accepted: 0 }, callOptions.context);
    const { results, batchId } = await write(inputs);
    const { accepted } = countResults(results);
    client.emit(
      { type: 'chunk-finished', ...fields, accepted, ...(batchId !== undefined && { batchId }) },
      callOptions.context,
    );
    return results;
  }

  async function begin(): Promise<Chunk> {
    const { rows, inputs, unknown, isLast } = await pull();
    const isBegun = inputs.length > 0 && !halt.signal.aborted && (await markBegun(inputs));
    const sent = isBegun ? send(inputs) : Promise.resolve(inputs.map(notWritten));
    const results = sent.then((known) =>
      unknown.length === 0 ? known : [...unknown, ...known].sort((one, other) => one.index - other.index),
    );
    // The rejection is reported when the results are read; until then it must not be unhandled.
    results.catch(() => {});
    return { rows, results, isLast };
  }

  return {
    start() {
      const chunk = previous.then(begin);
      previous = chunk.catch(() => {});
      return chunk;
    },
    stop,
    get stopError() {
      return stopError;
    },
  };
}

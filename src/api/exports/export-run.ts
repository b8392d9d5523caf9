import type { Call } from '../../call.ts';
import type { ClientContext } from '../../client-context.ts';
import { AbortedError, type SmsError, TimeoutError } from '../../errors.ts';
import { rowsForCaller } from '../../internal/caller-stack.ts';
import { redactText } from '../../internal/redact.ts';
import { wait } from '../../internal/wait.ts';
import type { Operation } from '../../transport/operation.ts';
import type { CallOptions } from '../../types.ts';
import { responseError } from '../parse-response.ts';
import { CsvError, readCsv } from './csv.ts';
import type { ExportJob, ExportQuery, ExportSteps } from './export-job.ts';
import { type ExportRow, toExportRow } from './export-row.ts';

const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 30_000;
/** Longest wait for a job. The caller can fetch one that takes longer with `exports.get`. */
const LONGEST_WAIT_MS = 3_600_000;
/** Call options of the background cancellation. */
const CANCEL_TIMEOUT_MS = 5_000;

/** Operation for errors that belong to no single request. */
const RUN: Operation = {
  name: 'exports.run',
  operationId: 'get-log-export-job-result',
  product: 'sms',
  method: 'GET',
  path: '/api/v1/subaccounts/{subAccountId}/messages/exports/{jobId}',
  repeat: 'safe',
  responseBody: 'json',
};

function fail(problem: string): never {
  throw responseError(RUN, { status: 200, attempts: 1 }, problem);
}

/** Polls at growing intervals until the job has ended. */
async function awaitJob(jobId: string, steps: ExportSteps, call: Call): Promise<ExportJob> {
  let waitedMs = 0;
  for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS)) {
    await wait(delayMs, call.signal);
    waitedMs += delayMs;
    const job = await steps.get(jobId, call);
    if (['succeeded', 'empty', 'failed', 'cancelled', 'error'].includes(job.status)) return job;
    if (waitedMs >= LONGEST_WAIT_MS) {
      throw new TimeoutError({
        message: `${RUN.name}: after an hour the export is still "${redactText(job.status, [], 40)}". It was cancelled; ask for fewer days.`,
        submission: 'not-submitted',
        reason: 'timeout',
        attempts: 1,
      });
    }
  }
}

/** Replaces the error of the call, which says that nothing was started: this call has started an export. */
function endedError(reason: unknown): SmsError {
  const message = `${RUN.name}: the call ended while 8x8 was creating the export, which was cancelled. No message was sent. Run it again.`;
  const fields = { message, submission: 'not-submitted' } as const;
  if (TimeoutError.isInstance(reason)) return new TimeoutError({ ...fields, reason: 'timeout', attempts: 1 });
  return new AbortedError(fields);
}

async function makeExport(
  { calls }: ClientContext,
  query: ExportQuery,
  steps: ExportSteps,
  call: Call,
): Promise<readonly string[]> {
  const { jobId } = await steps.start(query, call);
  let job: ExportJob;
  try {
    job = await awaitJob(jobId, steps, call);
  } catch (error) {
    // A failure here is ignored, because an export that is never fetched expires.
    const options = { timeoutMs: CANCEL_TIMEOUT_MS, deadlineMs: CANCEL_TIMEOUT_MS };
    await calls.cleanUp(options, (last) => steps.cancel(jobId, last)).catch(() => {});
    throw error === call.signal.reason ? endedError(error) : error;
  }
  if (job.status === 'empty') return [];
  if (job.status === 'succeeded') return job.data ?? fail('it names no file');
  return fail(
    job.status === 'cancelled'
      ? 'the export was cancelled'
      : `8x8 could not create the export (${job.status})`,
  );
}

/** Rows of one file. */
async function* readFile(
  address: string,
  transport: ClientContext['transport'],
  call: Call,
): AsyncGenerator<ExportRow, void, void> {
  let columns: readonly string[] | undefined;
  let line = 0;
  for await (const rows of readCsv(await transport.download(address, call))) {
    for (const values of rows) {
      line += 1;
      if (columns === undefined) {
        columns = values.map((name) => name.trim().toLowerCase());
        if (!columns.includes('umid')) fail('the file is no export: it has no column umid');
        continue;
      }
      if (values.length !== columns.length) {
        fail(`row ${line} of the file has ${values.length} fields, but the header has ${columns.length}`);
      }
      yield toExportRow(columns, values);
    }
  }
}

async function* streamRows(
  client: ClientContext,
  steps: ExportSteps,
  query: ExportQuery,
  call: Call,
): AsyncGenerator<ExportRow, void, void> {
  try {
    for (const address of await makeExport(client, query, steps, call)) {
      yield* readFile(address, client.transport, call);
    }
  } catch (error) {
    if (error instanceof CsvError) fail(error.message);
    throw error;
  }
}

/** Keeps one call open from the first requested row to the end of the loop. */
async function* rowsInCall(
  client: ClientContext,
  steps: ExportSteps,
  query: ExportQuery,
  options: CallOptions | undefined,
  left: AbortSignal,
): AsyncGenerator<ExportRow, void, void> {
  let finish: () => void = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  let open: (call: Call) => void = () => {};
  const opened = new Promise<Call>((resolve) => {
    open = resolve;
  });
  const whole = client.calls.run(options, (call) => {
    // Ends the call even when no further row is requested, because closing the client would otherwise wait for ever.
    if (call.signal.aborted) finish();
    call.signal.addEventListener('abort', finish, { once: true });
    open(call);
    return finished;
  });
  // `whole` ends first only when the options are invalid or the client is closed.
  const call = (await Promise.race([opened, whole])) as Call;
  try {
    yield* streamRows(client, steps, query, call.until(left));
  } finally {
    finish();
    await whole;
  }
}

export function createRunExport(
  client: ClientContext,
  steps: ExportSteps,
): (query?: ExportQuery, options?: CallOptions) => AsyncIterableIterator<ExportRow> {
  return (query = {}, options = undefined) => {
    const leaving = new AbortController();
    const rows = rowsForCaller(rowsInCall(client, steps, query, options, leaving.signal));
    return {
      [Symbol.asyncIterator]() {
        return this;
      },
      next: () => rows.next(),
      return() {
        // A generator that is waiting reacts only afterwards, so the wait is aborted.
        leaving.abort(
          new AbortedError({ message: `${RUN.name}: the loop was left.`, submission: 'not-submitted' }),
        );
        return rows.return();
      },
    };
  };
}

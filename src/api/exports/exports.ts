import type { ClientContext } from '../../client-context.ts';
import type { CallOptions } from '../../types.ts';
import { createExportSteps, type ExportJob, type ExportQuery } from './export-job.ts';
import type { ExportRow } from './export-row.ts';
import { createRunExport } from './export-run.ts';

/** The log of messages, as CSV files that 8x8 creates on request. */
export interface Exports {
  /**
   * Starts an export. `run` does all steps.
   *
   * @throws ValidationError, ApiError, ConnectionError, AbortedError, QueueFullError
   * @see https://developer.8x8.com/connect/reference/start-log-export-job
   * @example const { jobId } = await sms.exports.start({ from: '2026-07-01', to: '2026-07-31' })
   */
  start(query?: ExportQuery, options?: CallOptions): Promise<{ readonly jobId: string }>;
  /**
   * Reads the state of an export, and the URLs of its files.
   *
   * @throws ValidationError, NotFoundError, ApiError, ConnectionError, AbortedError, QueueFullError
   * @see https://developer.8x8.com/connect/reference/get-log-export-job-result
   * @example (await sms.exports.get(jobId)).status // 'running'
   */
  get(jobId: string, options?: CallOptions): Promise<ExportJob>;
  /**
   * Stops an export. Calling it twice is safe.
   *
   * @throws ValidationError, NotFoundError, ApiError, ConnectionError, AbortedError, QueueFullError
   * @see https://developer.8x8.com/connect/reference/cancel-log-export-job
   * @example await sms.exports.cancel(jobId)
   */
  cancel(jobId: string, options?: CallOptions): Promise<void>;
  /**
   * Starts an export, waits for it and streams its rows: the next chunk of a file is read when the rows of the last
   * one are consumed. Leaving the loop ends the download, or cancels the export while 8x8 is still creating it. An
   * export without messages has no rows. `deadlineMs` covers everything until the last row; the wait for a job is at
   * most one hour.
   *
   * @throws ApiError 8x8 could not create the export, or its file is malformed
   * @throws ValidationError, ConnectionError, TimeoutError, AbortedError, QueueFullError
   * @example
   * ```ts
   * for await (const row of sms.exports.run({ from: '2026-07-01', to: '2026-07-07', countries: ['SG'] })) {
   *   if (row.status.state === 'undelivered') retryLater(row.clientMessageId);
   * }
   * ```
   */
  run(query?: ExportQuery, options?: CallOptions): AsyncIterableIterator<ExportRow>;
}

export function createExports(client: ClientContext): Exports {
  const { calls } = client;
  const steps = createExportSteps(client);
  return {
    start: (query = {}, options = undefined) => calls.run(options, (call) => steps.start(query, call)),
    get: (jobId, options) => calls.run(options, (call) => steps.get(jobId, call)),
    cancel: (jobId, options) => calls.run(options, (call) => steps.cancel(jobId, call)),
    run: createRunExport(client, steps),
  };
}

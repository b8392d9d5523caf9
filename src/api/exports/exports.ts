import type { ClientContext } from '../../client-context.ts';
import type { CallOptions } from '../../types.ts';
import { createExportSteps, type ExportJob, type ExportQuery } from './export-job.ts';
import { createRunExport, type RunExport } from './export-run.ts';

/** The log of messages, as CSV files that 8x8 makes on request. */
export interface Exports {
  /**
   * Asks for an export. `run` does all steps.
   *
   * @throws ValidationError, ApiError, ConnectionError, AbortedError, QueueFullError
   * @see https://developer.8x8.com/connect/reference/start-log-export-job
   * @example const { jobId } = await sms.exports.start({ from: '2026-07-01', to: '2026-07-31' })
   */
  start(query?: ExportQuery, options?: CallOptions): Promise<{ readonly jobId: string }>;
  /**
   * How far an export is, and where its files are.
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
  readonly run: RunExport;
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

import { rowsForCaller } from '../../internal/caller-stack.ts';
import { countResults, type SendCounts, type SendResult } from '../results.ts';

/** The results of a `sendMany`, in the order of the input. Iterate it, or call `run()`: until then nothing is sent. */
export interface SendManyRun extends AsyncGenerator<SendResult, void, undefined> {
  /**
   * Runs to the end and returns the counts.
   *
   * @param onResult called with every result, in order, before the next one; the run ends when it throws
   * @throws ValidationError, AbortedError, StoreError, ApiError, ConnectionError what ended the run, as iterating does
   * @example const { accepted, failed } = await sms.messages.sendMany(rows).run()
   */
  run(onResult?: (result: SendResult) => void | Promise<void>): Promise<SendCounts>;
}

/** Long enough to open a database before the first result is read; chosen by this package. */
const UNREAD_AFTER_MS = 1_000;

/**
 * Adds `run()`, and a warning when nobody reads the results: `await sms.messages.sendMany(rows)` looks like a call that sends.
 * The timer keeps a program alive that would end without a word.
 */
export function sendManyRun(
  results: AsyncGenerator<SendResult, void, undefined>,
  onUnread: () => void,
): SendManyRun {
  const rows = rowsForCaller(results);
  const timer = setTimeout(onUnread, UNREAD_AFTER_MS);
  const next = rows.next.bind(rows);
  const end = rows.return.bind(rows);
  const fail = rows.throw.bind(rows);
  const run = Object.assign(rows, {
    next() {
      clearTimeout(timer);
      return next();
    },
    return(value: undefined) {
      clearTimeout(timer);
      return end(value);
    },
    throw(error: unknown) {
      clearTimeout(timer);
      return fail(error);
    },
    async run(onResult?: (result: SendResult) => void | Promise<void>): Promise<SendCounts> {
      const counts = { ...countResults([]) } as Record<SendResult['status'], number>;
      for await (const result of run) {
        counts[result.status] += 1;
        await onResult?.(result);
      }
      return counts;
    },
  });
  return run;
}

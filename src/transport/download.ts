import type { Call } from '../call.ts';
import {
  AbortedError,
  ApiError,
  ConnectionError,
  type SmsError,
  TimeoutError,
  ValidationError,
} from '../errors.ts';
import { onAbort } from '../internal/on-abort.ts';
import { MAX_TIMER_MS, raceAbort } from '../internal/wait.ts';
import type { Fetch } from '../types.ts';
import { discard } from './attempt.ts';
import { judgeCause } from './causes.ts';
import { statusHint } from './error-text.ts';
import { loadKy, sendOnWire } from './wire.ts';

/** The file of an export. */
export interface DownloadRequest {
  readonly url: string;
  /** Must stay open until the stream ends. */
  readonly call: Call;
  /** Time limit until the headers, and then for every chunk. */
  readonly timeoutMs: number;
  readonly fetch: Fetch | undefined;
  /** Origins that may use plain HTTP, such as the emulator. */
  readonly trustedOrigins: readonly string[];
}

const NAME = 'exports download';

function checkUrl(url: string, trustedOrigins: readonly string[]): URL {
  const refuse = (problem: string) =>
    new ValidationError(`${NAME}: the URL of the file ${problem}. Nothing was downloaded.`, 'url');
  if (!URL.canParse(url)) throw refuse('is not a URL');
  const parsed = new URL(url);
  if (parsed.username !== '' || parsed.password !== '') throw refuse('holds a user name or password');
  if (parsed.protocol !== 'https:' && !trustedOrigins.includes(parsed.origin)) {
    throw refuse('must begin with https:, or be on the host of baseUrl');
  }
  return parsed;
}

/**
 * Fetches a file as a stream of any length. Sends no key and follows no redirect, because the address comes from a
 * response and may point anywhere.
 */
export async function download(request: DownloadRequest): Promise<ReadableStream<Uint8Array>> {
  const { href } = checkUrl(request.url, request.trustedOrigins);
  const { call } = request;
  const controller = new AbortController();
  const stop = () => controller.abort();
  const end = onAbort(call.signal, stop);
  if (call.signal.aborted) stop();

  /** One wait of the download, with its own time limit; a failure ends the download. */
  async function step<Value>(what: Promise<Value>, late?: (value: Value) => void): Promise<Value> {
    let timedOut = false;
    const timer = setTimeout(
      () => {
        timedOut = true;
        stop();
      },
      Math.min(request.timeoutMs, MAX_TIMER_MS),
    );
    try {
      return await raceAbort(what, controller.signal, late);
    } catch (error) {
      end();
      stop();
      throw downloadError(error, call, timedOut, request.timeoutMs);
    } finally {
      clearTimeout(timer);
    }
  }

  const wire = {
    method: 'GET',
    url: href,
    headers: {},
    body: undefined,
    once: false,
    fetch: request.fetch,
    beforeFetch: () => {},
  };
  const ky = await step(loadKy());
  const response = await step(sendOnWire(ky, wire, controller.signal), discard);
  const { status, body } = response;
  if (status !== 200 || body === null) {
    discard(response);
    end();
    throw statusError(status);
  }
  const reader = body.getReader();
  return new ReadableStream(
    {
      async pull(sink) {
        const { done, value } = await step(reader.read());
        if (!done) {
          sink.enqueue(value);
          return;
        }
        end();
        sink.close();
      },
      async cancel() {
        end();
        await reader.cancel();
      },
    },
    { highWaterMark: 0 },
  );
}

function statusError(status: number): ApiError {
  const hint =
    status >= 300 && status < 400
      ? statusHint(status, undefined, '')
      : 'The links of an export expire: get it again.';
  return new ApiError({
    message: `${NAME}: HTTP ${status}. ${hint}`,
    submission: 'not-submitted',
    status,
    attempts: 1,
  });
}

function downloadError(error: unknown, { stopReason }: Call, timedOut: boolean, timeoutMs: number): SmsError {
  const submission = 'not-submitted';
  if (timedOut || stopReason === 'deadline') {
    const limit = timedOut ? `no data arrived for timeoutMs = ${timeoutMs} ms` : 'deadlineMs ran out';
    return new TimeoutError({ message: `${NAME}: ${limit}.`, submission, reason: 'timeout', attempts: 1 });
  }
  if (stopReason !== undefined) {
    const what = stopReason === 'closed' ? 'the client was closed' : 'the call was aborted';
    return new AbortedError({ message: `${NAME}: ${what}.`, submission });
  }
  const { reason } = judgeCause(error);
  return new ConnectionError({
    message: `${NAME}: the connection failed (${reason}).`,
    submission,
    reason,
    attempts: 1,
  });
}

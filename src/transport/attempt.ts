import type { Call } from '../call.ts';
import { onAbort } from '../internal/on-abort.ts';
import { MAX_TIMER_MS, raceAbort } from '../internal/wait.ts';
import { type AttemptLimits, type AttemptRequest, MAX_ERROR_BYTES } from './attempt-request.ts';
import { judgeCause } from './causes.ts';
import { isDirect, runDirectAttempt } from './direct-attempt.ts';
import { findDispatcher } from './dispatcher.ts';
import { type AttemptOutcome, isSuccess } from './outcome.ts';
import { readBody, TOO_LARGE } from './read-body.ts';
import { readRequestId } from './request-id.ts';
import { parseRetryAfter } from './retry-after.ts';
import { isRuntimeFetch, loadKy, sendOnWire } from './wire.ts';

/**
 * Writes the request once and reads the response, both within `timeoutMs`. Rejects only when the call ends, with its reason.
 * The JSON of one message goes straight to Node's HTTP client where there is one, everything else through `fetch`.
 */
export function runAttempt(
  request: AttemptRequest,
  limits: AttemptLimits,
  nowMs: () => number,
  call: Call,
): Promise<AttemptOutcome> {
  if (isDirect(request)) {
    const dispatcher = findDispatcher();
    if (dispatcher !== undefined) return runDirectAttempt(dispatcher, request, limits, nowMs, call);
  }
  return runFetchAttempt(request, limits, nowMs, call.signal);
}

/** The same through ky and `fetch`, even when `fetch` ignores its signal. Rejects also when ky cannot be loaded. */
async function runFetchAttempt(
  request: AttemptRequest,
  limits: AttemptLimits,
  nowMs: () => number,
  signal: AbortSignal,
): Promise<AttemptOutcome> {
  const controller = new AbortController();
  let timedOut = false;
  const stop = () => controller.abort();
  const timer = setTimeout(
    () => {
      timedOut = true;
      stop();
    },
    Math.min(limits.timeoutMs, MAX_TIMER_MS),
  );
  const forget = onAbort(signal, stop);
  let isLoaded = false;
  let known: Omit<Extract<AttemptOutcome, { readonly kind: 'response' }>, 'kind' | 'text'> | undefined;
  try {
    const ky = await raceAbort(loadKy(), controller.signal);
    controller.signal.throwIfAborted();
    isLoaded = true;
    const response = await raceAbort(sendOnWire(ky, request, controller.signal), controller.signal, discard);
    const retryAfterMs = parseRetryAfter(response.headers.get('retry-after'), nowMs());
    known = { status: response.status, retryAfterMs, requestId: readRequestId(response.headers) };
    limits.onResponse?.(response);
    const maxBytes = isSuccess(response.status) ? limits.maxBytes : MAX_ERROR_BYTES;
    const text = await readBody(response, maxBytes, controller.signal);
    return { kind: 'response', ...known, text: text === TOO_LARGE ? undefined : text };
  } catch (error) {
    if (signal.aborted) {
      if (!isLoaded) request.neverLeft();
      throw signal.reason;
    }
    // The status of an error is enough; a success without its body is not.
    if (known !== undefined && !isSuccess(known.status))
      return { kind: 'response', ...known, text: undefined };
    if (timedOut) return { kind: 'failure', reason: 'timeout', neverLeft: !isLoaded, timedOut };
    if (!isLoaded) {
      request.neverLeft();
      throw error;
    }
    const cause = judgeCause(error, isRuntimeFetch(request.fetch) ? undefined : request.url);
    const neverLeft = cause.neverLeft && known === undefined;
    return { kind: 'failure', reason: cause.reason, neverLeft, timedOut };
  } finally {
    clearTimeout(timer);
    forget();
  }
}

/** Discards a response that arrived after the attempt had ended. */
export function discard(response: Response): void {
  response.body?.cancel().catch(() => {});
}

import type { CallScope } from '../call-scope.ts';
import type { Credentials } from '../credentials.ts';
import { StoreError, type Submission } from '../errors.ts';
import { wait } from '../wait.ts';
import type { ApiFailureContext } from './api-failure.ts';
import { runAttempt } from './attempt.ts';
import { startReport } from './attempt-events.ts';
import { noTurnError, outcomeError, paceError, stopError } from './call-errors.ts';
import type { Turn } from './lane.ts';
import { type AttemptOutcome, isSuccess } from './outcome.ts';
import { isPaceRefusal, MAX_PAUSE_MS } from './pacer.ts';
import type { CallEnvironment, PreparedCall } from './prepared-call.ts';
import { backoffMs, judgeOutcome } from './retry-policy.ts';
import type { TransportAnswer } from './transport.ts';

/** A pause between calls is never longer, whatever a broken `Retry-After` says. */
const MAX_SHARED_PAUSE_MS = 3_600_000;

/** A shorter one is no real key, and could stand in an id by chance. */
const MIN_KEY_LENGTH = 16;

/** Where a call stands; what an error then says of it. */
interface Progress {
  written: number;
  submission: Submission;
  readonly keys: Set<string>;
}

/** Runs a call to its end: waits for its turn, writes, judges, and repeats what may be repeated. */
export async function runAttempts(
  call: PreparedCall,
  environment: CallEnvironment,
): Promise<TransportAnswer> {
  const progress: Progress = { written: 0, submission: 'not-submitted', keys: new Set() };
  try {
    return await attemptLoop(call, environment, progress);
  } catch (error) {
    const context = failureContext(call, environment, progress);
    const { stopReason } = call.scope;
    if (error === call.scope.signal.reason && stopReason !== undefined) {
      throw stopError(stopReason, context, call.deadlineMs);
    }
    if (isPaceRefusal(error)) throw paceError(error, context, call.lane.maxQueued);
    if (StoreError.isInstance(error)) throw noTurnError(context);
    throw error;
  }
}

async function attemptLoop(
  call: PreparedCall,
  environment: CallEnvironment,
  progress: Progress,
): Promise<TransportAnswer> {
  const { request, scope, retry } = call;
  const { operation } = request;
  let key = await environment.credentials.key(scope.signal);
  for (;;) {
    const leave = await call.lane.take(scope.signal);
    scope.signal.throwIfAborted();
    request.onWrite?.(environment.elapsed() - call.startedAt);
    const outcome = await writeOnce(call, environment, progress, key, leave);
    if (outcome.answer !== undefined) return outcome.answer;
    if (outcome.failed === undefined) continue;

    const { failed, report } = outcome;
    const verdict = judgeOutcome(operation, failed);
    progress.submission = verdict.submission;
    const error = outcomeError(failed, failureContext(call, environment, progress), call.timeoutMs);
    pauseLane(call, environment, failed);
    const otherKey = await keyAfter(failed, key, environment.credentials, scope);
    const delayMs = otherKey === undefined ? repeatDelay(failed, verdict.repeatable) : 0;
    const repeat =
      delayMs !== undefined && progress.written < retry.maxAttempts && delayMs < scope.remainingMs();
    report.failed(failed, verdict.submission, repeat ? delayMs : undefined);
    if (!repeat) throw error;
    progress.submission = 'not-submitted';
    key = otherKey ?? (await environment.credentials.key(scope.signal));
    await wait(delayMs, scope.signal);
  }

  /** Milliseconds until the next attempt; undefined when there must be none, or when waiting is the caller's choice. */
  function repeatDelay(failed: AttemptOutcome, repeatable: boolean): number | undefined {
    const retryAfterMs = failed.kind === 'answer' ? (failed.retryAfterMs ?? 0) : 0;
    if (!repeatable || retryAfterMs > MAX_PAUSE_MS) return undefined;
    return Math.max(retryAfterMs, backoffMs(retry, progress.written, environment.random));
  }
}

/**
 * Writes once. From here on the request counts as sent, until its answer proves the contrary. Gives nothing when its turn
 * was over before it could leave.
 */
async function writeOnce(
  call: PreparedCall,
  environment: CallEnvironment,
  progress: Progress,
  key: string,
  onLeave: Turn,
) {
  const { request, scope } = call;
  const { operation } = request;
  progress.keys.add(key);
  progress.written++;
  progress.submission = operation.repeat === 'never' ? 'unknown' : 'not-submitted';
  const report = startReport(call, environment, progress.written);
  let outcome: AttemptOutcome;
  let isTooLate = false;
  try {
    outcome = await runAttempt(
      {
        method: operation.method,
        url: call.url,
        headers: {
          accept: 'application/json',
          authorization: `Bearer ${key}`,
          ...(call.body !== undefined && { 'content-type': call.contentType }),
        },
        body: call.body,
        once: operation.repeat === 'never',
        fetch: environment.fetch,
        onLeave() {
          if (onLeave()) return;
          // `fetch` is not called: nothing can have left.
          isTooLate = true;
          progress.written--;
          progress.submission = 'not-submitted';
          throw new Error('the turn is over');
        },
      },
      { timeoutMs: call.timeoutMs, maxBytes: call.maxBytes },
      () => environment.clock.now(),
      scope.signal,
    );
  } catch (error) {
    report.stopped(progress.submission);
    throw error;
  }
  if (isTooLate) {
    report.failed(outcome, progress.submission, 0);
    return {};
  }
  const parsed = parseSuccess(operation.answer, outcome, key);
  if (parsed === undefined) return { failed: outcome, report };
  report.finished(parsed.status);
  return { answer: { ...parsed, attempts: progress.written } };
}

/** The status and body of a success that can be read. */
function parseSuccess(
  kind: 'json' | 'empty',
  outcome: AttemptOutcome,
  key: string,
): { readonly status: number; readonly body: unknown } | undefined {
  if (outcome.kind === 'failure' || !isSuccess(outcome.status)) return undefined;
  const { status, text } = outcome;
  if (kind === 'empty') return { status, body: undefined };
  try {
    // Whoever repeats the key would carry it into results, errors and events.
    const safe = key.length < MIN_KEY_LENGTH ? text : text?.replaceAll(key, '[redacted]');
    const body: unknown = JSON.parse(safe ?? '');
    return typeof body === 'object' && body !== null ? { status, body } : undefined;
  } catch {
    return undefined;
  }
}

/** 8x8 asked for a pause: the other calls of this sub-account wait too. */
function pauseLane(call: PreparedCall, environment: CallEnvironment, failed: AttemptOutcome): void {
  if (failed.kind === 'failure' || failed.status !== 429 || failed.retryAfterMs === undefined) return;
  const pauseMs = Math.min(failed.retryAfterMs, MAX_SHARED_PAUSE_MS);
  call.lane.pause(pauseMs);
  environment.emit({ type: 'pace-paused', host: call.host, pauseMs }, call.request.options.context);
}

/** After a 401: another key, if there is one. A key function that fails leaves the 401 to be reported. */
async function keyAfter(
  failed: AttemptOutcome,
  refused: string,
  credentials: Credentials,
  scope: CallScope,
): Promise<string | undefined> {
  if (failed.kind === 'failure' || failed.status !== 401) return undefined;
  try {
    return await credentials.replace(refused, scope.signal);
  } catch (error) {
    if (scope.signal.aborted) throw error;
    return undefined;
  }
}

function failureContext(
  call: PreparedCall,
  environment: CallEnvironment,
  progress: Progress,
): ApiFailureContext {
  const { operation, clientMessageId } = call.request;
  return {
    operation: operation.name,
    repeat: operation.repeat,
    ifLost: operation.ifLost,
    confidential: operation.confidential,
    submission: progress.submission,
    attempts: progress.written,
    clientMessageId,
    keySource: environment.credentials.describe(),
    secrets: [...progress.keys],
  };
}

import type { Call } from '../call.ts';
import type { Credentials } from '../config/credentials.ts';
import { ConfigurationError, StoreError, type Submission, TimeoutError } from '../errors.ts';
import { hideIn, repeatsSecret, secretsIn } from '../internal/hide-secrets.ts';
import { nextTurn } from '../internal/slices.ts';
import { runUserCode } from '../internal/user-code.ts';
import { USER_AGENT } from '../internal/version.ts';
import { wait } from '../internal/wait.ts';
import type { RequestFailureContext } from './api-error.ts';
import { runAttempt } from './attempt.ts';
import { startReport } from './attempt-events.ts';
import type { AttemptRequest } from './attempt-request.ts';
import type { LanePermit } from './lane.ts';
import type { Operation } from './operation.ts';
import { type AttemptOutcome, isSuccess } from './outcome.ts';
import { isNoPermitError, MAX_PAUSE_MS } from './pacer.ts';
import type { PassOutcome } from './pause-gate.ts';
import type { RequestContext, TransportEnvironment } from './request-context.ts';
import { readRequestId } from './request-id.ts';
import { assessOutcome, backoffMs, type OutcomeAssessment, type RetryOptions } from './retry-policy.ts';
import { serialise } from './serialise.ts';
import { namedSubjects } from './subject-pauses.ts';
import { traceAttempt } from './trace-attempt.ts';
import type { SecondLook, TransportRequest, TransportResponse } from './transport.ts';
import { outcomeError, paceError, paceStoreError, stopError } from './transport-errors.ts';

/** Longest pause between calls, even if a broken `Retry-After` asks for more. */
const MAX_SHARED_PAUSE_MS = 3_600_000;

/** A shorter text is not a real key, and could be part of an ID by chance. */
const MIN_KEY_LENGTH = 16;

/** Requests in a row that are ready too late: then the guards or the store are slower than their answers stay good. */
const MAX_TOO_LATE = 20;

/** The state of a request, for its error. */
interface Progress {
  written: number;
  submission: Submission;
  readonly keys: string[];
}

/** Runs a request to its end: waits for a permit, writes, assesses the outcome, and repeats when that is safe. */
export async function runAttempts(
  context: RequestContext,
  environment: TransportEnvironment,
): Promise<TransportResponse> {
  const { request, call, retry } = context;
  const progress: Progress = { written: 0, submission: 'not-submitted', keys: [] };
  try {
    const written = request.upload?.bytes ?? serialise(request.body);
    let body = written instanceof Promise ? await written : written;
    const { credentials } = environment;
    let key = credentials.known() ?? (await credentials.key(call.signal));
    let isRepeat = false;
    let tooLate = 0;
    for (;;) {
      const permit = takePermitNow(context) ?? (await followWait(context, environment));
      const { secondLook } = request;
      const isDue = secondLook !== undefined && (isRepeat || !secondLook.isRecent());
      body = isDue ? await lookAgain(secondLook, body, call, permit) : body;
      isRepeat = false;
      const outcome = await writeOnce(context, environment, progress, key, permit, body);
      if (outcome.response !== undefined) return outcome.response;
      if (outcome.failed === undefined) {
        tooLate += 1;
        if (tooLate === MAX_TOO_LATE) throw tooLateError(context, progress);
        continue;
      }

      const { failed, report } = outcome;
      const verdict = assessOutcome(request.operation, failed);
      progress.submission = verdict.submission;
      const error = outcomeError(failed, failureContext(context, environment, progress), context.timeoutMs);
      pauseLane(context, environment, failed);
      const otherKey = await keyAfter(failed, key, credentials, call);
      const delayMs = otherKey === undefined ? repeatDelay(failed, verdict, retry, progress, environment) : 0;
      const repeat =
        delayMs !== undefined && progress.written < retry.maxAttempts && delayMs < call.remainingMs();
      report.failed(failed, verdict.submission, repeat ? delayMs : undefined);
      if (!repeat) throw error;
      progress.submission = 'not-submitted';
      isRepeat = true;
      key = otherKey ?? (await credentials.key(call.signal));
      await wait(delayMs, call.signal);
    }
  } catch (error) {
    const failure = failureContext(context, environment, progress);
    if (call.stopReason !== undefined && error === call.signal.reason) {
      throw stopError(call.stopReason, failure, call.deadlineMs);
    }
    if (isNoPermitError(error)) throw paceError(error, failure, context.lane.maxQueued);
    if (StoreError.isInstance(error)) {
      environment.emit.reportError?.(error, 'limits.pace');
      throw paceStoreError(failure);
    }
    throw error;
  }
}

/** The same when there is nothing to wait for. */
function takePermitNow({ lane, call }: RequestContext): LanePermit | undefined {
  call.throwIfEnded();
  return lane.subjects.isEmpty ? lane.takeNow() : undefined;
}

/** The wait, as an operation where somebody follows them. */
function followWait(context: RequestContext, { emit }: TransportEnvironment): Promise<LanePermit> {
  const waiting = () => takePermit(context);
  return emit.trace?.({ kind: 'pace', host: context.host }, waiting) ?? waiting();
}

/** Waits for the pauses of its number and address, when it has one message, and then for the sub-account. */
async function takePermit({ request, lane, call }: RequestContext): Promise<LanePermit> {
  const { subjects, messageCount = 1 } = request;
  const own = subjects !== undefined && messageCount === 1 ? subjects() : [];
  const ofSubjects = await lane.subjects.take(own, call.signal);
  let permit: LanePermit | undefined;
  try {
    const taken = await lane.take(call.signal);
    permit = taken;
    call.throwIfEnded();
    return {
      use: () => taken.use(),
      finish: (outcome) => [ofSubjects.finish(outcome), taken.finish(outcome)].includes(true),
    };
  } catch (error) {
    ofSubjects.finish('unused');
    permit?.finish('unused');
    throw error;
  }
}

/** The body of a request that waited, without what the guards' second look leaves out. */
async function lookAgain(
  secondLook: SecondLook,
  body: AttemptRequest['body'],
  call: Call,
  permit: LanePermit,
): Promise<AttemptRequest['body']> {
  try {
    const left = await secondLook.lookAgain();
    call.throwIfEnded();
    return left === undefined ? body : await serialise(left.body);
  } catch (error) {
    permit.finish('unused');
    throw error;
  }
}

function tooLateError(
  { request: { operation, clientMessageId } }: RequestContext,
  { written }: Progress,
): TimeoutError {
  return new TimeoutError({
    message: `${operation.name}: the guards and the limit store take so long that their decisions expire before the message leaves. Nothing was sent. Speed up the consent hook and the store, or use longer windows.`,
    submission: 'not-submitted',
    reason: 'timeout',
    attempts: written,
    clientMessageId,
  });
}

/** The meaning of a response for a pause: a failing server does not mean that it is over. */
function passOutcome(outcome: AttemptOutcome): PassOutcome {
  if (outcome.kind === 'failure' || outcome.status >= 500) return 'lost';
  return outcome.status === 429 ? 'limited' : 'passed';
}

/**
 * Milliseconds until the next attempt; undefined when there must be none, or when the caller should decide whether to
 * wait.
 */
function repeatDelay(
  failed: AttemptOutcome,
  { repeatable }: OutcomeAssessment,
  retry: RetryOptions,
  { written }: Progress,
  { random }: TransportEnvironment,
): number | undefined {
  const retryAfterMs = failed.kind === 'response' ? (failed.retryAfterMs ?? 0) : 0;
  if (!repeatable || retryAfterMs > MAX_PAUSE_MS) return undefined;
  return Math.max(retryAfterMs, backoffMs(retry, written, random));
}

/**
 * Writes once. From here on the request counts as sent, until its response proves the contrary. Gives nothing when its
 * permit expired, or the guards' look grew old, before it could leave.
 */
async function writeOnce(
  context: RequestContext,
  environment: TransportEnvironment,
  progress: Progress,
  key: string,
  permit: LanePermit,
  body: AttemptRequest['body'],
) {
  const { operation, secondLook } = context.request;
  if (!progress.keys.includes(key)) progress.keys.push(key);
  progress.written++;
  progress.submission = operation.repeat === 'never' ? 'unknown' : 'not-submitted';
  const report = startReport(context, environment, progress.written);
  let outcome: AttemptOutcome;
  let isTooLate = false;
  let passed: PassOutcome = 'lost';
  const write = () =>
    runAttempt(
      {
        method: operation.method,
        url: context.url,
        headers: headersOf(context, environment, key, body !== undefined),
        body,
        once: operation.repeat === 'never',
        fetch: environment.fetch,
        direct: environment.direct,
        neverLeft() {
          progress.written--;
          progress.submission = 'not-submitted';
        },
        beforeFetch() {
          if (secondLook?.isRecent() !== false && permit.use()) return;
          // `fetch` was not called: nothing can have left.
          isTooLate = true;
          progress.written--;
          progress.submission = 'not-submitted';
          throw new Error('too late');
        },
      },
      {
        timeoutMs: context.timeoutMs,
        maxBytes: context.maxBytes,
        onResponse: listenerOf(context, environment),
      },
      () => environment.clock.now(),
      context.call,
    );
  try {
    outcome = await traceAttempt(context, environment.emit, progress.written, write);
    passed = passOutcome(outcome);
  } catch (error) {
    // Anything but the reason for which the call ended: `fetch` could not be prepared.
    if (ConfigurationError.isInstance(error)) environment.emit.reportError?.(error, 'import');
    report.stopped(progress.submission);
    throw error;
  } finally {
    if (permit.finish(isTooLate ? 'unused' : passed))
      environment.emit({ type: 'pace-resumed', host: context.host }, context.call.context);
  }
  if (isTooLate) {
    report.failed(outcome, progress.submission, 0);
    return {};
  }
  // Putting a long text together took its turn of the event loop already.
  if (outcome.kind === 'response' && (outcome.text?.length ?? 0) > LONG_TEXT) await nextTurn();
  const parsed = parseSuccess(operation.responseBody, outcome, key);
  if (parsed === undefined) return { failed: outcome, report };
  report.finished(parsed.status);
  const { requestId: id } = outcome as Extract<AttemptOutcome, { readonly kind: 'response' }>;
  const requestId = id === undefined ? undefined : await safeRequestId(id, context, key);
  return { response: { ...parsed, attempts: progress.written, requestId } };
}

function headersOf(
  { contentType }: RequestContext,
  { userAgent }: TransportEnvironment,
  key: string,
  hasBody: boolean,
): Readonly<Record<string, string>> {
  const headers: Record<string, string> = { accept: 'application/json', authorization: `Bearer ${key}` };
  if (userAgent) headers['user-agent'] = USER_AGENT;
  if (hasBody) headers['content-type'] = contentType;
  return headers;
}

/** Hands the response to the caller; its body stays unread. */
function listenerOf({ call }: RequestContext, { emit }: TransportEnvironment) {
  const { onResponse } = call;
  if (onResponse === undefined) return undefined;
  return ({ status, headers }: Pick<Response, 'status' | 'headers'>): void => {
    const requestId = readRequestId(headers);
    const raw = { status, headers: new Headers(headers), ...(requestId !== undefined && { requestId }) };
    runUserCode(emit, 'onResponse', () => onResponse(raw)).catch(() => {});
  };
}

/** A text of more characters, those of 1,000 messages, is parsed in a turn of its own. */
const LONG_TEXT = 200_000;
/** So many texts are searched in one turn: less than a millisecond. */
const TEXTS_AT_ONCE = 512;

/** The id of a request, unless it repeats something that was sent. */
async function safeRequestId(
  id: string,
  { request }: RequestContext,
  key: string,
): Promise<string | undefined> {
  const secrets = [key, ...idSecretsOf(request)];
  for (let from = 0; from < secrets.length; from += TEXTS_AT_ONCE) {
    if (from > 0) await nextTurn();
    if (repeatsSecret(id, secrets.slice(from, from + TEXTS_AT_ONCE))) return undefined;
  }
  return id;
}

/** The status and body of a success that can be read. */
function parseSuccess(
  kind: Operation['responseBody'],
  outcome: AttemptOutcome,
  key: string,
): { readonly status: number; readonly body: unknown } | undefined {
  if (outcome.kind === 'failure' || !isSuccess(outcome.status)) return undefined;
  const { status, text } = outcome;
  if (kind === 'empty' || (kind === 'any' && text === '')) return { status, body: undefined };
  try {
    const body: unknown = JSON.parse(text ?? '');
    if (typeof body !== 'object' || body === null) return undefined;
    // A body that contains the key would carry it into results, errors and events. Escapes hide it from a look at the
    // text.
    const mayHoldKey = key.length >= MIN_KEY_LENGTH && (text?.includes(key) || text?.includes('\\'));
    return { status, body: mayHoldKey ? hideIn(body, key) : body };
  } catch {
    return undefined;
  }
}

/** 8x8 asked for a pause: the other calls of this sub-account wait too, or only those of the number or address it names. */
function pauseLane(context: RequestContext, environment: TransportEnvironment, failed: AttemptOutcome): void {
  if (failed.kind === 'failure' || failed.status !== 429 || failed.retryAfterMs === undefined) return;
  const { lane, host, request, call } = context;
  const pauseMs = Math.min(failed.retryAfterMs, MAX_SHARED_PAUSE_MS);
  const [named, ...others] = namedSubjects(failed.text ?? '', request.subjects?.() ?? []);
  if (named === undefined) lane.pause(pauseMs);
  else for (const subject of [named, ...others]) lane.subjects.pause(subject, pauseMs);
  const affects = named === undefined ? 'sub-account' : /^\d+$/.test(named) ? 'destination' : 'clientIp';
  environment.emit({ type: 'pace-paused', host, pauseMs, affects }, call.context);
}

/** After a 401: gets another key, if there is one. When the key function fails, the 401 is reported. */
async function keyAfter(
  failed: AttemptOutcome,
  refused: string,
  credentials: Credentials,
  { signal }: Call,
): Promise<string | undefined> {
  if (failed.kind === 'failure' || failed.status !== 401) return undefined;
  try {
    return await credentials.replace(refused, signal);
  } catch (error) {
    if (signal.aborted) throw error;
    return undefined;
  }
}

/** Texts and codes that 8x8 may repeat. */
function secretsOf({ body, query, segments }: TransportRequest): readonly string[] {
  const values = Object.entries(segments).flatMap(([name, value]) =>
    SECRET_SEGMENT.test(name) ? [value] : [],
  );
  return [...secretsIn(body), ...secretsIn(query), ...values];
}

/** Segments of a path that nobody else may read: a session, and whatever `sms.request` is given. */
const SECRET_SEGMENT = /^(?:sessionId|value\d+)$/;

/** An id may repeat no number either, where other texts show it masked. */
function idSecretsOf(request: TransportRequest): readonly string[] {
  return [...secretsOf(request), ...(request.subjects?.() ?? [])];
}

function failureContext(
  context: RequestContext,
  environment: TransportEnvironment,
  progress: Progress,
): RequestFailureContext {
  const { operation, clientMessageId } = context.request;
  return {
    operation: operation.name,
    repeat: operation.repeat,
    ifLost: operation.ifLost,
    ifConflict: operation.ifConflict,
    confidential: operation.confidential,
    submission: progress.submission,
    attempts: progress.written,
    clientMessageId,
    keySource: environment.credentials.describe(),
    secrets: progress.keys,
    sent: () => secretsOf(context.request),
    idSecrets: () => [...idSecretsOf(context.request), ...progress.keys],
  };
}

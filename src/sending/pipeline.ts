import type { Call } from '../call.ts';
import type { ClientContext } from '../client-context.ts';
import { SmsError } from '../errors.ts';
import { isGuardError } from '../guards/guard.ts';
import { inSlices, mapInSlices, nextTurn } from '../internal/slices.ts';
import { wait } from '../internal/wait.ts';
import type { ReservationOutcome } from '../limits/limiter.ts';
import type { AdmissionOperation } from '../telemetry/operations.ts';
import type { SecondLook, TransportRequest } from '../transport/transport.ts';
import type { AdmissionResult, AdmittedMessage } from './admission.ts';
import { duplicateResult, findDuplicates } from './duplicates.ts';
import { failedResult } from './failed-result.ts';
import { decodeOutcome, encodeOutcome, unsettledError } from './idempotency.ts';
import { reportRepeated, reportResult, reportUnprepared } from './message-events.ts';
import {
  type MessageInput,
  type Prepared,
  type PreparedMessage,
  prepareInputs,
  wireFields,
} from './prepare.ts';
import type { AcceptedResult, FailedResult, SendResult } from './results.ts';
import type { RememberedMessages } from './scheduled/scheduled-messages.ts';
import type { SendOperation } from './send-operation.ts';
import type { Addressing } from './sms-message.ts';
import { readSent } from './wire-results.ts';

/** One call in the four steps. */
interface Run<Input extends Addressing> {
  readonly client: ClientContext;
  readonly operation: SendOperation<Input>;
  readonly call: Call;
  /** One result per input, in order; undefined for a message without an outcome yet. */
  readonly results: (SendResult | undefined)[];
}

type Refused = Extract<AdmissionResult, { readonly kind: 'refused' }>;

/** The messages of one request. A second look may leave some out. */
interface Admitted {
  admitted: readonly AdmittedMessage<PreparedMessage>[];
  /** Messages whose `idempotencyKey` is in progress in another call. */
  readonly waiting: PreparedMessage[];
  /** Scheduled messages were remembered since the guards looked. */
  wasRemembered?: boolean;
}

/** Ends a request when the second look left nothing to send. */
class NothingLeft extends Error {}

/** A batch of more messages is read in a turn of its own. */
const LONG_BATCH = 512;

/** How often, and for how long at most, a call checks whether the original of its `idempotencyKey` is done. */
const FIRST_POLL_MS = 10;
const MAX_POLL_MS = 500;
const MAX_POLLING_MS = 120_000;

/**
 * The only way anything is sent: prepare, admit, write, settle. One result per input, in order. Throws only for bugs
 * in this package.
 */
export async function sendMessages<Input extends Addressing>(
  client: ClientContext,
  inputs: readonly MessageInput[],
  operation: SendOperation<Input>,
  call: Call,
): Promise<readonly SendResult[]> {
  const run: Run<Input> = { client, operation, call, results: new Array(inputs.length).fill(undefined) };
  const preparing = prepareInputs(inputs, operation.reader, configOf(run), call);
  const prepared = sortOut(run, preparing instanceof Promise ? await preparing : preparing);
  const duplicates =
    operation.identityOf === undefined ? undefined : await findDuplicates(prepared, operation.identityOf);
  let open = duplicates === undefined ? prepared : prepared.filter((message) => !duplicates.has(message));
  const startedAt = client.limiter.elapsed();
  let isWaiting = false;
  for (let pollMs = FIRST_POLL_MS; open.length > 0; pollMs = Math.min(pollMs * 2, MAX_POLL_MS)) {
    const batch = await admit(run, open, isWaiting);
    const remembered = batch.admitted.some(isScheduled) ? await rememberScheduled(run, batch) : undefined;
    if (client.audit !== undefined) await awaitAudit(run, client.audit, batch);
    if (batch.admitted.length > 0) {
      const settling = settle(run, batch, await write(run, batch));
      if (settling !== undefined) await settling;
    }
    await remembered?.settle(({ position }) => run.results[position]);
    if (batch.waiting.length === 0) break;
    open = await poll(run, batch.waiting, pollMs, startedAt);
    isWaiting = true;
  }
  for (const [message, original] of duplicates ?? []) {
    const shared = run.results[original.position] as SendResult;
    run.results[message.position] = duplicateResult(message, original, shared);
  }
  return run.results as SendResult[];
}

function configOf<Input extends Addressing>({ client, operation }: Run<Input>) {
  return { ...client.phoneDefaults, segments: operation.segments };
}

/** Step 1: the inputs that became messages. The others get their result here. */
function sortOut<Input extends Addressing>(
  { client, operation, call, results }: Run<Input>,
  prepared: readonly Prepared[],
): readonly PreparedMessage[] {
  const messages: PreparedMessage[] = [];
  for (let position = 0; position < prepared.length; position += 1) {
    const item = prepared[position] as Prepared;
    if ('status' in item) results[position] = item;
    else messages.push(item);
  }
  const rejected = operation.reject?.(messages);
  for (const [message, result] of rejected ?? []) results[message.position] = result;
  for (const result of results) if (result !== undefined) reportUnprepared(client.emit, result, call);
  return rejected === undefined || rejected.size === 0
    ? messages
    : messages.filter((message) => !rejected.has(message));
}

/** Step 2: asks the guards. A message that is refused, or was sent before under its key, gets its result here. */
async function admit<Input extends Addressing>(
  run: Run<Input>,
  messages: readonly PreparedMessage[],
  isWaiting: boolean,
): Promise<Admitted> {
  const { client, call } = run;
  const batch: Admitted = { admitted: [], waiting: [] };
  try {
    const decisions = await traceAdmission(run, messages.length, false, () =>
      client.admission.admit(messages, call),
    );
    sort(run, batch, messages, decisions, isWaiting);
    return batch;
  } catch (error) {
    // The store failed, or the call ended: this call sent none of them.
    if (!SmsError.isInstance(error)) throw error;
    for (const message of messages) refuse(run, message, error, isWaiting);
    return { admitted: [], waiting: [] };
  }
}

/** The guards' decisions, as an operation where somebody follows them. */
function traceAdmission<Input extends Addressing>(
  { client: { emit } }: Run<Input>,
  messages: number,
  isSecondLook: boolean,
  decide: () => Promise<readonly AdmissionResult[]>,
): Promise<readonly AdmissionResult[]> {
  const { trace } = emit;
  if (trace === undefined) return decide();
  const operation: AdmissionOperation = { kind: 'admission', messages, isSecondLook };
  return trace(operation, async () => {
    const decisions = await decide();
    operation.admitted = decisions.filter(({ kind }) => kind === 'admitted').length;
    return decisions;
  });
}

/** Sorts messages by what the guards decided: to be written, to be waited for, or done. */
function sort<Input extends Addressing>(
  run: Run<Input>,
  batch: Admitted,
  messages: readonly PreparedMessage[],
  decisions: readonly AdmissionResult[],
  isWaiting: boolean,
): void {
  const admitted: AdmittedMessage<PreparedMessage>[] = [];
  for (let index = 0; index < messages.length; index += 1) {
    const message = messages[index] as PreparedMessage;
    const decision = decisions[index];
    if (decision?.kind === 'admitted') {
      if (message.postponedTo !== undefined) {
        message.wire = { ...message.wire, ...wireFields({ scheduled: new Date(message.postponedTo) }) };
      }
      admitted.push(decision as AdmittedMessage<PreparedMessage>);
    } else if (decision?.kind === 'in-progress') batch.waiting.push(message);
    else if (decision?.kind === 'repeated') repeat(run, message, decision.stored);
    else refuse(run, message, (decision as Refused).error, isWaiting);
  }
  batch.admitted = admitted;
}

const messagesOf = ({ admitted }: Admitted) => admitted.map(({ message }) => message);

/**
 * The guards' second look at messages that waited for a key, a permit, a pause or a repeat: meanwhile a person may have
 * opted out, and what was taken from a limit may have left its window.
 */
function secondLook<Input extends Addressing>(run: Run<Input>, batch: Admitted): SecondLook {
  const { client, operation, call } = run;
  return {
    isRecent: () => batch.wasRemembered !== true && batch.admitted.every(client.admission.isRecent),
    async lookAgain() {
      batch.wasRemembered = false;
      const messages = messagesOf(batch);
      const decisions = await traceAdmission(run, messages.length, true, () =>
        client.admission.lookAgain(batch.admitted, call),
      );
      sort(run, batch, messages, decisions, false);
      if (batch.admitted.length === 0) throw new NothingLeft();
      return batch.admitted.length === messages.length ? undefined : operation.request(messagesOf(batch));
    },
  };
}

function isScheduled({ message }: AdmittedMessage<PreparedMessage>): boolean {
  return message.content?.scheduledAt !== undefined;
}

/**
 * Scheduled messages are remembered before they are written: an opt-out could not reach one that is not. The guards look again
 * after that, because an opt-out that was recorded meanwhile did not find them.
 */
async function rememberScheduled<Input extends Addressing>(
  run: Run<Input>,
  batch: Admitted,
): Promise<RememberedMessages | undefined> {
  const { client, call, operation } = run;
  const { subAccountId = client.subAccountId } = operation.segments;
  const remembered = await client.scheduledMessages.remember(messagesOf(batch), subAccountId, call);
  batch.wasRemembered = remembered !== undefined;
  if (remembered === undefined || remembered.refused.size === 0) return remembered;
  await withdraw(run, batch, remembered.refused);
  return remembered;
}

/** The audit log may hold messages back, or refuse them, until it has recorded that they were admitted. */
async function awaitAudit<Input extends Addressing>(
  run: Run<Input>,
  audit: NonNullable<ClientContext['audit']>,
  batch: Admitted,
): Promise<void> {
  if (batch.admitted.length === 0) return;
  try {
    const waiting = audit.ready(run.call);
    if (waiting !== undefined) await waiting;
  } catch (error) {
    if (!SmsError.isInstance(error)) throw error;
    await withdraw(run, batch, new Map(messagesOf(batch).map((message) => [message, error])));
  }
}

/** Refuses messages that the guards had admitted, and gives back what was taken for them. */
async function withdraw<Input extends Addressing>(
  run: Run<Input>,
  batch: Admitted,
  refused: ReadonlyMap<PreparedMessage, SmsError>,
): Promise<void> {
  const gone = batch.admitted.filter(({ message }) => refused.has(message));
  batch.admitted = batch.admitted.filter(({ message }) => !refused.has(message));
  await run.client.limiter.settle(gone.map(({ reservation }) => ({ reservation, outcome: 'return' })));
  for (const [message, error] of refused) refuse(run, message, error, false);
}

/** Step 3: one request, which is repeated only when nothing came of it. One result per message that was not left out. */
async function write<Input extends Addressing>(
  run: Run<Input>,
  batch: Admitted,
): Promise<readonly SendResult[]> {
  const { client, operation, call } = run;
  try {
    call.throwIfEnded();
    if (operation.beforeWrite !== undefined) await operation.beforeWrite();
    const response =
      (operation.answer && (await operation.answer(messagesOf(batch)))) ??
      (await client.transport.request(requestOf(run, batch), call));
    const messages = messagesOf(batch);
    // Reading a long response took its turn of the event loop already.
    if (messages.length > LONG_BATCH) await nextTurn();
    const reading = operation.read(response, messages);
    const written = reading instanceof Promise ? await reading : reading;
    client.ownMessages?.record(messages, written);
    return written;
  } catch (error) {
    if (error instanceof NothingLeft) return [];
    if (!SmsError.isInstance(error)) throw error;
    return mapInSlices(messagesOf(batch), (message) => failedResult(error, message));
  }
}

function requestOf<Input extends Addressing>(run: Run<Input>, batch: Admitted): TransportRequest {
  const { operation } = run;
  return {
    ...operation.request(messagesOf(batch)),
    segments: operation.segments,
    subjects: () => messagesOf(batch).flatMap(subjectsOf),
    secondLook: secondLook(run, batch),
  };
}

/** The number of a message, and the address of the end user behind it. */
function subjectsOf({ phone, wire }: PreparedMessage): readonly string[] {
  return typeof wire.clientIp === 'string' ? [phone.msisdn, wire.clientIp] : [phone.msisdn];
}

function mayHaveLeft(result: SendResult): result is AcceptedResult | FailedResult {
  return (
    result.status === 'accepted' || (result.status === 'failed' && result.error.submission === 'unknown')
  );
}

/** The result with the time of the next one-time password, where there is one. */
function withRetryAt<Input extends Addressing>(
  { client }: Run<Input>,
  result: SendResult,
  retryInMs: number | undefined,
): SendResult {
  return retryInMs === undefined ? result : { ...result, retryAt: client.clock.now() + retryInMs };
}

/** The result with the time for which the guards scheduled the message, if they did. */
function withPostponedTo(result: SendResult, { postponedTo }: PreparedMessage): SendResult {
  return result.status === 'accepted' && postponedTo !== undefined ? { ...result, postponedTo } : result;
}

/** Step 4: keeps what was taken for a message that may have left, and gives back the rest. */
function settle<Input extends Addressing>(
  run: Run<Input>,
  { admitted }: Admitted,
  written: readonly SendResult[],
): Promise<void> | undefined {
  const { client, call, results } = run;
  const outcomes: ReservationOutcome[] = [];
  const collecting = inSlices(admitted.length, (index) => {
    const { message, reservation } = admitted[index] as AdmittedMessage<PreparedMessage>;
    const result = written[index] as SendResult;
    if (mayHaveLeft(result)) {
      const record = message.idempotency === undefined ? undefined : encodeOutcome(result);
      outcomes.push({ reservation, outcome: 'keep', result: record });
    } else outcomes.push({ reservation, outcome: 'return' });
  });
  const report = () =>
    inSlices(admitted.length, (index) => {
      const { message, waitMs } = admitted[index] as AdmittedMessage<PreparedMessage>;
      const result = written[index] as SendResult;
      const retryInMs = mayHaveLeft(result) ? waitMs : undefined;
      results[message.position] = withRetryAt(run, withPostponedTo(result, message), retryInMs);
      client.sentAtCache.record(message, result);
      client.outcomeCache.recordLost(result);
      reportResult(client, message, result, call);
    });
  if (collecting === undefined && client.limiter.settleNow(outcomes)) return report();
  return settleLater(client, collecting, outcomes, report);
}

async function settleLater(
  { limiter }: ClientContext,
  collecting: Promise<void> | undefined,
  outcomes: readonly ReservationOutcome[],
  report: () => Promise<void> | undefined,
): Promise<void> {
  await collecting;
  await limiter.settle(outcomes);
  await report();
}

/** Waits for the originals of messages whose `idempotencyKey` is in progress in another call. */
async function poll<Input extends Addressing>(
  run: Run<Input>,
  waiting: readonly PreparedMessage[],
  pollMs: number,
  startedAt: number,
): Promise<readonly PreparedMessage[]> {
  if (run.client.limiter.elapsed() - startedAt > MAX_POLLING_MS) {
    for (const message of waiting) repeat(run, message, undefined);
    return [];
  }
  try {
    await wait(pollMs, run.call.signal);
    return waiting;
  } catch (error) {
    if (!SmsError.isInstance(error)) throw error;
    for (const message of waiting) refuse(run, message, error, true);
    return [];
  }
}

/**
 * True for a decision of a guard or the validation. Any other error of an admission tells nothing about the original
 * of a key.
 */
function isDecision(error: SmsError): boolean {
  return isGuardError(error) || error.code === 'validation';
}

/**
 * The result of a message that was refused before anything was written; the guards have already raised their events.
 * While the original of its `idempotencyKey` is in progress, 8x8 may have that message.
 */
function refuse<Input extends Addressing>(
  run: Run<Input>,
  message: PreparedMessage,
  error: SmsError,
  isOriginalUnderWay: boolean,
): void {
  const isUnsettled = isOriginalUnderWay && !isDecision(error);
  const result = failedResult(isUnsettled ? unsettledError(error, message.clientMessageId) : error, message);
  const retryInMs =
    result.status === 'blocked' && message.purpose === 'otp' ? result.error.retryAfterMs : undefined;
  run.results[message.position] = withRetryAt(run, result, retryInMs);
  if (result.status !== 'blocked') reportResult(run.client, message, result, run.call);
}

/** The result of a message that was sent before under its `idempotencyKey`. */
function repeat<Input extends Addressing>(
  { client, call, results }: Run<Input>,
  message: PreparedMessage,
  stored: string | undefined,
): void {
  reportRepeated(client.emit, message, call);
  const { index, clientMessageId, phone, position } = message;
  const destination = phone.e164;
  results[position] = { ...decodeOutcome(stored, index, clientMessageId), destination };
}

/** Sends one message. Throws unless 8x8 accepted it. */
export async function sendOne<Input extends Addressing>(
  client: ClientContext,
  input: Input,
  {
    operation,
    exemption,
    ...rest
  }: Pick<SendOperation<Input>, 'reader' | 'segments' | 'beforeWrite' | 'answer'> &
    Pick<TransportRequest, 'operation'> &
    Pick<MessageInput, 'exemption'>,
  call: Call,
): Promise<AcceptedResult> {
  const one: SendOperation<Input> = {
    ...rest,
    request: ([message]) => ({
      operation,
      body: message?.wire,
      ...(message && { clientMessageId: message.clientMessageId }),
    }),
    read: (response, admitted) => admitted.map((message) => readSent(response.body, message, response)),
  };
  const [result] = await sendMessages(client, [{ index: 0, list: '', input, exemption }], one, call);
  if (result?.status === 'accepted') return result;
  throw result?.error;
}

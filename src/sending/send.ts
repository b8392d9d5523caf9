import type { Core } from '../api/core.ts';
import type { Call } from '../call.ts';
import { ApiError, MessageRejectedError, type SmsError } from '../errors.ts';
import type { TransportAnswer, TransportRequest } from '../transport/transport.ts';
import type { WireResult } from './deliver.ts';
import {
  type MessageInput,
  type MessageReader,
  type PreparedMessage,
  prepare,
  type UnpreparedResult,
} from './prepare.ts';
import type { AcceptedResult, SendResult } from './results.ts';
import type { Addressing } from './sms-message.ts';

/** 8x8's answer for one message, as far as it is relied on. */
interface SentMessage {
  readonly umid?: unknown;
  readonly destination?: unknown;
  readonly clientMessageId?: unknown;
  readonly status?: { readonly code?: unknown; readonly description?: unknown } | null;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Printable and short: it goes to events and to the idempotency record. */
const UMID = /^[\x21-\x7e]{1,100}$/;

/** The answer does not say what became of this message. */
export function unreadableAnswer(message: PreparedMessage, attempts: number): WireResult {
  const { index, clientMessageId } = message;
  const error = new ApiError({
    message:
      '8x8 answered 200 without saying what became of this message. Do not send it again before a delivery receipt or an export, matched by clientMessageId, says so.',
    submission: 'unknown',
    status: 200,
    attempts,
    clientMessageId,
  });
  return { status: 'failed', index, clientMessageId, error };
}

/** What 8x8 says about one message. REJECTED comes inside HTTP 200 and is no success. */
export function readSent(answer: unknown, message: PreparedMessage, attempts: number): WireResult {
  const { index, clientMessageId, content } = message;
  const sent = answer as SentMessage;
  const code = textOf(sent.status?.code);
  const umid = textOf(sent.umid);
  if (code === 'REJECTED') {
    const error = new MessageRejectedError({
      description: textOf(sent.status?.description),
      umid,
      clientMessageId,
    });
    return { status: 'rejected', index, clientMessageId, error };
  }
  if (!UMID.test(umid) || code === '') return unreadableAnswer(message, attempts);
  const { parts, encoding } = content?.measure ?? { parts: 1, encoding: 'GSM7' };
  return { status: 'accepted', index, clientMessageId, umid, parts, encoding, attempts };
}

/** What a request that carries messages is made of. */
export interface SendOperation<Input extends Addressing> {
  readonly reading: MessageReader<Input>;
  /** Values of the path's `{name}` segments: who sends, and for surveys which one. */
  readonly segments: TransportRequest['segments'];
  /** The request for what the guards admitted. */
  request(
    admitted: readonly PreparedMessage[],
  ): Pick<TransportRequest, 'operation' | 'body' | 'messageCount' | 'clientMessageId'>;
  /** What the answer says about each, in order. */
  read(answer: TransportAnswer, admitted: readonly PreparedMessage[]): readonly WireResult[];
  /** A last look before the guards: what must not go on gets its result here. */
  screen?(messages: readonly PreparedMessage[]): Map<PreparedMessage, SendResult>;
  /** Done right before the request; when it throws an `SmsError` nothing is sent. */
  beforeWrite?(): Promise<void>;
  /** Messages with one identity are sent once; the others get the result of the first. */
  identityOf?(message: PreparedMessage): string;
}

function isResult(item: PreparedMessage | SendResult): item is SendResult {
  return 'status' in item;
}

/** The first of each identity, and for every other one the first that stands for it. */
function findTwins(
  messages: readonly PreparedMessage[],
  identityOf: SendOperation<Addressing>['identityOf'],
): ReadonlyMap<PreparedMessage, PreparedMessage> {
  const twins = new Map<PreparedMessage, PreparedMessage>();
  if (identityOf === undefined) return twins;
  const first = new Map<string, PreparedMessage>();
  for (const message of messages) {
    const identity = identityOf(message);
    const leader = first.get(identity);
    if (leader === undefined) first.set(identity, message);
    else twins.set(message, leader);
  }
  return twins;
}

/** The way of every message: read and normalised, past the guards, written, settled. One result a draft, in order. */
export async function sendDrafts<Input extends Addressing>(
  core: Core,
  drafts: readonly MessageInput[],
  plan: SendOperation<Input>,
  call: Call,
): Promise<readonly SendResult[]> {
  const prepared = await prepareUnlessEnded(core, drafts, plan, call);
  const ready = prepared.filter((item): item is PreparedMessage => !isResult(item));
  const results = plan.screen?.(ready) ?? new Map<PreparedMessage, SendResult>();
  for (const result of results.values()) reportUnprepared(core, result, call);
  const passed = results.size === 0 ? ready : ready.filter((message) => !results.has(message));
  const twins = findTwins(passed, plan.identityOf);
  const messages = twins.size === 0 ? passed : passed.filter((message) => !twins.has(message));
  const delivered = await core.deliver(messages, call, async (admitted, onWrite) => {
    // The guards hand back the very objects they were given.
    const written = admitted as readonly PreparedMessage[];
    await plan.beforeWrite?.();
    const answer = await core.transport.request({
      ...plan.request(written),
      segments: plan.segments,
      options: call.transportOptions(),
      onWrite,
    });
    const read = plan.read(answer, written);
    core.sentTimes.record(written, read);
    return read;
  });
  let told = 0;
  function resultOf(message: PreparedMessage): SendResult {
    const leader = twins.get(message);
    if (leader !== undefined) return twinResult(message, leader, results.get(leader) as SendResult);
    const screened = results.get(message);
    if (screened !== undefined) return screened;
    const result = delivered[told] as SendResult;
    told += 1;
    // The first of equal messages comes before the others.
    if (twins.size > 0) results.set(message, result);
    return result;
  }
  return prepared.map((item) => {
    if (!isResult(item)) return resultOf(item);
    reportUnprepared(core, item, call);
    return item;
  });
}

/** What the others of equal messages are told: the result of the first. */
function twinResult(
  { index, clientMessageId }: PreparedMessage,
  leader: PreparedMessage,
  shared: SendResult,
): SendResult {
  const isSent = shared.status === 'accepted';
  return { ...shared, index, clientMessageId, ...(isSent && { duplicateOf: leader.index }) } as SendResult;
}

/** A call that ends while its numbers are read has sent none of its messages. */
async function prepareUnlessEnded<Input extends Addressing>(
  core: Core,
  drafts: readonly MessageInput[],
  { reading, segments }: SendOperation<Input>,
  call: Call,
): Promise<readonly (PreparedMessage | UnpreparedResult)[]> {
  try {
    return await prepare(drafts, reading, { ...core.prepare, segments }, call.signal);
  } catch (error) {
    if (!call.signal.aborted) throw error;
    return drafts.map(({ index, spareId }) => {
      const clientMessageId = spareId ?? crypto.randomUUID();
      return { status: 'failed', index, clientMessageId, error: call.signal.reason as SmsError };
    });
  }
}

/** Sends one message. Throws unless 8x8 took it. */
export async function sendOne<Input extends Addressing>(
  core: Core,
  input: Input,
  {
    reading,
    segments,
    operation,
    exemption,
    ...rest
  }: Pick<SendOperation<Input>, 'reading' | 'segments' | 'beforeWrite'> &
    Pick<TransportRequest, 'operation'> &
    Pick<MessageInput, 'exemption'>,
  call: Call,
): Promise<AcceptedResult> {
  const plan: SendOperation<Input> = {
    ...rest,
    reading,
    segments,
    request: ([message]) => ({
      operation,
      body: message?.wire,
      ...(message && { clientMessageId: message.clientMessageId }),
    }),
    read: ({ body, attempts }, admitted) => admitted.map((message) => readSent(body, message, attempts)),
  };
  const [result] = await sendDrafts(core, [{ index: 0, path: '', input, exemption }], plan, call);
  if (result?.status === 'accepted') return result;
  throw result?.error;
}

/** What never became a message has no number to show. */
function reportUnprepared({ emit }: Core, result: SendResult, call: Call): void {
  const fields = {
    clientMessageId: result.clientMessageId,
    destination: '****',
    purpose: 'transactional',
  } as const;
  if (result.status === 'blocked') {
    emit({ type: 'message-blocked', ...fields, decision: result.error.decision }, call.context);
  } else if (result.status === 'failed') {
    const { code, submission } = result.error;
    emit({ type: 'message-failed', ...fields, errorCode: code, submission }, call.context);
  }
}

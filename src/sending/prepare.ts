import type { Call } from '../call.ts';
import { InvalidPhoneNumberError, type SmsError, ValidationError } from '../errors.ts';
import type { Content, Exemption, OutgoingMessage } from '../guards/guard.ts';
import { sha256, toHex } from '../internal/digest.ts';
import { readClientAddress } from '../internal/ip-address.ts';
import { createSlices, inSlices } from '../internal/slices.ts';
import { cleanInput } from '../phone/clean-input.ts';
import {
  normaliseInput,
  type Phone,
  type PhoneDefaults,
  type PhoneResult,
} from '../phone/normalise-phone.ts';
import { MAX_KEPT } from '../phone/normalise-phones.ts';
import { type Field, validate } from '../schema.ts';
import { measureText } from '../text/measure-text.ts';
import type { Purpose } from '../types.ts';
import { clientMessageIdOf } from './idempotency.ts';
import type { BlockedResult, FailedResult } from './results.ts';
import { type Addressing, isClientMessageId, type SmsContent, type Visitor } from './sms-message.ts';
import { chooseSource, type Source } from './source.ts';

/** A message that goes into a request body. */
export interface PreparedMessage extends OutgoingMessage {
  /** Index among the inputs of this call. In a chunk of `sendMany` it differs from `index`. */
  readonly position: number;
  /** The list that its input stands in, for error messages. */
  readonly list: InputList;
  /** The caller's own ID, which several messages may share, or a generated one, which is unique. */
  readonly hasOwnId: boolean;
  /** The fields in the format of 8x8. */
  wire: Readonly<Record<string, unknown>>;
}

/** The result of a message that did not reach the guards. */
export type UnpreparedResult = FailedResult | BlockedResult;

/** The array that an input stands in; `''` for the argument of the method itself. */
export type InputList = 'messages' | 'destinations' | 'input' | '';

/** Path for error messages: `messages[3]`. */
export function pathOf({ list, index }: Pick<MessageInput, 'list' | 'index'>): string {
  return list === '' ? '' : `${list}[${index}]`;
}

/** One input of the caller, before anything is known about it. */
export interface MessageInput {
  readonly index: number;
  readonly list: InputList;
  readonly input: unknown;
  /** ID of a message without one. Default: a UUID. */
  readonly spareId?: string;
  /** Only for a message that this package sends on its own; never read from `input`. */
  readonly exemption?: Exemption | undefined;
}

/** Reads the inputs of one method. */
export interface MessageReader<Input extends Addressing> {
  readonly schema: Field;
  /** Purpose of an input without one. @default 'transactional' */
  readonly purpose?: Purpose;
  /** Only for a verification: how 8x8 delivers the code. */
  channel?(input: Input): string;
  /** Where the sender ID may come from; the first that has one for the person's country wins. @default no sender ID */
  sources?(input: Input, clientSource: Source | undefined): readonly (Source | undefined)[];
  /** The content for the guards; undefined fields come from a template. `source` is the sender ID for the person's country. */
  content(input: Input, source: string | undefined): Content | undefined;
  /** The fields of the body, without `destination` and `clientMessageId`. */
  wire(input: Input, source: string | undefined): Record<string, unknown>;
}

export interface PrepareConfig extends PhoneDefaults {
  /** Whether numbers with an unknown calling code are accepted unchanged: true when the phone guard is off. */
  readonly acceptUnknownCallingCodes: boolean;
  /** The sender ID of messages that name none. */
  readonly source: Source | undefined;
  /** The visitor of messages that name none. */
  readonly subject?: string | undefined;
  /** Tells the idempotency keys of a restricted client from those of others. */
  readonly idempotencyScope?: string | undefined;
}

function epochMs(value: string | Date | undefined): number | undefined {
  return value === undefined ? undefined : new Date(value).getTime();
}

/** Content for the guards; `billed` is the text with short links at their final length. */
export function contentOf(
  fields: Omit<SmsContent, 'source' | 'extra'> & {
    readonly text: string;
    readonly source: string | undefined;
    /** Fields that 8x8 added later, of the message and of what it shares with others. */
    readonly extra?: unknown;
  },
  billed = fields.text,
): Content {
  const encoding = fields.encoding ?? 'AUTO';
  return {
    text: fields.text,
    encoding,
    measure: measureText(billed, encoding),
    source: fields.source,
    scheduledAt: epochMs(fields.scheduled),
    expiresAt: epochMs(fields.expiry),
    extra: fields.extra === undefined ? undefined : JSON.stringify(fields.extra),
    callbackUrl: fields.dlrCallbackUrl,
  };
}

const MOMENTS: ReadonlySet<string> = new Set(['scheduled', 'expiry', 'timestamp']);

function wireValue(name: string, value: unknown): unknown {
  if (MOMENTS.has(name)) return new Date(value as string | Date).toISOString();
  // 8x8 returns code 1012 for a port or brackets, and then rejects every message of the batch.
  return name === 'clientIp' ? readClientAddress(value as string) : value;
}

/**
 * The defined fields in the format of 8x8: times as RFC 3339 in UTC, addresses without port or brackets, the fields of
 * `extra` beside the others.
 */
export function wireFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const wire: Record<string, unknown> = {};
  for (const name of Object.keys(fields)) {
    const value = fields[name];
    if (value !== undefined && name !== 'extra') wire[name] = wireValue(name, value);
  }
  // Checked before: it names none of the others.
  return fields.extra === undefined ? wire : { ...wire, ...(fields.extra as object) };
}

/** The caller's own ID, also when the message is invalid in another field. */
function ownIdOf(input: unknown): string | undefined {
  try {
    const id = (input as { clientMessageId?: unknown } | null | undefined)?.clientMessageId;
    return isClientMessageId(id) ? id : undefined;
  } catch {
    // It could not be copied, and the validation says so.
    return undefined;
  }
}

/**
 * Distinguishes messages under the same idempotency key, without storing any content. Covers the template of a batch,
 * the sub-account and the survey too: a message that differs in one of them is another message.
 */
async function fingerprint(
  phone: Phone,
  wire: object,
  { text, source, encoding, scheduledAt, expiresAt, extra }: Partial<Content> = {},
  clientMessageId: string | undefined,
  segments: object,
): Promise<string> {
  // Messages without `extra` keep their earlier digest, because records of keys last 24 hours.
  const shared = [text, source, encoding, scheduledAt, expiresAt, ...(extra === undefined ? [] : [extra])];
  const digest = await sha256(JSON.stringify([phone.e164, wire, shared, clientMessageId, segments]));
  return toHex(digest.subarray(0, 16));
}

function unknownPhone(
  raw: unknown,
  result: PhoneResult,
  { acceptUnknownCallingCodes }: PrepareConfig,
): Phone | undefined {
  if (result.ok || !acceptUnknownCallingCodes || result.reason !== 'unknown-calling-code') return undefined;
  const cleaned = cleanInput(String(raw));
  // A leading 00 was read as a plus.
  const msisdn = ('text' in cleaned ? cleaned.text : '').replace(/\D/g, '').replace(/^00/, '');
  const phone = {
    e164: `+${msisdn}`,
    msisdn,
    key: Number(msisdn),
    country: undefined,
    callingCode: '',
  } as const;
  return { ...phone, type: 'UNKNOWN', valid: false, possible: false };
}

function badNumber(
  input: MessageInput,
  clientMessageId: string,
  failure: PhoneResult & { ok: false },
): BlockedResult {
  const { index, list } = input;
  // An entry of `destinations` is the number itself.
  const field = list === 'destinations' ? [] : ['destination'];
  const path = [pathOf(input), ...field].filter((part) => part !== '').join('.');
  const error = new InvalidPhoneNumberError({
    message: `${path}: ${failure.hint} Nothing was sent.`,
    decision: { guard: 'phone', reason: failure.reason, mode: 'enforce', explanation: failure.hint },
    clientMessageId,
  });
  return { status: 'blocked', index, clientMessageId, error };
}

/** A UUID in one piece: Node joins twelve, and keeps them until somebody reads the text. */
function newId(): string {
  return crypto.randomUUID().toLowerCase();
}

/** The result of an input whose call ended before its number was read: nothing was sent. */
function endedResult({ index, spareId }: MessageInput, { signal }: Call): UnpreparedResult {
  const clientMessageId = spareId ?? newId();
  return { status: 'failed', index, clientMessageId, error: signal.reason as SmsError };
}

/** One input after it was read. */
export type Prepared = PreparedMessage | UnpreparedResult;

/**
 * Validates and normalises: each input becomes a message for the guards, or a result that says what is wrong with it.
 * Keeps the order. A single message needs no promise.
 */
export function prepareInputs<Input extends Addressing>(
  inputs: readonly MessageInput[],
  reader: MessageReader<Input>,
  config: PrepareConfig & { readonly segments: object },
  call: Call,
): readonly Prepared[] | Promise<readonly Prepared[]> {
  if (call.stopReason !== undefined) return inputs.map((input) => endedResult(input, call));
  const prepared: Prepared[] = [];
  let isDone = true;
  const keep = inputs.length <= MAX_KEPT;
  const reading = inSlices(
    inputs.length,
    (position) => {
      const one = readInput(inputs[position] as MessageInput, position, reader, config, keep);
      if (isKeyed(one)) isDone = false;
      prepared.push(one);
    },
    () => call.throwIfEnded(),
  );
  if (reading === undefined && isDone) return prepared;
  return finishPreparing(reading, inputs, prepared, config.segments, call);
}

async function finishPreparing(
  reading: Promise<void> | undefined,
  inputs: readonly MessageInput[],
  prepared: Prepared[],
  segments: object,
  call: Call,
): Promise<readonly Prepared[]> {
  try {
    await reading;
    await addFingerprints(inputs, prepared, segments, call);
    return prepared;
  } catch (error) {
    if (!call.signal.aborted) throw error;
    return inputs.map((input) => endedResult(input, call));
  }
}

type Keyed = PreparedMessage & { readonly idempotency: NonNullable<PreparedMessage['idempotency']> };

function isKeyed(prepared: Prepared): prepared is Keyed {
  return 'idempotency' in prepared && prepared.idempotency !== undefined;
}

/** Completes the messages with an idempotency key, whose ID comes from the key unless they have one. */
async function addFingerprints(
  inputs: readonly MessageInput[],
  prepared: Prepared[],
  segments: object,
  call: Call,
): Promise<void> {
  const slices = createSlices();
  for (const [position, message] of prepared.entries()) {
    if (slices.isDue()) {
      await slices.yield();
      call.throwIfEnded();
    }
    if (!isKeyed(message)) continue;
    const { key } = message.idempotency;
    const { destination, clientMessageId: id, ...fields } = message.wire;
    const own = message.hasOwnId ? message.clientMessageId : undefined;
    const print = await fingerprint(message.phone, fields, message.content, own, segments);
    const hasId = message.hasOwnId || inputs[position]?.spareId !== undefined;
    const clientMessageId = hasId ? message.clientMessageId : await clientMessageIdOf(key, print);
    const wire = { ...message.wire, clientMessageId };
    prepared[position] = { ...message, clientMessageId, wire, idempotency: { key, fingerprint: print } };
  }
}

/** No key of a call holds a line feed before its scope. */
function scopedKey(key: string, { idempotencyScope }: PrepareConfig): string {
  return idempotencyScope === undefined ? key : `${idempotencyScope}\n${key}`;
}

/** Reads one input; one with an idempotency key has no fingerprint yet. */
function readInput<Input extends Addressing>(
  given: MessageInput,
  position: number,
  { schema, sources, content, wire, channel, purpose = 'transactional' }: MessageReader<Input>,
  config: PrepareConfig,
  keep: boolean,
): Prepared {
  const { index, list, spareId, exemption, input: raw } = given;
  const flaw = validate(schema, raw, () => pathOf(given));
  const clientMessageId = ownIdOf(raw) ?? spareId ?? newId();
  if (flaw !== undefined) {
    const error = new ValidationError(`${flaw.message} Nothing was sent.`, flaw.path, clientMessageId);
    return { status: 'failed', index, clientMessageId, error };
  }
  const input = raw as Input;
  const { destination, country = config.defaultCountry } = input;
  const result = normaliseInput({ raw: destination, country, bareDigits: config.bareDigits }, keep);
  const phone = result.ok ? result.phone : unknownPhone(destination, result, config);
  if (phone === undefined) {
    return badNumber(given, clientMessageId, result as PhoneResult & { ok: false });
  }
  const source = chooseSource(sources?.(input, config.source) ?? [], phone.country);
  const fields = wire(input, source);
  fields.destination = phone.e164;
  fields.clientMessageId = clientMessageId;
  const { idempotencyKey } = input;
  // Surveys name nobody.
  const { subject = config.subject, device, origin, clientIp, human, returning } = raw as Visitor;
  const verdict = human !== undefined && 'passed' in human ? human : undefined;
  return {
    index,
    position,
    list,
    purpose: input.purpose ?? purpose,
    clientMessageId,
    hasOwnId: input.clientMessageId !== undefined,
    phone,
    wire: fields,
    content: content(input, source),
    channel: channel?.(input),
    exemption,
    idempotency:
      idempotencyKey === undefined ? undefined : { key: scopedKey(idempotencyKey, config), fingerprint: '' },
    subject,
    device,
    origin,
    clientIp,
    isHuman: verdict?.passed,
    humanScore: verdict?.score,
    humanToken: human !== undefined && 'token' in human ? human.token : undefined,
    isReturning: returning,
  };
}

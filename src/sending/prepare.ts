import type { Call } from '../call.ts';
import { InvalidPhoneNumberError, type SmsError, ValidationError } from '../errors.ts';
import type { Content, Exemption, OutgoingMessage } from '../guards/guard.ts';
import { sha256, toHex } from '../internal/digest.ts';
import { readClientAddress } from '../internal/ip-address.ts';
import { createSlices } from '../internal/slices.ts';
import { cleanInput } from '../phone/clean-input.ts';
import type { Phone, PhoneDefaults, PhoneResult } from '../phone/normalise-phone.ts';
import { normalisePhones } from '../phone/normalise-phones.ts';
import { type Field, type Issue, validate } from '../schema.ts';
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
  /** Path for error messages: `messages[3]`. */
  readonly path: string;
  /** The caller's own ID, which several messages may share, or a generated one, which is unique. */
  readonly hasOwnId: boolean;
  /** The fields in the format of 8x8. */
  wire: Readonly<Record<string, unknown>>;
}

/** The result of a message that did not reach the guards. */
export type UnpreparedResult = FailedResult | BlockedResult;

/** One input of the caller, before anything is known about it. */
export interface MessageInput {
  readonly index: number;
  /** Path for error messages: `messages[3]`. */
  readonly path: string;
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
  // Without `extra` as it was before there was one: records of keys last 24 hours.
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
  index: number,
  inputPath: string,
  clientMessageId: string,
  failure: PhoneResult & { ok: false },
): BlockedResult {
  // An entry of `destinations` is the number itself.
  const field = inputPath.startsWith('destinations') ? [] : ['destination'];
  const path = [inputPath, ...field].filter((part) => part !== '').join('.');
  const error = new InvalidPhoneNumberError({
    message: `${path}: ${failure.hint} Nothing was sent.`,
    decision: { guard: 'phone', reason: failure.reason, mode: 'enforce', explanation: failure.hint },
    clientMessageId,
  });
  return { status: 'blocked', index, clientMessageId, error };
}

/** The result of an input whose call ended before its number was read: nothing was sent. */
function endedResult({ index, spareId }: MessageInput, { signal }: Call): UnpreparedResult {
  const clientMessageId = spareId ?? crypto.randomUUID();
  return { status: 'failed', index, clientMessageId, error: signal.reason as SmsError };
}

/**
 * Validates and normalises: each input becomes a message for the guards, or a result that says what is wrong with it.
 * Keeps the order.
 */
export async function prepareInputs<Input extends Addressing>(
  inputs: readonly MessageInput[],
  reader: MessageReader<Input>,
  config: PrepareConfig & { readonly segments: object },
  call: Call,
): Promise<readonly (PreparedMessage | UnpreparedResult)[]> {
  try {
    return await readInputs(inputs, reader, config, call.signal);
  } catch (error) {
    if (!call.signal.aborted) throw error;
    return inputs.map((input) => endedResult(input, call));
  }
}

/** No key of a call holds a line feed before its scope. */
function scopedKey(key: string, { idempotencyScope }: PrepareConfig): string {
  return idempotencyScope === undefined ? key : `${idempotencyScope}\n${key}`;
}

/** The visitor who asked for a message. Surveys name nobody. */
function visitorOf(
  { clientIp, human, returning, ...named }: Visitor,
  defaultSubject: string | undefined,
): Pick<OutgoingMessage, 'subject' | 'clientIp' | 'isHuman' | 'humanScore' | 'humanToken' | 'isReturning'> {
  const visitor = { subject: named.subject ?? defaultSubject, clientIp, isReturning: returning };
  if (human === undefined) return visitor;
  if ('token' in human) return { ...visitor, humanToken: human.token };
  return { ...visitor, isHuman: human.passed, humanScore: human.score };
}

/** Throws only when `signal` fires. */
async function readInputs<Input extends Addressing>(
  given: readonly MessageInput[],
  { schema, sources, content, wire, channel, purpose = 'transactional' }: MessageReader<Input>,
  config: PrepareConfig & { readonly segments: object },
  signal: AbortSignal,
): Promise<readonly (PreparedMessage | UnpreparedResult)[]> {
  const validating = createSlices();
  const flaws: (Issue | undefined)[] = [];
  for (const { input, path } of given) {
    if (validating.isDue()) {
      await validating.yield();
      signal.throwIfAborted();
    }
    flaws.push(validate(schema, input, path));
  }
  const inputs = given.map(({ input }, position) =>
    flaws[position] === undefined ? (input as Input) : undefined,
  );
  const phones = await normalisePhones(
    inputs.map((input) => ({
      raw: input?.destination,
      country: input?.country ?? config.defaultCountry,
      bareDigits: config.bareDigits,
    })),
    { signal },
  );
  const prepared: (PreparedMessage | UnpreparedResult)[] = [];
  const slices = createSlices();
  for (let position = 0; position < given.length; position += 1) {
    if (slices.isDue()) {
      await slices.yield();
      signal.throwIfAborted();
    }
    const { index, path, spareId, exemption, input: raw } = given[position] as MessageInput;
    const input = inputs[position];
    const flaw = flaws[position];
    const result = phones[position] as PhoneResult;
    const givenId = ownIdOf(raw) ?? spareId;
    let clientMessageId = givenId ?? crypto.randomUUID();
    if (flaw !== undefined || input === undefined) {
      const { message, path: field } = flaw as Issue;
      const error = new ValidationError(`${message} Nothing was sent.`, field, clientMessageId);
      prepared.push({ status: 'failed', index, clientMessageId, error });
      continue;
    }
    const phone = result.ok ? result.phone : unknownPhone(input.destination, result, config);
    if (phone === undefined) {
      prepared.push(badNumber(index, path, clientMessageId, result as PhoneResult & { ok: false }));
      continue;
    }
    const source = chooseSource(sources?.(input, config.source) ?? [], phone.country);
    const said = content(input, source);
    const fields = wire(input, source);
    let idempotency: OutgoingMessage['idempotency'];
    if (input.idempotencyKey !== undefined) {
      const print = await fingerprint(phone, fields, said, input.clientMessageId, config.segments);
      const key = scopedKey(input.idempotencyKey, config);
      idempotency = { key, fingerprint: print };
      if (givenId === undefined) clientMessageId = await clientMessageIdOf(key, print);
    }
    prepared.push({
      index,
      position,
      path,
      purpose: input.purpose ?? purpose,
      clientMessageId,
      hasOwnId: input.clientMessageId !== undefined,
      phone,
      wire: { ...fields, destination: phone.e164, clientMessageId },
      content: said,
      channel: channel?.(input),
      exemption,
      idempotency,
      ...visitorOf(input as Addressing & Visitor, config.subject),
    });
  }
  return prepared;
}

import { readInput } from '../api/input.ts';
import { createSendSms } from '../api/messages.ts';
import type { Call } from '../call.ts';
import type { ClientContext } from '../client-context.ts';
import { GuardError, LimitError, SmsError, StoreError, ValidationError } from '../errors.ts';
import { maskedNumber } from '../guards/event-fields.ts';
import { kindOf } from '../internal/kind-of.ts';
import { runUserCode } from '../internal/user-code.ts';
import { raceAbort } from '../internal/wait.ts';
import type { Phone } from '../phone/normalise-phone.ts';
import { readPhone } from '../phone/read-phone.ts';
import { anyFunction, type Fields, objectWith } from '../schema.ts';
import type { AcceptedResult } from '../sending/results.ts';
import { addressingFields, contentFields, type SmsMessage, visitorFields } from '../sending/sms-message.ts';
import type { TransportResponse } from '../transport/transport.ts';
import type { CallOptions } from '../types.ts';
import type { CodeCipher } from './code-cipher.ts';
import { drawCode } from './draw-code.ts';
import { MAX_TRIES, type StoredCode, type StoredCodes } from './stored-code.ts';

/**
 * A one-time password to send.
 *
 * @example { destination: '+6591234567', subject: visitorId, text: ({ code }) => `Your code is ${code}` }
 */
export interface OneTimePasswordRequest
  extends Pick<
    SmsMessage,
    | 'destination'
    | 'country'
    | 'device'
    | 'origin'
    | 'clientIp'
    | 'human'
    | 'returning'
    | 'source'
    | 'encoding'
    | 'clientMessageId'
  > {
  /**
   * The visitor who asks, as your service proves them: a signed device cookie, a session. Never derived from the number that
   * was typed. Only a check with the same subject accepts the code. 1 to 200 characters; not sent to 8x8.
   */
  readonly subject: string;
  /**
   * Returns the text, which must contain the code as it was given. Its exceptions are thrown by `issue`, and nothing
   * is sent.
   */
  readonly text: (values: {
    /** Decimal digits; six unless `codeLength` says otherwise. */
    readonly code: string;
  }) => string;
  /**
   * Delivers the code over your own channel (WhatsApp, email, your app), when the guard `pumping` lets no stranger have an SMS
   * there (`other-channel-needed`). All other guards count it like a message. When it throws, the code is discarded, and
   * `issue` throws the refusal with `outage: true`. @default none: the refusal is thrown
   *
   * @example onOtherChannel: ({ destination, code }) => whatsapp.send(destination, code)
   */
  readonly onOtherChannel?:
    | ((values: {
        /** The code. */
        readonly code: string;
        /** The number in E.164. */
        readonly destination: string;
      }) => void | Promise<void>)
    | undefined;
}

/** An issued one-time password. The code itself is only in the message. */
export interface IssuedOneTimePassword
  extends Pick<AcceptedResult, 'umid' | 'clientMessageId' | 'parts' | 'encoding' | 'attempts'> {
  /** The number in E.164. */
  readonly destination: string;
  /** When the code expires, in epoch milliseconds. A resend does not change it. */
  readonly expiresAt: number;
  /** When the backoff guard admits the next message with a code to this number, in epoch milliseconds. */
  readonly retryAt?: number;
  /** Whether an earlier message contains the same code. */
  readonly isResend: boolean;
  /** True when `onOtherChannel` delivered the code: 8x8 knows no message, and `umid` is none of its. */
  readonly isOnOtherChannel?: true;
}

const requestFields: Fields<OneTimePasswordRequest> = {
  destination: addressingFields.destination,
  country: addressingFields.country,
  clientMessageId: addressingFields.clientMessageId,
  ...visitorFields,
  text: anyFunction('a function ({ code }) that returns the text'),
  onOtherChannel: anyFunction('a function ({ code, destination }) that delivers the code'),
  source: contentFields.source,
  encoding: contentFields.encoding,
};
const requestSchema = objectWith(
  ['destination', 'subject', 'text'],
  requestFields,
  'an object { destination, subject, text, … }',
);

export interface IssueConfig {
  readonly client: ClientContext;
  readonly codes: StoredCodes;
  /** Throws a `ConfigurationError` when codes cannot be stored. */
  readonly openCipher: () => CodeCipher;
  readonly codeLength: number;
  readonly validityMs: number;
}

/** A code before its message: of an open session, or of one that begins. */
interface Draft {
  readonly key: string;
  readonly phone: Phone;
  readonly code: string;
  readonly stored: StoredCode;
  /** The version that the next write replaces. */
  readonly version: string | undefined;
  readonly isResend: boolean;
  readonly endsInMs: number;
}

/** Messages of one session that race; each round lets one through. The backoff guard lets one through alone. */
const MAX_ROUNDS = 10;
/** Updates of a record that race with checks, of which there are at most five. */
const MAX_UPDATES = 10;

function isOpen({ isUsed, tries }: StoredCode): boolean {
  return !isUsed && tries < MAX_TRIES;
}

function textOf({ text }: OneTimePasswordRequest, code: string): string {
  const written: unknown = text({ code });
  if (typeof written === 'string' && written.includes(code)) return written;
  // An asynchronous function: an exception of it that nobody handles would end the process.
  if (written instanceof Promise) written.catch(() => {});
  throw new ValidationError(
    `request.text must return a string that contains the code, not ${describe(written)}. Nothing was sent.`,
    'request.text',
  );
}

function describe(written: unknown): string {
  if (written instanceof Promise) return 'a promise';
  return typeof written === 'string' ? 'one without it' : kindOf(written);
}

function capacityError(phone: Phone, retryAfterMs: number | undefined): LimitError {
  const explanation =
    'The limit store is full of records that are still needed. Give it more room (maxRecordBytes).';
  return new LimitError({
    message: `${explanation} Nothing was sent.`,
    decision: {
      guard: 'verification',
      reason: 'capacity',
      mode: 'enforce',
      ...maskedNumber(phone),
      explanation,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    },
  });
}

export function createIssue({
  client,
  codes,
  openCipher,
  codeLength,
  validityMs,
}: IssueConfig): (request: OneTimePasswordRequest, options?: CallOptions) => Promise<IssuedOneTimePassword> {
  const sendSms = createSendSms(client);

  async function draft(key: string, phone: Phone, call: Call): Promise<Draft> {
    const fixed = client.testNumbers.codeOf(phone);
    const known = await codes.read(key, call);
    if (known !== undefined && isOpen(known.code)) {
      const code = await openCipher().decrypt(known.code.encrypted, key);
      if (code !== undefined && (fixed === undefined || code === fixed)) {
        const stored = { ...known.code, messages: known.code.messages + 1 };
        const { version, endsInMs } = known;
        return { key, phone, code, stored, version, isResend: true, endsInMs };
      }
    }
    const code = fixed ?? drawCode(codeLength);
    const stored: StoredCode = {
      sessionId: crypto.randomUUID(),
      encrypted: await openCipher().encrypt(code, key),
      tries: 0,
      isUsed: false,
      messages: 1,
    };
    return { key, phone, code, stored, version: known?.version, isResend: false, endsInMs: validityMs };
  }

  /** Returns the new version, or undefined when another call has changed the session meanwhile. */
  async function store(
    { key, phone, stored, version, isResend }: Draft,
    call: Call,
  ): Promise<string | undefined> {
    const written =
      isResend && version !== undefined
        ? await codes.replace(key, stored, version, call)
        : await codes.create({ key, phone, code: stored, replaced: version, validityMs }, call);
    if (typeof written === 'string') return written;
    if (written.reason === 'capacity') throw capacityError(phone, written.retryAfterMs);
    return undefined;
  }

  /** Remembers the message for the report of success. Checks may change the record meanwhile. Never throws. */
  async function remember({ key, stored }: Draft, version: string, umid: string, call: Call): Promise<void> {
    try {
      let current = { code: stored, version };
      for (let update = 0; update < MAX_UPDATES; update += 1) {
        const written = await codes.replace(key, { ...current.code, umid }, current.version, call);
        if (typeof written === 'string') return;
        const read = await codes.read(key, call);
        if (read === undefined || read.code.sessionId !== stored.sessionId) return;
        current = read;
      }
    } catch (error) {
      // The code was sent, and an event has reported the failed store.
      if (!SmsError.isInstance(error)) throw error;
    }
  }

  /** Takes the code of a message that provably never left out again, unless another message has it too. */
  async function discard({ key, isResend }: Draft, version: string, call: Call): Promise<void> {
    if (isResend) return;
    try {
      await codes.remove(key, version, call);
    } catch (error) {
      if (!SmsError.isInstance(error)) throw error;
    }
  }

  /** A reserved number gets no message: its code is fixed. */
  async function answerFor(phone: Phone, call: Call): Promise<TransportResponse | undefined> {
    if (client.testNumbers.use(phone, 'oneTimePasswords.issue', call) === undefined) return undefined;
    return { status: 200, attempts: 0, body: { umid: crypto.randomUUID(), status: { code: 'QUEUED' } } };
  }

  /** Hands the code to the team's own channel. */
  async function deliver(
    { code, phone }: Draft,
    { onOtherChannel }: OneTimePasswordRequest,
    { decision }: GuardError,
    call: Call,
  ): Promise<TransportResponse> {
    const destination = phone.e164;
    const work = () => onOtherChannel?.({ code, destination });
    try {
      const delivering = runUserCode(client.emit, 'oneTimePasswords.onOtherChannel', work, call.signal);
      await raceAbort(delivering, call.signal);
    } catch {
      call.throwIfEnded();
      const explanation = 'onOtherChannel threw, so the code was not delivered. Its exception is in onError.';
      throw new GuardError({
        decision: { ...decision, explanation, outage: true },
        message: `${explanation} Nothing was sent.`,
      });
    }
    return { status: 200, attempts: 0, body: { umid: crypto.randomUUID(), status: { code: 'QUEUED' } } };
  }

  /** Sends one message; undefined when another call has changed the session before it left. */
  async function send(
    draft: Draft,
    request: OneTimePasswordRequest,
    refusal: GuardError | undefined,
    call: Call,
  ): Promise<{ readonly sent: AcceptedResult; readonly version: string } | undefined> {
    const { text: _, onOtherChannel: __, ...message } = request;
    const text = textOf(request, draft.code);
    let version: string | undefined;
    let isOvertaken = false;
    /** After the guards, so that strangers cannot fill the store with codes that are never sent; before the message. */
    const beforeWrite = async () => {
      version = await store(draft, call);
      isOvertaken = version === undefined;
      if (isOvertaken) throw new StoreError('The code was changed meanwhile. Nothing was sent.');
    };
    try {
      const sent = await sendSms({ ...message, text, purpose: 'otp', track: 'Outcome' }, call, {
        beforeWrite,
        answer: () =>
          refusal === undefined ? answerFor(draft.phone, call) : deliver(draft, request, refusal, call),
        channel: refusal && 'other',
      });
      return { sent, version: version as string };
    } catch (error) {
      if (isOvertaken) return undefined;
      const neverLeft = SmsError.isInstance(error) && error.submission !== 'unknown';
      if (neverLeft && version !== undefined) await discard(draft, version, call);
      throw error;
    }
  }

  return (given, options) =>
    client.calls.run(options, async (call) => {
      openCipher();
      const request = readInput(requestSchema, given, 'request');
      const phone = readPhone(request.destination, request.country, client.phoneDefaults);
      const key = await codes.keyOf(phone, request.subject);
      /** The refusal of an SMS that sent the code to another channel. */
      let refusal: GuardError | undefined;
      for (let round = 0; round < MAX_ROUNDS; round += 1) {
        const current = await draft(key, phone, call);
        let outcome: Awaited<ReturnType<typeof send>>;
        try {
          outcome = await send(current, request, refusal, call);
        } catch (error) {
          const isMoved = refusal === undefined && request.onOtherChannel !== undefined;
          if (!isMoved || !GuardError.isInstance(error) || error.reason !== 'other-channel-needed')
            throw error;
          refusal = error;
          continue;
        }
        if (outcome === undefined) continue;
        const { umid, clientMessageId, parts, encoding, attempts, retryAt } = outcome.sent;
        // 8x8 does not know the message to a reserved number, so its success is not reported.
        const isTest = client.testNumbers.codeOf(phone) !== undefined;
        if (!isTest && refusal === undefined) await remember(current, outcome.version, umid, call);
        return {
          destination: phone.e164,
          umid,
          clientMessageId,
          parts,
          encoding,
          attempts,
          expiresAt: client.clock.now() + current.endsInMs,
          ...(retryAt !== undefined && { retryAt }),
          isResend: current.isResend,
          ...(refusal !== undefined && { isOnOtherChannel: true as const }),
        };
      }
      throw new StoreError('Too many codes are being issued to this visitor at once. Nothing was sent.');
    });
}

import type { EmulatedMessage } from '../emulator/emulator.ts';
import { ValidationError } from '../errors.ts';
import { maskNumber } from '../internal/redact.ts';
import { normalisePhone, type PhoneDefaults } from '../phone/normalise-phone.ts';
import type { Purpose } from '../types.ts';

/** A message that a person receives. */
export interface OutboxMessage {
  /** The recipient, in E.164. */
  readonly to: string;
  /** The text that was sent. */
  readonly text: string;
  /** The sender ID; `EMULATOR` when the message had none. */
  readonly from: string;
  /** Number of parts. */
  readonly parts: number;
  /** The purpose; absent for the code of a verification, and for a message from another client. */
  readonly purpose?: Purpose;
  /** Your id of the message; absent for the code of a verification. */
  readonly clientMessageId?: string;
  /** 8x8's id of the message. */
  readonly umid: string;
  /** `scheduled`, `sent`, or the reported state. */
  readonly state: EmulatedMessage['state'];
  /** When 8x8 accepted the message, in epoch milliseconds. */
  readonly sentAt: number;
  /** When the message is due, in epoch milliseconds; absent for an immediate one. */
  readonly scheduledAt?: number;
}

/**
 * The messages that were accepted and not cancelled, oldest first. Numbers may have any form that the client accepts;
 * national ones are read with its `defaultCountry`.
 */
export interface Outbox {
  /** All messages, oldest first. */
  readonly all: readonly OutboxMessage[];
  /**
   * Returns all messages to one person, oldest first; may be empty.
   *
   * @throws ValidationError `number` is not a phone number
   */
  to(number: string): readonly OutboxMessage[];
  /**
   * Returns the last message to one person.
   *
   * @throws Error no message was sent to that person; names the guard that refused it
   * @throws ValidationError `number` is not a phone number
   * @example outbox.lastTo('+65 9123 4567').text
   */
  lastTo(number: string): OutboxMessage;
  /**
   * Returns the code in the last message to one person, as written: the first 4 to 10 digits in a row, or two halves with a
   * dash.
   *
   * @throws Error no message was sent to that person, or the last one contains no code
   * @throws ValidationError `number` is not a phone number
   * @example await signIn(number, outbox.codeTo(number));
   */
  codeTo(number: string): string;
  /** Hides the messages sent so far; the emulator keeps them. */
  clear(): void;
}

export interface OutboxConfig {
  readonly messages: () => readonly EmulatedMessage[];
  readonly phoneDefaults: PhoneDefaults;
  readonly purposeOf: (clientMessageId: string | undefined) => Purpose | undefined;
  /** Why the last message to a masked number was blocked. */
  readonly blockOf: (maskedNumber: string) => string | undefined;
}

const CODE = /(?<![\d+])(?:\d{3,5}-\d{3,5}|\d{4,10})(?!\d)/;

export function createOutbox({ messages, phoneDefaults, purposeOf, blockOf }: OutboxConfig): Outbox {
  /** The last message that `clear` hid. */
  let clearedUmid: string | undefined;

  function toEntry(message: EmulatedMessage): OutboxMessage {
    const { destination, text, source, parts, clientMessageId, umid, state, createdAt, scheduledAt } =
      message;
    const purpose = purposeOf(clientMessageId);
    return {
      to: destination,
      text,
      from: source,
      parts,
      ...(purpose !== undefined && { purpose }),
      ...(clientMessageId !== undefined && { clientMessageId }),
      umid,
      state,
      sentAt: createdAt,
      ...(scheduledAt !== undefined && { scheduledAt }),
    };
  }

  function list(): readonly OutboxMessage[] {
    const known = messages();
    // The emulator may have dropped that message since: all others are then newer.
    const start = known.findLastIndex(({ umid }) => umid === clearedUmid) + 1;
    return known
      .slice(start)
      .filter(({ state }) => state !== 'cancelled')
      .map(toEntry);
  }

  function readNumber(number: string): string {
    const result = normalisePhone(number, phoneDefaults.defaultCountry, phoneDefaults.bareDigits);
    if (result.ok) return result.phone.e164;
    throw new ValidationError(
      `The outbox cannot read this number (${result.reason}). ${result.hint}`,
      'number',
    );
  }

  function lastTo(number: string): OutboxMessage {
    const e164 = readNumber(number);
    const sent = list();
    const last = sent.findLast(({ to }) => to === e164);
    if (last !== undefined) return last;
    const masked = maskNumber(e164);
    const block = blockOf(masked);
    const why = block === undefined ? '' : ` The last one was blocked: ${block}.`;
    throw new Error(
      `No message was sent to ${masked}.${why} The outbox has ${sent.length} message(s) to other numbers.`,
    );
  }

  return {
    get all() {
      return list();
    },
    to(number) {
      const e164 = readNumber(number);
      return list().filter(({ to }) => to === e164);
    },
    lastTo,
    codeTo(number) {
      const { to, text } = lastTo(number);
      const code = CODE.exec(text)?.[0];
      if (code === undefined) throw new Error(`The last message to ${maskNumber(to)} contains no code.`);
      return code;
    },
    clear() {
      clearedUmid = messages().at(-1)?.umid;
    },
  };
}

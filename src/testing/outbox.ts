import type { EmulatedMessage } from '../emulator/emulator.ts';
import { ValidationError } from '../errors.ts';
import { normalisePhone } from '../phone/normalise-phone.ts';
import { maskNumber } from '../redact.ts';
import type { Purpose } from '../types.ts';

/** A message that a person gets. */
export interface OutboxMessage {
  /** E.164. */
  readonly to: string;
  readonly text: string;
  /** The sender ID; `EMULATOR` when the message named none. */
  readonly from: string;
  readonly parts: number;
  /** Absent for the code of a verification, and for a message that another client sent. */
  readonly purpose?: Purpose;
  readonly clientMessageId?: string;
  readonly umid: string;
  /** `scheduled`, `sent`, or what was reported since. */
  readonly state: EmulatedMessage['state'];
  /** Epoch milliseconds at which 8x8 took it. */
  readonly sentAt: number;
  /** Epoch milliseconds at which it is due. */
  readonly scheduledAt?: number;
}

/**
 * What was accepted and not cancelled, oldest first. Numbers in any form that the client takes, national ones with its
 * `defaultCountry`.
 */
export interface Outbox {
  readonly all: readonly OutboxMessage[];
  /**
   * Everything to one person; empty when there was nothing.
   *
   * @throws ValidationError it is no phone number
   */
  to(number: string): readonly OutboxMessage[];
  /**
   * The last message to one person.
   *
   * @throws Error nothing was sent to that person; it names the guard that said no
   * @throws ValidationError it is no phone number
   * @example outbox.lastTo('+65 9123 4567').text
   */
  lastTo(number: string): OutboxMessage;
  /**
   * The code in the last message to one person: the first 4 to 10 digits in a row, or two halves with a dash, as written.
   *
   * @throws Error nothing was sent to that person, or it holds no code
   * @throws ValidationError it is no phone number
   * @example await signIn(number, outbox.codeTo(number));
   */
  codeTo(number: string): string;
  /** Forgets what was sent so far; the emulator keeps it. */
  clear(): void;
}

export interface OutboxConfig {
  readonly messages: () => readonly EmulatedMessage[];
  readonly defaultCountry: string | undefined;
  readonly purposeOf: (clientMessageId: string | undefined) => Purpose | undefined;
  /** Why the last message to a masked number was blocked. */
  readonly blockOf: (maskedNumber: string) => string | undefined;
}

const CODE = /(?<![\d+])(?:\d{3,5}-\d{3,5}|\d{4,10})(?!\d)/;

export function createOutbox({ messages, defaultCountry, purposeOf, blockOf }: OutboxConfig): Outbox {
  /** The last message that was cleared away. */
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
    // One that the emulator has forgotten since is not found: what it still knows is newer.
    const start = known.findLastIndex(({ umid }) => umid === clearedUmid) + 1;
    return known
      .slice(start)
      .filter(({ state }) => state !== 'cancelled')
      .map(toEntry);
  }

  function readNumber(number: string): string {
    const result = normalisePhone(number, defaultCountry);
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
      `Nothing was sent to ${masked}.${why} The outbox holds ${sent.length} message(s) to others.`,
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
      if (code === undefined) throw new Error(`The last message to ${maskNumber(to)} holds no code.`);
      return code;
    },
    clear() {
      clearedUmid = messages().at(-1)?.umid;
    },
  };
}

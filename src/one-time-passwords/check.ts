import { createGiveFeedback } from '../api/feedback.ts';
import { readInput } from '../api/input.ts';
import type { Call } from '../call.ts';
import type { ClientContext } from '../client-context.ts';
import { ConfigurationError, SmsError, StoreError } from '../errors.ts';
import type { SmsEvent } from '../events.ts';
import { numberFields } from '../guards/event-fields.ts';
import { isEqual } from '../internal/is-equal.ts';
import { typedCode } from '../internal/typed-text.ts';
import type { Phone } from '../phone/normalise-phone.ts';
import { readPhone } from '../phone/read-phone.ts';
import { type Fields, objectWith, word } from '../schema.ts';
import { type Addressing, addressingFields, clientIpField, subjectField } from '../sending/sms-message.ts';
import type { CallOptions } from '../types.ts';
import type { CodeCipher } from './code-cipher.ts';
import { MAX_TRIES, type ReadCode, type StoredCodes } from './stored-code.ts';

/** A code that a person entered. */
export interface OneTimePasswordCheckRequest extends Pick<Addressing, 'destination' | 'country'> {
  /** The visitor, as passed to `issue`. */
  readonly subject: string;
  /** The code as entered, 1 to 64 characters; spaces and dashes are ignored. It appears in no error and no event. */
  readonly code: string;
  /** The end user's IP address: counted by `guards.verificationAttempts`, not sent to 8x8. */
  readonly clientIp?: string | undefined;
}

/** The verdict on a code. */
export type CheckedOneTimePassword =
  | {
      /** The code was right, for the first time. */
      readonly verified: true;
      /** The number in E.164. */
      readonly destination: string;
    }
  | {
      /** The code does not count. */
      readonly verified: false;
      /** The number in E.164. */
      readonly destination: string;
      /**
       * `wrong-code`; `no-code`: none was issued to this number and subject, or it has ended; `used`: it was right before, and
       * counts once; `too-many-tries`: five codes were tried. For the last three, issue another one.
       */
      readonly reason: 'wrong-code' | 'no-code' | 'used' | 'too-many-tries';
      /** Number of codes that may still be tried. */
      readonly triesLeft: number;
    };

const checkFields: Fields<OneTimePasswordCheckRequest> = {
  destination: addressingFields.destination,
  country: addressingFields.country,
  subject: subjectField,
  code: word((code) => code.trim() !== '' && code.length <= 64, 'a string of 1 to 64 characters'),
  clientIp: clientIpField,
};
const checkSchema = objectWith(
  ['destination', 'subject', 'code'],
  checkFields,
  'an object { destination, subject, code, … }',
);

export interface CheckConfig {
  readonly client: ClientContext;
  readonly codes: StoredCodes;
  /** Throws a `ConfigurationError` when codes cannot be stored. */
  readonly openCipher: () => CodeCipher;
  /** Digits of a code. */
  readonly codeLength: number;
}

/**
 * A code of so many digits needs no limit for the number: only the visitor to whom it was issued can try it, five times, and
 * strangers who are issued codes of their own are held up by the guards of messages. Ours; one in 200,000 for each message.
 */
const DIGITS_WITHOUT_SHARED_LIMIT = 6;

type NoReason = Extract<CheckedOneTimePassword, { readonly verified: false }>['reason'];
type CheckedStatus = Extract<SmsEvent, { readonly type: 'verification-checked' }>['status'];

const STATUS: Readonly<Record<NoReason, CheckedStatus>> = {
  'wrong-code': 'WAITING',
  'no-code': 'EXPIRED',
  used: 'other',
  'too-many-tries': 'FAILED',
};

/** One code being checked. */
interface CodeCheck {
  readonly key: string;
  readonly entered: string;
  readonly phone: Phone;
  readonly subject: string;
  readonly clientIp: string | undefined;
  readonly call: Call;
}

/** Writes of one record that race: five tries, the messages of the session, and the one success. */
const MAX_ROUNDS = 30;

/** Digits of any script as ASCII, without what people and keyboards put between digits. */
function readCode(code: string): string {
  return typedCode(code).replace(/[\s\-\u2010-\u2015]/gu, '');
}

function reasonAgainst(read: ReadCode | undefined): NoReason | undefined {
  if (read === undefined) return 'no-code';
  if (read.code.isUsed) return 'used';
  return read.code.tries >= MAX_TRIES ? 'too-many-tries' : undefined;
}

function busyError(): StoreError {
  return new StoreError(
    'Too many codes of this visitor are being checked at once. The code was not accepted. Check it again.',
  );
}

export function createCheck({
  client,
  codes,
  openCipher,
  codeLength,
}: CheckConfig): (
  check: OneTimePasswordCheckRequest,
  options?: CallOptions,
) => Promise<CheckedOneTimePassword> {
  const { calls, verificationAttempts, rememberSuccess, emit, phoneDefaults } = client;
  const giveFeedback = createGiveFeedback(client);
  const standing = codeLength < DIGITS_WITHOUT_SHARED_LIMIT ? 'own' : 'sole';

  /** Counts one more try before the code is compared: of many checks at once five get that far. */
  async function claim({ key, call }: CodeCheck, first: ReadCode): Promise<ReadCode | NoReason> {
    let read: ReadCode | undefined = first;
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const reason = reasonAgainst(read);
      if (read === undefined || reason !== undefined) return reason ?? 'no-code';
      const code = { ...read.code, tries: read.code.tries + 1 };
      const written = await codes.replace(key, code, read.version, call);
      if (typeof written === 'string') return { ...read, code, version: written };
      read = await codes.read(key, call);
    }
    throw busyError();
  }

  /** Takes the one success of a session. */
  async function use({ key, call }: CodeCheck, claimed: ReadCode): Promise<NoReason | undefined> {
    const usedBy = crypto.randomUUID();
    let read: ReadCode | undefined = claimed;
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      if (read?.code.sessionId !== claimed.code.sessionId) return 'no-code';
      if (read.code.isUsed) return read.code.usedBy === usedBy ? undefined : 'used';
      try {
        const code = { ...read.code, isUsed: true, usedBy };
        const written = await codes.replace(key, code, read.version, call);
        if (typeof written === 'string') return undefined;
      } catch (error) {
        // The store may have written it before its answer was lost: then the person would never get in with this code.
        if (!StoreError.isInstance(error) || round > 0) throw error;
      }
      read = await codes.read(key, call);
    }
    throw busyError();
  }

  async function codeOf({ key }: CodeCheck, { code }: ReadCode): Promise<string> {
    const decrypted = await openCipher().decrypt(code.encrypted, key);
    if (decrypted !== undefined) return decrypted;
    throw new ConfigurationError(
      'A stored code cannot be decrypted: oneTimePasswords.secret was changed, and previousSecrets does not hold the earlier one. The code was not accepted, and counted as a try. Put the earlier secret into previousSecrets, or issue another code.',
      'oneTimePasswords.previousSecrets',
    );
  }

  /** Compares a claimed code. Returns why it does not count. */
  async function compare(check: CodeCheck, claimed: ReadCode): Promise<NoReason | undefined> {
    client.testNumbers.use(check.phone, 'oneTimePasswords.check', check.call);
    if (isEqual(check.entered, await codeOf(check, claimed))) return use(check, claimed);
    return 'wrong-code';
  }

  /** A store that fails does not change the result; the failure has its own event. */
  async function remember({ phone, subject, clientIp, call }: CodeCheck): Promise<void> {
    try {
      await rememberSuccess(phone, { subject, clientIp }, call);
    } catch (error) {
      if (!SmsError.isInstance(error)) throw error;
    }
  }

  /** Tells 8x8 in the background: a login never waits for a report, and never fails with one. A failure is an event. */
  function report(umid: string | undefined, { context }: Call): void {
    if (umid === undefined) return;
    giveFeedback(umid, { outcome: 'success' }, { context }).catch(() => {});
  }

  function refused(
    { phone, call }: CodeCheck,
    reason: NoReason,
    tries: number,
  ): Extract<CheckedOneTimePassword, { readonly verified: false }> {
    const triesLeft = reason === 'wrong-code' ? MAX_TRIES - tries : 0;
    const status = reason === 'wrong-code' && triesLeft === 0 ? 'FAILED' : STATUS[reason];
    emit({ type: 'verification-checked', ...numberFields(phone), status }, call.context, phone);
    return { verified: false, destination: phone.e164, reason, triesLeft };
  }

  async function run(check: CodeCheck): Promise<CheckedOneTimePassword> {
    const { key, phone, subject, clientIp, call } = check;
    // Bound to number and subject: what strangers try is not a try of this session, and counts nowhere.
    const read = await codes.read(key, call);
    const reason = reasonAgainst(read);
    if (read === undefined || reason !== undefined) return refused(check, reason ?? 'no-code', 0);
    const session = { key, standing } as const;
    const attempt = await verificationAttempts.take({ phone, subject, clientIp, session }, call);
    let isCounted = true;
    try {
      const claimed = await claim(check, read);
      if (typeof claimed === 'string') {
        isCounted = false;
        return refused(check, claimed, 0);
      }
      const wrong = await compare(check, claimed);
      if (wrong !== undefined) return refused(check, wrong, claimed.code.tries);
      isCounted = false;
      await remember(check);
      emit({ type: 'verification-checked', ...numberFields(phone), status: 'VERIFIED' }, call.context, phone);
      report(claimed.code.umid, call);
      return { verified: true, destination: phone.e164 };
    } finally {
      await attempt.settle(isCounted ? 'keep' : 'return');
    }
  }

  return (given, options) =>
    calls.run(options, async (call) => {
      openCipher();
      const { destination, country, subject, code, clientIp } = readInput(checkSchema, given, 'check');
      const phone = readPhone(destination, country, phoneDefaults);
      const key = await codes.keyOf(phone, subject);
      return run({ key, entered: readCode(code), phone, subject, clientIp, call });
    });
}

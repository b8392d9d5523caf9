import { StoreError } from '../errors.ts';
import { digestOf } from '../internal/digest.ts';
import type { Limiter, StoreCall } from '../limits/limiter.ts';
import type { Phone } from '../phone/normalise-phone.ts';

/** The record of one session: one number and one subject, from the first message until the code ends. */
export interface StoredCode {
  /** Tells this session from the next one under the same key. */
  readonly sessionId: string;
  readonly encrypted: string;
  /** Codes that were tried, right or wrong. */
  readonly tries: number;
  /** The code was right once. */
  readonly isUsed: boolean;
  /** The check that took the success, so that it knows its own write when the answer was lost. */
  readonly usedBy?: string | undefined;
  /** Messages with this code, so that a resend gives the record another version. */
  readonly messages: number;
  /** 8x8's id of the last message that it accepted. */
  readonly umid?: string | undefined;
}

/** Codes that may be tried, right or wrong; as many as 8x8 allows for its own. */
export const MAX_TRIES = 5;

/** A record as it was read. */
export interface ReadCode {
  readonly code: StoredCode;
  readonly version: string;
  readonly endsInMs: number;
}

/** Why a record was not written. */
export type WriteRefusal = { readonly reason: 'conflict' | 'capacity'; readonly retryAfterMs?: number };

/** The records of codes in the limit store. */
export interface StoredCodes {
  /** The key of a session. Neither number nor subject can be read back from it. */
  keyOf(phone: Phone, subject: string): Promise<string>;
  /** @throws StoreError the limit store failed */
  read(key: string, call: StoreCall): Promise<ReadCode | undefined>;
  /**
   * Writes the record of a new session, and remembers under the number that there is one.
   *
   * @throws StoreError the limit store failed
   */
  create(
    session: {
      readonly key: string;
      readonly phone: Phone;
      readonly code: StoredCode;
      /** The version of the session before it that is over; undefined when there is none. */
      readonly replaced: string | undefined;
      readonly validityMs: number;
    },
    call: StoreCall,
  ): Promise<string | WriteRefusal>;
  /**
   * Replaces a record; its end stays. Returns the new version.
   *
   * @throws StoreError the limit store failed
   */
  replace(key: string, code: StoredCode, version: string, call: StoreCall): Promise<string | WriteRefusal>;
  /** @throws StoreError the limit store failed */
  remove(key: string, version: string, call: StoreCall): Promise<void>;
  /**
   * Removes every code of a number.
   *
   * @throws StoreError the limit store failed
   */
  forget(phone: Phone, call: StoreCall): Promise<void>;
}

/**
 * Sessions of a number that are remembered for `forget`; our number. The recipient guard lets 10 messages to a number in half an
 * hour, so more are open only without it. A dropped one expires within an hour.
 */
const MAX_SESSIONS = 50;
/** Writers that race for one list; each round lets one through. */
const MAX_ROUNDS = 20;
const CONSEQUENCE = 'the code could not be read or recorded. Nothing was sent, and no code was accepted.';

async function listKeyOf({ key }: Phone): Promise<string> {
  return `one-time-passwords:${await digestOf([key])}`;
}

function parseCode(value: string): StoredCode {
  try {
    const { sessionId, encrypted, tries, isUsed, usedBy, messages, umid } = JSON.parse(value) as StoredCode;
    const isText = typeof sessionId === 'string' && typeof encrypted === 'string';
    if (isText && Number.isSafeInteger(tries) && typeof isUsed === 'boolean') {
      return { sessionId, encrypted, tries, isUsed, usedBy, messages, umid };
    }
  } catch {
    // Falls through.
  }
  throw new StoreError(
    'The limit store returned a record that is not a code; another version of this package may have written it. No code was sent or accepted. The record expires within an hour.',
  );
}

function parseList(value: string | undefined): readonly string[] {
  return value === undefined || value === '' ? [] : value.split(' ');
}

export function createStoredCodes(limiter: Limiter): StoredCodes {
  async function write(
    key: string,
    value: string,
    given: { readonly expected: string | undefined; readonly ttlMs?: number },
    call: StoreCall,
  ): Promise<string | WriteRefusal> {
    const verdict = await limiter.writeRecord({ key, value, ...given }, call, CONSEQUENCE);
    return verdict.written ? verdict.version : verdict;
  }

  /** Before the code is stored, so that no code exists that `forget` does not find. */
  async function list(
    phone: Phone,
    key: string,
    ttlMs: number,
    call: StoreCall,
  ): Promise<WriteRefusal | undefined> {
    const listKey = await listKeyOf(phone);
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const known = await limiter.readRecord(listKey, call, CONSEQUENCE);
      const others = parseList(known?.value).filter((each) => each !== key);
      const value = [...others, key].slice(-MAX_SESSIONS).join(' ');
      const written = await write(
        listKey,
        value,
        { expected: known?.version, ttlMs: Math.max(ttlMs, known?.endsInMs ?? 0) },
        call,
      );
      if (typeof written === 'string') return undefined;
      if (written.reason === 'capacity') return written;
    }
    throw new StoreError('Too many codes of one number are being issued at once. Nothing was sent.');
  }

  return {
    keyOf: async ({ key }, subject) => `one-time-password:${await digestOf([key, subject])}`,
    async read(key, call) {
      const record = await limiter.readRecord(key, call, CONSEQUENCE);
      if (record === undefined) return undefined;
      return { code: parseCode(record.value), version: record.version, endsInMs: record.endsInMs };
    },
    async create({ key, phone, code, replaced, validityMs }, call) {
      const refusal = await list(phone, key, validityMs, call);
      if (refusal !== undefined) return refusal;
      return write(key, JSON.stringify(code), { expected: replaced, ttlMs: validityMs }, call);
    },
    replace: (key, code, version, call) => write(key, JSON.stringify(code), { expected: version }, call),
    async remove(key, version, call) {
      await limiter.removeRecord({ key, expected: version }, call, 'an unsent code stays until it ends.');
    },
    async forget(phone, call) {
      if (!limiter.keepsRecords) return;
      const consequence =
        'one-time passwords of this person are not forgotten; the ledger and the limits are. Call consent.forget again.';
      const listKey = await listKeyOf(phone);
      const known = await limiter.readRecord(listKey, call, consequence);
      for (const key of parseList(known?.value)) await limiter.removeRecord({ key }, call, consequence);
      await limiter.removeRecord({ key: listKey }, call, consequence);
    },
  };
}
